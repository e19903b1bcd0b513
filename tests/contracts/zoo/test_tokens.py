"""ESC-5: every token on every path: it comes in whole or is refused, and goes out or is credited, exactly."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from web3.contract import Contract

from fabricant.domain.units import Address
from tests.support.chain import artifact
from tests.support.decoding import Said
from tests.support.lines import BUYER, SUPPLIER, Deals, address_of, stock
from tests.support.paths import ASSIGNED_PATHS, PATHS, PAYEE, Path, Register
from tests.support.stage import EVERYTHING, STRANGER, Play, Stage
from tests.support.zoo import CREDIT_GAS, ODDITIES, PAYOUT_GAS, TOKENS, Coming, Paid, Token, arrives, fails

MARGIN = 10_000  # gas
CLASSES = ("open", "deposit", "amend", "cancel", "rule", "withdraw")  # in the short run: in, and out to whom
PRICED = ("open", "cancel", "withdraw")
SCENES = [each for each in PATHS if each.action in CLASSES and each.variant != "cheaper"]
if EVERYTHING:
    SCENES = [*PATHS, *ASSIGNED_PATHS]
DECIMALS = {0: 3, 18: 10**18 + 7, 77: 2**128 - 1}  # with a price: the least that divides in none, the largest


@pytest.fixture
def odd(stage: Stage, escrow: Contract) -> Contract:
    """A token that misbehaves on demand, of which the buyer and the supplier have plenty."""
    token = stage.chain.deploy("MockOddToken")
    stage.show_doors(token)
    stock(stage.chain, token, escrow, BUYER, SUPPLIER, PAYEE)
    return token


@pytest.mark.parametrize("path", SCENES, ids=str)
def test_f001_f003_f004_f006_f007_f008_f009_f010_f011_f012_f013_f014_f016_no_token_stops_a_path(
    deal: Deals, register: Register, stage: Stage, odd: Contract, path: Path
) -> None:
    play = Play(stage, path.prepare(deal, register, token=odd))
    with play.again("behaves"):
        receipt, expected = play.act(arrives)
        play.check(expected)
        calm = receipt.gas_used
    for kind in TOKENS:
        with play.again(kind):
            meet(Meeting(play, odd, kind), calm=calm)


@dataclass(frozen=True)
class Meeting:
    """A scene in a token that misbehaves."""

    play: Play
    token: Contract
    kind: Token

    @property
    def withdraws(self) -> bool:
        """Whether a free balance is taken out: with all the gas of the call, and reverting if that fails."""
        return self.play.scene.path.action == "withdraw"

    @property
    def blocked(self) -> Address | None:
        """Whom alone it concerns."""
        role = self.kind.blocks
        return self.play.scene.who(role) if role not in ("", "escrow") else None

    @property
    def has(self) -> int:
        """What the escrow has before."""
        return int(self.play.before["pocket", self.play.scene.escrow])

    @property
    def payers(self) -> dict[Address, int]:
        """Who pays how much in."""
        return {who: -amount for who, amount in self.play.foretold.pockets.items() if amount < 0}

    @property
    def refusal(self) -> Said | None:
        """What the call must revert with, if it must."""
        kind, amount = self.kind, sum(self.payers.values())
        if kind.refusal and self._concerns(self.payers):
            return kind.refusal(Coming(self.token.address, self.has, amount))
        if self.withdraws and not kind.withdraws and self._concerns(self.play.receivers):
            (owner,), amount = self.play.receivers, self.play.scene.put_in
            told = {"token": self.token.address, "to": owner, "amount": amount}
            return Said("SupplierEscrow_PayoutFailed", told)
        return None

    def fate(self, who: Address, amount: int) -> Paid:
        """What becomes of a payment."""
        kind = self.kind
        left = kind.becomes(self.has) + sum(self.payers.values()) if kind.becomes else 0
        paid = not self._concerns([who]) or left >= amount or (self.withdraws and kind.fate is fails)
        return arrives(who, amount) if paid else kind.fate(who, amount)

    def _concerns(self, people: Iterable[Address]) -> bool:
        return any(self.blocked in (None, who) for who in people)

    # Turning

    def begin(self) -> None:
        """It misbehaves from now on."""
        chain, functions, kind = self.play.stage.chain, self.token.functions, self.kind
        if kind.gone:
            chain.local.set_code(address_of(self.token), b"")
        elif kind.becomes:
            self._rebase(kind.becomes(self.has))
        elif kind.blocks:
            chain.send(functions.setBlocked(self.blocked or self.play.scene.escrow), by=STRANGER)
        else:
            chain.send(functions.setOddity(ODDITIES.index(kind.oddity)), by=STRANGER)

    def end(self) -> None:
        """It behaves again."""
        chain, functions, kind = self.play.stage.chain, self.token.functions, self.kind
        if kind.gone:
            chain.local.set_code(address_of(self.token), artifact("MockOddToken").deployed)
        elif kind.becomes:
            now = chain.ask(functions.balanceOf(self.play.scene.escrow))
            self._rebase(now + self.has - kind.becomes(self.has))
        else:
            chain.send(functions.setOddity(0), by=STRANGER)

    def _rebase(self, balance: int) -> None:
        call = self.token.functions.rebase(self.play.scene.escrow, balance)
        self.play.stage.chain.send(call, by=STRANGER)


def meet(meeting: Meeting, *, calm: int) -> None:
    """A call in such a token. `calm`: its gas in one that behaves."""
    play, kind = meeting.play, meeting.kind
    meeting.begin()
    if refused := meeting.refusal:
        play.refuse(refused.name, **refused.arguments)
        meeting.end()
        play.check(play.before)
        return
    receipt, expected = play.act(meeting.fate, comes=not kind.pretends)
    if kind.oddity.startswith("Enters"):
        play.was_refused_everywhere(receipt, times=play.transfers)
    if kind.oddity.startswith("Looks"):
        play.saw_the_end(receipt, times=play.transfers)
    if not meeting.payers and not meeting.withdraws:
        each = PAYOUT_GAS + (CREDIT_GAS if kind.fate is fails else 0)
        assert receipt.gas_used < calm + len(play.receivers) * each + MARGIN
    for who in play.receivers:
        if meeting.fate(who, play.foretold.pockets[who]).arrives == 0 and not kind.pretends:
            play.may_withdraw(expected, who, withdraws=kind.withdraws)
    whole = kind.sound and (EVERYTHING or play.scene.path.action == "cancel")
    if whole and not kind.becomes and not meeting.withdraws:
        expected = play.pay_neighbour(expected, meeting.fate)
    meeting.end()
    play.check(expected)
    if whole:
        play.pay_all_out(expected)


@pytest.mark.parametrize("decimals", DECIMALS)
@pytest.mark.parametrize("path", [each for each in PATHS if EVERYTHING or each.action in PRICED], ids=str)
def test_f018_f043_f045_no_price_is_too_small_or_too_large(
    deal: Deals, register: Register, stage: Stage, odd: Contract, path: Path, decimals: int
) -> None:
    whole = 10**decimals
    stage.chain.send(odd.functions.setDecimals(decimals), by=STRANGER)
    for owner in (BUYER, SUPPLIER):
        stage.chain.send(odd.functions.mint(owner.address, whole), by=owner)
    play = Play(stage, path.prepare(deal, register, token=odd, price=DECIMALS[decimals], whole=whole))
    with play.again(f"{decimals} decimals"):
        _, expected = play.act(arrives)
        expected = play.pay_neighbour(expected, arrives)
        play.check(expected)
        play.pay_all_out(expected)
