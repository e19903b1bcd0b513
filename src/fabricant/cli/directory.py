"""`fabricant directory`: describe yourself, and let others act for you."""

import secrets
from pathlib import Path
from typing import Final

import click

from fabricant.chain import lookup
from fabricant.chain.directory import Directory, OperatorSet
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.directory import FOREVER, Operator, OperatorGrant, Role
from fabricant.domain.drafts import parse_hash
from fabricant.domain.escrow import Consent
from fabricant.domain.signed_files import GRANT_FILE, SignedFile
from fabricant.domain.units import (
    Seconds,
    UnixSeconds,
    format_time,
    parse_duration,
    parse_time,
    printable,
)
from fabricant.errors import NotFound

ROLES: Final = app.Parsed("roles", Role.parse)
NONCE_BITS: Final = 64  # so that grants which are not sent yet don't share one


def _until(text: str) -> UnixSeconds:
    return FOREVER if text == "forever" else parse_time(text)


UNTIL: Final = app.Parsed("time", _until)


def _lending_options(command: trade.F) -> trade.F:
    """What is lent, and until when."""
    said = "Such as OPEN,CHANGE; see `directory roles`."
    lent = click.option("--roles", "lent", type=ROLES, required=True, help=said)
    until = click.option("--until", type=UNTIL, required=True, help="A time with its offset, or `forever`.")
    return lent(until(command))


@click.group
def command() -> None:
    """Describe yourself, and let others act for you.

    WHO is an address, one of your wallets, or `market`, the contract that books for both sides.

    \b
    Example:
      fabricant directory operator set market --roles OPEN --until forever
    """


@command.command
@app.json_option
@click.pass_context
def roles(ctx: click.Context) -> None:
    """Explain what each role allows, and to whom one gives it.

    \b
    Example:
      fabricant directory roles
    """
    rows = [(role.label, role.meaning, role.advice) for role in Role]
    data = [{"role": label.lower(), "may": meaning, "for": advice} for label, meaning, advice in rows]
    output.emit(ctx, data, lambda: output.table("role", "may", "give it to", rows=rows))


# Profiles


@command.group
def profile() -> None:
    """Say who you are, and how documents are sealed to you.

    \b
    Example:
      fabricant directory profile set --card https://example.com/card.vcf
    """


@profile.command("set")
@click.option(
    "--key", type=app.Parsed("key", parse_hash), default="", help="X25519 public key, 0x and 64 digits."
)
@click.option("--card", default="", help="Where your company card is found.")
@trade.acts
def profile_set(ctx: click.Context, *, key: bytes, card: str) -> None:
    """Publish your profile, in place of the one before.

    \b
    Example:
      fabricant directory profile set --card https://example.com/card.vcf
    """
    fabricant = trade.trying(ctx)
    words = [
        f"{fabricant.account} describes itself to everybody:",
        f"  company card: {printable(card) or 'none'}",
        f"  encryption key: 0x{key.hex()}" if any(key) else "  no encryption key",
    ]
    action = Directory.set_profile
    done = trade.perform(ctx, fabricant.directory, action, words, encryption_key=key, uri=card)
    trade.report(ctx, done, ["The profile was published."])


