"""The escrow's client: every action of a line's life, with the events as the library's own data."""

from dataclasses import replace

import pytest

from fabricant.chain.errors import (
    InsufficientAllowance,
    SupplierEscrow_Assigned,
    SupplierEscrow_BadSignature,
    SupplierEscrow_InsufficientBalance,
    SupplierEscrow_NoConsent,
    SupplierEscrow_NotArbiter,
    SupplierEscrow_NotBuyer,
    SupplierEscrow_NotSupplier,
    SupplierEscrow_TooEarly,
    SupplierEscrow_TooLate,
    SupplierEscrow_WrongStatus,
)
from fabricant.chain.escrow import (
    ConditionsPublished,
    Custody,
    Delivery,
    Evidence,
    EvidenceSubmitted,
    FreeBalanceChanged,
    GoodsHandedOver,
    LineAssigned,
    LineConcluded,
    LineDelivered,
    LineDisputed,
    LineExtended,
    LineOpened,
    LinePaid,
    LineRefunded,
    LineRejected,
    LineRevoked,
    ReceiptConfirmed,
)
from fabricant.domain.assets import AssetId, Kind, asset_id, namespace_of
from fabricant.domain.escrow import (
    Action,
    Assignment,
    BadParty,
    ConditionsId,
    Consent,
    Ending,
    Line,
    LineFlag,
    LineId,
    NoAmount,
    Outcome,
    Settlement,
    Status,
    Terms,
    advance,
    arbiter_fee,
    bond,
    deliverables_of,
    goods_hash,
    payoff,
)
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, Bps, Seconds, UnixSeconds
from fabricant.errors import InvalidInput, NotFound, SigningRefused, WalletError
from tests.support.actors import Actor
from tests.support.world import DAY, HOUR, USUAL, World, registration, wallet

BUYER, SUPPLIER = wallet("buyer"), wallet("supplier")


@pytest.fixture
def terms(world: World) -> Terms:
    """Usual terms."""
    return world.terms()


def opened(world: World, terms: Terms) -> LineOpened:
    """Opens a line as firms do: the supplier signs, the buyer sends."""
    consent = world.as_("supplier").escrow.sign_terms(terms, by=SUPPLIER)
    return world.as_("buyer").escrow.open(terms, supplier=consent).event


def at(world: World, moment: int) -> None:
    """The next transaction has this time."""
    world.chain.mine(at=UnixSeconds(moment))


def goods(world: World, count: int) -> tuple[AssetId, ...]:
    """Registered products of the supplier's, which the escrow may take."""
    supplier = world.as_("supplier")
    own = namespace_of(SUPPLIER.address)
    parts = [registration(f"PART-{number}", kind=Kind.PRODUCT) for number in range(count)]
    supplier.assets.register_many(own, parts)
    supplier.assets.set_approval_for_all(supplier.deployment.escrow, approved=True)
    return tuple(asset_id(own, part.local_id) for part in parts)


def test_conditions_are_published_once_and_known_for_ever(world: World) -> None:
    conditions = replace(USUAL, inspection=Seconds(6 * DAY))
    escrow = world.as_("stranger").escrow
    with pytest.raises(NotFound, match="are not published on chain 31337; publish them first"):
        escrow.conditions_of(conditions.id)

    done = escrow.publish_conditions(conditions, uri="https://example.com/terms")

    assert done.event == ConditionsPublished(
        id=conditions.id, conditions=conditions.packed, uri="https://example.com/terms"
    )
    assert escrow.conditions_of(conditions.id) == done.event.conditions.unpack() == conditions
    world.chain.set_code(escrow.address, b"")  # what was read once is not read again
    assert escrow.conditions_of(conditions.id) == conditions


