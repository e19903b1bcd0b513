"""`fabricant order`: which lines there are, what happened to them, and what can happen next."""

from pathlib import Path
from typing import Any

import click

from fabricant.chain import history, lookup
from fabricant.chain.agreements import Agreement
from fabricant.chain.escrow import LineOpened, LineState
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.history import Happening
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _order_agreeing as agreeing
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, at_hand, line_at_hand
from fabricant.domain.drafts import parse_hash
from fabricant.domain.escrow import Line, Status, Terms, Window, next_change, order_ref
from fabricant.domain.escrow.orders import Total, totals
from fabricant.domain.units import ZERO_ADDRESS, Address, Token, UnixSeconds, format_time
from fabricant.errors import FabricantError, InvalidInput


@click.command
@click.argument("line", metavar="LINE|FILE", required=False)
@click.option("--order", metavar="NUMBER|HASH", help="All lines of a purchase order instead.")
@click.option(
    "--salt",
    type=app.Parsed("hash", parse_hash),
    help="Of the number of the purchase order, as it stands in the draft.",
)
@trade.reads
def show(ctx: click.Context, line: str | None, *, order: str | None, salt: bytes | None) -> None:
    """Say what happened, what can happen next, who may do it, and until when.

    Of a line, of all lines of a purchase order, or of a file that is signed or to be signed.

    \b
    Example:
      fabricant order show 0x1f2e3d4c
    """
    if (line is None) == (order is None):
        raise InvalidInput("name either a line, a file, or a purchase order with --order")
    fabricant = trade.reading(ctx)
    if order is not None:
        _show_order(ctx, fabricant, _reference(order, salt))
    elif line is not None and lookup.is_id(line):
        found = at_hand(fabricant, line)
        told = history.history_of(fabricant, found.id, found.terms)
        output.emit(ctx, _line_facts(found, told), lambda: _show_line(found, told))
    else:
        _show_file(ctx, agreeing.read(ctx, fabricant, Path(str(line))))


def _reference(order: str, salt: bytes | None) -> bytes:
    """The reference that a purchase order's number and salt make, or a reference itself."""
    if salt is not None:
        return order_ref(order, salt=salt)
    if not lookup.is_id(order):
        raise InvalidInput(
            "say the --salt of this number, too: it stands in the draft, or came with the booking"
        )
    return parse_hash(order)


# A line


def _line_facts(found: LineAtHand, told: list[Happening]) -> dict[str, Any]:
    terms, state = found.terms, found.state
    return {
        "id": f"0x{found.id.hex()}",
        "at": state.at,
        "line": facts.of(state.line),
        "terms": facts.of(terms),
        "conditions": lookup.named(state.conditions).name,
        "words": found.words[1:],
        "payee": None if state.payee == ZERO_ADDRESS else state.payee,
        "goodsInCustody": [facts.asset_text(each) for each in found.goods()],
        "history": [_happening(each) for each in told],
        "actions": [_window(each, terms, state) for each in found.to_come],
        "nextChange": next_change(terms, state.line, state.conditions, after=state.at),
    }


def _happening(each: Happening) -> dict[str, object]:
    return {
        **facts.of(each.event),
        "event": type(each.event).__name__,
        "at": each.at,
        "block": each.log.block,
        "transaction": each.transaction,
        "who": each.who,
        "said": each.said,
    }


def _window(window: Window, terms: Terms, state: LineState) -> dict[str, object]:
    return {
        "action": str(window.action),
        "by": str(window.by),
        "who": list(window.by.principals(terms, payee=state.payee)),
        "role": window.role.label.lower(),
        "from": window.since,
        "before": window.before,
        "now": window.is_open(state.at),
        "remark": window.remark,
    }


def _show_line(found: LineAtHand, told: list[Happening]) -> None:
    output.say("\n".join([*found.words, ""]))
    output.table("when", "what happened", "by", rows=[_past(each) for each in told])
    output.say("")
    rows = [_future(each, found.state.at) for each in found.to_come]
    if rows:
        output.table("possible", "who", "operators need", "from", "before", "", rows=rows)
    else:
        output.say("Nothing can happen to it any more.")


def _past(each: Happening) -> tuple[object, ...]:
    return (format_time(each.at), each.said, each.who)


def _future(each: Window, now: UnixSeconds) -> tuple[object, ...]:
    return (
        str(each.action).replace("_", " "),
        str(each.by),
        each.role.label.lower() if each.role else None,
        "now" if each.is_open(now) else format_time(each.since) if each.since else None,
        format_time(each.before) if each.before else None,
        each.remark or None,
    )


# A purchase order


