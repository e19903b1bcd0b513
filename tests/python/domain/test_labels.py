"""Labels, read back by a decoder that is not ours."""

import io

import pytest
import zxingcpp
from PIL import Image

from fabricant.domain.identifiers import identify
from fabricant.domain.labels import Symbol, draw
from fabricant.errors import InvalidInput

UNITS = [
    "01/09506000134352/21/A%2Fb%3C",
    "https://example.com/p?sn=1",
    "NMW-0417",
    "8006/040123451234560404/21/x",
]


@pytest.mark.parametrize("symbol", [Symbol.QR, Symbol.DATAMATRIX])
@pytest.mark.parametrize("text", UNITS)
def test_label_says_what_it_was_given(text: str, symbol: Symbol) -> None:
    unit = identify(text)
    content = unit.link() or "eip155:1/erc721:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed/123"

    read = zxingcpp.read_barcodes(_png(draw(unit, symbol, content=content).png(module=500, resolution=300)))

    assert [each.text for each in read] == [content]


@pytest.mark.parametrize("text", [UNITS[0], UNITS[3], "00/106141412345678908"])
def test_gs1_data_matrix_is_read_as_the_same_thing(text: str) -> None:
    unit = identify(text)

    read = zxingcpp.read_barcodes(
        _png(draw(unit, Symbol.GS1_DATAMATRIX, content="").png(module=500, resolution=300))
    )

    assert [(each.text, each.content_type) for each in read] == [
        (unit.element_string, zxingcpp.ContentType.GS1)
    ]
    assert identify(read[0].text) == unit


def test_serial_number_has_no_gs1_symbol() -> None:
    with pytest.raises(InvalidInput, match="no GS1 identifier"):
        draw(identify("NMW-0417"), Symbol.GS1_DATAMATRIX, content="")


def test_svg_has_its_size_and_escapes_its_text() -> None:
    image = draw(identify("A<B&C"), Symbol.QR, content="x").svg(module=500).decode()

    assert 'width="14.500mm" height="16.000mm"' in image  # 21 modules, 2 x 4 quiet, 3 for the text
    assert "A&lt;B&amp;C" in image


def test_module_below_two_dots_is_refused() -> None:
    with pytest.raises(InvalidInput, match="two dots"):
        draw(identify("A"), Symbol.QR, content="x").png(module=100, resolution=203)


def _png(raw: bytes) -> object:
    return Image.open(io.BytesIO(raw))
