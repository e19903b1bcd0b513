"""`fabricant asset`: parts that are put into a whole, and taken out again."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from fabricant.chain.chunks import chunks, send_in_chunks
from fabricant.chain.client import AllDone
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import Genealogy
from fabricant.cli import _asset_lists as lists
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.domain.assets import AssetId
from fabricant.domain.units import count_of

D = TypeVar("D", bound=AllDone[Any])

TOGETHER: Final = 100  # parts in one transaction, if its gas suffices


@click.command
@click.argument("whole")
@click.argument("parts", metavar="PART...", nargs=-1, required=True)
@naming.in_namespace
@trade.acts
def assemble(
    ctx: click.Context, whole: str, *, parts: tuple[str, ...], issuer: str | None, prefix: str | None
) -> None:
    """Make assets PART... parts of WHOLE, which has the same owner.

    They can't be sold, lent or used up by themselves until they are taken out. What is a part of it already
    is left as it is, so the command can be repeated.

    \b
    Example:
      fabricant asset assemble ROTOR-1 BLADE-1 BLADE-2 BLADE-3
    """
    fabricant = trade.trying(ctx)
    into, wanted = _found(ctx, fabricant, whole, parts, issuer=issuer, prefix=prefix)
    missing = [each for each in wanted if fabricant.genealogy.parent_of(each) != into]
    words = [
        f"These become part of {facts.asset_text(into)}:",
        *lists.in_words([facts.asset_text(each) for each in missing]),
        "Title to them follows it from then on, and no device speaks for them.",
    ]
    done = _perform(ctx, fabricant.genealogy, Genealogy.assemble, into, missing, words=words)
    trade.report_all(ctx, done, [f"It has all {count_of(len(wanted), 'part')} now."])


@click.command
@click.argument("whole")
@click.argument("parts", metavar="PART...", nargs=-1, required=True)
@naming.in_namespace
@trade.acts
def disassemble(
    ctx: click.Context, whole: str, *, parts: tuple[str, ...], issuer: str | None, prefix: str | None
) -> None:
    """Take PART... out of WHOLE, to its owner.

    What is recalled with the whole stays recalled.

    \b
    Example:
      fabricant asset disassemble ROTOR-1 BLADE-2
    """
    fabricant = trade.trying(ctx)
    out_of, wanted = _found(ctx, fabricant, whole, parts, issuer=issuer, prefix=prefix)
    owner = fabricant.assets.owner_of(out_of)
    words = [
        f"These parts of {facts.asset_text(out_of)} go to its owner, {owner}:",
        *lists.in_words([facts.asset_text(each) for each in wanted]),
    ]
    done = _perform(ctx, fabricant.genealogy, Genealogy.disassemble, out_of, wanted, words=words)
    trade.report_all(ctx, done, [f"{owner} has them now."])


def _found(
    ctx: click.Context,
    fabricant: Fabricant,
    whole: str,
    parts: Sequence[str],
    *,
    issuer: str | None,
    prefix: str | None,
) -> tuple[AssetId, list[AssetId]]:
    """The whole, and its parts, each once."""
    found, *others = (
        naming.asset(ctx, fabricant, each, issuer=issuer, prefix=prefix) for each in (whole, *parts)
    )
    return found, list(dict.fromkeys(others))


def _perform(
    ctx: click.Context,
    genealogy: Genealogy,
    action: Callable[[Genealogy, AssetId, Sequence[AssetId]], D],
    whole: AssetId,
    parts: Sequence[AssetId],
    *,
    words: Sequence[str],
) -> list[D]:
    """Tries it, asks, and sends it, in as few transactions as there can be; nothing if there are no parts."""
    for each in chunks(parts, TOGETHER):
        genealogy.simulate(getattr(genealogy, action.__name__), whole, each)
    if parts:
        trade.agree(ctx, words)
    sent = send_in_chunks(parts, TOGETHER, lambda some: trade.send(ctx, genealogy, action, whole, some))
    return list(sent)
