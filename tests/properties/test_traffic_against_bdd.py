"""Filters against binary decision diagrams: rule lists over whole IPv4 headers, judged by a library that shares nothing
with the traffic algebra. Diagrams are canonical: two of them are the same node exactly when they hold the same headers.
"""

from __future__ import annotations

from functools import reduce
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from oxidd.bdd import BDDFunction, BDDManager

from diagnosis.traffic.addresses import IPV4
from diagnosis.traffic.filters import EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS, Filter, Rule, View
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, ICMPV6, TCP, UDP
from diagnosis.traffic.traffic import Box, Traffic

WIDTHS: Final = {"source": 32, "destination": 32, "protocol": 8, "source_port": 16, "port": 16}
"""Bits of each side of a header. Ports come first in the order of variables, the addresses last."""
WITHOUT_ICMP: Final = tuple(sorted({0, 256, ICMP, ICMP + 1, ICMPV6, ICMPV6 + 1}))
"""Every protocol but the two whose replies are of another type: those are judged header by header elsewhere."""


class Diagrams:
    """Sets of headers as diagrams."""

    def __init__(self) -> None:
        self.manager = BDDManager(1 << 21, 1 << 18, 1)
        self.manager.add_vars(sum(WIDTHS.values()))
        self.bits: dict[str, list[BDDFunction]] = {}
        taken = 0
        for side in ("protocol", "port", "source_port", "source", "destination"):
            self.bits[side] = [self.manager.var(taken + bit) for bit in range(WIDTHS[side])]
            taken += WIDTHS[side]

    def below(self, side: str, bound: int) -> BDDFunction:
        """Values of a side that are less than the bound."""
        bits = self.bits[side]
        if bound >= 1 << len(bits):
            return self.manager.true()
        found = self.manager.false()
        for place, bit in enumerate(reversed(bits)):
            found = (~bit | found) if bound >> place & 1 else (~bit & found)
        return found

    def values(self, side: str, chosen: IntervalSet) -> BDDFunction:
        pairs = zip(chosen[::2], chosen[1::2], strict=True)
        parts = [self.below(side, high) & ~self.below(side, low) for low, high in pairs]
        return reduce(lambda a, b: a | b, parts, self.manager.false())

    def headers(self, traffic: Traffic) -> BDDFunction:
        found = self.manager.false()
        for box in traffic.boxes:
            sides = [self.values(side, chosen) for side, chosen in box._asdict().items()]
            found |= reduce(lambda a, b: a & b, sides)
        return found

    def passing(self, rules: list[Rule], view: View) -> BDDFunction:
        """What a first-match list lets through, from its last rule to its first."""
        with_ports = self.values("protocol", (TCP, TCP + 1, UDP, UDP + 1))
        found = self.manager.false()
        for rule in reversed(rules):
            ports = self.values("source_port" if view.reply else "port", rule.ports)
            matched = self.values(str(view.address), rule.addresses) & self.values("protocol", rule.protocols)
            matched &= ~with_ports | ports
            found = matched | found if rule.allow else ~matched & found
        return found


def interval(low: int, high: int) -> st.SearchStrategy[IntervalSet]:
    pair = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    return pair.map(lambda ends: (ends[0], ends[1] + 1))


networks = st.integers(0, 32).flatmap(
    lambda length: st.integers(0, (1 << length) - 1).map(
        lambda high: (high << (32 - length), (high + 1) << (32 - length))
    )
)
protocols = st.sampled_from([ALL_PROTOCOLS, (TCP, TCP + 1), (UDP, UDP + 1), (50, 51)])
rules = st.builds(Rule, st.booleans(), networks, protocols, st.just(ALL_PORTS) | interval(0, 65535), st.none())
components = st.tuples(st.lists(rules, max_size=12), st.sampled_from([EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS]))
EVERYTHING = Traffic.of(Box(IPV4, IPV4, WITHOUT_ICMP, ALL_PORTS, ALL_PORTS))


@given(st.lists(components, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_passes_a_row_of_filters_is_what_the_diagrams_say(row: list[tuple[list[Rule], View]]) -> None:
    diagrams = Diagrams()
    traffic, expected = EVERYTHING, diagrams.headers(EVERYTHING)
    for listed, view in row:
        passed, dropped = Filter(listed).split(traffic, view)
        allowed = diagrams.passing(listed, view)

        assert diagrams.headers(passed) == expected & allowed
        assert diagrams.headers(dropped) == expected & ~allowed
        assert passed.size() == (expected & allowed).sat_count(sum(WIDTHS.values()))
        traffic, expected = passed, expected & allowed
