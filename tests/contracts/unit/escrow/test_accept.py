"""Accepting: the delivery is paid, less late damages and retention; the goods are the buyer's."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, HOUR, NATIVE
from tests.support.disputes import (
    ARBITER,
    DISPUTABLE,
    RATES,
    RETENTION,
    RETENTION_DISPUTED,
    agree,
    disputed,
)
from tests.support.lines import (
    BUYER,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Goods,
    Lend,
    Line,
    Party,
    down,
    list_hash,
    up,
)

QUALITY, FINANCE, EVERYTHING = 4, 8, 0xFFFF
GOODS_TO_BUYER = 1
PRICE = 1_000_000_007  # divides by nothing


# Who, and in which status


@pytest.mark.parametrize("who", ["buyer", "inspector", "buyer's operator", "inspector's operator"])
def test_the_buyers_side_accepts_a_delivery(
    deal: Deals, books: Books, lend: Lend, supplier: Actor, who: str
) -> None:
    principal, _, through = who.partition("'s ")
    by = Actor(through or principal)
    lend(Actor(principal), QUALITY)
    line = deal(inspector=Actor("inspector")).given("Delivered")
    with books.moves({supplier: line.amount}):
        receipt = line.accept(by=by)
    closed = line.concluded("Accepted", by=by, to_supplier=line.amount, goods_to_buyer=True)
    assert line.events(receipt) == [closed]
    assert line.line == Line("Closed", GOODS_TO_BUYER, 0, line.inspected, 0, line.on_its_way, 0)


@pytest.mark.parametrize("who", ["supplier", "arbiter", "stranger", "operator"])
def test_nobody_else_accepts_a_delivery(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(arbiter=Actor("arbiter"), inspector=Actor("inspector")).given("Delivered")
    for principal in ("buyer", "inspector"):
        lend(Actor(principal), EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotInspector", caller=Actor(who).address):
        line.accept(by=Actor(who))


def test_a_delivery_is_accepted_late_too(deal: Deals) -> None:
    line = deal().given("Delivered")
    line.accept(at=line.inspection_end + 365 * DAY)
    assert line.line.status == "Closed"


def test_goods_must_be_delivered_before_they_are_accepted(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(1)).given("Open")
    for listed in (line.goods, []):
        given = _word(list_hash(listed))
        with line.refuses("SupplierEscrow_WrongAssets", given=given, expected=bytes(32)):
            line.accept(assets=listed)


@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_buyer_accepts_without_a_delivery(
    deal: Deals, books: Books, lend: Lend, supplier: Actor, who: str
) -> None:
    line = deal(inspector=Actor("inspector")).given("Open")
    lend(BUYER, FINANCE)
    with books.moves({supplier: line.amount}):
        receipt = line.accept(by=Actor(who), at=line.due)
    closed = line.concluded("Accepted", by=Actor(who), to_supplier=line.amount, goods_to_buyer=True)
    assert line.events(receipt) == [closed]


@pytest.mark.parametrize("who", ["inspector", "operator", "supplier", "stranger"])
def test_only_the_buyer_accepts_without_a_delivery(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector")).given("Open")
    lend(BUYER, EVERYTHING & ~FINANCE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.accept(by=Actor(who))


@pytest.mark.parametrize(
    ("after", "intervals"),
    [(0, 0), (1, 1), (HOUR, 1), (HOUR + 1, 2), (65_535 * HOUR, 65_535), (80_000 * HOUR, 65_535)],
)
def test_f048_the_delay_of_an_open_line_is_measured_now(
    deal: Deals, books: Books, supplier: Actor, after: int, intervals: int
) -> None:
    line = deal(lateEvery=HOUR, lateBps=1, maxLateBps=10_000, amount=PRICE).given("Open")
    damages = up(PRICE, min(intervals, 10_000))
    with books.moves({BUYER: damages, supplier: PRICE - damages}):
        line.accept(at=line.due + after)
    assert line.line.late_intervals == intervals


def test_the_buyer_accepts_what_was_rejected(
    deal: Deals, books: Books, lend: Lend, supplier: Actor, operator: Actor
) -> None:
    line = deal(inspector=Actor("inspector")).given("Open")
    line.deliver(at=line.due + 1)
    line.reject(at=line.due + DAY)
    lend(BUYER, FINANCE)
    damages = line.amount // 100
    with books.moves({BUYER: damages, supplier: line.amount - damages}):
        line.accept(by=operator, at=line.due + 10 * DAY)
    assert line.line == Line("Closed", GOODS_TO_BUYER, 1, line.due + 10 * DAY, 1, DAY - 1, 0)


@pytest.mark.parametrize("who", ["inspector", "operator", "supplier", "stranger"])
def test_only_the_buyer_accepts_what_was_rejected(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector")).given("Rejected")
    lend(BUYER, EVERYTHING & ~FINANCE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.accept(by=Actor(who), at=line.inspected + 1)


def test_goods_that_went_back_are_not_accepted(deal: Deals, goods: Goods, supplier: Actor) -> None:
    line = deal(goods=goods(1)).given("Rejected")
    line.send("collect", line.goods, by=supplier)
    given = _word(list_hash(line.goods))
    with line.refuses("SupplierEscrow_WrongAssets", given=given, expected=bytes(32)):
        line.accept(at=line.inspected + DAY)


@pytest.mark.parametrize("status", ["None", "Retained", "Closed", "Revoked"])
def test_only_live_lines_are_accepted(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("accept", [], by=BUYER)


# Disputed


def given_back(line: Deal, depositor: Party) -> dict[Party, int]:
    """Free balances: the supplier's bond, and the arbiter's fee to who deposited it."""
    back = {line.supplier: line.bond}
    return back | {depositor: back.get(depositor, 0) + line.arbiter_fee}


@pytest.mark.parametrize("after", DISPUTABLE)
@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_buyer_accepts_what_is_disputed(
    deal: Deals, books: Books, lend: Lend, broker: Actor, after: str, who: str
) -> None:
    line = disputed(deal, after, inspector=Actor("inspector"))
    lend(BUYER, FINANCE)
    before, depositor, by = line.line, line.disputant(after), Actor(who)
    brokerage = down(before.held, 499)
    moved = {SUPPLIER: before.held - brokerage, broker: brokerage}
    with books.moves(moved, free=given_back(line, depositor)):
        receipt = line.accept(by=by, at=line.disputed + DAY)
    fee_first = line.arbiter_fee if depositor == SUPPLIER else 0
    assert line.events(receipt) == [
        line.freed(depositor, line.arbiter_fee),
        line.concluded("Accepted", by=by, to_supplier=before.held, goods_to_buyer=True),
        line.freed(SUPPLIER, fee_first + line.bond),
    ]
    flags = GOODS_TO_BUYER | (RETENTION_DISPUTED if after == "Retained" else 0)
    assert line.line == before._replace(status="Closed", flags=flags, since=line.disputed + DAY, held=0)


@pytest.mark.parametrize("after", DISPUTABLE)
@pytest.mark.parametrize("who", ["inspector", "operator", "supplier", "arbiter", "stranger"])
def test_only_the_buyer_accepts_what_is_disputed(deal: Deals, lend: Lend, after: str, who: str) -> None:
    line = disputed(deal, after, inspector=Actor("inspector"))
    lend(BUYER, EVERYTHING & ~FINANCE)
    for principal in (Actor("inspector"), SUPPLIER, ARBITER):
        lend(principal, EVERYTHING)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.accept(by=Actor(who), at=line.disputed + DAY)


def test_f048_a_dispute_is_accepted_until_somebody_ends_it(deal: Deals) -> None:
    line = disputed(deal)
    line.accept(at=line.arbitration_end + 365 * DAY)
    assert line.line.status == "Closed"


def test_f051_no_acceptance_after_a_default(deal: Deals, books: Books) -> None:
    line = disputed(deal)
    line.send("applyDefault", by=BUYER, at=line.arbitration_end)
    with line.refuses_status("Closed"), books.moves():
        line.accept(at=line.arbitration_end + 1)


@pytest.mark.parametrize("after", ["Delivered", "Rejected"])
def test_the_delay_of_a_dispute_is_that_of_the_last_delivery(deal: Deals, books: Books, after: str) -> None:
    line = agree(deal, after, brokerBps=0).given("Open")
    line.deliver(at=line.due + 2 * DAY)
    if after == "Rejected":
        line.reject(at=line.due + 3 * DAY)
    depositor = line.disputant(after)
    line.deposit(depositor, line.arbiter_fee)
    line.dispute(by=depositor, at=line.due + 4 * DAY)
    damages = up(PRICE, 2 * RATES["lateBps"])
    with books.moves({BUYER: damages, SUPPLIER: PRICE - damages}, free=given_back(line, depositor)):
        line.accept(at=line.due + 30 * DAY)
    assert line.line.late_intervals == 2


@pytest.mark.parametrize("after", ["Delivered", "Rejected"])
def test_disputed_goods_are_named(deal: Deals, goods: Goods, assets: Contract, after: str) -> None:
    line = disputed(deal, after, goods=goods(2))
    for listed in ([], line.goods[:1], line.goods[::-1]):
        with line.refuses(
            "SupplierEscrow_WrongAssets",
            given=_word(list_hash(listed)),
            expected=_word(list_hash(line.goods)),
        ):
            line.accept(assets=listed, at=line.disputed + DAY)
    receipt = line.accept(at=line.disputed + DAY)
    handed = line.event("GoodsHandedOver", to=BUYER.address, assets=tuple(line.goods), owedAfter=0)
    assert line.events(receipt)[2] == handed
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
    assert line.custody == (bytes(24), 0)


def test_f047_disputed_goods_that_went_back_are_not_accepted(deal: Deals, goods: Goods) -> None:
    line = agree(deal, "Rejected", goods=goods(1)).given("Rejected")
    line.send("collect", line.goods, by=SUPPLIER)
    line.deposit(SUPPLIER, line.arbiter_fee)
    line.dispute(by=SUPPLIER)
    for listed in ([], line.goods):
        given = _word(list_hash(listed))
        with line.refuses("SupplierEscrow_WrongAssets", given=given, expected=bytes(32)):
            line.accept(assets=listed, at=line.disputed + DAY)


def test_goods_of_a_disputed_retention_need_no_name(deal: Deals, books: Books, goods: Goods) -> None:
    line = disputed(deal, "Retained", goods=goods(2), brokerBps=0)
    assert line.custody == (bytes(24), 0)
    free = {SUPPLIER: line.bond, BUYER: line.arbiter_fee}
    with books.moves({SUPPLIER: line.line.held}, free=free):
        line.accept(assets=[], at=line.disputed + DAY)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("named", ["named", "left"])
def test_goods_left_in_a_disputed_retention_are_handed_over_or_owed(
    deal: Deals, goods: Goods, assets: Contract, named: str
) -> None:
    line = agree(deal, "Retained", goods=goods(2)).given("Retained", goods_left=True)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.inspection_end + DAY)
    expected = _word(list_hash(line.goods))
    with line.refuses(
        "SupplierEscrow_WrongAssets", given=_word(list_hash(line.goods[:1])), expected=expected
    ):
        line.accept(assets=line.goods[:1], at=line.inspection_end + 2 * DAY)
    line.accept(assets=line.goods if named == "named" else [], at=line.inspection_end + 2 * DAY)
    if named == "left":
        line.send("collect", line.goods, by=BUYER)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
    assert line.custody == (bytes(24), 0)


def test_a_disputed_retention_is_paid_whole(deal: Deals, books: Books) -> None:
    """No damages for a late delivery, no second retention: both came off when the goods were accepted."""
    line = agree(deal, "Retained", brokerBps=0, maxLateBps=10_000).given("Open")
    line.deliver(at=line.due + 2 * DAY)
    line.accept(at=line.due + 3 * DAY)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.due + 4 * DAY)
    retained = up(PRICE - up(PRICE, 2 * RATES["lateBps"]), RETENTION)
    with books.moves({SUPPLIER: retained}, free={SUPPLIER: line.bond, BUYER: line.arbiter_fee}):
        line.accept(at=line.due + 5 * DAY)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("after", ["Delivered", "Rejected"])
def test_what_was_disputed_is_retained_and_disputed_again(deal: Deals, books: Books, after: str) -> None:
    line = disputed(deal, after, brokerBps=0, retentionBps=RETENTION)
    depositor, kept, now = line.disputant(after), up(PRICE, RETENTION), line.disputed + DAY
    with books.moves({SUPPLIER: PRICE - kept}, free={depositor: line.arbiter_fee}):
        line.accept(at=now)
    assert line.line[:2] == ("Retained", GOODS_TO_BUYER)
    assert line.line.since == now

    line.deposit(BUYER, line.arbiter_fee - line.free(BUYER))
    with books.moves(free={BUYER: -line.arbiter_fee}):
        line.dispute(at=now + line.agreed["retention"] - 1)
    with line.refuses("SupplierEscrow_NotBuyer", caller=SUPPLIER.address):
        line.accept(by=SUPPLIER, at=now + line.agreed["retention"])
    with books.moves({SUPPLIER: kept}, free={SUPPLIER: line.bond, BUYER: line.arbiter_fee}):
        line.accept(at=now + line.agreed["retention"] + 1)
    assert line.line[:2] == ("Closed", GOODS_TO_BUYER | RETENTION_DISPUTED)


# Money


def test_f044_acceptance_is_exact(deal: Deals, books: Books, supplier: Actor, broker: Actor) -> None:
    rates = {"lateBps": 123, "retentionBps": 333, "brokerBps": 499, "bondBps": 777}
    line = deal(amount=PRICE, broker=broker, **rates).given("Open")
    line.deliver(at=line.due + DAY + 1)  # two intervals: 246 bps
    with books.moves({BUYER: 24_600_001, supplier: 895_867_518, broker: 47_051_667}):
        receipt = line.accept(at=line.due + 5 * DAY)
    kept = line.concluded(
        "Accepted",
        by=BUYER,
        to_supplier=942_919_185,
        to_buyer=24_600_001,
        retained=32_480_821,
        goods_to_buyer=True,
    )
    assert line.events(receipt) == [kept]
    assert line.line == Line(
        "Retained", GOODS_TO_BUYER, 0, line.due + 5 * DAY, 2, line.on_its_way, 32_480_821
    )


def test_acceptance_in_time_frees_the_bond(deal: Deals, books: Books, supplier: Actor, broker: Actor) -> None:
    line = deal(amount=PRICE, broker=broker, brokerBps=499, bondBps=777).given("Delivered")
    with books.moves({supplier: PRICE - 49_900_000, broker: 49_900_000}, free={supplier: 77_700_001}):
        receipt = line.accept()
    closed = line.concluded("Accepted", by=BUYER, to_supplier=PRICE, goods_to_buyer=True)
    assert line.events(receipt) == [closed, line.freed(supplier, 77_700_001)]


@pytest.mark.parametrize(("days", "bps"), [(1, 200), (2, 400), (3, 500), (20, 500)])
def test_late_damages_end_at_their_maximum(
    deal: Deals, books: Books, supplier: Actor, days: int, bps: int
) -> None:
    line = deal(amount=PRICE, lateBps=200, maxLateBps=500).given("Open")
    line.deliver(at=line.due + days * DAY)
    with books.moves({BUYER: up(PRICE, bps), supplier: PRICE - up(PRICE, bps)}):
        line.accept(at=line.due + 21 * DAY)


def test_f046_damages_are_at_most_what_is_held(deal: Deals, books: Books) -> None:
    line = deal(amount=PRICE, lateBps=5_000, maxLateBps=5_000, retentionBps=10_000).given("Open")
    line.send("pay", 7, by=BUYER)
    line.deliver(at=line.due + 1)
    with books.moves({BUYER: 7}):
        line.accept(at=line.due + DAY)
    assert line.line.status == "Closed"


def test_f047_an_empty_line_is_accepted(deal: Deals, books: Books, supplier: Actor) -> None:
    line = deal(bondBps=1_000, retentionBps=10_000).given("Delivered")
    line.send("refund", 0, by=supplier)
    with books.moves(free={supplier: line.bond}):
        line.accept()
    assert line.line.status == "Closed"


def test_everything_may_be_retained(deal: Deals, books: Books) -> None:
    line = deal(amount=PRICE, bondBps=1_000, retentionBps=10_000).given("Delivered")
    with books.moves():
        line.accept()
    assert line.line == Line("Retained", GOODS_TO_BUYER, 0, line.inspected, 0, line.on_its_way, PRICE)


@pytest.mark.parametrize(
    ("late", "retention", "gets"), [(0, 0, "supplier"), (1, 0, "buyer"), (0, 1, "nobody"), (1, 1, "buyer")]
)
def test_f043_one_unit_goes_to_one_side(
    deal: Deals, books: Books, broker: Actor, late: int, retention: int, gets: str
) -> None:
    line = deal(amount=1, lateBps=late, retentionBps=retention, brokerBps=500, broker=broker).given("Open")
    line.deliver(at=line.due + 1)
    with books.moves({} if gets == "nobody" else {Actor(gets): 1}):
        line.accept(at=line.due + DAY)


def test_acceptance_pays_coin(deal: Deals, books: Books, supplier: Actor, broker: Actor) -> None:
    rates = {"lateBps": 123, "brokerBps": 499, "bondBps": 777}
    line = deal(amount=PRICE, token=NATIVE, broker=broker, **rates).given("Open")
    line.deliver(at=line.due + 1)
    damages = 12_300_001
    brokerage = (PRICE - damages) * 499 // 10_000
    with books.moves(
        {BUYER: damages, supplier: PRICE - damages - brokerage, broker: brokerage}, free={supplier: line.bond}
    ):
        line.accept(at=line.due + DAY)


# Goods


def test_accepted_goods_are_handed_over(
    deal: Deals, books: Books, assets: Contract, goods: Goods, supplier: Actor
) -> None:
    line = deal(goods=goods(3)).given("Delivered")
    with books.moves({supplier: line.amount}):
        receipt = line.accept(assets=line.goods)
    handed = line.event("GoodsHandedOver", to=BUYER.address, assets=tuple(line.goods), owedAfter=0)
    assert line.events(receipt)[1:] == [handed]
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
    assert line.custody == (bytes(24), 0)


@pytest.mark.parametrize("change", ["none", "fewer", "order", "foreign", "none agreed"])
def test_only_goods_in_custody_are_handed_over(deal: Deals, goods: Goods, change: str) -> None:
    first, second, foreign = goods(3)
    line = deal(goods=[] if change == "none agreed" else [first, second]).given("Delivered")
    listed = {"none": [], "fewer": [first], "order": [second, first], "foreign": [first, foreign]}.get(
        change, [foreign]
    )
    expected = list_hash(line.goods) if line.goods else bytes(24)
    with line.refuses("SupplierEscrow_WrongAssets", given=_word(list_hash(listed)), expected=_word(expected)):
        line.accept(assets=listed)


def _word(hashed: bytes) -> bytes:
    return hashed.ljust(32, b"\0")


def test_goods_held_back_stop_no_money(
    chain: Chain, deal: Deals, books: Books, second_escrow: Contract, registry: Contract, supplier: Actor
) -> None:
    line = deal(escrow=second_escrow, goods=[11, 12, 13])
    chain.send(registry.functions.register(line.goods, supplier.address), by=supplier)
    line.given("Delivered")
    chain.send(registry.functions.holdBack([12], True), by=supplier)
    with books.moves({supplier: line.amount}):
        receipt = line.accept(assets=line.goods)
    handed = line.event("GoodsHandedOver", to=BUYER.address, assets=(11, 12, 13), owedAfter=0b010)
    assert line.events(receipt)[1:] == [handed]
    assert [registry.functions.ownerOf(each).call() for each in line.goods] == [
        BUYER.address,
        second_escrow.address,
        BUYER.address,
    ]
    assert line.line.status == "Closed"
    assert line.custody == (list_hash(line.goods), 0b010)
