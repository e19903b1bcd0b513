"""`fabricant asset`: register machines, lots and products, show them, hand them on."""

from pathlib import Path
from typing import Any, Final

import click

from fabricant.chain.answers import Log
from fabricant.chain.assets import AssetRegistered, AssetRegistry
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _app as app
from fabricant.cli import _asset_batches as batches
from fabricant.cli import _asset_closure as closing
from fabricant.cli import _asset_life as life
from fabricant.cli import _asset_trace as tracing
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import (
    NO_UNIT,
    Asset,
    AssetFlag,
    AssetId,
    Kind,
    Registration,
    Standing,
    Status,
    parse_unit,
)
from fabricant.domain.identifiers import RESOLVER, identify
from fabricant.domain.labels import Symbol, asset_uri, draw
from fabricant.domain.units import (
    ZERO_ADDRESS,
    format_time,
    printable,
)
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
@click.option("--quantity", type=click.IntRange(min=1), default=1, help="Of a lot, in whole units.")
@click.option("--unit", type=app.Parsed("unit", parse_unit), help="Of a lot: UN/CEFACT Rec. 20, such as KGM.")
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
    quantity: int,
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
        quantity=quantity,
        unit=unit or NO_UNIT,
        twin=files.commitment(twin),
        uri=uri,
    )
    registration.check()
    asset = fabricant.assets.asset_id(place, local_id)
    words = [
        f"{local_id} is registered as {kind}, owned by {first_owner}, for ever.",
        f"  id: {facts.asset_text(asset)}",
        *([f"  quantity: {_quantity(quantity, unit)}"] if unit else []),
        *([f"  twin: 0x{registration.twin.hex()}{trade.place(uri)}"] if twin else []),
    ]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.register, words, place, registration)
    trade.report(ctx, done, [f"{local_id} was registered.", f"Id {facts.asset_text(done.event.id)}"])


@command.command
@click.argument("asset")
@click.option("--history", is_flag=True, help="Also everything that ever happened to it.")
@naming.in_namespace
@trade.reads
def show(ctx: click.Context, asset: str, *, history: bool, issuer: str | None, prefix: str | None) -> None:
    """Show what an asset is, whose it is, and whether it is fit for use.

    \b
    Example:
      fabricant asset show NMW-0417 --history
    """
    fabricant = trade.reading(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    registry, since = fabricant.assets, fabricant.deployment.first_block
    slot, standing = registry.asset_of(found), registry.standing_of(found)
    registered = registry.registration_of(found, since=since)
    more = {
        "quantity": str(registry.quantity_of(found)),
        "unit": registry.unit_of(found).rstrip(b"\0").decode(),
        "twin": f"0x{registry.twin_of(found, since=since).hex()}",
        "device": registry.device_of(found),
    }
    events = registry.history_of(found, since=since) if history else []
    data = {
        "id": facts.asset_text(found),
        "localId": registered.local_id,
        "namespace": f"0x{registered.namespace.hex()}",
        **facts.of(slot),
        **facts.of(standing),
        **more,
        "fit": standing.is_fit,
    }
    if history:
        data["history"] = [_told(fabricant, log, event) for log, event in events]
    rows = _rows(found, registered, slot, standing, more)
    output.emit(ctx, data, lambda: _show(fabricant, rows, events))


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


def _rows(
    asset: AssetId, registered: AssetRegistered, slot: Asset, standing: Standing, more: dict[str, str]
) -> list[tuple[str, str | None]]:
    user = (
        f"{standing.user} until {format_time(standing.user_until)}" if standing.user != ZERO_ADDRESS else None
    )
    flags = ", ".join(str(flag.name).lower() for flag in AssetFlag if flag in slot.flags and flag in _SHOWN)
    return [
        ("id", facts.asset_text(asset)),
        ("local id", printable(registered.local_id)),
        ("namespace", f"0x{registered.namespace.hex()}"),
        ("kind", slot.kind.name.lower()),
        ("quantity", f"{more['quantity']} {printable(more['unit'])}".strip()),
        ("owner", slot.owner),
        ("user", user),
        ("status", slot.status.name.lower() + (f" ({flags})" if flags else "")),
        ("fit for use", "yes" if standing.is_fit else "no"),
        ("device", None if more["device"] == ZERO_ADDRESS else more["device"]),
        ("twin", f"version {slot.twin_version}, {more['twin']}" if slot.twin_version else None),
        ("registered", format_time(slot.registered_at)),
    ]


_SHOWN: Final = AssetFlag.UNFIT


def _show(fabricant: Fabricant, rows: list[tuple[str, str | None]], events: list[tuple[Log, object]]) -> None:
    output.table("", "", rows=rows)
    if events:
        output.say("")
        told = [_told(fabricant, log, event) for log, event in events]
        output.table(
            "time",
            "event",
            "",
            rows=[(format_time(each["time"]), each["event"], _brief(each)) for each in told],
        )


def _told(fabricant: Fabricant, log: Log, event: object) -> dict[str, Any]:
    block = fabricant.network.block(log.block)
    return {
        "time": block.timestamp if block else 0,
        "block": log.block,
        "transaction": log.transaction,
        "event": type(event).__name__,
        **facts.of(event),
    }


_KNOWN: Final = frozenset({"time", "block", "transaction", "event", "id", "tokenId", "namespace"})
_EMPTY: Final = ("", "0", ZERO_ADDRESS, f"0x{bytes(32).hex()}")


def _brief(told: dict[str, Any]) -> str:
    """The facts of an event in one line, without those that are empty."""
    named = {name: value for name, value in told.items() if name not in _KNOWN and value not in _EMPTY}
    return ", ".join(f"{name} {_in_words(name, value)}" for name, value in named.items())


def _in_words(name: str, value: Any) -> str:
    return format_time(value) if name == "expires" else printable(str(value))


def _quantity(quantity: int, unit: bytes) -> str:
    return f"{quantity} {unit.rstrip(bytes(1)).decode()}"


for each in (
    *(batches.batch, batches.serialise, tracing.trace),
    *(closing.recall_plan, closing.extend_recall, closing.closure),
    *(life.twin, life.device, life.user, life.approve, life.record),
):
    command.add_command(each)
