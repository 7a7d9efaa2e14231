"""SVG to PNG by resvg: no browser, no fonts of the system, so the same picture on every machine."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.resources import as_file
from typing import Final

import resvg_py

from bot.views.pictures.svg import Picture
from bot.views.pictures.typeface import FAMILY, FILES, font_file

ZOOM: Final = 2
"""Pixels for each unit: 1,200 pixels across, which is sharp on every telephone."""


def png(picture: Picture) -> bytes:
    """The picture as PNG."""
    with ExitStack() as held:
        fonts = [str(held.enter_context(as_file(font_file(strong=strong)))) for strong in FILES]
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=picture.svg,
                zoom=ZOOM,
                skip_system_fonts=True,
                font_files=fonts,
                font_family=FAMILY,
                sans_serif_family=FAMILY,
            )
        )
