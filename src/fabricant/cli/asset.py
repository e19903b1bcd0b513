"""`fabricant asset`: register machines, lots and products, show them, hand them on."""

from pathlib import Path
from typing import Final

import click

from fabricant.chain.assets import AssetRegistry
from fabricant.cli import _app as app
from fabricant.cli import _asset_batches as batches
from fabricant.cli import _asset_closure as closing
from fabricant.cli import _asset_holds as holds
from fabricant.cli import _asset_importing as importing
from fabricant.cli import _asset_life as life
from fabricant.cli import _asset_logbook as logbook
from fabricant.cli import _asset_making as making
from fabricant.cli import _asset_parts as parts
from fabricant.cli import _asset_pedigree as pedigrees
from fabricant.cli import _asset_recalls as recalls
from fabricant.cli import _asset_showing as showing
from fabricant.cli import _asset_trace as tracing
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import (
    NO_UNIT,
    Kind,
    Registration,
    Status,
    parse_unit,
)
from fabricant.domain.identifiers import RESOLVER, identify
from fabricant.domain.labels import Symbol, asset_uri, draw
from fabricant.domain.quantities import parse_quantity, quantity_text
from fabricant.errors import InvalidInput

STATUSES: Final = click.Choice(
    [each.name.lower() for each in (Status.ACTIVE, Status.SUSPENDED, Status.RETIRED)]
)


@click.group
def command() -> None:
    """Register machines, lots and products, show them, hand them on.

    ASSET is an id (0x and at least 8 digits), or the local id that its issuer gave it: your own, or that of
    --issuer or --prefix.

    \b
    Example:
      fabricant asset register NMW-0417 --kind equipment
    """


@command.command
@click.argument("local_id")
@click.option("--kind", type=naming.KIND, required=True, help="What it is.")
@click.option("--owner", type=naming.WHO, help="Its first owner; else the issuer.")
@click.option("--quantity", default="1", help="Of a lot, such as 500 or '0.5 t'.")
@click.option(
    "--unit",
    type=app.Parsed("unit", parse_unit),
    help="In which a lot is counted: UN/CEFACT Rec. 20, such as KGM.",
)
@click.option("--twin", metavar="FILE|HASH", help="Its digital twin.")
@click.option("--uri", default="", help="Where the twin is found.")
@naming.in_namespace
@trade.acts
def register(
    ctx: click.Context,
    local_id: str,
    *,
    kind: str,
    owner: str | None,
    quantity: str,
    unit: bytes | None,
    twin: str | None,
    uri: str,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Register an asset under a local id, for ever.

    \b
    Example:
      fabricant asset register NMW-0417 --kind equipment --twin nameplate.json
    """
    fabricant = trade.trying(ctx)
    place = naming.namespace(ctx, issuer, prefix)
    local_id = naming.local_id(local_id, prefix)
    first_owner = naming.who(ctx, owner) if owner else fabricant.assets.issuer_of(place)
    registration = Registration(
        local_id=local_id,
        kind=Kind[kind.upper()],
        owner=first_owner,
        quantity=parse_quantity(quantity, unit or NO_UNIT),
        unit=unit or NO_UNIT,
        twin=files.commitment(twin),
        uri=uri,
    )
    registration.check()
    asset = fabricant.assets.asset_id(place, local_id)
    words = [
        f"{local_id} is registered as {kind}, owned by {first_owner}, for ever.",
        f"  id: {facts.asset_text(asset)}",
        *([f"  quantity: {quantity_text(registration.quantity, unit)}"] if unit else []),
        *([f"  twin: 0x{registration.twin.hex()}{trade.place(uri)}"] if twin else []),
    ]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.register, words, place, registration)
    trade.report(ctx, done, [f"{local_id} was registered.", f"Id {facts.asset_text(done.event.id)}"])


@command.command
@click.argument("asset")
@click.argument("who", type=naming.WHO)
@naming.in_namespace
@trade.acts
def transfer(ctx: click.Context, asset: str, who: str, *, issuer: str | None, prefix: str | None) -> None:
    """Hand an asset over to WHO, without asking for anything in return.

    \b
    Example:
      fabricant asset transfer NMW-0417 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    fabricant = trade.trying(ctx)
    found, receiver = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix), naming.who(ctx, who)
    owner = fabricant.assets.owner_of(found)
    if whole := fabricant.genealogy.parent_of(found):
        raise InvalidInput(f"it is part of {facts.asset_text(whole)}; take it out first: `asset disassemble`")
    words = [
        f"{facts.asset_text(found)} of {owner} becomes {receiver}'s.",
        "Its user stays, its device does not.",
    ]
    action = AssetRegistry.safe_transfer_from
    done = trade.perform(ctx, fabricant.assets, action, words, owner, receiver, found)
    trade.report(ctx, done, [f"{receiver} owns it now."])


