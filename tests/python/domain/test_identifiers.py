"""What labels say, and the one canonical form of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.identifiers import Scheme, UnclearCharacter, identify
from fabricant.errors import InvalidInput

UNIT = "01/09506000134352/21/ABC"
# The 82 characters of GS1 General Specifications, figure 7.11-1.
AI_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
SERIALS = st.text(AI_82, min_size=1, max_size=20)


@pytest.mark.parametrize(
    "text",
    [
        UNIT,
        "https://id.gs1.org/01/09506000134352/21/ABC",
        "http://Example.COM/shop/01/9506000134352/10/LOT7/21/%41BC?17=271231&lang=de#top",
        "https://example.com/gtin/09506000134352/ser/ABC",
        "(01)09506000134352(21)ABC",
        "(21)ABC(10)LOT7(01)09506000134352",
        "urn:epc:id:sgtin:9506000.013435.ABC",
    ],
)
def test_one_product_has_one_local_id(text: str) -> None:
    assert identify(text).local_id == UNIT
    assert identify(text).element_string == "(01)09506000134352(21)ABC"


@pytest.mark.parametrize(
    ("urn", "local_id"),
    [  # the examples of GS1's EPC Tag Data Standard, section 6.3
        ("urn:epc:id:sgtin:0614141.112345.400", "01/10614141123459/21/400"),
        ("urn:epc:class:lgtin:4012345.012345.998877", "01/04012345123456/10/998877"),
        ("urn:epc:id:sscc:0614141.1234567890", "00/106141412345678908"),
        ("urn:epc:id:sgln:0614141.12345.400", "414/0614141123452/254/400"),
        ("urn:epc:id:sgln:0614141.12345.0", "414/0614141123452"),
        ("urn:epc:id:grai:0614141.12345.400", "8003/00614141123452400"),
        ("urn:epc:id:giai:0614141.12345400", "8004/061414112345400"),
        ("urn:epc:id:itip:4012345.012345.04.04.32a%2Fb", "8006/040123451234560404/21/32a%2Fb"),
    ],
)
def test_epc_urns_both_ways(urn: str, local_id: str) -> None:
    found = identify(urn)

    assert (found.local_id, found.epc) == (local_id, urn)


@given(serial=SERIALS)
def test_every_serial_number_survives_every_form(serial: str) -> None:
    unit = identify("urn:epc:id:sgtin:0614141.112345." + serial.replace("%", "%25"))

    assert dict(unit.elements)["21"] == serial
    for form in (unit.local_id, unit.link(), unit.link("parts.example.com"), unit.epc):
        assert form is not None
        assert identify(form) == unit


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
def test_canonical_form_is_its_own(text: str) -> None:
    try:
        found = identify(text)
    except InvalidInput:
        return
    assert identify(found.local_id) == found
    assert found.scheme is not Scheme.SERIAL or found.local_id == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(01)09506000134353(21)ABC", "check digit of 09506000134353 would be 2"),
        ("00/106141412345678909", "check digit"),
        ("414/0614141123453", "check digit"),
        ("(01)09506000134352", "a kind of things"),
        ("(01)09506000134352(21)A(21)B", "two values"),
        ("(21)ABC", "one GS1 key is needed, not 0"),
        ("(01)09506000134352(21)ABC~", "not written as"),
        ("8003/00614141123452", "serial number after"),
        ("01/09506000134352/21", "a key without a value"),
        ("urn:epc:id:sgtin:061414.112345.400", "no EPC URN"),
        ("urn:epc:idpat:sgtin:0614141.112345.*", "no EPC URN"),
        ("http://example.com/p/1", "has to begin with https"),
        ("https://example.com/", "names no thing"),
        ("https://example.com/p/1#2", "names no thing"),
        ("https://user@example.com/p", "no domain name"),
        ("https://example.com/a/../b", "dots in its path"),
        ("", "is empty"),
        (" A1", "outer spaces"),
        ("A" * 201, "longer than 200"),
    ],
)
def test_what_breaks_the_rules_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        identify(text)


def test_iec_61406_links_are_normalised_as_rfc_3986_has_it() -> None:
    found = identify("HTTPS://Parts.Example.com:443/%7Eid?sn=a%2fb")

    assert (found.scheme, found.local_id) == (Scheme.LINK, "https://parts.example.com/~id?sn=a%2Fb")
    assert found.link() == found.local_id
    assert found.epc is None


@given(before=st.text("ABC123-", max_size=8), bad=st.characters(exclude_categories=["Cs"], min_codepoint=127))
def test_f071_character_that_can_be_mistaken_is_named_with_its_position(before: str, bad: str) -> None:
    with pytest.raises(UnclearCharacter) as refused:
        identify(f"{before}{bad}7")

    assert (refused.value.character, refused.value.position) == (bad, len(before) + 1)
    assert f"U+{ord(bad):04X}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        (UNIT, "https://id.gs1.org/414/9506000"),
        ("8004/061414112345400", "https://id.gs1.org/8004/0614141"),
        ("https://parts.example.com/1", "example.com"),
        ("NMW-0417", "example.com"),
    ],
)
def test_identifier_within_its_prefix(text: str, prefix: str) -> None:
    identify(text).check_within(prefix)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        (UNIT, "https://id.gs1.org/414/0614141"),
        (UNIT, "example.com"),
        ("https://badexample.com/1", "example.com"),
    ],
)
def test_identifier_outside_a_prefix_is_refused(text: str, prefix: str) -> None:
    with pytest.raises(InvalidInput, match="does not lie in"):
        identify(text).check_within(prefix)