def test_a_line_is_opened_on_a_signature(world: World, terms: Terms) -> None:
    free = world.fabricant.escrow.free_balance_of(SUPPLIER.address, world.token)

    event = opened(world, terms)

    escrow = world.fabricant.escrow
    line = escrow.line_id(terms)
    assert event == LineOpened(
        id=line,
        buyer=BUYER.address,
        supplier=SUPPLIER.address,
        terms=terms,
        payer=BUYER.address,
        held=BaseUnits(terms.amount - advance(Line(), terms.amount, USUAL)),
    )
    assert escrow.line_of(line) == Line(Status.OPEN, since=world.now, held=event.held)
    assert escrow.free_balance_of(SUPPLIER.address, world.token) == free - bond(terms.amount, USUAL)
    assert escrow.terms_of(line) == terms
    assert [each for _, each in escrow.lines_opened(buyer=BUYER.address)] == [event]
    assert escrow.lines_opened(supplier=BUYER.address) == []


def test_terms_that_would_not_open_are_not_signed(world: World, terms: Terms) -> None:
    escrow = world.as_("supplier").escrow

    with pytest.raises(NoAmount):
        escrow.sign_terms(replace(terms, amount=BaseUnits(0)), by=SUPPLIER)
    with pytest.raises(BadParty):
        escrow.sign_terms(replace(terms, broker=escrow.address), by=SUPPLIER)
    with pytest.raises(NotFound):
        escrow.sign_terms(replace(terms, conditions=ConditionsId(b"\x01" * 32)), by=SUPPLIER)


def test_f036_an_altered_line_has_no_consent(world: World, terms: Terms) -> None:
    consent = world.as_("supplier").escrow.sign_terms(terms, by=SUPPLIER)
    buyer = world.as_("buyer").escrow
    cheaper = replace(terms, amount=BaseUnits(terms.amount - 1))

    with pytest.raises(SupplierEscrow_BadSignature, match="check that nothing was changed"):
        buyer.open(cheaper, supplier=consent)
    with pytest.raises(SupplierEscrow_NoConsent):
        buyer.open(terms, supplier=replace(consent, signer=wallet("stranger").address))
    with pytest.raises(SupplierEscrow_NoConsent):
        buyer.open(terms)


def test_what_is_missing_is_said_before_anything_is_sent(world: World, terms: Terms) -> None:
    supplier, buyer = world.as_("supplier"), world.as_("buyer")
    consent = supplier.escrow.sign_terms(terms, by=SUPPLIER)
    block = world.chain.head().number
    dear = replace(terms, amount=BaseUnits(2**100))
    with pytest.raises(
        SupplierEscrow_InsufficientBalance, match="add the rest with `fabricant order deposit"
    ) as refused:
        buyer.escrow.open(dear, supplier=supplier.escrow.sign_terms(dear, by=SUPPLIER))
    assert (refused.value.owner, refused.value.needed) == (SUPPLIER.address, bond(dear.amount, USUAL))
    assert world.chain.head().number == block

    buyer.token(world.token).approve(buyer.escrow.address, BaseUnits(0))
    block = world.chain.head().number
    with pytest.raises(InsufficientAllowance, match="approve it first"):
        buyer.escrow.open(terms, supplier=consent)
    assert world.chain.head().number == block


@pytest.mark.parametrize("together", [True, False], ids=["all at once", "one by one"])
def test_one_signature_opens_many_lines(world: World, *, together: bool) -> None:
    lines = [world.terms(salt=salt) for salt in range(5)]
    signed = world.as_("supplier").escrow.sign_schedule(lines, by=SUPPLIER)
    escrow = world.as_("buyer").escrow

    if together:
        events = escrow.open_many(lines, supplier=signed.together).events
    else:
        events = tuple(
            escrow.open(each, supplier=signed.consent(escrow.line_id(each))).event for each in lines
        )

    assert {each.id for each in events} == set(signed.schedule.ids)
    assert {each.terms.salt for each in events} == set(range(5))
    with pytest.raises(InvalidInput):
        signed.consent(LineId(bytes(32)))


