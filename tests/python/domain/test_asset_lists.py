"""Lists of assets are read as spreadsheets write them, and a bad line does not spoil the good ones."""

import pytest

from fabricant.domain.asset_lists import BadLine, read_list
from fabricant.domain.assets import Kind, Registration
from fabricant.domain.units import parse_address
from fabricant.errors import InvalidInput

OWNER = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
OTHER = parse_address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
Read = list[tuple[int, Registration] | BadLine]


def read(text: str, kind: Kind | None = Kind.PRODUCT) -> Read:
    return list(read_list(text.splitlines(keepends=True), kind=kind, owner=OWNER))


def pack(local_id: str) -> Registration:
    return Registration(local_id=local_id, kind=Kind.PRODUCT, owner=OWNER)


def test_a_list_needs_local_ids_only() -> None:
    assert read("local_id\nA\n\nB\n") == [(2, pack("A")), (4, pack("B"))]


@pytest.mark.parametrize(
    "first",
    ["\ufefflocal_id;kind;quantity;unit", "Local ID,KIND,quantity,unit", " local_id , kind,quantity,unit"],
)
def test_columns_are_named_as_spreadsheets_do(first: str) -> None:
    line = ";".join(("drum, red", "LOT", "200", "ltr")) if ";" in first else '"drum, red",Lot,200,ltr'
    drum = Registration(local_id="drum, red", kind=Kind.LOT, owner=OWNER, quantity=200, unit=b"LTR")
    assert read(f"{first}\r\n{line}\r\n") == [(2, drum)]


def test_a_line_says_everything() -> None:
    twin = "0x" + "ab" * 32
    text = f"uri,twin,owner,kind,local_id\nipfs://a,{twin},{OTHER},component,A\n,,,,B\n"
    whole = Registration(
        local_id="A", kind=Kind.COMPONENT, owner=OTHER, twin=bytes.fromhex("ab" * 32), uri="ipfs://a"
    )
    assert read(text) == [(2, whole), (3, pack("B"))]


@pytest.mark.parametrize(
    "first", ["", "serial", "local_id,colour", "local_id,local_id", "kind,owner", "a\tb"]
)
def test_other_columns_are_refused(first: str) -> None:
    with pytest.raises(InvalidInput, match="the first line names the columns, local_id and any of kind"):
        read(f"{first}\nA\n")


BAD = {
    "A,product": "it has 2 cells where the first line names 7 columns",
    ",product,,,,,": "can't be a local id",
    "Р1,product,,,,,": "can't be a local id",
    "A,thing,,,,,": "'thing' is no kind; there are equipment, component, product, lot",
    "A,product,0x12,,,,": "0x12",
    "A,product,,²,,,": "is no quantity",
    "A,product,,-1,,,": "is no quantity",
    "A,product,,2,,,": "is no lot; its quantity is one",
    "A,lot,,5,,,": "needs a quantity above zero and a unit",
    "A,lot,,5,kilogram,,": "is no unit code",
    "A,product,,,,0x12,": "is no hash",
    "A,product,,,,zz,": "is no hash",
    'A,"product" x,,,,,': "expected after",
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_told_and_the_others_are_read(line: str) -> None:
    first, bad, last = read(f"local_id,kind,owner,quantity,unit,twin,uri\nX,,,,,,\n{line}\nY,,,,,,\n")
    assert (first, last) == ((2, pack("X")), (4, pack("Y")))
    assert isinstance(bad, BadLine)
    assert bad.number == 3
    assert BAD[line] in bad.problem


def test_a_kind_has_to_be_said_somewhere() -> None:
    assert read("local_id\nA\n", None) == [
        BadLine(2, "it says no kind; add the column, or name one for the whole list")
    ]
