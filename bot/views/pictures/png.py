"""SVG to PNG by resvg: no browser, no fonts of the system, so the same picture on every machine."""

from __future__ import annotations

import math
from contextlib import ExitStack
from importlib.resources import as_file
from typing import Final

import resvg_py

from bot.views.pictures.svg import Picture
from bot.views.pictures.typeface import FAMILY, FILES, font_file

SHARPEST: Final = 1.5
"""Pixels for each unit: 900 pixels across are sharp on every telephone."""
COARSEST: Final = 1.0
PIXELS: Final = 1_200_000
"""Of a picture. Nearly all the time goes into packing pixels, so a very tall picture gets fewer for each unit."""


def zoom(picture: Picture) -> float:
    """Pixels for each unit of a picture."""
    return max(COARSEST, min(SHARPEST, math.sqrt(PIXELS / (picture.width * picture.height))))


def png(picture: Picture) -> bytes:
    """The picture as PNG."""
    with ExitStack() as held:
        fonts = [str(held.enter_context(as_file(font_file(strong=strong)))) for strong in FILES]
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=picture.svg,
                zoom=zoom(picture),
                skip_system_fonts=True,
                font_files=fonts,
                font_family=FAMILY,
                sans_serif_family=FAMILY,
            )
        )