def test_a_line_that_was_revoked_stays_closed(world: World, terms: Terms) -> None:
    escrow = world.as_("supplier").escrow
    line = escrow.line_id(terms)

    assert escrow.revoke(terms).event == LineRevoked(id=line, by=SUPPLIER.address)

    with pytest.raises(SupplierEscrow_WrongStatus, match="is revoked") as refused:
        opened(world, terms)
    assert refused.value.arguments == {"id": line, "status": Status.REVOKED}


def test_goods_and_money_change_hands(world: World) -> None:
    parts = goods(world, 2)
    terms = world.terms(assets=2, deliverables=deliverables_of(parts, (1, 1)))
    line = opened(world, terms).id
    supplier, inspector, buyer = (world.as_(role) for role in ("supplier", "inspector", "buyer"))
    before = supplier.token(world.token).balance_of(SUPPLIER.address)

    at(world, terms.due_by + 1)
    delivery = Delivery(evidence=b"\x01" * 32, invoice=b"\x02" * 32, uri="ipfs://x", assets=parts)
    delivered = supplier.escrow.deliver(terms, delivery).event
    assert delivered == LineDelivered(
        id=line,
        by=SUPPLIER.address,
        late_intervals=1,  # a second late
        arrives_at=UnixSeconds(world.now + USUAL.transit),
        evidence=delivery.evidence,
        invoice=delivery.invoice,
        uri=delivery.uri,
        assets=parts,
    )
    assert supplier.escrow.custody_of(line) == Custody(assets_hash=goods_hash(parts), owed=2**64 - 1 >> 62)
    confirmed = inspector.escrow.confirm_receipt(terms).event
    assert confirmed == ReceiptConfirmed(id=line, by=inspector.account, arrived_at=world.now)  # type: ignore[arg-type]

    state = inspector.escrow.state_of(terms)
    expected = payoff(Ending.ACCEPTED, state.line, amount=terms.amount, conditions=USUAL)
    done = inspector.escrow.accept(terms, parts)

    assert done.event == LineConcluded(
        id=line,
        ending=Ending.ACCEPTED,
        by=wallet("inspector").address,
        to_supplier_side=expected.to_supplier_side,
        to_buyer=expected.to_buyer,
        retained=expected.retained,
        bond_to_buyer=expected.bond_to_buyer,
        goods_to_buyer=True,
    )
    assert GoodsHandedOver(id=line, to=BUYER.address, assets=parts, owed_after=0) in inspector.events(
        done.receipt
    )
    assert all(buyer.assets.owner_of(part) == BUYER.address for part in parts)
    brokerage = expected.to_supplier_side * 200 // 10_000
    paid = supplier.token(world.token).balance_of(SUPPLIER.address) - before
    assert paid == expected.to_supplier_side - brokerage
    assert [type(each).__name__ for _, each in buyer.escrow.history_of(line)] == [
        "LineOpened",
        "LineDelivered",
        "ReceiptConfirmed",
        "LineConcluded",
        "GoodsHandedOver",
    ]

    at(world, world.now + USUAL.retention)
    released = world.as_("stranger").escrow.pay_retention(terms).event
    assert (released.ending, released.to_supplier_side) == (Ending.RETENTION_PAID, expected.retained)
    assert buyer.escrow.line_of(line).status is Status.CLOSED


def test_goods_can_be_collected_later(world: World) -> None:
    parts = goods(world, 2)
    terms = world.terms(assets=2)
    line = opened(world, terms).id
    at(world, terms.due_by - DAY)
    world.as_("supplier").escrow.deliver(terms, Delivery(assets=parts))
    at(world, terms.due_by - DAY + USUAL.transit + USUAL.inspection)
    world.as_("stranger").escrow.deem_accept(terms)

    event = world.as_("buyer").escrow.collect(terms, parts).event

    assert event == GoodsHandedOver(id=line, to=BUYER.address, assets=parts, owed_after=0)