@command.command
@click.argument("asset")
@click.argument("status", type=STATUSES)
@naming.in_namespace
@trade.acts
def status(ctx: click.Context, asset: str, status: str, *, issuer: str | None, prefix: str | None) -> None:
    """Suspend an asset, make it active again, or retire it for ever.

    \b
    Example:
      fabricant asset status NMW-0417 suspended
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    words = [f"{facts.asset_text(found)} becomes {status}{' for ever' if status == 'retired' else ''}."]
    action = AssetRegistry.set_status
    done = trade.perform(ctx, fabricant.assets, action, words, found, Status[status.upper()])
    trade.report(ctx, done, [f"It is {status} now."])


@command.command
@click.argument("asset")
@click.argument("file", type=files.NEW_FILE)
@click.option(
    "--symbol",
    type=click.Choice([each.value[0] for each in Symbol]),
    default="qr",
    show_default=True,
    help="What scanners read.",
)
@click.option("--module", type=click.IntRange(100, 5000), default=500, show_default=True, help="Micrometres.")
@click.option("--dpi", type=click.IntRange(72, 4800), default=300, show_default=True, help="Of a PNG.")
@click.option("--domain", default=RESOLVER, show_default=True, help="Where GS1 Digital Links lead.")
@naming.in_namespace
@trade.reads
def label(
    ctx: click.Context,
    asset: str,
    file: Path,
    *,
    symbol: str,
    module: int,
    dpi: int,
    domain: str,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Draw a registered asset's label into FILE, a new .svg or .png.

    It says the Digital Link or the IEC 61406 link; for a serial number, the asset on its chain (CAIP-19).

    \b
    Example:
      fabricant asset label NMW-0417 NMW-0417.svg --symbol datamatrix
    """
    fabricant = trade.reading(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    registered = fabricant.assets.registration_of(found, since=fabricant.deployment.first_block)
    identifier = identify(registered.local_id)
    on_chain = asset_uri(fabricant.network.chain_id, fabricant.assets.address, found)
    content = identifier.link(domain) or on_chain
    kind = next(each for each in Symbol if each.value[0] == symbol)
    drawn = draw(identifier, kind, content=content)
    if file.suffix not in (".svg", ".png"):
        raise InvalidInput(f"{file} has to end with .svg or .png")
    image = drawn.svg(module=module) if file.suffix == ".svg" else drawn.png(module=module, resolution=dpi)
    files.write(file, image)
    data: dict[str, str | None] = {
        "id": facts.asset_text(found),
        "localId": identifier.local_id,
        "content": content,
    }
    data |= {"elementString": identifier.element_string, "epc": identifier.epc, "file": str(file)}
    output.emit(ctx, data, lambda: output.say(f"{file} says {identifier.element_string or content}"))


for each in (
    *(showing.show, importing.import_, batches.batch, batches.serialise),
    *(life.twin, life.device, life.user, life.approve, life.record, life.recorder),
    *(logbook.log, logbook.logbook, logbook.release),
    *(pedigrees.pack_label, pedigrees.pedigree, pedigrees.dispense),
    *(parts.assemble, parts.disassemble),
    *(making.transform, making.split, making.merge, making.permit_processing),
    *(recalls.recall, recalls.lift, recalls.acknowledge, recalls.return_, recalls.clear),
    *(tracing.trace, closing.recall_plan, closing.extend_recall, closing.closure),
    *(holds.hold, holds.authority, holds.unlock),
):
    command.add_command(each)
