"""`fabricant asset`: what happens to an asset: twins, devices, users, approval, records."""

from typing import Any, Final

import click
from eth_utils.crypto import keccak

from fabricant.chain.assets import AssetRegistry, RecordAdded
from fabricant.chain.client import Done
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import AssetId
from fabricant.domain.units import Seconds, UnixSeconds, format_time, parse_duration, parse_time, printable
from fabricant.errors import InvalidInput

TIME: Final = app.Parsed("time", parse_time)


# Twins


@click.group
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
@naming.in_namespace
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
    found, hashed = (
        naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix),
        files.commitment(content),
    )
    words = [
        f"{facts.asset_text(found)} gets a new twin, in place of version {replaces}:",
        f"  0x{hashed.hex()}{trade.place(uri)}",
    ]
    action = AssetRegistry.set_twin
    done = trade.perform(
        ctx, fabricant.assets, action, words, found, expected_version=replaces, twin=hashed, uri=uri
    )
    trade.report(ctx, done, [f"The twin is version {done.event.version} now."])


@click.group
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
@naming.in_namespace
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
    registry, found = fabricant.assets, naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    deadline = UnixSeconds(fabricant.network.head().timestamp + valid)
    binding = registry.next_binding(found, naming.who(ctx, name), deadline=deadline)
    words = [
        f"The device {binding.device} signs that it speaks for {facts.asset_text(found)} from now on,",
        "until the asset changes hands or the binding is ended; you send that.",
    ]
    trade.agree(ctx, words)
    signer = naming.second_wallet(ctx, name, descriptor=device_passphrase_fd)
    signature = registry.sign_binding(binding, by=signer)
    done = trade.send(ctx, registry, AssetRegistry.bind_device, binding, signature)
    trade.report(ctx, done, [f"{binding.device} speaks for it now."])


@device.command("unbind")
@click.argument("asset")
@naming.in_namespace
@trade.acts
def device_unbind(ctx: click.Context, asset: str, *, issuer: str | None, prefix: str | None) -> None:
    """End the binding of an asset's device.

    \b
    Example:
      fabricant asset device unbind NMW-0417
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    bound = fabricant.assets.device_of(found)
    words = [f"The device {bound} does not speak for {facts.asset_text(found)} any more."]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.unbind_device, words, found)
    trade.report(ctx, done, words)


@click.group
def user() -> None:
    """Lend an asset to somebody who then has it to itself.

    \b
    Example:
      fabricant asset user set NMW-0417 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --until 2027-01-31T18:00Z
    """


@user.command("set")
@click.argument("asset")
@click.argument("who", type=naming.WHO)
@click.option("--until", type=TIME, required=True, help="A time with its offset.")
@naming.in_namespace
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
    found, borrower = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix), naming.who(ctx, who)
    words = [
        f"{borrower} has {facts.asset_text(found)} to itself until {format_time(until)}.",
        "Nobody else can shorten that, not even by selling it.",
    ]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.set_user, words, found, borrower, expires=until)
    trade.report(ctx, done, [f"{borrower} uses it until {format_time(until)}."])


@user.command("end")
@click.argument("asset")
@naming.in_namespace
@trade.acts
def user_end(ctx: click.Context, asset: str, *, issuer: str | None, prefix: str | None) -> None:
    """Give back an asset that you use, before your term ends.

    \b
    Example:
      fabricant asset user end NMW-0417 --issuer 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    words = [f"You give {facts.asset_text(found)} back now."]
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.give_up_use, words, found)
    trade.report(ctx, done, ["It is its owner's to use again."])


# For deliveries, and records


@click.command
@click.argument("assets", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All assets that you own, now or later.")
@naming.in_namespace
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
        found = [naming.asset(ctx, fabricant, each, issuer=issuer, prefix=prefix) for each in assets]
        for each in found:
            registry.simulate(registry.approve, escrow, each)
        trade.agree(
            ctx, ["The escrow may take these assets, to deliver them:", *map(facts.asset_text, found)]
        )
        done += [trade.send(ctx, registry, AssetRegistry.approve, escrow, each) for each in found]
    data = [{**facts.sent(each.receipt), **facts.of(each.event)} for each in done]
    lines = [trade.receipt_line(each.receipt) for each in done]
    output.emit(ctx, data, lambda: output.say("\n".join(["The escrow is approved.", *lines])))


@click.command
@click.argument("asset")
@click.argument("content", metavar="FILE|HASH")
@click.option("--topic", required=True, help="What it is about; its hash is published.")
@click.option("--uri", default="", help="Where it is found.")
@click.option("--supersedes", metavar="HASH", help="An earlier record that it corrects.")
@click.option("--as-issuer", is_flag=True, help="State it as the asset's issuer, whoever owns it.")
@naming.in_namespace
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
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    hashed, corrected, about = files.commitment(content), files.commitment(supersedes), keccak(text=topic)
    words = [
        f"A record about {facts.asset_text(found)} on {printable(topic)!r}:",
        f"  0x{hashed.hex()}{trade.place(uri)}",
        *([f"  in place of 0x{corrected.hex()}"] if supersedes else []),
    ]
    told = {"topic": about, "hash_": hashed, "supersedes": corrected}
    done = state(ctx, fabricant, found, words, as_issuer=as_issuer, uri=uri, **told)
    trade.report(ctx, done, ["The record was published."])


def state(
    ctx: click.Context,
    fabricant: Fabricant,
    asset: AssetId,
    words: list[str],
    *,
    as_issuer: bool,
    uri: str,
    **told: bytes,
) -> Done[RecordAdded]:
    """States something about an asset, if people agree to these words; `told`: as `AssetRegistry.record`."""
    registry = fabricant.assets
    if not as_issuer:
        return trade.perform(ctx, registry, AssetRegistry.record, words, asset, uri=uri, **told)
    known = registry.registration_of(asset, since=fabricant.deployment.first_block)
    action = AssetRegistry.record_as_issuer
    return trade.perform(ctx, registry, action, words, known.namespace, known.local_id, uri=uri, **told)


@click.command
@click.argument("asset")
@click.argument("who", type=naming.WHO)
@click.option("--until", type=TIME, help="A time with its offset.")
@click.option("--end", is_flag=True, help="It may not any more.")
@naming.in_namespace
@trade.acts
def recorder(
    ctx: click.Context,
    asset: str,
    who: str,
    *,
    until: UnixSeconds | None,
    end: bool,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Let WHO record about an asset of yours until a time, such as an inspector or a garage.

    It ends when the asset changes hands.

    \b
    Example:
      fabricant asset recorder NMW-0417 garage --until 2027-01-31T18:00Z
    """
    if (until is None) != end:
        raise InvalidInput("say --until when, or --end")
    fabricant = trade.trying(ctx)
    found, account = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix), naming.who(ctx, who)
    term = "does not record any more" if until is None else f"may record until {format_time(until)}"
    words = [f"{account} {term} about {facts.asset_text(found)}."]
    action = AssetRegistry.set_recorder
    done = trade.perform(ctx, fabricant.assets, action, words, found, account, until=until or UnixSeconds(0))
    trade.report(ctx, done, words)
