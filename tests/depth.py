"""How far the tests go that draw at random: `make test` takes the first of what is drawn, `make deep` all of it.

Seeds are in order, so whatever `make test` draws is drawn by `make deep` too. Deliberate faults are looked for in
full depth (tests/mutants).
"""

from __future__ import annotations

import os

DEEP = os.environ.get("TESTS_GO") == "deep"


def of(usual: int, deep: int) -> int:
    """So many examples, flows or seeds."""
    return deep if DEEP else usual
