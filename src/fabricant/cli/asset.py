"""`fabricant asset`: register machines, lots and products, show them, hand them on."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from eth_utils.crypto import keccak

from fabricant.chain import lookup
from fabricant.chain.answers import Log
from fabricant.chain.assets import AssetRegistered, AssetRegistry
from fabricant.chain.client import Done
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import (
    NO_UNIT,
    Asset,
    AssetFlag,
    AssetId,
    Kind,
    Namespace,
    Registration,
    Standing,
    Status,
    namespace_of,
    namespace_of_prefix,
    parse_unit,
)
from fabricant.domain.units import (
    ZERO_ADDRESS,
    Seconds,
    UnixSeconds,
    format_time,
    parse_duration,
    parse_time,
    printable,
)
from fabricant.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])

KINDS: Final = click.Choice([kind.name.lower() for kind in Kind])
STATUSES: Final = click.Choice(
    [each.name.lower() for each in (Status.ACTIVE, Status.SUSPENDED, Status.RETIRED)]
)
TIME: Final = app.Parsed("time", parse_time)


def in_namespace(command: F) -> F:
    """The options that say whose local ids are meant."""
    issuer = click.option("--issuer", metavar="WHO", help="Whose local id it is; else your own wallet's.")
    prefix = click.option("--prefix", help="A company's prefix, if the local id is one of its.")
    return issuer(prefix(command))


def namespace(ctx: click.Context, issuer: str | None, prefix: str | None) -> Namespace:
    """The namespace that the options mean."""
    if prefix is not None:
        return namespace_of_prefix(prefix)
    return namespace_of(trade.principal(ctx, issuer))


def find(
    ctx: click.Context,
    fabricant: Fabricant,
    text: str,
    *,
    issuer: str | None = None,
    prefix: str | None = None,
) -> AssetId:
    """The asset that a text means."""
    if text.startswith("0x"):
        return lookup.find_asset(fabricant, text, namespace=Namespace(bytes(32)))
    return lookup.find_asset(fabricant, text, namespace=namespace(ctx, issuer, prefix))


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
@click.option("--kind", type=KINDS, required=True, help="What it is.")
@click.option("--owner", metavar="WHO", help="Its first owner; else the issuer.")
@click.option("--quantity", type=click.IntRange(min=1), default=1, help="Of a lot, in whole units.")
@click.option("--unit", type=app.Parsed("unit", parse_unit), help="Of a lot: UN/CEFACT Rec. 20, such as KGM.")
@click.option("--twin", metavar="FILE|HASH", help="Its digital twin.")
@click.option("--uri", default="", help="Where the twin is found.")
@in_namespace
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
    place = namespace(ctx, issuer, prefix)
    first_owner = trade.who(ctx, owner) if owner else fabricant.assets.issuer_of(place)
    registration = Registration(
        local_id=local_id,
        kind=Kind[kind.upper()],
        owner=first_owner,
        quantity=quantity,
        unit=unit or NO_UNIT,
        twin=trade.commitment(twin),
        uri=uri,
    )
    registration.check()
    asset = fabricant.assets.asset_id(place, local_id)
    words = [
        f"{local_id} is registered as {kind}, owned by {first_owner}, for ever.",
        f"  id: {trade.asset_text(asset)}",
        *([f"  quantity: {_quantity(quantity, unit)}"] if unit else []),
        *([f"  twin: 0x{registration.twin.hex()}{trade.place(uri)}"] if twin else []),
    ]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.register, words, place, registration)
    trade.report(ctx, done, [f"{local_id} was registered.", f"Id {trade.asset_text(done.event.id)}"])


@command.command
@click.argument("asset")
@click.option("--history", is_flag=True, help="Also everything that ever happened to it.")
@in_namespace
@trade.reads
def show(ctx: click.Context, asset: str, *, history: bool, issuer: str | None, prefix: str | None) -> None:
    """Show what an asset is, whose it is, and whether it is fit for use.

    \b
    Example:
      fabricant asset show NMW-0417 --history
    """
    fabricant = trade.reading(ctx)
    found = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
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
        "id": trade.asset_text(found),
        "localId": registered.local_id,
        "namespace": f"0x{registered.namespace.hex()}",
        **trade.facts(slot),
        **trade.facts(standing),
        **more,
        "fit": standing.is_fit,
    }
    if history:
        data["history"] = [_told(fabricant, log, event) for log, event in events]
    rows = _rows(found, registered, slot, standing, more)
    output.emit(ctx, data, lambda: _show(fabricant, rows, events))


@command.command
@click.argument("asset")
@click.argument("who")
@in_namespace
@trade.acts
def transfer(ctx: click.Context, asset: str, who: str, *, issuer: str | None, prefix: str | None) -> None:
    """Hand an asset over to WHO, without asking for anything in return.

    \b
    Example:
      fabricant asset transfer NMW-0417 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    fabricant = trade.trying(ctx)
    found, receiver = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix), trade.who(ctx, who)
    owner = fabricant.assets.owner_of(found)
    words = [
        f"{trade.asset_text(found)} of {owner} becomes {receiver}'s.",
        "Its user stays, its device does not.",
    ]
    action = AssetRegistry.safe_transfer_from
    done = trade.perform(ctx, fabricant.assets, action, words, owner, receiver, found)
    trade.report(ctx, done, [f"{receiver} owns it now."])