def test_rejection_gives_time_back(world: World, terms: Terms) -> None:
    line = opened(world, terms).id
    at(world, terms.due_by - DAY)
    supplier, inspector = world.as_("supplier").escrow, world.as_("inspector").escrow
    supplier.deliver(terms, Delivery())
    handover = world.now
    arrived = inspector.confirm_receipt(terms).event.arrived_at
    at(world, arrived + DAY)

    event = inspector.reject(terms, reason=b"\x03" * 32).event

    assert event == LineRejected(
        id=line,
        by=wallet("inspector").address,
        reason=b"\x03" * 32,
        rejections_after=1,
        extra_after=Seconds(world.now - handover),
    )
    state = supplier.state_of(terms)
    assert state.line.status is Status.REJECTED
    assert Action.DELIVER in [each.action for each in state.possible]
    assert supplier.deliver(terms, Delivery()).event.late_intervals == 0


@pytest.fixture
def disputed(world: World) -> Terms:
    """A line that the buyer disputes; the arbiter's fee is two per cent."""
    conditions = replace(USUAL, arbiter_fee_bps=Bps(200))
    world.as_("supplier").escrow.publish_conditions(conditions)
    terms = world.terms(conditions=conditions.id)
    opened(world, terms)
    at(world, terms.due_by - DAY)
    world.as_("supplier").escrow.deliver(terms, Delivery())
    buyer = world.as_("buyer").escrow
    buyer.deposit(world.token, arbiter_fee(terms.amount, conditions))
    buyer.dispute(terms, evidence=b"\x04" * 32, uri="https://example.com/report")
    return terms


def test_a_dispute_is_ruled_on(world: World, disputed: Terms) -> None:
    escrow, arbiter = world.as_("supplier").escrow, wallet("arbiter").address
    line = escrow.line_id(disputed)
    with pytest.raises(SupplierEscrow_NotArbiter, match="only the arbiter rules"):
        escrow.rule(disputed, Outcome(to_supplier=BaseUnits(1), goods_to_buyer=True))
    submitted = escrow.evidence(disputed, evidence=b"\x05" * 32, uri="ipfs://reply")
    assert escrow.events(submitted.receipt) == [
        EvidenceSubmitted(id=line, by=SUPPLIER.address, hash=b"\x05" * 32),
        Evidence(
            arbitrator=arbiter,
            evidence_group_id=int.from_bytes(line),
            party=SUPPLIER.address,
            evidence="ipfs://reply",
        ),
    ]
    outcome = Outcome(to_supplier=BaseUnits(300), bond_to_buyer=BaseUnits(7), goods_to_buyer=False)
    before = world.fabricant.token(world.token).balance_of(arbiter)

    ruled = world.as_("arbiter").escrow.rule(disputed, outcome).event

    assert (ruled.ending, ruled.to_supplier_side, ruled.bond_to_buyer) == (Ending.RULED, 300, 7)
    assert world.fabricant.token(world.token).balance_of(arbiter) - before == disputed.amount * 200 // 10_000
    said = [event for _, event in escrow.history_of(line)]
    assert [type(each).__name__ for each in said if not isinstance(each, LineOpened | LineDelivered)] == [
        "LineDisputed",
        "EvidenceSubmitted",
        "EvidenceSubmitted",
        "LineConcluded",
    ]
    assert LineDisputed(id=line, by=BUYER.address, disputant=BUYER.address) in said


def test_without_a_ruling_the_agreed_split_applies(world: World, disputed: Terms) -> None:
    stranger = world.as_("stranger").escrow
    line = stranger.line_id(disputed)
    disputing = stranger.line_of(line)
    with pytest.raises(SupplierEscrow_TooEarly):
        stranger.apply_default(disputed)
    at(world, disputing.since + USUAL.arbitration)

    event = stranger.apply_default(disputed).event

    expected = payoff(Ending.DEFAULTED, disputing, amount=disputed.amount, conditions=USUAL)
    assert (event.to_supplier_side, event.to_buyer) == (expected.to_supplier_side, expected.to_buyer)
    fee = disputed.amount * 200 // 10_000
    assert stranger.free_balance_of(BUYER.address, world.token) == fee


