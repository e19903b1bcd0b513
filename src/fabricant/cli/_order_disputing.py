"""`fabricant order`: what the parties and the arbiter do in a dispute."""

from typing import Any

import click

from fabricant.chain.escrow import SupplierEscrow
from fabricant.cli import _files as files
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, act, at_hand, outcome_options
from fabricant.domain.escrow import Ending, arbiter_fee

evidence_argument = click.argument("evidence", metavar="FILE|HASH")
uri_option = click.option("--uri", default="", help="Where the others find the evidence.")


@click.command
@click.argument("line")
@evidence_argument
@uri_option
@trade.acts
def dispute(ctx: click.Context, line: str, *, evidence: str, uri: str) -> None:
    """Ask the arbiter; only the hash of the evidence is published.

    Buyer (QUALITY) while a delivery can be inspected, and while a retention is held; supplier (QUALITY) in
    the cure period after a rejection. The arbiter's fee is deposited from your free balance.

    \b
    Example:
      fabricant order dispute 0x1f2e3d4c inspection-report.pdf --uri https://example.com/report.pdf
    """
    found = at_hand(trade.trying(ctx), line)
    hashed = files.commitment(evidence)
    words = ["You dispute it:", *_fee(found), f"  evidence{trade.place(uri)}: 0x{hashed.hex()}"]
    act(ctx, found, SupplierEscrow.dispute, words, "The line is in dispute.", evidence=hashed, uri=uri)


@click.command("evidence")
@click.argument("line")
@evidence_argument
@uri_option
@trade.acts
def submit(ctx: click.Context, line: str, *, evidence: str, uri: str) -> None:
    """Submit evidence in a dispute; only its hash is published.

    Buyer or supplier (QUALITY), or the arbiter.

    \b
    Example:
      fabricant order evidence 0x1f2e3d4c measurements.csv --uri https://example.com/measurements.csv
    """
    found = at_hand(trade.trying(ctx), line)
    hashed = files.commitment(evidence)
    words = [f"You submit evidence{trade.place(uri)}: 0x{hashed.hex()}"]
    act(ctx, found, SupplierEscrow.evidence, words, "The evidence was submitted.", evidence=hashed, uri=uri)


@click.command
@click.argument("line")
@outcome_options
@trade.acts
def rule(ctx: click.Context, line: str, **given: Any) -> None:
    """Decide a dispute. The arbiter itself, before its time is over.

    \b
    Example:
      fabricant order rule 0x1f2e3d4c --to-supplier 1200 --goods buyer
    """
    found = at_hand(trade.trying(ctx), line)
    outcome = found.outcome(**given)
    words = ["You rule:", *found.ending(Ending.RULED, outcome), *_fee(found)]
    act(ctx, found, SupplierEscrow.rule, words, "The dispute was decided.", outcome)


@click.command("default")
@click.argument("line")
@trade.acts
def apply_default(ctx: click.Context, line: str) -> None:
    """End a dispute that nobody ruled on in time, by the agreed split. Anybody may.

    \b
    Example:
      fabricant order default 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    words = ["Nobody ruled on it in time:", *found.ending(Ending.DEFAULTED)]
    act(ctx, found, SupplierEscrow.apply_default, words, "The line was closed.")


def _fee(found: LineAtHand) -> list[str]:
    fee = arbiter_fee(found.terms.amount, found.state.conditions)
    return [f"  The arbiter's fee: {found.token.format(fee)}."] if fee else []