@command.command
@click.argument("asset")
@click.argument("status", type=STATUSES)
@in_namespace
@trade.acts
def status(ctx: click.Context, asset: str, status: str, *, issuer: str | None, prefix: str | None) -> None:
    """Suspend an asset, make it active again, or retire it for ever.

    \b
    Example:
      fabricant asset status NMW-0417 suspended
    """
    fabricant = trade.trying(ctx)
    found = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    words = [f"{trade.asset_text(found)} becomes {status}{' for ever' if status == 'retired' else ''}."]
    action = AssetRegistry.set_status
    done = trade.perform(ctx, fabricant.assets, action, words, found, Status[status.upper()])
    trade.report(ctx, done, [f"It is {status} now."])


# Twins, devices and users


@command.group
def twin() -> None:
    """Keep an asset's digital twin.

    \b
    Example:
      fabricant asset twin set NMW-0417 nameplate.json --replaces 1
    """


@twin.command("set")
@click.argument("asset")
@click.argument("content", metavar="FILE|HASH")
@click.option(
    "--replaces", type=click.IntRange(min=0), required=True, help="The version that it was made from."
)
@click.option("--uri", default="", help="Where it is found.")
@in_namespace
@trade.acts
def twin_set(
    ctx: click.Context,
    asset: str,
    content: str,
    *,
    replaces: int,
    uri: str,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Replace an asset's digital twin, unless somebody else did so first.

    \b
    Example:
      fabricant asset twin set NMW-0417 nameplate.json --replaces 1
    """
    fabricant = trade.trying(ctx)
    found, hashed = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix), trade.commitment(content)
    words = [
        f"{trade.asset_text(found)} gets a new twin, in place of version {replaces}:",
        f"  0x{hashed.hex()}{trade.place(uri)}",
    ]
    action = AssetRegistry.set_twin
    done = trade.perform(
        ctx, fabricant.assets, action, words, found, expected_version=replaces, twin=hashed, uri=uri
    )
    trade.report(ctx, done, [f"The twin is version {done.event.version} now."])


@command.group
def device() -> None:
    """Bind the device that speaks for an asset, such as a machine's gateway.

    \b
    Example:
      fabricant asset device bind NMW-0417 --device gateway
    """


@device.command("bind")
@click.argument("asset")
@click.option("--device", "name", metavar="WALLET", required=True, help="The device's own wallet; it signs.")
@click.option("--device-passphrase-fd", type=click.IntRange(min=0), help="Its passphrase, if another one.")
@click.option(
    "--valid",
    type=app.Parsed("duration", parse_duration),
    default="1 hour",
    show_default=True,
    help="How long the device's signature can be used.",
)
@in_namespace
@trade.acts
def device_bind(
    ctx: click.Context,
    asset: str,
    *,
    name: str,
    device_passphrase_fd: int | None,
    valid: Seconds,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Bind a device to an asset. The device signs with its own wallet; you send.

    \b
    Example:
      fabricant asset device bind NMW-0417 --device gateway
    """
    fabricant = trade.trying(ctx)
    registry, found = fabricant.assets, find(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    signer = trade.second_wallet(ctx, name, descriptor=device_passphrase_fd)
    deadline = UnixSeconds(fabricant.network.head().timestamp + valid)
    binding = registry.next_binding(found, signer.address, deadline=deadline)
    signature = registry.sign_binding(binding, by=signer)
    words = [
        f"The device {signer.address} speaks for {trade.asset_text(found)} from now on,",
        "until the asset changes hands or the binding is ended.",
    ]
    done = trade.perform(ctx, registry, AssetRegistry.bind_device, words, binding, signature)
    trade.report(ctx, done, [f"{signer.address} speaks for it now."])


@device.command("unbind")
@click.argument("asset")
@in_namespace
@trade.acts
def device_unbind(ctx: click.Context, asset: str, *, issuer: str | None, prefix: str | None) -> None:
    """End the binding of an asset's device.

    \b
    Example:
      fabricant asset device unbind NMW-0417
    """
    fabricant = trade.trying(ctx)
    found = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    bound = fabricant.assets.device_of(found)
    words = [f"The device {bound} does not speak for {trade.asset_text(found)} any more."]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.unbind_device, words, found)
    trade.report(ctx, done, words)


@command.group
def user() -> None:
    """Lend an asset to somebody who then has it to itself.

    \b
    Example:
      fabricant asset user set NMW-0417 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --until 2027-01-31T18:00Z
    """


@user.command("set")
@click.argument("asset")
@click.argument("who")
@click.option("--until", type=TIME, required=True, help="A time with its offset.")
@in_namespace
@trade.acts
def user_set(
    ctx: click.Context, asset: str, who: str, *, until: UnixSeconds, issuer: str | None, prefix: str | None
) -> None:
    """Lend an asset to WHO until a time. Nobody but WHO can shorten that.

    \b
    Example:
      fabricant asset user set NMW-0417 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --until 2027-01-31T18:00Z
    """
    fabricant = trade.trying(ctx)
    found, borrower = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix), trade.who(ctx, who)
    words = [
        f"{borrower} has {trade.asset_text(found)} to itself until {format_time(until)}.",
        "Nobody else can shorten that, not even by selling it.",
    ]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.set_user, words, found, borrower, expires=until)
    trade.report(ctx, done, [f"{borrower} uses it until {format_time(until)}."])


