"""`fabricant order`: how a line comes about: a draft, two signatures, the opening."""

from pathlib import Path
from typing import Any

import click

from fabricant.chain import lookup
from fabricant.chain.escrow import SupplierEscrow
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import payment_of
from fabricant.cli import _app as app
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.drafts import TermsDraft, parse_token
from fabricant.domain.escrow import BY_CALLING, NO_HASH, LineId, Terms, deliverables_of
from fabricant.domain.escrow.describe import describe_terms
from fabricant.domain.signed_files import TERMS_FILE, SignedFile
from fabricant.domain.units import Address
from fabricant.errors import InvalidInput

DRAFT_SUFFIX = ".toml"


def terms_words(fabricant: Fabricant, terms: Terms) -> list[str]:
    """Terms in words, their conditions too."""
    conditions = fabricant.escrow.conditions_of(terms.conditions)
    said = describe_terms(terms, conditions, token=lookup.token_of(fabricant, terms.token))
    return [*said, "", *trade.conditions_words(lookup.named(conditions))]


def read_terms(ctx: click.Context, fabricant: Fabricant, file: Path) -> SignedFile[Terms]:
    """The terms of a draft, or of a file that somebody may have signed already."""
    if file.suffix != DRAFT_SUFFIX:
        signed = files.read_signed(file, TERMS_FILE)
        signed.check_domain(fabricant.escrow.domain)
        return signed
    draft = files.read_draft(file, TermsDraft)
    conditions = lookup.find_conditions(fabricant, draft.conditions).conditions
    goods = [naming.asset(ctx, fabricant, each, issuer=draft.supplier) for each in draft.goods]
    quantities = [fabricant.assets.quantity_of(each) for each in goods]
    terms = draft.terms(
        token=lookup.token_of(fabricant, parse_token(draft.token)),
        deliverables=deliverables_of(goods, quantities) if goods else NO_HASH,
        conditions=conditions.id,
    )
    return SignedFile(TERMS_FILE, fabricant.escrow.domain, terms, {})


@click.command
@click.argument("file", type=files.NEW_FILE)
@files.draft_options(TermsDraft)
@trade.reads
def new(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Write the draft of a line to FILE, to be read, changed and signed. Nothing is signed yet.

    \b
    Example:
      fabricant order new line.toml --buyer purchasing --supplier maker --amount 1250.50 --conditions prototypes --open-by 2026-12-01T00:00Z --due-by 2027-01-15T16:00Z --order-number 4711
    """  # noqa: E501 - an example is one line
    draft = files.draft(ctx, TermsDraft, given)
    files.write(file, draft.serialise())
    said = f"The draft is in {file}. Sign it with `fabricant order sign {file}`."
    output.emit(ctx, {"file": str(file), "draft": draft.model_dump()}, lambda: output.say(said))


@click.command
@click.argument("file", type=files.FILE)
@click.option(
    "--for", "side", type=click.Choice(TERMS_FILE.sides), help="For whom, if you sign as an operator (OPEN)."
)
@click.option("--out", type=files.NEW_FILE, help="The signed file.")
@trade.acts
def sign(ctx: click.Context, file: Path, *, side: str | None, out: Path | None) -> None:
    """Sign a line: a draft, or the file that the other side signed already. Nothing is sent.

    The signed file is FILE with the ending .json; the other side signs the same file.

    \b
    Example:
      fabricant order sign line.toml --wallet purchasing
    """
    fabricant = trade.trying(ctx)
    found = read_terms(ctx, fabricant, file)
    terms, escrow = found.content, fabricant.escrow
    chosen = side or _side(terms, app.account(ctx))
    escrow.check(terms)
    target = out or file.with_suffix(".json")
    signatures = _signed_before(target, found)
    words = [f"You sign this order line for the {chosen}:", *terms_words(fabricant, terms)]
    trade.agree(ctx, words)
    signed = signatures.signed(chosen, escrow.sign_terms(terms, by=app.wallet(ctx)))
    target.write_bytes(signed.serialise())
    data = {"file": str(target), "line": f"0x{signed.id.hex()}", "signed": sorted(signed.consents)}
    names = " and ".join(sorted(signed.consents))
    said = f"Signed by {names}, in {target}.\nLine 0x{signed.id.hex()}"
    output.emit(ctx, data, lambda: output.say(said))


@click.command("open")
@click.argument("file", type=files.FILE)
@click.option(
    "--payer", type=naming.WHO, help="Whose money, if you act as its operator (OPEN); else your own."
)
@trade.acts
def open_(ctx: click.Context, file: Path, *, payer: str | None) -> None:
    """Open a line: the price is held, the supplier's deposit is locked.

    Who has not signed the file consents by sending this.

    \b
    Example:
      fabricant order open line.json --wallet purchasing
    """
    fabricant = trade.trying(ctx)
    file_ = read_terms(ctx, fabricant, file)
    terms, escrow = file_.content, fabricant.escrow
    paying = naming.principal(ctx, payer)
    escrow.check(terms)
    buyer, supplier = (file_.consents.get(side, BY_CALLING) for side in TERMS_FILE.sides)
    payment = payment_of(fabricant, terms.token, terms.amount, payer=paying)
    token = lookup.token_of(fabricant, terms.token)
    consents: dict[str, Any] = {"buyer": buyer, "supplier": supplier, "payer": paying, "value": payment.value}
    if not payment.allowance:
        escrow.simulate(escrow.open, terms, **consents)
    words = [
        f"{paying} pays {token.format(terms.amount)} into escrow and opens this line:",
        *trade.payment_words(payment, token),
        *terms_words(fabricant, terms),
    ]
    trade.agree(ctx, words)
    trade.allow(ctx, fabricant, terms.token, payment)
    done = trade.send(ctx, escrow, SupplierEscrow.open, terms, **consents)
    said = [f"Open: {token.format(done.event.held)} are held.", f"Line 0x{done.event.id.hex()}"]
    trade.report(ctx, done, said, {"line": f"0x{done.event.id.hex()}"})


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
    terms = read_terms(ctx, fabricant, file).content
    line = LineId(fabricant.escrow.line_id(terms))
    words = [f"The line 0x{line.hex()} can never be opened:", *terms_words(fabricant, terms)]
    done = trade.perform(ctx, fabricant.escrow, SupplierEscrow.revoke, words, terms)
    trade.report(ctx, done, ["The line was revoked."])


def _signed_before(target: Path, found: SignedFile[Terms]) -> SignedFile[Terms]:
    """The file with the signatures that it has so far. Raises InvalidInput if it is another line's."""
    if not target.exists():
        return found
    before = files.read_signed(target, TERMS_FILE)
    if before.id != found.id:
        raise InvalidInput(f"{target} is another line; name another file with --out, or move it away")
    return SignedFile(TERMS_FILE, found.domain, found.content, {**before.consents, **found.consents})


def _side(terms: Terms, account: Address) -> str:
    sides = {terms.buyer: "buyer", terms.supplier: "supplier"}
    if account not in sides:
        raise InvalidInput(
            f"{account} is neither buyer nor supplier of this line; say with --for whose operator it is"
        )
    return sides[account]
