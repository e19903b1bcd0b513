"""Random terms, conditions, lines and offers, all of which a contract could meet."""

from hypothesis import strategies as st

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import Offer
from fabricant.domain.escrow import Conditions, ConditionsId, Line, LineFlag, Outcome, Status, Terms
from fabricant.domain.units import (
    Address,
    BaseUnits,
    Bps,
    HourIndex,
    Seconds,
    UnixSeconds,
    address_from_bytes,
)

HOUR, YEAR = 3600, 365 * 86_400

addresses: st.SearchStrategy[Address] = st.binary(min_size=20, max_size=20).map(address_from_bytes)
words = st.binary(min_size=32, max_size=32)
times = st.integers(0, 2**40 - 1).map(UnixSeconds)
uint256 = st.integers(0, 2**256 - 1)
uint128 = st.integers(0, 2**128 - 1).map(BaseUnits)
uint16 = st.integers(0, 2**16 - 1)
uint32 = st.integers(0, 2**32 - 1)
shares = st.integers(0, 10_000).map(Bps)
fees = st.integers(0, 500).map(Bps)


def seconds(least: int, most: int) -> st.SearchStrategy[Seconds]:
    """Periods, those at the limits among them."""
    return st.one_of(st.just(least), st.just(most), st.integers(least, most)).map(Seconds)


@st.composite
def conditions(draw: st.DrawFn) -> Conditions:
    """Any conditions that can be published."""
    window = draw(seconds(0, 2 * YEAR))
    cure = draw(seconds(HOUR, YEAR))
    return Conditions(
        advance_bps=draw(shares),
        bond_bps=draw(shares),
        cancel_bps=draw(shares),
        retention_bps=draw(shares),
        late_bps=draw(shares),
        max_late_bps=draw(shares),
        default_supplier_bps=draw(shares),
        broker_bps=draw(fees),
        arbiter_fee_bps=draw(fees),
        max_rejections=draw(st.integers(0, 16)),
        inspection=draw(seconds(HOUR, YEAR)),
        arbitration=draw(seconds(HOUR, YEAR)),
        late_every=draw(seconds(HOUR, 2**32 - 1)),
        cancel_notice=draw(seconds(window, 2**32 - 1)),
        resign_period=draw(seconds(0, 2**32 - 1)),
        delivery_window=window,
        long_stop=draw(seconds(cure, 2 * YEAR)),
        transit=draw(seconds(0, 2 * YEAR)),
        cure=cure,
        retention=draw(seconds(0, 5 * YEAR)),
    )


terms = st.builds(
    Terms,
    buyer=addresses,
    supplier=addresses,
    inspector=addresses,
    arbiter=addresses,
    broker=addresses,
    token=addresses,
    amount=uint128,
    open_by=times,
    due_by=times,
    assets=uint16,
    deliverables=words,
    documents=words,
    order_ref=words,
    opener=addresses,
    subject=words,
    conditions=words.map(ConditionsId),
    salt=uint256,
)

lines = st.builds(
    Line,
    status=st.sampled_from(Status),
    flags=st.integers(0, 63).map(LineFlag),
    rejections=st.integers(0, 255),
    since=times,
    late_intervals=uint16,
    extra=st.integers(0, 2**40 - 1).map(Seconds),
    held=uint128,
)

outcomes = st.builds(Outcome, to_supplier=uint128, bond_to_buyer=uint128, goods_to_buyer=st.booleans())

offers = st.builds(
    Offer,
    supplier=addresses,
    machine=uint256.map(AssetId),
    process=words,
    token=addresses,
    hourly=uint128,
    setup=uint128,
    last_minute_hourly=uint128,
    decay_hours=uint32,
    from_hour=uint32.map(HourIndex),
    until_hour=uint32.map(HourIndex),
    min_hours=uint16,
    max_span=uint16,
    total_hours=uint32,
    setup_hours=uint16,
    notice_hours=uint16,
    delivery_hours=uint32,
    max_assets=uint16,
    buyer=addresses,
    inspector=addresses,
    arbiter=addresses,
    broker=addresses,
    valid_until=times,
    nonce=uint256,
    epoch=st.integers(0, 2**64 - 1),
    documents=words,
    conditions=words.map(ConditionsId),
)
