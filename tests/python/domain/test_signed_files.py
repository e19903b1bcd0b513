"""Files that firms hand each other: exact, strict, and never believed after a change."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import (
    NO_BOOKING,
    Booking,
    HourPattern,
    Offer,
    OfferId,
    Quotation,
    RequestId,
)
from fabricant.domain.directory import OperatorGrant, Role
from fabricant.domain.escrow import (
    Amendment,
    Assignment,
    Consent,
    Outcome,
    Settlement,
    Terms,
    line_id,
)
from fabricant.domain.signed_files import (
    AMENDMENT_FILE,
    ASSIGNMENT_FILE,
    GRANT_FILE,
    LARGEST_FILE,
    OFFER_FILE,
    QUOTATION_FILE,
    RESCHEDULING_FILE,
    SETTLEMENT_FILE,
    TERMS_FILE,
    FileKind,
    OtherHours,
    OtherTerms,
    SignedFile,
    parse_any,
)
from fabricant.domain.typed_data import domain_of
from fabricant.domain.units import BaseUnits, HourIndex, UnixSeconds, parse_address
from fabricant.errors import InvalidInput, VerificationFailed, WrongChain
from tests.python.domain import strategies

CONTRACT = parse_address("0x" + "c0" * 20)
SUPPLIER = parse_address("0x" + "5a" * 20)
BUYER = parse_address("0x" + "b0" * 20)
consents = st.builds(
    Consent,
    strategies.addresses,
    st.lists(strategies.words, max_size=4).map(tuple),
    st.binary(max_size=200),
)


ESCROW = domain_of("SupplierEscrow", 1, CONTRACT)
signatures = st.dictionaries(st.sampled_from(TERMS_FILE.sides), consents)


def grant_file() -> SignedFile[OperatorGrant]:
    """A grant as the buyer would hand it out."""
    grant = OperatorGrant(
        principal=BUYER,
        operator=SUPPLIER,
        roles=Role.OPEN | Role.QUALITY,
        until=UnixSeconds(2_000_000_000),
        version=3,
        nonce=2**255,
        deadline=UnixSeconds(1_900_000_000),
    )
    consent = Consent(BUYER, (), b"\x01" * 65)
    return SignedFile(GRANT_FILE, domain_of("Directory", 31337, CONTRACT), grant, {"principal": consent})


@given(strategies.offers, consents)
def test_offer_is_read_as_it_was_written(offer: Offer, consent: Consent) -> None:
    file = SignedFile(OFFER_FILE, domain_of("CapacityMarket", 1, CONTRACT), offer, {"supplier": consent})

    assert SignedFile.parse(OFFER_FILE, file.serialise()) == file


@given(strategies.terms, st.lists(st.tuples(st.sampled_from(TERMS_FILE.sides), consents), max_size=3))
def test_terms_are_read_as_they_were_written(terms: Terms, signed: list[tuple[str, Consent]]) -> None:
    file = SignedFile(TERMS_FILE, domain_of("SupplierEscrow", 1, CONTRACT), terms, {})
    for side, consent in signed:
        file = file.signed(side, consent)

    assert SignedFile.parse(TERMS_FILE, file.serialise()) == file


@given(strategies.terms, strategies.outcomes, strategies.times, signatures)
def test_settlement_is_read_as_it_was_written(
    terms: Terms, outcome: Outcome, deadline: UnixSeconds, signed: dict[str, Consent]
) -> None:
    settlement = Settlement(id=line_id(terms, ESCROW), outcome=outcome, deadline=deadline)
    file = SignedFile(SETTLEMENT_FILE, ESCROW, settlement, signed, {"line": terms})

    assert SignedFile.parse(SETTLEMENT_FILE, file.serialise()) == file
    assert parse_any((TERMS_FILE, SETTLEMENT_FILE), file.serialise()) == file


@given(old=strategies.terms, new=strategies.terms, outcome=strategies.outcomes, swapped=st.booleans())
def test_change_order_carries_the_terms_that_it_names(
    *, old: Terms, new: Terms, outcome: Outcome, swapped: bool
) -> None:
    old_id, new_id = line_id(old, ESCROW), line_id(new, ESCROW)
    amendment = Amendment(old_id=old_id, new_id=new_id, outcome=outcome, deadline=UnixSeconds(1))
    carried = {"old": new, "new": old} if swapped else {"old": old, "new": new}
    file = SignedFile(AMENDMENT_FILE, ESCROW, amendment, {}, carried)

    if swapped and old != new:
        with pytest.raises(OtherTerms, match="not those of the line that it names; ask for it again"):
            SignedFile.parse(AMENDMENT_FILE, file.serialise())
    else:
        assert SignedFile.parse(AMENDMENT_FILE, file.serialise()) == file


def test_grant_keeps_its_roles() -> None:
    found = SignedFile.parse(GRANT_FILE, grant_file().serialise())

    assert found == grant_file()
    assert found.content.roles is Role.OPEN | Role.QUALITY


def test_id_is_what_is_signed() -> None:
    file = grant_file()

    assert file.id == file.message.digest
    assert json.loads(file.serialise())["id"] == f"0x{file.id.hex()}"


def test_f036_no_byte_of_what_is_signed_can_change() -> None:
    raw = grant_file().serialise()
    end = raw.index(b'"consents"')
    for place in range(raw.index(b'"id"'), end):
        for other in b"0", b"7", b"a":
            changed = raw[:place] + other + raw[place + 1 :]
            if changed == raw:
                continue
            with pytest.raises((InvalidInput, VerificationFailed)):
                SignedFile.parse(GRANT_FILE, changed)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "fabricant-offer/1"},
        {"extra": 1},
        {"message": {}},
        {"message": None},
        {"domain": {"name": "x"}},
        {"consents": {"supplier": {}}},
        {"consents": {"principal": {"signer": str(BUYER), "proof": [], "signature": "0x0"}}},
        {"consents": {"principal": {"signer": str(BUYER), "proof": ["0x00"], "signature": "0x"}}},
        {"consents": {"principal": {"signer": str(BUYER), "proof": [], "signature": "0x", "more": 1}}},
        {"consents": []},
    ],
)
def test_file_of_another_form_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(grant_file().serialise()) | change

    with pytest.raises(InvalidInput, match="this is no grant file"):
        SignedFile.parse(GRANT_FILE, json.dumps(document).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"lines": {}},
        {"lines": None},
        {"lines": {"line": {}}},
        {"lines": {"other": {}}},
        {"lines": []},
        {"message": {"id": "0x00", "outcome": [], "deadline": "1"}},
        {"consents": {"payee": {}}},
    ],
)
def test_settlement_of_another_form_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(settlement_file().serialise())

    with pytest.raises(InvalidInput, match="this is no settlement file"):
        SignedFile.parse(SETTLEMENT_FILE, json.dumps(document | change).encode())


@pytest.mark.parametrize("value", ["true", 1, 0, None, "1"])
def test_whose_goods_they_are_is_true_or_false(value: object) -> None:
    document = json.loads(settlement_file().serialise())
    document["message"]["outcome"]["goodsToBuyer"] = value

    with pytest.raises(InvalidInput, match="goodsToBuyer is no bool"):
        SignedFile.parse(SETTLEMENT_FILE, json.dumps(document).encode())


def test_f036_no_byte_of_a_settlement_or_its_terms_can_change() -> None:
    raw = settlement_file().serialise()
    for place in range(raw.index(b'"id"'), len(raw)):
        changed = raw[:place] + (b"7" if raw[place : place + 1] != b"7" else b"0") + raw[place + 1 :]
        with pytest.raises((InvalidInput, VerificationFailed)):
            SignedFile.parse(SETTLEMENT_FILE, changed)


def test_name_that_stands_in_a_file_twice_is_refused() -> None:
    raw = grant_file().serialise()
    twice = raw.replace(b'"format"', b'"id": "0x00", "format"', 1)

    with pytest.raises(InvalidInput, match="it is not JSON"):
        SignedFile.parse(GRANT_FILE, twice)


def test_any_of_several_kinds_says_which_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"no signed file: .* fabricant-terms/1 or fabricant-settlement/1"):
        parse_any((TERMS_FILE, SETTLEMENT_FILE), grant_file().serialise())


def test_copies_are_joined_and_own_signatures_stay() -> None:
    first, other = (Consent(BUYER, (), bytes([each]) * 65) for each in (1, 2))
    file = settlement_file()
    mine, theirs = file.signed("buyer", first), file.signed("buyer", other).signed("supplier", other)

    assert mine.joined(theirs).consents == {"buyer": first, "supplier": other}
    later = replace(file, content=replace(file.content, deadline=UnixSeconds(6)))
    with pytest.raises(InvalidInput, match="is another settlement than"):
        mine.joined(later)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"[" * 200_000, b" " * (LARGEST_FILE + 1)])
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        SignedFile.parse(GRANT_FILE, raw)


@pytest.mark.parametrize("value", ["1.0", "-1", "+1", "01", "0x1", "", " 1", "1" * 79, 1, True, None])
def test_number_is_plain_decimal_text(value: object) -> None:
    document = json.loads(grant_file().serialise())
    document["message"]["version"] = value

    with pytest.raises(InvalidInput, match="version is no uint32"):
        SignedFile.parse(GRANT_FILE, json.dumps(document).encode())


def test_number_beyond_its_type_is_refused() -> None:
    document = json.loads(grant_file().serialise())
    document["message"]["version"] = str(2**32)

    with pytest.raises(InvalidInput):
        SignedFile.parse(GRANT_FILE, json.dumps(document).encode())


def test_missing_consent_names_who_has_to_sign() -> None:
    file: SignedFile[Any] = SignedFile(TERMS_FILE, domain_of("SupplierEscrow", 1, CONTRACT), _terms(), {})

    with pytest.raises(InvalidInput, match="the supplier has not signed this order line"):
        file.consent("supplier")


def test_f026_file_for_another_chain_or_contract_is_refused() -> None:
    file = grant_file()
    file.check_domain(domain_of("Directory", 31337, CONTRACT))
    for other in (domain_of("Directory", 1, CONTRACT), domain_of("Directory", 31337, BUYER)):
        with pytest.raises(WrongChain, match="this grant is for Fabricant Directory"):
            file.check_domain(other)


@pytest.mark.parametrize("kind", [OFFER_FILE, TERMS_FILE])
def test_file_of_another_kind_is_refused(kind: FileKind[Any]) -> None:
    with pytest.raises(InvalidInput, match=f"this is no {kind.name} file"):
        SignedFile.parse(kind, grant_file().serialise())


def settlement_file() -> SignedFile[Settlement]:
    """A settlement that nobody has signed yet."""
    outcome = Outcome(to_supplier=BaseUnits(1), goods_to_buyer=True)
    settlement = Settlement(id=line_id(_terms(), ESCROW), outcome=outcome, deadline=UnixSeconds(5))
    return SignedFile(SETTLEMENT_FILE, ESCROW, settlement, {}, {"line": _terms()})


def _terms() -> Terms:
    return Terms(
        buyer=BUYER,
        supplier=SUPPLIER,
        token=CONTRACT,
        amount=BaseUnits(1),
        open_by=UnixSeconds(1),
        due_by=UnixSeconds(2),
        conditions=bytes(32),  # type: ignore[arg-type]
        salt=0,
    )


# Files that bind machine-hours, and all others that change a line

HOURS = Booking(
    machine=AssetId(7), offer=OfferId(b"\5" * 32), hours=HourPattern.of(map(HourIndex, (255, 256, 600)))
)
SIGNED = Consent(SUPPLIER, (), b"\1" * 65)


def some_terms(booking: Booking = NO_BOOKING, salt: int = 1) -> Terms:
    """Terms that bind these hours."""
    return replace(settlement_file().lines["line"], subject=booking.subject, salt=salt)


def changing_files() -> list[SignedFile[Any]]:
    """One of each kind."""
    old, new = some_terms(HOURS), some_terms(NO_BOOKING, salt=2)
    ids = line_id(old, ESCROW), line_id(new, ESCROW)
    outcome = Outcome(to_supplier=BaseUnits(5), goods_to_buyer=False)
    amendment = Amendment(old_id=ids[0], new_id=ids[1], outcome=outcome, deadline=UnixSeconds(9))
    assignment = Assignment(id=ids[0], payee=BUYER, deadline=UnixSeconds(9))
    quotation = Quotation(
        request_id=RequestId(b"\6" * 32), terms=old, valid_until=UnixSeconds(9), nonce=3, epoch=2
    )
    both, hours = {"old": old, "new": new}, {"old": HOURS, "new": NO_BOOKING}
    market = domain_of("CapacityMarket", 1, CONTRACT)
    return [
        SignedFile(AMENDMENT_FILE, ESCROW, amendment, {"payee": SIGNED}, both),
        SignedFile(ASSIGNMENT_FILE, ESCROW, assignment, {"payee": SIGNED}, {"line": old}),
        SignedFile(QUOTATION_FILE, market, quotation, {"supplier": SIGNED}, bookings={"line": HOURS}),
        SignedFile(RESCHEDULING_FILE, ESCROW, amendment, {"supplier": SIGNED}, both, bookings=hours),
    ]


@pytest.mark.parametrize("file", changing_files(), ids=lambda file: file.kind.name)
def test_f036_no_byte_of_it_can_change(file: SignedFile[Any]) -> None:
    raw = file.serialise()
    assert SignedFile.parse(file.kind, raw) == file
    signatures = raw.index(b'"consents"'), raw.index(b'"lines"' if file.lines else b'"bookings"')
    for place in [*range(raw.index(b'"id"'), signatures[0]), *range(signatures[1], len(raw))]:
        changed = raw[:place] + (b"7" if raw[place : place + 1] != b"7" else b"0") + raw[place + 1 :]
        with pytest.raises((InvalidInput, VerificationFailed)):
            SignedFile.parse(file.kind, changed)


@pytest.mark.parametrize("file", changing_files()[2:], ids=lambda file: file.kind.name)
def test_hours_that_the_terms_do_not_bind_are_refused(file: SignedFile[Any]) -> None:
    later = replace(HOURS, hours=HourPattern.of(map(HourIndex, (256, 257, 600))))
    for name in file.bookings:
        with pytest.raises(OtherHours):
            SignedFile.parse(file.kind, replace(file, bookings={**file.bookings, name: later}).serialise())