def _show_order(ctx: click.Context, fabricant: Fabricant, reference: bytes) -> None:
    lines = [line_at_hand(fabricant, *each) for each in lookup.lines_of_order(fabricant, reference)]
    histories = [history.history_of(fabricant, each.id, each.terms) for each in lines]
    found = totals((each.token, each.terms, each.state.line) for each in lines)
    data = {
        "orderRef": f"0x{reference.hex()}",
        "totals": [{"token": token.address, **facts.of(total)} for token, total in found.items()],
        "lines": [_line_facts(line, told) for line, told in zip(lines, histories, strict=True)],
    }
    output.emit(ctx, data, lambda: _show_lines(lines, found, history.merged(histories), reference))


def _show_lines(
    lines: list[LineAtHand], sums: dict[Token, Total], told: list[Happening], reference: bytes
) -> None:
    number = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
    output.say(f"Purchase order 0x{reference.hex()}: {number}.")
    for token, total in sums.items():
        output.say(f"{token.format(total.price)} in all; {token.format(total.held)} are held.")
    output.say("")
    columns = ("line", "buyer", "supplier", "price", "held", "status", "due", "next change")
    output.table(*columns, rows=[_row(each) for each in lines])
    output.say("")
    happened = [(*_past(each), facts.short(each.line)) for each in told]
    output.table("when", "what happened", "by", "line", rows=happened)
    output.say("")
    to_come = [
        (*_future(window, line.state.at), facts.short(line.id)) for line in lines for window in line.to_come
    ]
    if to_come:
        output.table("possible", "who", "operators need", "from", "before", "", "line", rows=to_come)
    else:
        output.say("Nothing can happen to it any more.")


def _row(found: LineAtHand) -> tuple[object, ...]:
    terms, line, token = found.terms, found.state.line, found.token
    change = next_change(terms, line, found.state.conditions, after=found.state.at)
    return (
        facts.short(found.id),
        terms.buyer,
        terms.supplier,
        token.format(terms.amount),
        token.format(line.held),
        line.status.name.lower(),
        format_time(UnixSeconds(terms.due_by + line.extra)),
        format_time(change) if change else None,
    )


# Lines of somebody


@click.command("list")
@click.argument("who", type=naming.WHO, required=False)
@click.option("--all", "everything", is_flag=True, help="Also lines that are closed.")
@trade.reads
def list_(ctx: click.Context, who: str | None, *, everything: bool) -> None:
    """List the lines of WHO, or your own.

    \b
    Example:
      fabricant order list
    """
    party = naming.principal(ctx, who)
    fabricant = trade.reading(ctx)
    escrow, since = fabricant.escrow, fabricant.deployment.first_block
    opened = [
        *(event for _, event in escrow.lines_opened(buyer=party, since=since)),
        *(event for _, event in escrow.lines_opened(supplier=party, since=since)),
    ]
    now = fabricant.network.head().timestamp
    lines = [(event, escrow.line_of(event.id)) for event in opened]
    kept = [(event, line) for event, line in lines if everything or not line.is_final]
    rows = [_own_row(fabricant, party, event, line, now) for event, line in kept]
    columns = ("line", "you are", "with", "price", "held", "status", "due", "next change")
    data = [
        {"id": f"0x{event.id.hex()}", "line": facts.of(line), "terms": facts.of(event.terms)}
        for event, line in kept
    ]
    output.emit(ctx, data, lambda: output.table(*columns, rows=rows))


def _own_row(
    fabricant: Fabricant, party: Address, event: LineOpened, line: Line, now: UnixSeconds
) -> tuple[object, ...]:
    terms = event.terms
    token = lookup.token_of(fabricant, terms.token)
    conditions = fabricant.escrow.conditions_of(terms.conditions)
    change = next_change(terms, line, conditions, after=now)
    return (
        facts.short(event.id),
        "buyer" if terms.buyer == party else "supplier",
        terms.supplier if terms.buyer == party else terms.buyer,
        token.format(terms.amount),
        token.format(line.held),
        line.status.name.lower(),
        format_time(UnixSeconds(terms.due_by + line.extra))
        if line.status in (Status.OPEN, Status.REJECTED)
        else None,
        format_time(change) if change else None,
    )


# A file


def _show_file(ctx: click.Context, agreement: Agreement[Any]) -> None:
    """What is in a file only, as yet."""
    file, problem = agreement.file, _problem(agreement)
    signed = sorted(side for side in agreement.parties if agreement.counts(side))
    data = {
        "kind": file.kind.name,
        "id": f"0x{file.id.hex()}",
        "content": facts.of(file.content),
        "lines": {name: facts.of(terms) for name, terms in file.lines.items()},
        "signed": signed,
        "problem": problem,
    }
    words = [
        f"{file.kind.name.capitalize()} 0x{file.id.hex()}, signed by {' and '.join(signed) or 'nobody yet'}:",
        *agreeing.words_of(agreement),
        *(["", f"It can't be sent: {problem}."] if problem else []),
    ]
    output.emit(ctx, data, lambda: output.say("\n".join(words)))


def _problem(agreement: Agreement[Any]) -> str | None:
    """Why it can't be sent, whoever does."""
    try:
        agreement.check()
        agreement.check_consents()
    except FabricantError as wrong:
        return str(wrong)
    return None
