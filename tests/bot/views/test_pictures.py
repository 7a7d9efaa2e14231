"""Pictures: current in the documents, alike on every machine, and legible where they are seen."""

from __future__ import annotations

import re
import struct
from functools import cache

import pytest

from bot.views.pictures.decision import decision_alt, decision_as_text
from bot.views.pictures.path import path_picture
from bot.views.pictures.png import COARSEST, PIXELS, png, zoom
from bot.views.pictures.svg import SMALLEST, WIDTH, Picture
from bot.views.pictures.typeface import MISSING, typeface
from diagnosis.answer import Answer, Hop, Step
from tests.house.source_tree import ROOT
from tools.make_pictures import CASES, answers, pictures

ANSWERED = ("group", *CASES)
NAMES = (*(f"{name}-{kind}" for name in ANSWERED for kind in ("path", "decision")), "refused-each-hour")


@cache
def answered() -> dict[str, Answer]:
    """Asked when the first test needs them: not by every process that collects tests."""
    return answers()


@cache
def drawn_now() -> dict[str, Picture]:
    return pictures()


def test_every_picture_of_the_documents_is_looked_at() -> None:
    assert tuple(drawn_now()) == NAMES
    assert tuple(answered()) == ANSWERED


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_the_documents_is_current(name: str) -> None:
    kept = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8")

    assert kept == drawn_now()[name].svg, "draw them again: python -m tools.make_pictures"
    assert (ROOT / "docs" / "pictures" / f"{name}.png").exists()


@pytest.mark.parametrize("name", NAMES)
def test_all_text_is_ten_pixels_high_on_a_phone(name: str) -> None:
    sizes = [float(size) for size in re.findall(r'font-size="([0-9.]+)"', drawn_now()[name].svg)]

    assert min(sizes) >= SMALLEST
    assert min(sizes) * 360 / WIDTH >= 10


@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_the_paper(name: str) -> None:
    pattern = r'<text x="([0-9.]+)" y="([0-9.]+)" font-size="([0-9.]+)" font-weight="(\d+)"[^>]*anchor="(\w+)">([^<]*)<'
    for x, y, size, weight, anchor, told in re.findall(pattern, drawn_now()[name].svg):
        width = typeface(strong=weight == "600").width(told, float(size))
        left = float(x) - {"start": 0, "middle": width / 2, "end": width}[anchor]

        assert left >= 0
        assert left + width <= WIDTH
        assert float(y) <= drawn_now()[name].height


def test_the_png_is_sharp_and_bounded() -> None:
    drawn = drawn_now()["group-path"]
    content = png(drawn)
    width, height = struct.unpack(">II", content[16:24])

    assert content.startswith(b"\x89PNG")
    assert abs(width - WIDTH * zoom(drawn)) <= 1
    assert width >= 720
    assert width * height <= PIXELS * 1.01


def test_the_break_is_marked_by_words_and_what_lies_beyond_is_dashed() -> None:
    drawn = drawn_now()["group-path"].svg

    assert drawn.count(">stops here<") == 1
    assert "Dashed: judged as if the break had let it pass." in drawn
    assert "stroke-dasharray" in drawn
    assert "stroke-dasharray" not in drawn_now()["acl-denies-a-slice-of-the-return-range-path"].svg


def test_alt_text_says_verdict_parties_and_every_hop() -> None:
    assert drawn_now()["group-path"].alt.startswith(
        "Blocked: web-1 10.0.1.10 to orders-db 10.0.2.20, tcp 3306. There: web-tier"
    )
    assert "orders-db-sg in stops it (no rule)" in drawn_now()["group-path"].alt


def test_a_long_path_folds_and_a_name_without_glyphs_gives_way_to_the_id() -> None:
    step = Step(kind="network-acl", disposition="passed", text="rule 100 allows", direction="egress")
    hops = tuple(Hop(component=f"acl-{n:017x}", kind="network-acl", name="日本語", steps=(step,)) for n in range(40))
    drawn = path_picture(answered()["group"].model_copy(update={"path_forward": hops}))

    assert ">31 more pass<" in drawn.svg
    assert MISSING not in drawn.svg
    assert ">acl-…0000<" in drawn.svg
    assert drawn.height < 1_400
    assert zoom(drawn) >= COARSEST


def test_a_path_that_is_not_known_says_so() -> None:
    unknown = answered()["group"].model_copy(update={"path_forward": (), "path_return": ()})

    assert ">the path is not known<" in path_picture(unknown).svg


@pytest.mark.parametrize("name", ANSWERED)
def test_the_decision_diagram_marks_the_branch_taken(name: str) -> None:
    answer = answered()[name]
    assert answer.branch
    marked = [line for line in decision_as_text(answer).splitlines() if line.startswith("  ▶")]
    asked = [line for line in decision_as_text(answer).splitlines() if line.startswith("●")]

    assert len(marked) == len(asked) > 0
    assert decision_alt(answer).startswith("Is there a flow log record?")
