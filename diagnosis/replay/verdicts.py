"""The verdicts on single connections, as numbers of a column."""

from __future__ import annotations

from typing import Final

BLOCKED: Final = 0
REACHABLE: Final = 1
UNKNOWN: Final = 2
"""Also what a device lets pass at times (`partly`): that cannot be told for one connection."""
UNJUDGED: Final = 3
"""Of more than are judged one by one: nobody looked."""
