"""`fabricant order`: what the parties agree on: proposed in a file, signed by each, sent by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from fabricant.chain import agreements, lookup
from fabricant.chain.agreements import KINDS, Agreement, Opening
from fabricant.chain.client import Done
from fabricant.chain.escrow import SupplierEscrow
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import Payment
from fabricant.chain.purchase_orders import PurchaseOrder
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, at_hand, outcome_options
from fabricant.domain.drafts import TermsDraft, parse_token
from fabricant.domain.escrow import NO_HASH, Terms, deliverables_of
from fabricant.domain.escrow.conditions import DAY
from fabricant.domain.units import HOUR, Address, UnixSeconds, parse_time
from fabricant.errors import InvalidInput
from fabricant.files import write_whole

A = TypeVar("A", bound=Agreement[Any])

DRAFT_SUFFIX: Final = ".toml"
USUAL_TIME: Final = 14 * DAY  # to sign and send a proposal

until_option = click.option(
    "--until", type=app.Parsed("time", parse_time), help="It must be sent before. [default: in 14 days]"
)
side_option = click.option("--for", "side", metavar="SIDE", help="For whom, if you sign as an operator.")
out_option = click.option("--out", type=files.NEW_FILE, help="The signed file.")


def read(ctx: click.Context, fabricant: Fabricant, file: Path) -> Agreement[Any]:
    """What a draft means, or a file that somebody may have signed already."""
    if file.suffix != DRAFT_SUFFIX:
        return agreements.agreement(fabricant, files.read_any(file, KINDS))
    return agreements.opening(fabricant, _drafted(ctx, fabricant, file))


def _drafted(ctx: click.Context, fabricant: Fabricant, file: Path) -> Terms:
    """The terms that a draft means."""
    draft = files.read_draft(file, TermsDraft)
    conditions = lookup.find_conditions(fabricant, draft.conditions).conditions
    goods = [naming.asset(ctx, fabricant, each, issuer=draft.supplier) for each in draft.goods]
    quantities = [fabricant.assets.quantity_of(each) for each in goods]
    return draft.terms(
        token=lookup.token_of(fabricant, parse_token(draft.token)),
        deliverables=deliverables_of(goods, quantities) if goods else NO_HASH,
        conditions=conditions.id,
    )


def read_as(ctx: click.Context, form: type[A], fabricant: Fabricant, file: Path) -> A:
    """The same for one kind of agreement. Raises InvalidInput for another."""
    found = read(ctx, fabricant, file)
    if not isinstance(found, form):
        raise InvalidInput(f"{file} is another kind of file: a signed {found.file.kind.name}; name another")
    return found


def words_of(agreement: Agreement[Any]) -> list[str]:
    """What is agreed, and the conditions that go with it."""
    escrow = agreement.fabricant.escrow
    sets = (lookup.named(escrow.conditions_of(terms.conditions)) for terms in agreement.new_terms)
    return [*agreement.words(), *(word for each in sets for word in ("", *trade.conditions_words(each)))]


# Proposing


@click.group
def propose() -> None:
    """Write what you propose to a file, which both sign and one sends.

    \b
    Example:
      fabricant order propose settle 0x1f2e3d4c --to-supplier 800 --goods buyer
    """


@propose.command("open")
@click.argument("file", type=files.NEW_FILE)
@files.draft_options(TermsDraft)
@trade.reads
def propose_open(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Write the draft of a new line to FILE, to be read, changed and signed. Nothing is signed yet.

    \b
    Example:
      fabricant order propose open line.toml --buyer purchasing --supplier maker --amount 1250.50 --conditions prototypes --open-by 2026-12-01T00:00Z --due-by 2027-01-15T16:00Z --order-number 4711
    """  # noqa: E501 - an example is one line
    draft = files.draft(ctx, TermsDraft, given)
    files.write(file, draft.serialise())
    said = f"The draft is in {file}. Sign it with `fabricant order sign {file}`."
    output.emit(ctx, {"file": str(file), "draft": draft.model_dump()}, lambda: output.say(said))


@propose.command("settle")
@click.argument("line")
@outcome_options
@until_option
@side_option
@out_option
@trade.acts
def propose_settle(
    ctx: click.Context,
    line: str,
    *,
    until: UnixSeconds | None,
    side: str | None,
    out: Path | None,
    **given: Any,
) -> None:
    """Propose how a line ends, and sign that. Buyer, supplier or payee (CHANGE); nothing is sent.

    The file is settlement-LINE.json. The others sign it with `fabricant order sign`, or send it at once
    with `fabricant order send`.

    \b
    Example:
      fabricant order propose settle 0x1f2e3d4c --to-supplier 800 --goods buyer --until 2027-02-01T12:00Z
    """
    fabricant = trade.trying(ctx)
    found = at_hand(fabricant, line)
    outcome = found.outcome(**given)
    propose_ = partial(agreements.settling, fabricant, found.terms, outcome)
    settling, target = proposal(found, "settlement", propose_, until=until, out=out)
    sign_proposal(ctx, settling, side, target)


