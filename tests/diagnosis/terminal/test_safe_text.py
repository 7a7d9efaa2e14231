"""Untrusted text on a terminal: nothing that it obeys, nothing that breaks a column."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.terminal.safe_text import cells, clean, for_encoding, head, pad, safe, shorten, shorten_left, tail, wrap

ANY_TEXT = st.text(alphabet=st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orders-db", "orders-db"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\x9b31mb", "a�31mb"),
        ("\x07\x00\x7f", "␇␀␡"),
        ("two\nlines\r\nhere\tnow", "two lines  here now"),
        ("sep\N{LINE SEPARATOR}par\N{PARAGRAPH SEPARATOR}nel\x85", "sep par nel "),
        ("x\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "x�gpj.exe"),
        ("\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT ISOLATE}\N{POP DIRECTIONAL ISOLATE}", "�"),
        ("orders\N{ZERO WIDTH SPACE}-db", "orders�-db"),
        ("tag\U000e0041\U000e0042", "tag�"),
        ("nothing\N{HANGUL FILLER}", "nothing�"),
        ("lone \ud800 surrogate", "lone � surrogate"),
        ("z" + "\N{COMBINING TILDE}" * 40, "z\N{COMBINING TILDE}\N{COMBINING TILDE}"),
        ("Zürich データベース", "Zürich データベース"),
        ("non\N{NO-BREAK SPACE}breaking", "non breaking"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(ANY_TEXT)
def test_safe_text_holds_no_control_and_is_stable(text: str) -> None:
    shown = safe(text)

    assert not [character for character in shown if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")]
    assert safe(shown) == shown


@given(ANY_TEXT, st.integers(min_value=2, max_value=40))
def test_wrapped_lines_keep_to_the_width_and_lose_nothing(text: str, width: int) -> None:
    shown = safe(text)
    lines = wrap(shown, width)

    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


@given(ANY_TEXT, st.integers(min_value=1, max_value=40))
def test_shortened_text_keeps_to_the_width(text: str, width: int) -> None:
    shown = safe(text)

    assert cells(shorten(shown, width)) <= width
    assert cells(shorten_left(shown, width)) <= width
    assert cells(head(shown, width)) <= width
    assert cells(tail(shown, width)) <= width
    assert cells(pad(shorten(shown, width), width)) == width


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert cells("データ") == 6
    assert cells("e\N{COMBINING ACUTE ACCENT}x") == 2
    assert cells("✗ sg-0f1e…90d2 →") == 16


def test_shortening_keeps_both_ends() -> None:
    assert shorten("a-very-long-name-of-a-group-blue", 16) == "a-very-lon…-blue"
    assert shorten_left("/a/long/path/of/x.log.gz:7", 11) == "…x.log.gz:7"


def test_every_text_within_a_value_is_made_safe() -> None:
    assert clean(("a\n", ["b\x1b"], {"k\x07": 1, "v": None})) == ("a ", ["b␛"], {"k␇": 1, "v": None})


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "✗ web-1 → ü…"),
        ("ascii", "x web-1 -> ?..."),
        ("latin-1", "x web-1 -> ü..."),
        (None, "x web-1 -> ?..."),
    ],
)
def test_a_stream_that_cannot_print_the_marks_gets_lookalikes(encoding: str | None, shown: str) -> None:
    assert for_encoding("✗ web-1 → ü…", encoding) == shown


def test_an_encoding_that_nobody_knows_counts_as_ascii() -> None:
    assert for_encoding("✓ a", "klingon") == "+ a"