@profile.command("show")
@click.argument("who", type=naming.WHO, required=False)
@trade.reads
def profile_show(ctx: click.Context, who: str | None) -> None:
    """Show the profile of WHO, or of your own wallet.

    \b
    Example:
      fabricant directory profile show 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    participant = naming.principal(ctx, who)
    found = lookup.profile_of(trade.reading(ctx), participant)
    if found is None:
        raise NotFound(f"{participant} has no profile on this chain; it can set one with `profile set`")
    rows = [
        ("participant", found.participant),
        ("company card", printable(found.uri) or None),
        ("encryption key", f"0x{found.encryption_key.hex()}" if any(found.encryption_key) else None),
    ]
    output.emit(ctx, facts.of(found), lambda: output.table("", "", rows=rows))


# Operators


@command.group
def operator() -> None:
    """Lend roles to others, and take them back.

    \b
    Example:
      fabricant directory operator list
    """


@operator.command("set")
@click.argument("who", type=naming.WHO)
@_lending_options
@trade.acts
def operator_set(ctx: click.Context, who: str, *, lent: Role, until: UnixSeconds) -> None:
    """Lend roles to WHO, in place of whatever it had.

    \b
    Example:
      fabricant directory operator set market --roles OPEN --until forever
    """
    fabricant = trade.trying(ctx)
    address = naming.who(ctx, who)
    words = _lending(str(fabricant.account), address, lent, until)
    done = trade.perform(ctx, fabricant.directory, Directory.set_operator, words, address, lent, until=until)
    trade.report(ctx, done, [f"{address} may now act for {fabricant.account}: {lent.label}."])


@operator.command("revoke")
@click.argument("who", type=naming.WHO)
@trade.acts
def operator_revoke(ctx: click.Context, who: str) -> None:
    """Take all roles back from WHO, at once.

    \b
    Example:
      fabricant directory operator revoke purchasing
    """
    fabricant = trade.trying(ctx)
    address = naming.who(ctx, who)
    words = [f"{address} may do nothing for {fabricant.account} any more."]
    done = trade.perform(ctx, fabricant.directory, Directory.revoke_operator, words, address)
    trade.report(ctx, done, words)


@operator.command("show")
@click.argument("who", type=naming.WHO)
@click.option("--principal", type=naming.WHO, help="Whose operator; else that of your wallet.")
@trade.reads
def operator_show(ctx: click.Context, who: str, *, principal: str | None) -> None:
    """Show what WHO may do for a principal.

    \b
    Example:
      fabricant directory operator show market --principal purchasing
    """
    address, lender = naming.who(ctx, who), naming.principal(ctx, principal)
    fabricant = trade.reading(ctx)
    found, now = fabricant.directory.operator_of(lender, address), fabricant.network.head().timestamp
    data = {"principal": lender, "operator": address, **facts.of(found), "live": _is_live(found, now)}
    rows = [
        ("principal", lender),
        ("operator", address),
        ("roles", found.roles.label),
        ("may", found.roles.meaning if _is_live(found, now) else "nothing (any more)"),
        ("until", _until_words(found.until) if found.roles else None),
        ("version", found.version),
    ]
    output.emit(ctx, data, lambda: output.table("", "", rows=rows))


@operator.command("list")
@click.argument("who", type=naming.WHO, required=False)
@trade.reads
def operator_list(ctx: click.Context, who: str | None) -> None:
    """List all that may act for WHO, or for your own wallet.

    \b
    Example:
      fabricant directory operator list
    """
    lender = naming.principal(ctx, who)
    fabricant = trade.reading(ctx)
    found, now = lookup.operators_of(fabricant, lender), fabricant.network.head().timestamp
    rows = [
        (each.operator, each.roles.label, _until_words(each.until), "live" if now < each.until else "over")
        for each in found
    ]
    data = [_listed(each, now) for each in found]
    output.emit(ctx, data, lambda: output.table("operator", "roles", "until", "", rows=rows))


# Signed grants


@command.group
def grant() -> None:
    """Lend roles by a signed file, which costs nothing and anybody may send.

    \b
    Example:
      fabricant directory grant sign market --roles OPEN --until forever --out grant.json
    """


@grant.command("sign")
@click.argument("who", type=naming.WHO)
@_lending_options
@click.option(
    "--valid",
    type=app.Parsed("duration", parse_duration),
    default="7 days",
    show_default=True,
    help="How long the file can be sent.",
)
@click.option("--out", type=files.NEW_FILE, required=True, help="The file to write.")
@trade.acts
def grant_sign(
    ctx: click.Context, who: str, *, lent: Role, until: UnixSeconds, valid: Seconds, out: Path
) -> None:
    """Sign that WHO may act for you. Nothing is sent.

    \b
    Example:
      fabricant directory grant sign market --roles OPEN --until forever --out grant.json
    """
    fabricant = trade.trying(ctx)
    directory, lender, address = fabricant.directory, app.account(ctx), naming.who(ctx, who)
    now = fabricant.network.head().timestamp
    granted = OperatorGrant(
        principal=lender,
        operator=address,
        roles=lent,
        until=until,
        version=directory.operator_of(lender, address).version,
        nonce=secrets.randbits(NONCE_BITS),
        deadline=UnixSeconds(now + valid),
    )
    granted.check(now)
    words = _lending(lender, address, lent, until)
    trade.agree(ctx, [*words, f"The file can be sent before {format_time(granted.deadline)}, by anybody."])
    consent = Consent(lender, (), directory.sign_grant(granted, by=app.wallet(ctx)))
    signed = SignedFile(GRANT_FILE, directory.domain, granted, {"principal": consent})
    files.write(out, signed.serialise())
    data = {"file": str(out), **facts.of(granted)}
    output.emit(ctx, data, lambda: output.say(f"Signed, in {out}. Whoever has the file can send it."))


@grant.command("send")
@click.argument("file", type=files.FILE)
@trade.acts
def grant_send(ctx: click.Context, file: Path) -> None:
    """Send a signed grant. Your wallet pays the fee, whoever signed.

    \b
    Example:
      fabricant directory grant send grant.json
    """
    signed = files.read_signed(file, GRANT_FILE)
    fabricant = trade.trying(ctx)
    directory, granted = fabricant.directory, signed.content
    signed.check_domain(directory.domain)
    signature = signed.consent("principal").signature
    words = _lending(granted.principal, granted.operator, granted.roles, granted.until)
    action = Directory.set_operator_by_signature
    done = trade.perform(ctx, directory, action, words, granted, signature)
    said = f"{granted.operator} may now act for {granted.principal}: {granted.roles.label}."
    trade.report(ctx, done, [said])


def _lending(lender: str, address: str, lent: Role, until: UnixSeconds) -> list[str]:
    return [
        f"{lender} lets {address} act for it, until {_until_words(until)}, in place of anything lent before:",
        *(f"  {role.label}: {role.meaning}" for role in Role if role in lent),
    ]


def _until_words(until: UnixSeconds) -> str:
    return "revoked" if until == FOREVER else format_time(until)


def _is_live(found: Operator, now: UnixSeconds) -> bool:
    return bool(found.roles) and now < found.until


def _listed(found: OperatorSet, now: UnixSeconds) -> dict[str, object]:
    return {**facts.of(found), "live": now < found.until}