@user.command("end")
@click.argument("asset")
@in_namespace
@trade.acts
def user_end(ctx: click.Context, asset: str, *, issuer: str | None, prefix: str | None) -> None:
    """Give back an asset that you use, before your term ends.

    \b
    Example:
      fabricant asset user end NMW-0417 --issuer 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    fabricant = trade.trying(ctx)
    found = find(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    words = [f"You give {trade.asset_text(found)} back now."]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.give_up_use, words, found)
    trade.report(ctx, done, ["It is its owner's to use again."])


# For deliveries, and records


@command.command
@click.argument("assets", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All assets that you own, now or later.")
@in_namespace
@trade.acts
def approve(
    ctx: click.Context, assets: tuple[str, ...], *, everything: bool, issuer: str | None, prefix: str | None
) -> None:
    """Let the escrow take assets when you deliver them.

    \b
    Example:
      fabricant asset approve PART-0001 PART-0002
    """
    if bool(assets) == everything:
        raise InvalidInput("name the assets, or say --all")
    fabricant = trade.trying(ctx)
    registry, escrow = fabricant.assets, fabricant.deployment.escrow
    done: list[Done[Any]] = []
    if everything:
        words = [f"The escrow may take any asset that {fabricant.account} owns, now or later, to deliver it."]
        action = AssetRegistry.set_approval_for_all
        done.append(trade.perform(ctx, registry, action, words, escrow, approved=True))
    else:
        found = [find(ctx, fabricant, each, issuer=issuer, prefix=prefix) for each in assets]
        for each in found:
            registry.simulate(registry.approve, escrow, each)
        trade.agree(
            ctx, ["The escrow may take these assets, to deliver them:", *map(trade.asset_text, found)]
        )
        done += [trade.send(ctx, registry, AssetRegistry.approve, escrow, each) for each in found]
    data = [{**trade.sent(each.receipt), **trade.facts(each.event)} for each in done]
    lines = [trade.receipt_line(each.receipt) for each in done]
    output.emit(ctx, data, lambda: output.say("\n".join(["The escrow is approved.", *lines])))


@command.command
@click.argument("asset")
@click.argument("content", metavar="FILE|HASH")
@click.option("--topic", required=True, help="What it is about; its hash is published.")
@click.option("--uri", default="", help="Where it is found.")
@click.option("--supersedes", metavar="HASH", help="An earlier record that it corrects.")
@click.option("--as-issuer", is_flag=True, help="State it as the asset's issuer, whoever owns it.")
@in_namespace
@trade.acts
def record(
    ctx: click.Context,
    asset: str,
    content: str,
    *,
    topic: str,
    uri: str,
    supersedes: str | None,
    as_issuer: bool,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """State something about an asset: an inspection, a repair, a certificate.

    \b
    Example:
      fabricant asset record NMW-0417 inspection.pdf --topic inspection
    """
    fabricant = trade.trying(ctx)
    registry, found = fabricant.assets, find(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    hashed, corrected, about = trade.commitment(content), trade.commitment(supersedes), keccak(text=topic)
    words = [
        f"A record about {trade.asset_text(found)} on {printable(topic)!r}:",
        f"  0x{hashed.hex()}{trade.place(uri)}",
        *([f"  in place of 0x{corrected.hex()}"] if supersedes else []),
    ]
    told = {"topic": about, "hash_": hashed, "supersedes": corrected}
    if as_issuer:
        known = registry.registration_of(found, since=fabricant.deployment.first_block)
        action = AssetRegistry.record_as_issuer
        done = trade.perform(ctx, registry, action, words, known.namespace, known.local_id, uri=uri, **told)
    else:
        done = trade.perform(ctx, registry, AssetRegistry.record, words, found, uri=uri, **told)
    trade.report(ctx, done, ["The record was published."])


def _rows(
    asset: AssetId, registered: AssetRegistered, slot: Asset, standing: Standing, more: dict[str, str]
) -> list[tuple[str, str | None]]:
    user = (
        f"{standing.user} until {format_time(standing.user_until)}" if standing.user != ZERO_ADDRESS else None
    )
    flags = ", ".join(str(flag.name).lower() for flag in AssetFlag if flag in slot.flags and flag in _SHOWN)
    return [
        ("id", trade.asset_text(asset)),
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
        **trade.facts(event),
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
