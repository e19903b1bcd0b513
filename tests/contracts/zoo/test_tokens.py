"""Every token on every path: in it comes whole or is refused with one error, out it arrives or is credited."""

from dataclasses import dataclass

import pytest
from web3.contract import Contract

from fabricant.domain.units import Address
from tests.support.decoding import Said
from tests.support.lines import BUYER, SUPPLIER, Deals, address_of, stock
from tests.support.paths import PATHS, Path, Register
from tests.support.stage import EVERYTHING, STRANGER, Play, Stage
from tests.support.zoo import CREDIT_GAS, ODDITIES, PAYOUT_GAS, TOKENS, Coming, Paid, Token, arrives, fails

MARGIN = 10_000  # gas
PRICED = ("open", "deposit", "cancel", "rule", "withdraw")
CLASSES = ("cancel", "rule", "withdraw")  # money out: to both sides and the broker, the arbiter, an owner
SCENES = [
    (path, assigned)
    for path in PATHS
    if EVERYTHING or path.takes_in or path.action in CLASSES
    for assigned in ((False, True) if path.sellable and EVERYTHING else (False,))
]
DECIMALS = {0: 3, 18: 10**18 + 7, 77: 2**128 - 1}  # with a price: the least that divides in none, the largest


@pytest.fixture
def odd(stage: Stage, escrow: Contract) -> Contract:
    """A token that misbehaves on demand, of which the buyer and the supplier have plenty."""
    token = stage.chain.deploy("MockOddToken")
    stage.show_doors(token)
    stock(stage.chain, token, escrow, BUYER, SUPPLIER)
    return token


@pytest.mark.parametrize(("path", "assigned"), SCENES, ids=str)
def test_f001_f003_f004_f006_f007_f008_f009_f010_f011_f012_f013_f014_f016_no_token_stops_a_path(
    deal: Deals, register: Register, stage: Stage, odd: Contract, path: Path, assigned: bool
) -> None:
    play = Play(stage, path.prepare(deal, register, token=odd, assigned=assigned))
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
    def escrow(self) -> Address:
        return self.play.scene.escrow

    @property
    def blocked(self) -> Address | None:
        """Whom alone it concerns."""
        role = self.kind.blocks
        return Address(self.play.scene.first.terms[role]) if role and role != "escrow" else None

    @property
    def payer(self) -> Address | None:
        """Who pays something in."""
        return next((who for who, amount in self.play.foretold.pockets.items() if amount < 0), None)

    @property
    def amount(self) -> int:
        """What comes in."""
        return sum(-amount for amount in self.play.foretold.pockets.values() if amount < 0)

    @property
    def refusal(self) -> Said | None:
        """What the call must revert with, if it must."""
        kind, owner = self.kind, self.play.receivers[:1]
        if self.payer and kind.refusal and self.blocked in (None, self.payer):
            return kind.refusal(Coming(self.token.address, self.before, self.amount))
        if self.play.scene.path.action == "withdraw" and not kind.withdraws and self.blocked in (None, *owner):
            told = {"token": self.token.address, "to": owner[0], "amount": self.play.scene.put_in}
            return Said("SupplierEscrow_PayoutFailed", told)
        return None

    @property
    def before(self) -> int:
        """What the escrow has."""
        return int(self.play.before["pocket", self.escrow])

    def fate(self, who: Address, amount: int) -> Paid:
        """What becomes of a payment."""
        kind, action = self.kind, self.play.scene.path.action
        concerned = self.blocked in (None, who)
        enough = kind.becomes is not None and kind.becomes(self.before) + self.amount >= amount
        withdrawn = kind.fate is fails and action == "withdraw"
        return kind.fate(who, amount) if concerned and not enough and not withdrawn else arrives(who, amount)

    # Turning

    def begin(self) -> None:
        """It misbehaves from now on."""
        chain, functions, kind = self.play.stage.chain, self.token.functions, self.kind
        if kind.gone:
            chain.local.set_code(address_of(self.token), b"")
        elif kind.becomes:
            chain.send(functions.rebase(self.escrow, kind.becomes(self.before)), by=STRANGER)
        elif kind.blocks:
            chain.send(functions.setBlocked(self.blocked or self.escrow), by=STRANGER)
        else:
            chain.send(functions.setOddity(ODDITIES.index(kind.oddity)), by=STRANGER)

    def end(self, code: bytes) -> None:
        """It behaves again."""
        chain, functions, kind = self.play.stage.chain, self.token.functions, self.kind
        if kind.gone:
            chain.local.set_code(address_of(self.token), code)
        elif kind.becomes:
            back = self.before - kind.becomes(self.before)
            now = chain.ask(functions.balanceOf(self.escrow))
            chain.send(functions.rebase(self.escrow, now + back), by=STRANGER)
        else:
            chain.send(functions.setOddity(0), by=STRANGER)


def meet(meeting: Meeting, *, calm: int) -> None:
    """A call in such a token. `calm`: its gas in one that behaves."""
    play, kind = meeting.play, meeting.kind
    code = bytes(play.stage.chain.w3.eth.get_code(address_of(meeting.token)))
    meeting.begin()
    if refused := meeting.refusal:
        play.refuse(refused.name, **refused.arguments)
        meeting.end(code)
        return play.check(play.before)
    receipt, expected = play.act(meeting.fate, comes=not kind.pretends)
    if kind.oddity.startswith("Enters"):
        play.was_refused_everywhere(receipt, times=play.transfers)
    if kind.oddity.startswith("Looks"):
        play.saw_the_end(receipt, times=play.transfers)
    if not meeting.payer and play.scene.path.action != "withdraw":
        each = PAYOUT_GAS + (CREDIT_GAS if kind.fate is fails else 0)
        assert receipt.gas_used < calm + len(play.receivers) * each + MARGIN
    for who in play.receivers:
        if meeting.fate(who, 1) == fails(who, 1):
            play.may_withdraw(expected, who, withdraws=kind.withdraws)
    whole = kind.sound and (EVERYTHING or play.scene.path.action == "cancel")
    if whole and not kind.becomes and play.scene.path.action != "withdraw":
        expected = play.pay_neighbour(expected, meeting.fate)
    meeting.end(code)
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
    _, expected = play.act(arrives)
    expected = play.pay_neighbour(expected, arrives)
    play.check(expected)
    play.pay_all_out(expected)
