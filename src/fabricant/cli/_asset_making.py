"""`fabricant asset`: assets that are made of others: transformed, split, merged, and processed for others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fabricant.chain import making
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import Genealogy
from fabricant.cli import _app as app
from fabricant.cli import _asset_lists as lists
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.domain.assets import Namespace, asset_id
from fabricant.domain.genealogy import Transformation
from fabricant.domain.quantities import quantity_text
from fabricant.domain.units import Bps, UnixSeconds, count_of, format_bps, format_time, parse_bps, parse_time
from fabricant.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])

ALL = "all"


def _names_new(command: F) -> F:
    """The options that say in whose namespace what is made gets its local id."""
    issuer = click.option("--new-issuer", type=naming.WHO, help="Who names what is made; else you.")
    prefix = click.option("--new-prefix", help="A company's prefix, to name what is made under it.")
    return issuer(prefix(command))


@click.command
@click.argument("outputs", metavar="CSV", type=files.FILE)
@click.option(
    "--input",
    "inputs",
    metavar="ASSET QUANTITY",
    nargs=2,
    multiple=True,
    required=True,
    help="What goes in, such as HEAT-7 '500 kg', or BLANK-1 all. Repeat it for more.",
)
@click.option(
    "--scrap", metavar="QUANTITY", multiple=True, help="What is lost, such as '2.5 kg'; else nothing."
)
@click.option("--kind", type=naming.KIND, help="What comes out, where CSV says none.")
@naming.in_namespace
@_names_new
@trade.acts
def transform(
    ctx: click.Context,
    outputs: Path,
    *,
    inputs: tuple[tuple[str, str], ...],
    scrap: tuple[str, ...],
    kind: str | None,
    issuer: str | None,
    prefix: str | None,
    new_issuer: str | None,
    new_prefix: str | None,
) -> None:
    """Make new assets of others, which are drawn down or used up.

    CSV has a line for each asset that comes out, under a first line that names the columns: local_id, and any
    of kind, quantity, unit, twin, uri. It all goes to the owner of what goes in. A unit that stands on both
    sides has to add up, with what is lost.

    \b
    Example:
      fabricant asset transform blanks.csv --input HEAT-7 "400 kg" --scrap "12 kg" --kind component
    """
    fabricant = trade.trying(ctx)
    place = naming.namespace(ctx, new_issuer, new_prefix)
    drawn = [
        making.draw(
            fabricant.assets,
            naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix),
            None if quantity == ALL else quantity,
        )
        for asset, quantity in inputs
    ]
    listed = lists.good_lines(outputs, kind=kind, owner=drawn[0].owner, prefix=new_prefix)
    _transform(ctx, fabricant, making.transformation(drawn, scrap=scrap, namespace=place, outputs=listed))


@click.command
@click.argument("lot")
@click.argument("parts", metavar="[LOCAL_ID=]QUANTITY...", nargs=-1, required=True)
@naming.in_namespace
@_names_new
@trade.acts
def split(
    ctx: click.Context,
    lot: str,
    *,
    parts: tuple[str, ...],
    issuer: str | None,
    prefix: str | None,
    new_issuer: str | None,
    new_prefix: str | None,
) -> None:
    """Make lots of their own of parts of a LOT; what is left stays in it.

    A part without a local id is called as the lot is, with the next free number: HEAT-7-1, HEAT-7-2.

    \b
    Example:
      fabricant asset split HEAT-7 "120 kg" "80.5 kg" REST="20 kg"
    """
    fabricant = trade.trying(ctx)
    place = naming.namespace(ctx, new_issuer, new_prefix)
    found = naming.asset(ctx, fabricant, lot, issuer=issuer, prefix=prefix)
    known = fabricant.assets.registration_of(found, since=fabricant.deployment.first_block)
    told = [(name or None, quantity) for name, _, quantity in (each.rpartition("=") for each in parts)]
    named = [(name and naming.local_id(name, new_prefix), quantity) for name, quantity in told]
    made = making.split(fabricant.assets, found, named, namespace=place, known_as=known.local_id)
    _transform(ctx, fabricant, made)


@click.command
@click.argument("lots", metavar="LOT...", nargs=-1, required=True)
@click.option("--into", "local_id", metavar="LOCAL_ID", required=True, help="What the new lot is called.")
@naming.in_namespace
@_names_new
@trade.acts
def merge(
    ctx: click.Context,
    lots: tuple[str, ...],
    *,
    local_id: str,
    issuer: str | None,
    prefix: str | None,
    new_issuer: str | None,
    new_prefix: str | None,
) -> None:
    """Make one lot of several LOT... of one unit, which are used up.

    \b
    Example:
      fabricant asset merge HEAT-7-1 HEAT-7-2 --into HEAT-7-C
    """
    fabricant = trade.trying(ctx)
    place = naming.namespace(ctx, new_issuer, new_prefix)
    found = [naming.asset(ctx, fabricant, each, issuer=issuer, prefix=prefix) for each in lots]
    made = making.merge(fabricant.assets, found, naming.local_id(local_id, new_prefix), namespace=place)
    _transform(ctx, fabricant, made)


@click.command("permit-processing")
@click.argument("lot")
@click.argument("processor", metavar="[WHO]", required=False, type=naming.WHO)
@click.option("--until", type=app.Parsed("time", parse_time), help="A time with its offset.")
@click.option(
    "--max-scrap", type=app.Parsed("share", parse_bps), help="What it may lose at most, such as '2 %'."
)
@click.option("--end", is_flag=True, help="Nobody may any more.")
@naming.in_namespace
@trade.acts
def permit_processing(
    ctx: click.Context,
    lot: str,
    *,
    processor: str | None,
    until: UnixSeconds | None,
    max_scrap: Bps | None,
    end: bool,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Let WHO, the user of a LOT of yours, transform it for you until a time. The results are yours.

    It needs the use of the lot, too: `fabricant asset user set`.

    \b
    Example:
      fabricant asset permit-processing HEAT-7 forge --until 2027-03-31T18:00Z --max-scrap "5 %"
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, lot, issuer=issuer, prefix=prefix)
    if end and (processor, until, max_scrap) == (None, None, None):
        words = [f"Nobody may transform {facts.asset_text(found)} for its owner any more."]
        done = trade.perform(ctx, fabricant.genealogy, Genealogy.end_processing, words, found)
    elif end or processor is None or until is None or max_scrap is None:
        raise InvalidInput("say who may, with --until and --max-scrap; or say --end alone")
    else:
        who, share = naming.who(ctx, processor), format_bps(max_scrap)
        words = [
            f"{who} may transform {facts.asset_text(found)} for its owner until {format_time(until)},",
            f"and lose {share} of it at most. The results are the owner's.",
        ]
        if fabricant.assets.standing_of(found).user != who:
            words.append("It needs the use of the lot, too: `fabricant asset user set`.")
        action = Genealogy.permit_processing
        done = trade.perform(
            ctx, fabricant.genealogy, action, words, found, who, until=until, max_scrap_bps=max_scrap
        )
    trade.report(ctx, done, words)


def _transform(ctx: click.Context, fabricant: Fabricant, made: Transformation) -> None:
    action = Genealogy.transform
    done = trade.perform(ctx, fabricant.genealogy, action, _words(fabricant, made), made)
    told = [f"{each.local_id} is {_id(made.namespace, each.local_id)}" for each in made.outputs]
    trade.report(ctx, done, [f"{count_of(len(made.outputs), 'asset')} came out.", *told])


def _words(fabricant: Fabricant, made: Transformation) -> list[str]:
    registry = fabricant.assets
    inputs = [
        f"{quantity_text(each.quantity, registry.unit_of(each.asset))} of {facts.asset_text(each.asset)}"
        for each in made.inputs
    ]
    outputs = [f"{quantity_text(each.quantity, each.unit)}: {each.local_id}" for each in made.outputs]
    lost = [quantity_text(each.quantity, each.unit) for each in made.scrap if each.quantity]
    return [
        "For ever, these go in:",
        *lists.in_words(inputs),
        f"and these come out, for {registry.owner_of(made.inputs[0].asset)}:",
        *lists.in_words(outputs),
        *([f"{', '.join(lost)} are lost."] if lost else []),
    ]


def _id(namespace: Namespace, local_id: str) -> str:
    return facts.asset_text(asset_id(namespace, local_id))