@propose.command("amend")
@click.argument("line")
@click.argument("new_terms", metavar="NEWTERMS", type=files.FILE)
@click.option(
    "--work-in-progress", required=True, metavar="AMOUNT", help="What the supplier gets of what is held."
)
@click.option("--bond-to-buyer", metavar="AMOUNT", help="Of the supplier's security deposit. [default: none]")
@until_option
@side_option
@out_option
@trade.acts
def propose_amend(
    ctx: click.Context,
    line: str,
    new_terms: Path,
    *,
    work_in_progress: str,
    bond_to_buyer: str | None,
    until: UnixSeconds | None,
    side: str | None,
    out: Path | None,
) -> None:
    """Propose a change order, and sign that. Buyer, supplier or payee (CHANGE); nothing is sent.

    NEWTERMS is a draft as `fabricant order propose open` writes it; its price is what is still open. Work in
    progress is paid, and the rest of what is held goes into the new line. The file is change-order-LINE.json.

    \b
    Example:
      fabricant order propose amend 0x1f2e3d4c revision-b.toml --work-in-progress 300
    """
    fabricant = trade.trying(ctx)
    found = at_hand(fabricant, line)
    outcome = found.outcome(to_supplier=work_in_progress, bond_to_buyer=bond_to_buyer, goods="supplier")
    new = _drafted(ctx, fabricant, new_terms)
    propose_ = partial(agreements.amending, fabricant, found.terms, new, outcome)
    amending, target = proposal(found, "change-order", propose_, until=until, out=out)
    sign_proposal(ctx, amending, side, target)


@propose.command("assign")
@click.argument("line")
@click.argument("payee", type=naming.WHO)
@until_option
@out_option
@trade.reads
def propose_assign(
    ctx: click.Context, line: str, payee: str, *, until: UnixSeconds | None, out: Path | None
) -> None:
    """Propose that what is due to the supplier goes to PAYEE. Supplier, or the present payee, itself.

    The file is assignment-LINE.json. PAYEE signs it with `fabricant order sign`; then you send it with
    `fabricant order send`, and not before: nothing is signed yet.

    \b
    Example:
      fabricant order propose assign 0x1f2e3d4c factor
    """
    fabricant = trade.trying(ctx)
    found = at_hand(fabricant, line)
    propose_ = partial(agreements.assigning, fabricant, found.terms, naming.who(ctx, payee))
    proposed, target = proposal(found, "assignment", propose_, until=until, out=out)
    assigning = _signed_before(target, proposed)
    assigning.check_assignor(app.account(ctx))
    assigning.check_proposal()
    for word in words_of(assigning):
        output.note(word)
    _keep(ctx, assigning, target)


def proposal(
    found: LineAtHand, name: str, propose_: Callable[..., A], *, until: UnixSeconds | None, out: Path | None
) -> tuple[A, Path]:
    """What is proposed of a line, with a deadline, and the file for it.

    The deadline is that of the same proposal, if it was written before and is not over; else the usual one.
    """
    target = out or Path(f"{name}-{facts.short(found.id).removeprefix('0x')}.json")
    if until is None and target.exists():
        before = files.read_any(target, KINDS)
        deadline = getattr(before.content, "deadline", found.state.at)
        if found.state.at < deadline and (same := propose_(deadline=deadline)).file.id == before.id:
            return same, target
    return propose_(deadline=until or UnixSeconds(found.state.at + USUAL_TIME)), target


# Signing


@click.command
@click.argument("paths", metavar="FILE...", type=files.FILE, nargs=-1, required=True)
@side_option
@out_option
@trade.acts
def sign(ctx: click.Context, paths: tuple[Path, ...], *, side: str | None, out: Path | None) -> None:
    """Sign what is proposed: a draft, or a file that another side signed. Nothing is sent.

    It is checked and shown in plain words before. The signed file is FILE with the ending .json; the other
    sides sign the same file. An operator needs OPEN for a new line, CHANGE for all else; the supplier's both
    for a change order that takes a larger security deposit.

    Several new lines of the same parties are signed with one signature; then they can be sent together.

    \b
    Example:
      fabricant order sign line.toml --wallet purchasing
      fabricant order sign tooling.toml parts.toml spares.toml --wallet purchasing
    """
    fabricant = trade.trying(ctx)
    if len(paths) == 1:
        sign_proposal(ctx, read(ctx, fabricant, paths[0]), side, out or paths[0].with_suffix(".json"))
    elif out is not None:
        raise InvalidInput("several lines stay in several files: leave --out out")
    else:
        targets = [path.with_suffix(".json") for path in paths]
        openings = [read_as(ctx, Opening, fabricant, path) for path in paths]
        _sign_together(ctx, list(map(_signed_before, targets, openings)), side, targets)


