"""`fabricant asset show`: one asset, whose it is, what it is made of, and what keeps it where it is."""

from typing import Any, Final

import click

from fabricant.chain.answers import Log
from fabricant.chain.assets import AssetRegistered
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.lineage import Lineage, lineage_of
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import Asset, AssetFlag, AssetId, Standing
from fabricant.domain.quantities import quantity_text
from fabricant.domain.units import ZERO_ADDRESS, format_time, printable


@click.command
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
    lineage = lineage_of(fabricant, found)
    events = _history(fabricant, found) if history else []
    data = {
        "id": facts.asset_text(found),
        "localId": registered.local_id,
        "namespace": f"0x{registered.namespace.hex()}",
        **facts.of(slot),
        **facts.of(standing),
        **more,
        **facts.of(lineage),
        "fit": standing.is_fit,
    }
    if history:
        data["history"] = [_told(fabricant, log, event) for log, event in events]
    rows = [*_rows(found, registered, slot, standing, more), *_lineage_rows(fabricant, slot, lineage)]
    output.emit(ctx, data, lambda: _show(fabricant, rows, events))


def _history(fabricant: Fabricant, asset: AssetId) -> list[tuple[Log, object]]:
    """What the registry and the Genealogy said of an asset, in order."""
    since = fabricant.deployment.first_block
    told = [each.history_of(asset, since=since) for each in (fabricant.assets, fabricant.genealogy)]
    return sorted(
        (found for each in told for found in each), key=lambda found: (found[0].block, found[0].index)
    )


def _lineage_rows(fabricant: Fabricant, slot: Asset, lineage: Lineage) -> list[tuple[str, str]]:
    """What most assets have not, is left out."""
    unit_of = fabricant.assets.unit_of
    made_from = [
        f"{quantity_text(each.quantity, unit_of(each.asset))} of {_short(each.asset)}"
        for each in lineage.made_from
    ]
    recalls = [
        f"notice {facts.short(each.notice)} ({each.reach.name.lower()}){trade.place(each.uri)}"
        for each in lineage.recalls
    ]
    held = AssetFlag.HELD in slot.flags
    rows = [
        ("part of", ", in ".join(map(_short, lineage.part_of))),
        ("title", lineage.title if lineage.part_of else ""),
        ("parts", ", ".join(map(_short, lineage.parts))),
        ("made from", ", ".join(made_from)),
        *(("recalled", each) for each in recalls),
        ("held", f"until {format_time(lineage.hold.until)}" if held else ""),
        ("locked", "yes: it can't be transferred" if lineage.locked else ""),
    ]
    return [row for row in rows if row[1]]


def _short(asset: AssetId) -> str:
    return facts.short(asset.to_bytes(32))


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
_TIMES: Final = frozenset({"expires", "until"})
_EMPTY: Final = ("", "0", ZERO_ADDRESS, f"0x{bytes(32).hex()}")


def _brief(told: dict[str, Any]) -> str:
    """The facts of an event in one line, without those that are empty."""
    named = {name: value for name, value in told.items() if name not in _KNOWN and value not in _EMPTY}
    return ", ".join(f"{name} {_in_words(name, value)}" for name, value in named.items())


def _in_words(name: str, value: Any) -> str:
    return format_time(value) if name in _TIMES else printable(str(value))
