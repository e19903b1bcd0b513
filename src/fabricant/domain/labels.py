"""Labels for things: a QR code or a Data Matrix, and beneath it what people read.

A label is black and white modules of one size in millimetres with the quiet zone that its standard asks for,
as SVG for any printer or as PNG for a printer of one resolution, where a module is a whole number of dots.
"""

import io
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import Final

from fabricant.domain.assets import AssetId
from fabricant.domain.identifiers import Identifier
from fabricant.domain.units import Address
from fabricant.errors import InvalidInput

MICROMETRES: Final = 25_400  # to the inch


class Symbol(Enum):
    """How a label is coded. The value is the quiet zone on each side, in modules."""

    QR = ("qr", 4)  # ISO/IEC 18004, error correction M
    DATAMATRIX = ("datamatrix", 1)  # ISO/IEC 16022
    GS1_DATAMATRIX = ("gs1-datamatrix", 1)  # the same with FNC1 and element strings

    @property
    def quiet_zone(self) -> int:
        """Modules on each side that stay white."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Label:
    """Modules with their quiet zone, row by row, black is True; and the text beneath."""

    modules: tuple[tuple[bool, ...], ...]
    text: str

    def svg(self, *, module: int) -> bytes:
        """A vector image. `module`: the side of a module in micrometres."""
        across, down = len(self.modules[0]), len(self.modules) + 3
        dark = "".join(
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(self.modules) for x, black in enumerate(row) if black
        )
        width, height = (f"{each * module / 1000:.3f}mm" for each in (across, down))
        size = min(2.0, 1.5 * across / max(len(self.text), 1))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {across} {down}"><path fill="#fff" d="M0 0h{across}v{down}H0z"/>'
            f'<path shape-rendering="crispEdges" d="{dark}"/><text x="{across / 2}" y="{down - 1}" '
            f'text-anchor="middle" font-family="monospace" font-size="{size:.2f}">{escape(self.text)}'
            "</text></svg>\n"
        ).encode()

    def png(self, *, module: int, resolution: int) -> bytes:
        """A bitmap for a printer of `resolution` dots per inch.

        A module gets the whole number of dots next to `module` micrometres. Raises InvalidInput below two.
        """
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - takes long to load

        dots = (2 * module * resolution + MICROMETRES) // (2 * MICROMETRES)
        if dots < 2:
            raise InvalidInput("a module is less than two dots wide; use larger modules or a finer printer")
        across, down = len(self.modules[0]), len(self.modules)
        code = Image.new("1", (across, down), 1)
        code.putdata([0 if black else 1 for row in self.modules for black in row])
        size = max(1.0, min(2.0, 1.5 * across / max(len(self.text), 1)) * dots)
        image = Image.new("1", (across * dots, (down + 3) * dots), 1)
        image.paste(code.resize((across * dots, down * dots), Image.Resampling.NEAREST), (0, 0))
        font, middle = ImageFont.load_default(size), (across * dots / 2, (down + 1) * dots)
        ImageDraw.Draw(image).text(middle, self.text, fill=0, font=font, anchor="mm")
        out = io.BytesIO()
        image.save(out, "PNG", dpi=(resolution, resolution))
        return out.getvalue()


def asset_uri(chain: int, registry: Address, asset: AssetId) -> str:
    """The asset on its chain, as CAIP-19 names it: "eip155:1/erc721:0x…/123"."""
    return f"eip155:{chain}/erc721:{registry}/{asset}"


def draw(identifier: Identifier, symbol: Symbol, *, content: str) -> Label:
    """The label of an identifier; `content` is what a QR code or plain Data Matrix says.

    Raises InvalidInput for a GS1 symbol of what is no GS1 identifier.
    """
    if symbol is Symbol.QR:
        import segno  # noqa: PLC0415 - takes long to load

        rows = [[bool(bit) for bit in row] for row in segno.make(content, error="m", micro=False).matrix]
    else:
        rows = _data_matrix(identifier, content, gs1=symbol is Symbol.GS1_DATAMATRIX)
    margin = (False,) * symbol.quiet_zone
    blank = ((False,) * (len(rows[0]) + 2 * symbol.quiet_zone),) * symbol.quiet_zone
    framed = (*blank, *((*margin, *row, *margin) for row in rows), *blank)
    return Label(framed, identifier.element_string or identifier.local_id)


def _data_matrix(identifier: Identifier, content: str, *, gs1: bool) -> list[list[bool]]:
    from pystrich.datamatrix import DataMatrixData, DataMatrixEncoder  # noqa: PLC0415
    from pystrich.gs1 import GS1Fixed, GS1Variable  # noqa: PLC0415

    if gs1 and not identifier.elements:
        raise InvalidInput(
            f"{identifier.local_id} is no GS1 identifier; use a QR code or a plain Data Matrix"
        )
    fields = (
        (GS1Fixed if ai in _PREDEFINED else GS1Variable)(ai, value) for ai, value in identifier.elements
    )
    encoder = DataMatrixEncoder(DataMatrixData.gs1(*fields) if gs1 else content, quiet_zone=0)
    return [[bool(bit) for bit in row] for row in encoder.init_renderer().matrix]


_PREDEFINED: Final = {"00", "01", "414"}  # of a length that readers know, without a separator
