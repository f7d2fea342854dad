"""Reads QR codes with a library that did not write them."""

from pathlib import Path

import zxingcpp
from PIL import Image

_DARK, _LIGHT, _SCALE = 0, 255, 4
_HALVES = {"\u2588": "11", "\u2580": "10", "\u2584": "01", " ": "00"}
"""Upper and lower half of a character; on a dark terminal they are light."""


def read_png(path: Path) -> str:
    """Return what the one code of a picture says."""
    with Image.open(path) as picture:
        return _read(picture.convert("L"))


def read_terminal(shown: str) -> str:
    """Return what a code says that was drawn with half blocks."""
    lines = [line for line in shown.splitlines() if line and set(line) <= set(_HALVES)]
    rows = [[_HALVES[char][half] for char in line] for line in lines for half in (0, 1)]
    picture = Image.new("L", (len(rows[0]), len(rows)))
    picture.putdata([_LIGHT if one == "1" else _DARK for row in rows for one in row])
    return _read(picture.resize((picture.width * _SCALE, picture.height * _SCALE), 0))


def _read(picture: Image.Image) -> str:
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    return str(code.text)
