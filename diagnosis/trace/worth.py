"""Whether it is worth while to keep ways for a network: one that was changed for a proof answers few questions."""

from __future__ import annotations

from diagnosis.network.network import Network

FROM = 16
"""How many questions a network has answered before ways are kept for it."""


def worth(network: Network) -> bool:
    """Whether ways are kept for a network by now; each time that this is asked counts as a question."""
    asked: list[int] | None = network.memo.get("asked")
    if asked is None:
        asked = network.memo["asked"] = [0]
    asked[0] += 1
    return asked[0] > FROM
