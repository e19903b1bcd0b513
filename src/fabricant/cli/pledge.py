"""`fabricant pledge`: let an asset secure a debt, and go on using it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from eth_utils.crypto import keccak

from fabricant.chain import lookup, pledging
from fabricant.chain.client import Done
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.pledge import Pledge
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _pledge_agreeing as agreeing
from fabricant.cli import _trade as trade
from fabricant.domain.pledges import (
    Lien,
    PledgeId,
    PledgeStatus,
    PledgeTerms,
    describe_lien,
    describe_pledge,
    foreclosable_from,
)
from fabricant.domain.units import Address, Token, format_time, parse_address


@dataclass(frozen=True)
class _AtHand:
    """A pledge that was made."""

    fabricant: Fabricant
    id: PledgeId
    terms: PledgeTerms

    @cached_property
    def token(self) -> Token:
        """In which it is redeemed."""
        return lookup.token_of(self.fabricant, self.terms.token)

    @property
    def lien(self) -> Lien:
        """How it stands now."""
        return self.fabricant.pledges.lien_of(self.id)

    @property
    def words(self) -> list[str]:
        """Which it is, and how it stands."""
        at = self.fabricant.network.head().timestamp
        standing = describe_lien(self.terms, self.lien, at=at)
        return [f"Pledge 0x{self.id.hex()}:", *describe_pledge(self.terms, token=self.token), "", *standing]


@click.group
def command() -> None:
    """Let an asset secure a debt, and go on using it.

    Both sign a file, and either sends it. PLEDGE is the id (or its first digits) of a pledge that was made.

    \b
    Example:
      fabricant pledge show 0x1f2e3d4c
    """


@command.command
@trade.acts
def deploy(ctx: click.Context) -> None:
    """Put the contract for pledges on a chain that has none yet. Anybody may, once for all.

    \b
    Example:
      fabricant pledge deploy --network sepolia
    """
    fabricant = trade.trying(ctx)
    trade.agree(ctx, ["You put the contract for pledges on this chain, where everybody finds it."])
    house = Pledge.create(fabricant.network, app.wallet(ctx), assets=fabricant.deployment.assets)
    output.emit(ctx, {"address": house.address}, lambda: output.say(f"It is at {house.address}."))


for each in (agreeing.propose, agreeing.sign, agreeing.approve, agreeing.send, agreeing.revoke):
    command.add_command(each)


# Ending


@command.command
@click.argument("pledge")
@trade.acts
def redeem(ctx: click.Context, pledge: str) -> None:
    """Pay what redeems an asset. Anybody may; it goes back to the pledger.

    \b
    Example:
      fabricant pledge redeem 0x1f2e3d4c
    """
    found = _at_hand(trade.trying(ctx), pledge)
    fabricant, terms, house = found.fabricant, found.terms, found.fabricant.pledges
    amount = pledging.missing_allowance(fabricant, terms, terms.amount, payer=app.account(ctx))
    needed = pledging.Missing(allowance=amount)
    if not needed:
        house.simulate(house.redeem, terms)
    words = [f"You pay {found.token.format(terms.amount)}, and the asset is {terms.pledger}'s again."]
    trade.agree(ctx, [*found.words, "", *words, *agreeing.allowing(fabricant, terms, needed)])
    agreeing.allow(ctx, fabricant, terms, needed)
    _report(ctx, found, trade.send(ctx, house, Pledge.redeem, terms), "The asset is redeemed.")


@command.command
@click.argument("pledge")
@trade.acts
def release(ctx: click.Context, pledge: str) -> None:
    """Give an asset back without being paid here. The lender.

    \b
    Example:
      fabricant pledge release 0x1f2e3d4c
    """
    _act(ctx, pledge, Pledge.release, ["You give the asset back, unpaid."], "The asset is released.")


@command.command("default")
@click.argument("pledge")
@trade.acts
def declare_default(ctx: click.Context, pledge: str) -> None:
    """Declare that the debt is due and was not paid. The lender; the cure begins.

    \b
    Example:
      fabricant pledge default 0x1f2e3d4c
    """
    words = ["You declare default. Once the cure is over you may take the asset."]
    _act(ctx, pledge, Pledge.declare_default, words, "Default is declared.")


@command.command
@click.argument("pledge")
@trade.acts
def foreclose(ctx: click.Context, pledge: str) -> None:
    """Take an asset that nobody redeemed. The lender, after the cure.

    \b
    Example:
      fabricant pledge foreclose 0x1f2e3d4c
    """
    _act(ctx, pledge, Pledge.foreclose, ["You take the asset for good."], "The asset is foreclosed.")


@command.command
@click.argument("pledge")
@click.option("--recalled", is_flag=True, help="Although it is recalled: whose it is acknowledged that.")
@trade.acts
def collect(ctx: click.Context, pledge: str, *, recalled: bool) -> None:
    """Have an asset handed over that was recalled or held when its pledge ended. Anybody may.

    \b
    Example:
      fabricant pledge collect 0x1f2e3d4c
    """
    words, said = ["The asset goes to whom it belongs."], "The asset was handed over."
    if not recalled:
        return _act(ctx, pledge, Pledge.collect, words, said)
    found = _at_hand(trade.trying(ctx), pledge)
    fabricant, since = found.fabricant, found.fabricant.deployment.first_block
    registered = fabricant.assets.registration_of(found.terms.asset, since=since)
    done = trade.perform(
        ctx,
        fabricant.pledges,
        Pledge.collect_recalled,
        [*found.words, "", *words],
        found.terms,
        namespace=registered.namespace,
        local_id_hash=keccak(text=registered.local_id),
    )
    return _report(ctx, found, done, said)


@command.command
@click.argument("pledge")
@trade.acts
def prolong(ctx: click.Context, pledge: str) -> None:
    """Prolong the pledger's use to when the lender may foreclose at the earliest. Anybody may.

    \b
    Example:
      fabricant pledge prolong 0x1f2e3d4c
    """
    found = _at_hand(trade.trying(ctx), pledge)
    words = [*found.words, "", "The pledger's use is prolonged."]
    receipt = trade.perform(ctx, found.fabricant.pledges, Pledge.prolong_use, words, found.terms)
    until = found.fabricant.assets.standing_of(found.terms.asset).user_until
    said = [f"The pledger uses it until {format_time(until)}.", trade.receipt_line(receipt)]
    data = {**facts.sent(receipt), "userUntil": until}
    output.emit(ctx, data, lambda: output.say("\n".join(said)))


@command.command
@click.argument("token", type=app.Parsed("token", parse_address))
@click.option("--owner", type=naming.WHO, help="Whose money it is. [default: you]")
@trade.acts
def withdraw(ctx: click.Context, token: Address, *, owner: str | None) -> None:
    """Have what redeemed assets paid out to the lender, all of it.

    \b
    Example:
      fabricant pledge withdraw 0x5FbDB2315678afecb367f032d93F642f64180aa3
    """
    fabricant, whom = trade.trying(ctx), naming.principal(ctx, owner)
    owed = fabricant.pledges.owed_to(whom, token)
    words = [f"{lookup.token_of(fabricant, token).format(owed)} are paid to {whom}."]
    done = trade.perform(ctx, fabricant.pledges, Pledge.withdraw, words, whom, token)
    trade.report(ctx, done, ["It was paid."], {"amount": str(owed)})


# Showing


@command.command
@click.argument("pledge", metavar="PLEDGE|FILE")
@trade.reads
def show(ctx: click.Context, pledge: str) -> None:
    """Show a pledge in words: one that was made, a draft, or a signed file.

    \b
    Example:
      fabricant pledge show 0x1f2e3d4c
    """
    fabricant = trade.reading(ctx)
    if lookup.is_id(pledge):
        found = _at_hand(fabricant, pledge)
        output.emit(ctx, _facts(found), lambda: output.say("\n".join(found.words)))
        return
    file = agreeing.read(ctx, fabricant, Path(pledge))
    pledging.check(fabricant, file)
    signed = sorted(file.consents)
    data = {"id": f"0x{file.id.hex()}", "signed": signed, "terms": facts.of(file.content)}
    said = [
        *agreeing.words_of(fabricant, file.content),
        "",
        f"Signed by {' and '.join(signed) or 'nobody yet'}.",
    ]
    output.emit(ctx, data, lambda: output.say("\n".join(said)))


@command.command("list")
@click.option("--pledger", type=naming.WHO, help="Of this pledger.")
@click.option("--lender", type=naming.WHO, help="Of this lender.")
@trade.reads
def list_(ctx: click.Context, *, pledger: str | None, lender: str | None) -> None:
    """List the pledges that were made, the newest last.

    \b
    Example:
      fabricant pledge list --lender bank
    """
    fabricant = trade.reading(ctx)
    wanted = {
        side: naming.who(ctx, text) for side, text in (("pledger", pledger), ("lender", lender)) if text
    }
    made = fabricant.pledges.pledges_made(since=fabricant.deployment.first_block)
    ours = [
        _AtHand(fabricant, event.id, event.terms)
        for _, event in made
        if all(getattr(event, side) == party for side, party in wanted.items())
    ]
    rows = [
        (
            facts.short(each.id),
            each.lien.status.name.lower(),
            each.token.format(each.terms.amount),
            format_time(each.terms.due_by),
        )
        for each in ours
    ]
    headings = ("pledge", "status", "redeemed for", "due")
    output.emit(ctx, [_facts(each) for each in ours], lambda: output.table(*headings, rows=rows))


def _facts(found: _AtHand) -> dict[str, object]:
    lien = found.lien
    told: dict[str, object] = {"id": f"0x{found.id.hex()}", **facts.of(lien), "terms": facts.of(found.terms)}
    if lien.status is PledgeStatus.PLEDGED and lien.noticed_at:
        told["forecloseFrom"] = foreclosable_from(found.terms, lien)
    return told


# What these share


def _at_hand(fabricant: Fabricant, text: str) -> _AtHand:
    return _AtHand(fabricant, *lookup.find_pledge(fabricant, text))


def _act(
    ctx: click.Context,
    text: str,
    action: Callable[[Pledge, PledgeTerms], Done[Any]],
    words: Sequence[str],
    said: str,
) -> None:
    """Tries an action, shows pledge and action, asks, sends, and reports."""
    found = _at_hand(trade.trying(ctx), text)
    done = trade.perform(ctx, found.fabricant.pledges, action, [*found.words, "", *words], found.terms)
    _report(ctx, found, done, said)


def _report(ctx: click.Context, found: _AtHand, done: Done[Any], said: str) -> None:
    lien = found.lien
    stuck = lien.in_custody and lien.status is not PledgeStatus.PLEDGED
    more = ["It is recalled or held: have it handed over later, with `fabricant pledge collect`."]
    trade.report(ctx, done, [said, *(more if stuck else [])], facts.of(lien))