def test_a_line_is_settled_by_a_signature_and_a_call(world: World, disputed: Terms) -> None:
    buyer, supplier = world.as_("buyer").escrow, world.as_("supplier").escrow
    outcome = Outcome(to_supplier=BaseUnits(400), goods_to_buyer=True)
    settlement = Settlement(
        id=buyer.line_id(disputed), outcome=outcome, deadline=UnixSeconds(world.now + DAY)
    )
    signed = supplier.sign_settlement(settlement, by=SUPPLIER)
    with pytest.raises(SupplierEscrow_BadSignature):
        buyer.settle(disputed, outcome, deadline=UnixSeconds(settlement.deadline + 1), supplier=signed)

    event = buyer.settle(disputed, outcome, deadline=settlement.deadline, supplier=signed).event

    assert (event.ending, event.to_supplier_side, event.goods_to_buyer) == (Ending.SETTLED, 400, True)


def assign(world: World, terms: Terms, *, deadline: int) -> LineAssigned:
    """The supplier assigns the line to the operator, who signed."""
    escrow, payee = world.as_("supplier").escrow, wallet("operator")
    until = UnixSeconds(deadline)
    assignment = Assignment(id=escrow.line_id(terms), payee=payee.address, deadline=until)
    signed = world.as_("operator").escrow.sign_assignment(assignment, by=payee)
    return escrow.assign(terms, payee.address, deadline=until, consent=signed).event


def test_a_receivable_is_assigned_on_a_signature(world: World, terms: Terms) -> None:
    opened(world, terms)
    supplier, buyer, payee = world.as_("supplier").escrow, world.as_("buyer").escrow, wallet("operator")
    line, deadline = supplier.line_id(terms), UnixSeconds(world.now + DAY)
    assert supplier.payee_of(line) == supplier.state_of(terms).payee == ZERO_ADDRESS
    with pytest.raises(SupplierEscrow_NoConsent):
        supplier.assign(terms, payee.address, deadline=deadline)

    event = assign(world, terms, deadline=deadline)

    assert event == LineAssigned(id=line, assignor=SUPPLIER.address, payee=payee.address)
    assert event in [said for _, said in supplier.history_of(line)]
    assert supplier.payee_of(line) == supplier.state_of(terms).payee == payee.address
    assert LineFlag.ASSIGNED in supplier.line_of(line).flags
    with pytest.raises(SupplierEscrow_NotSupplier):
        assign(world, terms, deadline=deadline + 1)
    with pytest.raises(SupplierEscrow_TooLate):
        world.as_("operator").escrow.assign(terms, payee.address, deadline=deadline)
    with pytest.raises(SupplierEscrow_Assigned, match="settle with buyer and payee"):
        supplier.resign(terms)
    with pytest.raises(SupplierEscrow_NotSupplier):
        supplier.refund(terms, held_after=BaseUnits(0))
    assert buyer.pay(terms, held_after=BaseUnits(7)).event.payee == payee.address


def test_an_assigned_line_is_settled_with_its_payee(world: World, terms: Terms) -> None:
    opened(world, terms)
    buyer, payee, deadline = world.as_("buyer").escrow, wallet("operator"), UnixSeconds(world.now + DAY)
    assign(world, terms, deadline=deadline)
    outcome = Outcome(to_supplier=BaseUnits(400), goods_to_buyer=True)
    settlement = Settlement(id=buyer.line_id(terms), outcome=outcome, deadline=deadline)
    signed = buyer.sign_settlement(settlement, by=SUPPLIER)
    with pytest.raises(SupplierEscrow_NoConsent) as refused:
        buyer.settle(terms, outcome, deadline=deadline, supplier=signed)
    assert refused.value.principal == payee.address
    agreed = buyer.sign_settlement(settlement, by=payee)
    money = world.fabricant.token(world.token)
    before = money.balance_of(payee.address)

    event = buyer.settle(terms, outcome, deadline=deadline, supplier=signed, payee=agreed).event

    assert (event.ending, event.to_supplier_side) == (Ending.SETTLED, 400)
    assert money.balance_of(payee.address) - before == 400 - 400 * 200 // 10_000


