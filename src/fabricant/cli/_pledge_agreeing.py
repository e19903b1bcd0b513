"""`fabricant pledge`: what both parties agree to, as a file that they sign and one sends."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from fabricant.chain import lookup, pledging
from fabricant.chain.assets import AssetRegistry
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.pledge import BY_SENDING, Pledge
from fabricant.chain.tokens import Erc20
from fabricant.cli import _app as app
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli._order_agreeing import DRAFT_SUFFIX
from fabricant.domain.drafts import PledgeDraft
from fabricant.domain.pledges import PledgeTerms, describe_pledge
from fabricant.domain.signed_files import PLEDGE_FILE, SignedFile
from fabricant.domain.units import parse_address
from fabricant.files import write_whole


@click.command
@click.argument("file", type=files.NEW_FILE)
@files.draft_options(PledgeDraft)
@trade.reads
def propose(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Write the draft of a pledge to FILE, to be read, changed and signed. Nothing is signed yet.

    \b
    Example:
      fabricant pledge propose loan.toml --pledger maker --lender bank --asset NMW-0417 --token 0x5FbDB2315678afecb367f032d93F642f64180aa3 --advance 50000 --amount 54000 --open-by 2026-12-01T00:00Z --due-by 2027-12-01T00:00Z --cure "30 days"
    """  # noqa: E501 - an example is one line
    draft = files.draft(ctx, PledgeDraft, given)
    files.write(file, draft.serialise())
    said = f"The draft is in {file}. Sign it with `fabricant pledge sign {file}`."
    output.emit(ctx, {"file": str(file), "draft": draft.model_dump()}, lambda: output.say(said))


@click.command
@click.argument("file", type=files.FILE)
@click.option("--out", type=files.NEW_FILE, help="The signed file.")
@trade.acts
def sign(ctx: click.Context, file: Path, *, out: Path | None) -> None:
    """Sign a draft, or a file that the other party signed. Nothing is sent.

    The signed file is FILE with the ending .json.

    \b
    Example:
      fabricant pledge sign loan.toml
    """
    fabricant, target = trade.trying(ctx), out or file.with_suffix(".json")
    proposed = read(ctx, fabricant, file)
    if target.exists():
        proposed = proposed.joined(files.read_signed(target, PLEDGE_FILE))
    pledging.check(fabricant, proposed)
    side = pledging.side_of(proposed.content, app.account(ctx))
    if side not in proposed.consents:
        trade.agree(ctx, [f"You sign this pledge as the {side}:", *words_of(fabricant, proposed.content)])
        consent = fabricant.pledges.sign_terms(proposed.content, by=app.wallet(ctx))
        proposed = proposed.signed(side, consent)
    write_whole(target, proposed.serialise())
    signed = sorted(proposed.consents)
    data = {"file": str(target), "id": f"0x{proposed.id.hex()}", "signed": signed}
    said = [f"Signed by {' and '.join(signed)}, in {target}.", f"Pledge 0x{proposed.id.hex()}"]
    output.emit(ctx, data, lambda: output.say("\n".join(said)))


@click.command
@click.argument("file", type=files.FILE)
@trade.acts
def approve(ctx: click.Context, file: Path) -> None:
    """Allow that your part is taken when the other party sends: the asset, or the advance.

    \b
    Example:
      fabricant pledge approve loan.json
    """
    fabricant = trade.trying(ctx)
    terms = read(ctx, fabricant, file).content
    side = pledging.side_of(terms, app.account(ctx))
    needed = pledging.missing(fabricant, terms, side)
    if needed:
        trade.agree(ctx, [*words_of(fabricant, terms), "", *allowing(fabricant, terms, needed)])
        allow(ctx, fabricant, terms, needed)
    said = "It is allowed." if needed else "Nothing is left to allow."
    output.emit(ctx, {"side": side, "allowed": bool(needed)}, lambda: output.say(said))


@click.command
@click.argument("file", type=files.FILE)
@trade.acts
def send(ctx: click.Context, file: Path) -> None:
    """Pledge the asset, as agreed. Who sends it has signed with that.

    The asset is taken, its use stays with the pledger, and the advance is paid, all at once.

    \b
    Example:
      fabricant pledge send loan.json
    """
    fabricant, account = trade.trying(ctx), app.account(ctx)
    agreed = read(ctx, fabricant, file)
    terms, house = agreed.content, fabricant.pledges
    pledging.check(fabricant, agreed)
    pledging.check_others(fabricant, agreed, account)
    own = {party: side for side, party in pledging.parties(terms).items()}.get(account)
    needed = pledging.missing(fabricant, terms, own) if own else pledging.Missing()
    signatures = {side: consent.signature for side, consent in agreed.consents.items()}
    if not needed:
        house.simulate(house.pledge, terms, **signatures)
    trade.agree(ctx, ["You send this:", *words_of(fabricant, terms), "", *allowing(fabricant, terms, needed)])
    allow(ctx, fabricant, terms, needed)
    done = trade.send(
        ctx,
        house,
        Pledge.pledge,
        terms,
        pledger=signatures.get("pledger", BY_SENDING),
        lender=signatures.get("lender", BY_SENDING),
    )
    trade.report(ctx, done, ["The asset is pledged.", f"Pledge 0x{done.event.id.hex()}"])


@click.command
@click.argument("file", type=files.FILE)
@trade.acts
def revoke(ctx: click.Context, file: Path) -> None:
    """Make sure that what you signed is never pledged.

    \b
    Example:
      fabricant pledge revoke loan.json
    """
    fabricant = trade.trying(ctx)
    terms = read(ctx, fabricant, file).content
    words = ["This can never be pledged:", *words_of(fabricant, terms)]
    done = trade.perform(ctx, fabricant.pledges, Pledge.revoke, words, terms)
    trade.report(ctx, done, ["It was revoked."])


# What these share


def read(ctx: click.Context, fabricant: Fabricant, file: Path) -> SignedFile[PledgeTerms]:
    """What a draft means, or a file that somebody may have signed already."""
    if file.suffix != DRAFT_SUFFIX:
        return files.read_signed(file, PLEDGE_FILE)
    draft = files.read_draft(file, PledgeDraft)
    asset = naming.asset(ctx, fabricant, draft.asset, issuer=draft.pledger)
    quantity = fabricant.assets.quantity_of(asset)
    token = lookup.token_of(fabricant, parse_address(draft.token))
    return pledging.proposed(fabricant, draft.terms(asset=asset, quantity=quantity, token=token))


def words_of(fabricant: Fabricant, terms: PledgeTerms) -> Sequence[str]:
    """What is agreed, in words."""
    return describe_pledge(terms, token=lookup.token_of(fabricant, terms.token))


def allowing(fabricant: Fabricant, terms: PledgeTerms, needed: pledging.Missing) -> list[str]:
    """What is allowed first, in words."""
    if needed.asset:
        return ["First the contract is allowed to take the asset."]
    if needed.allowance:
        amount = lookup.token_of(fabricant, terms.token).format(needed.allowance)
        return [f"First the contract is allowed to take exactly {amount}."]
    return []


def allow(ctx: click.Context, fabricant: Fabricant, terms: PledgeTerms, needed: pledging.Missing) -> None:
    """Sends what has to be allowed first."""
    house = fabricant.pledges.address
    if needed.asset:
        trade.send(ctx, fabricant.assets, AssetRegistry.approve, house, terms.asset)
    if needed.allowance:
        trade.send(ctx, fabricant.token(terms.token), Erc20.approve, house, needed.allowance)
