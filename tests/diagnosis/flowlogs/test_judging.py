"""What is told of a column of values is what the pattern of the field says of each."""

from __future__ import annotations

import random
import re

import numpy as np

from diagnosis.evidence.records import FIELDS
from diagnosis.flowlogs.grid import Grid
from diagnosis.flowlogs.judging import _ipv4

PIECES = (
    "0",
    "1",
    "9",
    "10",
    "25",
    "255",
    "256",
    "249",
    "260",
    "099",
    "00",
    "01",
    "100",
    "200",
    "1234",
    "",
    "a",
    "999",
)


def an_address(chance: random.Random) -> str:
    """Right ones, and wrong in one thing or another."""
    between = chance.choice("....:-")
    text = between.join(chance.choice(PIECES) for _ in range(chance.choice((4, 4, 4, 3, 5, 1)))) or "-"
    place = chance.randrange(len(text))
    return text[:place] + chance.choice("0123456789.x:/") + text[place + 1 :] if chance.random() < 0.1 else text


def test_an_ipv4_address_is_told_in_columns_as_the_pattern_tells_it() -> None:
    chance, pattern = random.Random(4), re.compile(FIELDS["srcaddr"].pattern)
    texts = [an_address(chance) for _ in range(20_000)] + ["0.0.0.0", "255.255.255.255"]
    content = "".join(f"eni-0a1 {text} OK\n" for text in texts).encode()

    grid, apart = Grid.of(("interface-id", "srcaddr", "log-status"), content)

    assert not apart
    told = _ipv4(grid, "srcaddr", np.arange(len(grid))).tolist()
    assert told == [bool(pattern.fullmatch(text)) and ":" not in text for text in texts]
    assert sum(told) > 100