def test_deliveries_that_nobody_inspected_are_closed_together(world: World) -> None:
    batch = [world.terms(salt=salt) for salt in (1, 2)]
    for terms in batch:
        opened(world, terms)
    at(world, batch[0].due_by - DAY)
    for terms in batch:
        world.as_("supplier").escrow.deliver(terms, Delivery())
    at(world, batch[1].due_by - DAY + USUAL.transit + USUAL.inspection + HOUR)

    done = world.as_("stranger").escrow.deem_accept_many(batch)

    assert [each.ending for each in done.events] == [Ending.DEEMED_ACCEPTED] * 2


def test_silence_is_acceptance(world: World, terms: Terms) -> None:
    opened(world, terms)
    at(world, terms.due_by - DAY)
    world.as_("supplier").escrow.deliver(terms, Delivery())
    stranger = world.as_("stranger").escrow
    arrives = stranger.line_of(stranger.line_id(terms)).since
    with pytest.raises(SupplierEscrow_TooEarly, match="this is possible from ") as refused:
        stranger.deem_accept(terms)
    assert refused.value.from_ == arrives + USUAL.inspection

    at(world, arrives + USUAL.inspection)
    assert stranger.deem_accept(terms).event.ending is Ending.DEEMED_ACCEPTED


def test_many_lines_are_accepted_at_once(world: World) -> None:
    lines = [world.terms(salt=salt) for salt in range(3)]
    signed = world.as_("supplier").escrow.sign_schedule(lines, by=SUPPLIER)
    buyer = world.as_("buyer").escrow
    buyer.open_many(lines, supplier=signed.together)

    done = buyer.accept_many(lines)

    assert [each.ending for each in done.events] == [Ending.ACCEPTED] * 3
    assert [each.id for each in done.events] == [buyer.line_id(each) for each in lines]


def test_money_on_the_way(world: World, terms: Terms) -> None:
    line = opened(world, terms).id
    buyer, supplier = world.as_("buyer").escrow, world.as_("supplier").escrow
    held = supplier.line_of(line).held

    paid = buyer.pay(terms, held_after=BaseUnits(held - 1000)).event
    back = supplier.refund(terms, held_after=BaseUnits(held - 1500)).event

    assert paid == LinePaid(
        id=line, payee=SUPPLIER.address, amount=BaseUnits(1000), held_after=BaseUnits(held - 1000)
    )
    assert back == LineRefunded(
        id=line, by=SUPPLIER.address, amount=BaseUnits(500), held_after=BaseUnits(held - 1500)
    )
    with pytest.raises(SupplierEscrow_NotBuyer):
        supplier.pay(terms, held_after=BaseUnits(0))


def test_change_and_breach(world: World) -> None:
    lines = [world.terms(salt=salt) for salt in range(4)]
    signed = world.as_("supplier").escrow.sign_schedule(lines, by=SUPPLIER)
    buyer, supplier = world.as_("buyer").escrow, world.as_("supplier").escrow
    buyer.open_many(lines, supplier=signed.together)

    extended = buyer.extend(lines[0], extra_after=Seconds(DAY)).event
    assert extended == LineExtended(id=buyer.line_id(lines[0]), by=BUYER.address, extra_after=Seconds(DAY))
    cancelled = buyer.cancel(lines[1]).event
    assert (cancelled.ending, cancelled.to_supplier_side) == (
        Ending.CANCELLED,
        lines[1].amount * 1_000 // 10_000,
    )
    declined = supplier.resign(lines[2]).event
    assert (declined.ending, declined.bond_to_buyer) == (Ending.RESIGNED, 0)
    at(world, lines[3].due_by + USUAL.long_stop)
    terminated = buyer.terminate(lines[3]).event
    assert (terminated.ending, terminated.bond_to_buyer) == (
        Ending.TERMINATED,
        bond(lines[3].amount, USUAL),
    )


