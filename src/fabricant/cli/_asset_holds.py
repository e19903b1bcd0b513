"""`fabricant asset`: holds by an authority, and assets that nothing locks any more."""

import click

from fabricant.chain.assets import Unlocked
from fabricant.chain.genealogy import Genealogy
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.units import UnixSeconds, count_of, format_time, parse_time


@click.command
@click.argument("who", type=naming.WHO)
@click.option("--end", is_flag=True, help="It may not any more.")
@naming.in_namespace
@trade.acts
def authority(ctx: click.Context, who: str, *, end: bool, issuer: str | None, prefix: str | None) -> None:
    """Let an authority WHO hold assets that you named, or no longer.

    \b
    Example:
      fabricant asset authority 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    fabricant = trade.trying(ctx)
    place, account = naming.namespace(ctx, issuer, prefix), naming.who(ctx, who)
    may = "may not hold" if end else "may hold"
    words = [f"{account} {may} {'any more ' if end else ''}what is named in 0x{place.hex()}."]
    if not end:
        words.append("A hold lasts 180 days at most, and takes nothing.")
    action = Genealogy.set_authority
    done = trade.perform(ctx, fabricant.genealogy, action, words, place, account, allowed=not end)
    trade.report(ctx, done, words[:1])


@click.command
@click.argument("asset")
@click.option("--until", type=app.Parsed("time", parse_time), required=True, help="A time with its offset.")
@naming.in_namespace
@trade.acts
def hold(
    ctx: click.Context, asset: str, *, until: UnixSeconds, issuer: str | None, prefix: str | None
) -> None:
    """Hold an asset as an authority, with all that it is part of, for at most 180 days.

    It can be held again 180 days after the end.

    \b
    Example:
      fabricant asset hold BLADE-7 --issuer forge --until 2027-03-31T18:00Z
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    known = fabricant.assets.registration_of(found, since=fabricant.deployment.first_block)
    words = [
        f"{facts.asset_text(found)}, and all that it is part of,",
        f"doesn't change hands until {format_time(until)}. It can be held again only 180 days after that.",
    ]
    action = Genealogy.hold
    done = trade.perform(
        ctx, fabricant.genealogy, action, words, known.namespace, known.local_id, until=until
    )
    held = [f"{facts.asset_text(event.id)} is held." for event in done.events]
    trade.report_all(ctx, [done], held or ["It was held until then already."])


@click.command
@click.argument("assets", metavar="ASSET...", nargs=-1, required=True)
@naming.in_namespace
@trade.acts
def unlock(ctx: click.Context, *, assets: tuple[str, ...], issuer: str | None, prefix: str | None) -> None:
    """Tell those who follow events that recalls and holds of assets are over. Anybody may.

    The assets can change hands without it.

    \b
    Example:
      fabricant asset unlock BLADE-7
    """
    fabricant = trade.trying(ctx)
    found = [naming.asset(ctx, fabricant, each, issuer=issuer, prefix=prefix) for each in assets]
    words = [f"The registry tells that nothing locks {count_of(len(found), 'asset')}, where that is so."]
    receipt = trade.perform(ctx, fabricant.genealogy, Genealogy.unlock, words, found)
    told = [event for event in fabricant.assets.events(receipt) if isinstance(event, Unlocked)]
    data = {**facts.sent(receipt), "unlocked": [facts.asset_text(event.token_id) for event in told]}
    sentences = [f"{facts.asset_text(event.token_id)} is unlocked." for event in told]
    line = trade.receipt_line(receipt)
    output.emit(ctx, data, lambda: output.say("\n".join([*(sentences or ["Nothing was unlocked."]), line])))
