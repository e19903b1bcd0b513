"""`fabricant asset`: recalls, from the notice to its end."""

from pathlib import Path

import click

from fabricant.chain import lookup, notices
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import Genealogy, NoticeIssued
from fabricant.chain.notices import Scope
from fabricant.cli import _asset_lists as lists
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.domain.assets import Namespace
from fabricant.domain.batches import Batch
from fabricant.domain.units import count_of, printable
from fabricant.errors import InvalidInput


@click.command
@click.argument("text", metavar="FILE|HASH")
@click.argument("assets", metavar="[ASSET]...", nargs=-1)
@click.option(
    "--batch", "batches", metavar="RUN|ID", multiple=True, help="A committed batch. Repeat it for more."
)
@click.option("--list", "listed", type=files.FILE, help="A file with more assets, one on each line.")
@click.option("--uri", default="", help="Where the text is found.")
@naming.in_namespace
@trade.acts
def recall(
    ctx: click.Context,
    text: str,
    *,
    assets: tuple[str, ...],
    batches: tuple[str, ...],
    listed: Path | None,
    uri: str,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Issue a recall notice, whose text is FILE, on assets and batches that you named.

    Whatever they are part of is covered, too; anybody can carry it on to what was made of them. The same text
    again adds to the same notice, and what it names already is left as it is, so the command can be repeated.

    \b
    Example:
      fabricant asset recall notice.pdf HEAT-7 --batch packs.run.jsonl --uri https://example.com/notice.pdf
    """
    fabricant = trade.trying(ctx)
    place, since = naming.namespace(ctx, issuer, prefix), fabricant.deployment.first_block
    typed = (*assets, *(_lines(listed) if listed else ()))
    wanted = Scope(
        namespace=place,
        hash=files.commitment(text),
        local_ids=tuple(_local_id(fabricant, each, place, prefix) for each in typed),
        batches=tuple(_batch(fabricant, each) for each in batches),
        uri=uri,
    )
    notices.require_registered(fabricant.assets, wanted, since=since)
    known = fabricant.genealogy.notice_of(wanted.notice)
    left = notices.uncovered(fabricant.genealogy, wanted, since=since)
    sent = []
    if not (known.is_in_force and left.is_empty):
        notices.try_issuing(fabricant.genealogy, left)
        trade.agree(ctx, _words(left, is_new=not known.issued_at))
        sent = list(trade.send(ctx, fabricant.genealogy, notices.issue, left))
    notice = facts.bytes_text(wanted.notice)
    trade.report_all(ctx, sent, [f"Notice {notice} names all of them now."], {"notice": notice})


@click.command("lift-recall")
@click.argument("notice", metavar="NOTICE")
@trade.acts
def lift(ctx: click.Context, notice: str) -> None:
    """Lift a recall NOTICE of yours, for ever: its id, the beginning of it, or the file with its text.

    \b
    Example:
      fabricant asset lift-recall notice.pdf
    """
    fabricant = trade.trying(ctx)
    found = find_notice(fabricant, notice)
    words = [
        f"{_named(found)} is lifted, for ever.",
        "It locks nothing any more, and can't be issued again.",
    ]
    action = Genealogy.lift_recall
    done = trade.perform(ctx, fabricant.genealogy, action, words, found.namespace, found.hash)
    trade.report(ctx, done, ["It is lifted."])


@click.command
@click.argument("notice", metavar="NOTICE")
@trade.acts
def acknowledge(ctx: click.Context, notice: str) -> None:
    """Declare that you know of a recall NOTICE, so that what it covers may come to you.

    NOTICE is its id, the beginning of it, or the file with its text.

    \b
    Example:
      fabricant asset acknowledge 0x3f2a91c04d
    """
    fabricant = trade.trying(ctx)
    found = find_notice(fabricant, notice)
    words = [f"{fabricant.account} declares, for ever, that it knows of {_named(found)}."]
    done = trade.perform(ctx, fabricant.genealogy, Genealogy.acknowledge_recall, words, found.notice)
    trade.report(ctx, done, ["It is acknowledged."])


@click.command("return")
@click.argument("asset")
@click.option("--to", "receiver", type=naming.WHO, help="Who acknowledged its notices; else its issuer.")
@naming.in_namespace
@trade.acts
def return_(
    ctx: click.Context, asset: str, *, receiver: str | None, issuer: str | None, prefix: str | None
) -> None:
    """Hand a recalled asset to its issuer, or to somebody who acknowledged all its notices.

    \b
    Example:
      fabricant asset return BLADE-7 --issuer forge
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    known = fabricant.assets.registration_of(found, since=fabricant.deployment.first_block)
    to = naming.who(ctx, receiver) if receiver else fabricant.assets.issuer_of(known.namespace)
    words = [f"{facts.asset_text(found)} goes back to {to}, recalled as it is."]
    action = Genealogy.return_recalled
    done = trade.perform(ctx, fabricant.genealogy, action, words, known.namespace, known.local_id, to=to)
    trade.report(ctx, done, [f"{to} owns it now."])


@click.command("clear-recall")
@click.argument("asset")
@click.argument("notice", metavar="NOTICE")
@naming.in_namespace
@trade.acts
def clear(ctx: click.Context, asset: str, notice: str, *, issuer: str | None, prefix: str | None) -> None:
    """Free an asset that you named from a NOTICE that covers only a part of it.

    \b
    Example:
      fabricant asset clear-recall ENGINE-4 0x3f2a91c04d
    """
    fabricant = trade.trying(ctx)
    found, about = (
        naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix),
        find_notice(fabricant, notice),
    )
    known = fabricant.assets.registration_of(found, since=fabricant.deployment.first_block)
    words = [f"{_named(about)} does not cover {facts.asset_text(found)} any more."]
    action = Genealogy.clear_recall
    done = trade.perform(
        ctx, fabricant.genealogy, action, words, about.notice, known.namespace, local_id=known.local_id
    )
    trade.report(ctx, done, words)