def sign_proposal(ctx: click.Context, proposed: Agreement[Any], side: str | None, target: Path) -> None:
    agreement = _signed_before(target, proposed)
    agreement.check_proposal()
    account = app.account(ctx)
    chosen = side or agreement.side_of(account)
    agreement.check_consents(besides=chosen)
    agreement.check_signer(chosen, account)
    if not agreement.counts(chosen):
        name = agreement.file.kind.name
        trade.agree(ctx, [f"You sign this {name} for the {chosen}:", *words_of(agreement)])
        agreement = agreement.signed(chosen, by=app.wallet(ctx))
    _keep(ctx, agreement, target)


def _sign_together(
    ctx: click.Context, openings: Sequence[Opening], side: str | None, targets: Sequence[Path]
) -> None:
    order, account = PurchaseOrder.of(openings), app.account(ctx)
    chosen = side or order.openings[0].side_of(account)
    for each in order.openings:
        each.check_proposal()
        each.check_consents(besides=chosen)
        each.check_signer(chosen, account)
    if not order.counts(chosen):
        words = [word for each in order.openings for word in (*words_of(each), "")]
        trade.agree(ctx, [f"You sign these {len(openings)} lines for the {chosen}:", "", *words])
        order = order.signed(chosen, by=app.wallet(ctx))
    for each, target in zip(order.openings, targets, strict=True):
        write_whole(target, each.file.serialise())
    lines = [f"0x{each.file.id.hex()}" for each in order.openings]
    signed = sorted(order.openings[0].file.consents)
    data = {"files": [str(each) for each in targets], "lines": lines, "signed": signed}
    names = " ".join(map(str, targets))
    said = [
        f"Signed by {' and '.join(signed)}, in {names}.",
        *(f"Line {each}" for each in lines),
        f"The other side signs the same files, or sends them: fabricant order send {names}",
    ]
    output.emit(ctx, data, lambda: output.say("\n".join(said)))


def _keep(ctx: click.Context, agreement: Agreement[Any], target: Path) -> None:
    """Writes a file, and says who signed it and what comes next."""
    write_whole(target, agreement.file.serialise())
    signed, id_ = sorted(agreement.file.consents), f"0x{agreement.file.id.hex()}"
    data = {"file": str(target), "kind": agreement.file.kind.name, "id": id_, "signed": signed}
    said = [
        f"Signed by {' and '.join(signed) or 'nobody yet'}, in {target}.",
        f"{agreement.file.kind.name.capitalize()} {id_}",
    ]
    output.emit(ctx, data, lambda: output.say("\n".join([*said, *_next_step(agreement, target)])))


def _next_step(agreement: Agreement[Any], target: Path) -> list[str]:
    missing = [side for side in agreement.parties if side not in agreement.file.consents]
    if missing:
        also = " or to send it" if agreement.anybody_sends else ""
        return [f"Hand it to the {' and the '.join(missing)}, to sign it{also}."]
    sender = "Either side" if agreement.anybody_sends else "Who assigns it"
    return [f"{sender} may send it: fabricant order send {target}"]


def _signed_before(target: Path, proposed: A) -> A:
    """The same with the signatures that the file has so far. Raises InvalidInput if it is another one's."""
    if not target.exists():
        return proposed
    before = files.read_any(target, KINDS)
    if before.id != proposed.file.id:
        raise InvalidInput(
            f"{target} is another {before.kind.name}; name another file with --out, or move it away"
        )
    return replace(proposed, file=proposed.file.joined(before))


# Sending