@pytest.mark.parametrize("native", [True, False], ids=["coin", "token"])
def test_free_balances(world: World, *, native: bool) -> None:
    token = ZERO_ADDRESS if native else world.token
    escrow = world.as_("buyer").escrow

    put = escrow.deposit(token, BaseUnits(1000)).event
    taken = escrow.withdraw(token, BaseUnits(400)).event

    assert put == FreeBalanceChanged(owner=BUYER.address, token=token, balance_after=BaseUnits(1000))
    assert taken.balance_after == escrow.free_balance_of(BUYER.address, token) == 600
    if native:
        gift = world.as_("stranger").escrow.deposit(token, BaseUnits(1), owner=BUYER.address).event
        assert (gift.owner, gift.balance_after) == (BUYER.address, 601)


def test_a_line_in_coin_is_paid_with_the_call(world: World) -> None:
    terms = world.terms(token=ZERO_ADDRESS)
    supplier = world.as_("supplier").escrow
    supplier.deposit(ZERO_ADDRESS, bond(terms.amount, USUAL))
    consent = supplier.sign_terms(terms, by=SUPPLIER)

    event = world.as_("buyer").escrow.open(terms, supplier=consent, value=terms.amount).event

    assert event.held == terms.amount


def test_a_call_for_a_wallet_that_is_elsewhere(world: World, terms: Terms) -> None:
    consent = world.as_("supplier").escrow.sign_terms(terms, by=SUPPLIER)
    safe = type(world.fabricant)(world.chain, world.fabricant.deployment, account=BUYER.address).escrow
    block = world.chain.head().number

    call = safe.prepare(safe.open, terms, supplier=consent)

    assert (call.to, call.sender, call.value) == (safe.address, BUYER.address, 0)
    assert world.chain.call(call) == safe.simulate(safe.open, terms, supplier=consent) == safe.line_id(terms)
    assert world.chain.head().number == block
    with pytest.raises(WalletError, match="only reads"):
        safe.open(terms, supplier=consent)
    with pytest.raises(TypeError, match="sends no transaction"):
        safe.prepare(safe.line_of, safe.line_id(terms))


def test_a_client_without_an_account_pays_nobody(world: World, terms: Terms) -> None:
    with pytest.raises(WalletError, match="say whose money it is"):
        world.fabricant.escrow.prepare(world.fabricant.escrow.open, terms)


def test_a_line_that_nobody_opened(world: World, terms: Terms) -> None:
    escrow = world.fabricant.escrow

    assert escrow.line_of(escrow.line_id(terms)) == Line()
    assert escrow.state_of(terms).line.flags == LineFlag(0)
    with pytest.raises(NotFound, match="was not opened on chain 31337; check its id"):
        escrow.terms_of(escrow.line_id(terms))


def test_f118_a_contract_that_says_it_is_another_is_not_trusted(world: World, terms: Terms) -> None:
    escrow = world.as_("supplier").escrow
    world.chain.set_code(escrow.address, world.chain.code(world.fabricant.deployment.capacity))

    with pytest.raises(SigningRefused, match="do not use it"):
        _ = escrow.domain


def test_f028_a_consent_opens_one_line_once(world: World, terms: Terms) -> None:
    escrow = world.as_("supplier").escrow
    consent = escrow.sign_terms(terms, by=SUPPLIER)
    assert consent == Consent(SUPPLIER.address, (), Actor("supplier").sign(escrow.line_id(terms)))
    world.as_("buyer").escrow.open(terms, supplier=consent)

    with pytest.raises(SupplierEscrow_WrongStatus):
        world.as_("buyer").escrow.open(terms, supplier=consent)