def _words(left: Scope, *, is_new: bool) -> list[str]:
    named = [*left.local_ids, *(f"batch {facts.asset_text(each.id)}" for each in left.batches)]
    return [
        f"A recall notice is {'issued' if is_new else 'added to'}:",
        f"  id: {facts.bytes_text(left.notice)}",
        f"  text: {facts.bytes_text(left.hash)}{trade.place(left.uri)}",
        f"It covers {count_of(len(left.local_ids), 'asset')} and {len(left.batches)} of the batches:",
        *lists.in_words(named),
        "and all that they are part of. None of it changes hands until you lift it.",
    ]


def _lines(file: Path) -> list[str]:
    with files.named(file):
        try:
            lines = files.read(file).decode().splitlines()
        except UnicodeDecodeError:
            raise InvalidInput("it is no text in UTF-8; save it as such") from None
    return [line.strip() for line in lines if line.strip()]


def _local_id(fabricant: Fabricant, text: str, place: Namespace, prefix: str | None) -> str:
    """The local id of an asset of the namespace, however it was named."""
    if not text.startswith("0x"):
        return naming.local_id(text, prefix)
    found = lookup.find_asset(fabricant, text, namespace=place)
    known = fabricant.assets.registration_of(found, since=fabricant.deployment.first_block)
    if known.namespace != place:
        raise InvalidInput(f"{text} is not in the namespace that recalls; name its --issuer or --prefix")
    return known.local_id


def _batch(fabricant: Fabricant, text: str) -> Batch:
    if text.startswith("0x"):
        return lookup.find_batch_of_units(fabricant, text)
    return files.read_run(Path(text)).batch


def find_notice(fabricant: Fabricant, text: str) -> NoticeIssued:
    """A notice by its id, the hash of its text, the beginning of either, or the file with its text."""
    if not text.startswith("0x"):
        text = facts.bytes_text(files.commitment(text))
    return lookup.find_notice(fabricant, text)


def _named(notice: NoticeIssued) -> str:
    where = f" ({printable(notice.uri)})" if notice.uri else ""
    return f"notice {facts.short(notice.notice)}{where}"