@click.command
@click.argument("paths", metavar="FILE...", type=files.FILE, nargs=-1, required=True)
@click.option(
    "--payer",
    type=naming.WHO,
    help="Whose money opens or changes a line, if you act as its operator (OPEN); else your own.",
)
@click.option("--permit", is_flag=True, help="Sign the payer's allowance for a new line; don't send it.")
@trade.acts
def send(ctx: click.Context, paths: tuple[Path, ...], *, payer: str | None, permit: bool) -> None:
    """Send what was agreed, by which it is done. Who sends it has signed with that.

    A new line is opened: the price is held, the supplier's deposit is locked. A settlement ends its line, and
    the money goes where it says. A change order puts a new line in the place of the old one. An assignment is
    sent by who assigns, a rescheduling by the buyer (CHANGE and OPEN). Several new lines that were signed
    together open in one transaction, or none does.

    \b
    Example:
      fabricant order send line.json --wallet purchasing
      fabricant order send tooling.json parts.json spares.json --wallet purchasing
    """
    fabricant = trade.trying(ctx)
    if len(paths) > 1:
        if permit:
            raise InvalidInput("a permit is for one line; send several without --permit")
        openings = [read_as(ctx, Opening, fabricant, path) for path in paths]
        _send_together(ctx, PurchaseOrder.of(openings), naming.principal(ctx, payer))
        return
    agreement = read(ctx, fabricant, paths[0])
    paying = agreement.payer(naming.principal(ctx, payer))
    agreement.check()
    agreement.check_consents()
    agreement.check_sender(app.account(ctx))
    escrow, client, action = fabricant.escrow, agreement.client, agreement.action
    token, payment = lookup.token_of(fabricant, agreement.token), agreement.payment(paying)
    arguments = agreement.arguments(payer=paying, value=payment.value)
    if permit:
        _check_permit(agreement, payment, paying)
    elif not payment.allowance:
        client.simulate(getattr(client, action.__name__), **arguments)
    words = [f"You send this {agreement.file.kind.name}:", *words_of(agreement)]
    if agreement.price:
        words += ["", f"{paying} pays {token.format(agreement.price)} into escrow."]
    trade.agree(ctx, [*words, *trade.payment_words(payment, token, permit=permit)])
    if isinstance(agreement, Opening) and permit:
        action, arguments = SupplierEscrow.open_with_permit, _permitted(ctx, agreement, payment)
    else:
        trade.allow(ctx, fabricant, agreement.token, payment)
    done: Done[Any] = trade.send(ctx, client, action, **arguments)
    line = escrow.line_of(agreement.line)
    held = f" {token.format(line.held)} are held." if line.held else ""
    said = [f"{agreement.done}{held}", f"Line 0x{agreement.line.hex()}"]
    more = {"line": f"0x{agreement.line.hex()}", "status": line.status.name.lower(), "held": str(line.held)}
    trade.report(ctx, done, said, more)


def _send_together(ctx: click.Context, order: PurchaseOrder, payer: Address) -> None:
    fabricant, account = order.fabricant, app.account(ctx)
    for each in order.openings:
        each.check()
        each.check_consents()
        each.check_sender(account)
    escrow, token = fabricant.escrow, lookup.token_of(fabricant, order.token)
    payment, arguments = order.payment(payer), order.arguments(payer=payer)
    if not payment.allowance:
        escrow.simulate(escrow.open_many, **arguments)
    words = [word for each in order.openings for word in (*words_of(each), "")]
    pays = f"{payer} pays {token.format(order.price)} into escrow for all of them."
    trade.agree(
        ctx,
        [
            f"You send these {len(order.openings)} lines:",
            "",
            *words,
            pays,
            *trade.payment_words(payment, token),
        ],
    )
    trade.allow(ctx, fabricant, order.token, payment)
    done = trade.send(ctx, escrow, SupplierEscrow.open_many, **arguments)
    opened = [f"Line 0x{each.file.id.hex()}" for each in order.openings]
    trade.report_all(ctx, [done], ["The lines are open.", *opened])


def _check_permit(agreement: Agreement[Any], payment: Payment, payer: Address) -> None:
    """Raises InvalidInput if there is nothing to permit, SigningRefused if the token takes no permits."""
    if not isinstance(agreement, Opening) or not payment.allowance:
        raise InvalidInput(
            "a permit is for a new line in a token of which the escrow may not take enough yet; send this "
            "without --permit"
        )
    agreement.fabricant.token(agreement.token).permit_nonce(payer)


def _permitted(ctx: click.Context, opening: Opening, payment: Payment) -> Mapping[str, Any]:
    """What opens a line with the allowance that the wallet signs now."""
    fabricant, wallet = opening.fabricant, app.wallet(ctx)
    deadline = UnixSeconds(fabricant.network.head().timestamp + HOUR)
    escrow, money = fabricant.deployment.escrow, fabricant.token(opening.token)
    permit = money.sign_permit(escrow, payment.allowance, deadline=deadline, by=wallet)
    return opening.with_permit(permit, payer=wallet.address)


@click.command
@click.argument("file", type=files.FILE)
@trade.acts
def revoke(ctx: click.Context, file: Path) -> None:
    """Make sure that a line which you signed is never opened.

    \b
    Example:
      fabricant order revoke line.json
    """
    fabricant = trade.trying(ctx)
    opening = read_as(ctx, Opening, fabricant, file)
    words = [f"The line 0x{opening.file.id.hex()} can never be opened:", *words_of(opening)]
    done = trade.perform(ctx, fabricant.escrow, SupplierEscrow.revoke, words, opening.file.content)
    trade.report(ctx, done, ["The line was revoked."])
