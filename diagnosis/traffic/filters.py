"""Filter: the one compiled thing. A first-match rule list that splits traffic into what passes and what is dropped.

Security groups (every rule allows, all groups of an interface in one list) and each direction of a network ACL are
filters. Replies are judged on the connection's own header with the roles swapped: what a reply view lets through is
the set of connections whose replies pass.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.cells import EVERYTHING_PASSES, Cells, Mask, Rule, compiled, first_matches, rules_in, toggles
from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, minus
from diagnosis.traffic.partition import Partition
from diagnosis.traffic.ports import ALL_PORTS, ICMP_REPLY, ICMPV6_REPLY
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, ICMPV6, TCP, UDP
from diagnosis.traffic.traffic import NOTHING, Box, Traffic, merged

__all__ = ["EGRESS", "INGRESS", "REPLY_EGRESS", "REPLY_INGRESS", "Filter", "Rule", "Side", "View"]


class Side(StrEnum):
    """The address side of a connection's header that a filter compares: the peer of whoever the filter guards."""

    SOURCE = "source"
    DESTINATION = "destination"


class View(NamedTuple):
    """How a filter looks at a connection: which address is the peer's, and whether the packet is a reply.

    A reply's destination port is the connection's source port; for ICMP it is the reply's own type and code.
    """

    address: Side
    reply: bool


EGRESS = View(Side.DESTINATION, reply=False)
"""The connection's packets leaving the client's side."""
INGRESS = View(Side.SOURCE, reply=False)
"""The connection's packets arriving at the server's side."""
REPLY_EGRESS = View(Side.SOURCE, reply=True)
"""The replies leaving the server's side: their peer is the connection's source."""
REPLY_INGRESS = View(Side.DESTINATION, reply=True)
"""The replies arriving at the client's side: their peer is the connection's destination."""

_SOURCE, _DESTINATION, _PROTOCOL, _SOURCE_PORT, _PORT = range(5)


class _Form(Enum):
    """What the packets of a protocol carry that a rule can compare besides the address."""

    PORTS = auto()
    ICMP_CELLS = auto()
    ICMPV6_CELLS = auto()
    NEITHER = auto()


_FORMS = {TCP: _Form.PORTS, UDP: _Form.PORTS, ICMP: _Form.ICMP_CELLS, ICMPV6: _Form.ICMPV6_CELLS}


class _Table(NamedTuple):
    """The cells that decide over some protocols, and the side of a box by which to look them up."""

    protocols: IntervalSet
    side: int
    cells: Cells


class Filter:
    """A first-match rule list, default deny. What it learns about its rules it keeps; to its callers it is a value.

    ``default_ref`` names the implicit deny in ``blame``. Rules are compiled lazily, per protocol and port cell.
    """

    __slots__ = ("_allowed", "_classes", "_denies", "_open", "_owners", "_parts", "_rows", "default_ref", "rules")

    def __init__(self, rules: Sequence[Rule], default_ref: str | None = None) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.default_ref = default_ref
        self._denies = not all(rule.allow for rule in self.rules)
        self._allowed: dict[Mask, IntervalSet] = {EVERYTHING_PASSES: ALL_ADDRESSES}
        self._owners: dict[Mask, tuple[Partition, list[int | None]]] = {}
        self._classes: dict[tuple[_Form, Mask], IntervalSet] = {}
        self._rows: dict[tuple[_Form, Mask, bool], Cells] = {}
        self._parts: dict[tuple[IntervalSet, bool], list[_Table]] = {}
        self._open: dict[tuple[int, bool], IntervalSet] = {}

    def at(self, protocol: int, port: int) -> IntervalSet:
        """The peers that may be reached by (or may reach) this protocol number and destination port or ICMP cell."""
        cells, _ = self.row(protocol, reply=False)
        return cells.allowed(bisect_right(cells.cuts, port) - 1)

    def row(self, protocol: int, *, reply: bool) -> tuple[Cells, bool]:
        """The cells that decide over one protocol, and whether they are looked up by the connection's source port."""
        _, side, cells = self._parts_of((protocol, protocol + 1), reply)[0]
        return cells, side == _SOURCE_PORT

    def open_to(self, protocol: int, *, reply: bool) -> IntervalSet:
        """The peers with which everything of a protocol passes."""
        found = self._open.get((protocol, reply))
        if found is None:
            cells, _ = self.row(protocol, reply=reply)
            found = ALL_ADDRESSES
            for mask in set(cells.masks):
                found = meet(found, self._allow(mask))
            self._open[protocol, reply] = found
        return found

    def split(self, traffic: Traffic, view: View) -> tuple[Traffic, Traffic]:
        """What of the traffic passes the filter, and what it drops."""
        boxes = traffic.boxes
        if len(boxes) == 1:
            passes = self.passes_whole(boxes[0], view)
            if passes is not None:
                return (traffic, NOTHING) if passes else (NOTHING, traffic)
        passed: list[Box] = []
        dropped: list[Box] = []
        for box in boxes:
            self._split_box(box, view, passed, dropped)
        if not dropped:
            return traffic, NOTHING
        if not passed:
            return NOTHING, traffic
        return Traffic(merged(tuple(passed))), Traffic(merged(tuple(dropped)))

    def blame(self, dropped: Traffic, view: View) -> list[tuple[str | None, Traffic]]:
        """Which rule drops what: (ref of the denying rule, or default_ref for the implicit deny; what it drops).

        In rule order, the implicit deny last, one entry for each ref. Give it what ``split`` dropped; of other traffic
        only the part that the filter drops is shared out.
        """
        dropped = self.split(dropped, view)[1]
        if not self._denies:
            return [(self.default_ref, dropped)] if dropped.boxes else []
        default = len(self.rules)
        shares: dict[int, list[Box]] = {}
        for box, table, mask, ports in self._runs(dropped, view):
            for number, addresses in self._first_matches(mask, _peer(box, view)):
                if number is None or not self.rules[number].allow:
                    share = _part(box, view, table, ports, addresses)
                    shares.setdefault(default if number is None else number, []).append(share)
        by_ref: dict[str | None, list[Box]] = {}
        for number in sorted(shares):
            ref = self.default_ref if number == default else self.rules[number].ref
            by_ref.setdefault(ref, []).extend(shares[number])
        return [(ref, Traffic(merged(tuple(boxes)))) for ref, boxes in by_ref.items()]

    def credit(self, passed: Traffic, view: View) -> list[str | None]:
        """The refs of the allowing rules that match some of the traffic first. In rule order, each ref once."""
        matched: set[int] = set()
        for mask, peer in self._single_run(passed.boxes, view) or self._masks(passed, view):
            for number, _ in self._first_matches(mask, peer):
                if number is not None and self.rules[number].allow:
                    matched.add(number)
        if len(matched) == 1:
            return [self.rules[matched.pop()].ref]
        return list(dict.fromkeys(self.rules[number].ref for number in sorted(matched)))

    def _masks(self, traffic: Traffic, view: View) -> list[tuple[Mask, IntervalSet]]:
        """Which rules apply to which peers, in some of the traffic."""
        return [(mask, _peer(box, view)) for box, _, mask, _ in self._runs(traffic, view)]

    def _single_run(self, boxes: tuple[Box, ...], view: View) -> list[tuple[Mask, IntervalSet]]:
        """The same where it is one look, as for a fixed question; empty where it takes more."""
        if len(boxes) != 1:
            return []
        [box] = boxes
        parts = self._parts_of(box.protocol, view.reply)
        cells, ports = parts[0].cells, box[parts[0].side]
        cell = bisect_right(cells.cuts, ports[0])
        if len(parts) != 1 or ports[-1] > cells.cuts[cell] or cells.masks[cell - 1] == EVERYTHING_PASSES:
            return []
        return [(cells.masks[cell - 1], _peer(box, view))]

    def _first_matches(self, mask: Mask, addresses: IntervalSet) -> Iterable[tuple[int | None, IntervalSet]]:
        """The addresses shared out to the rules that match them first, where the rules of the mask apply."""
        if not self._denies or len(addresses) != 2 or addresses[1] - addresses[0] != 1:
            return first_matches(self.rules, mask, addresses)
        # Few lists deny, and many single addresses meet each of them: every address gets its rule, once.
        where, numbers = self._owners.get(mask) or self._owned(mask)
        at = where.holding(addresses)
        assert at is not None, "every address has its rule, or none"
        return [(numbers[at], addresses)]

    def _owned(self, mask: Mask) -> tuple[Partition, list[int | None]]:
        """All addresses shared out to the rules that match them first, where the rules of the mask apply."""
        shares = list(first_matches(self.rules, mask, ALL_ADDRESSES))
        owned = self._owners[mask] = Partition([share for _, share in shares]), [number for number, _ in shares]
        return owned

    def passes_whole(self, box: Box, view: View) -> bool | None:
        """Whether all of the box passes (True) or all is dropped (False), where that is one look; else None.

        This is the whole cost of a fixed question: one cell, and one bisection in its set.
        """
        address, reply = view
        parts = self._parts.get((box.protocol, reply)) or self._parts_of(box.protocol, reply)
        if len(parts) > 1:
            return None
        _, side, cells = parts[0]
        ports = box[side]
        cell = bisect_right(cells.cuts, ports[0])
        if ports[-1] <= cells.cuts[cell]:
            allowed = cells.sets[cell - 1] or cells.allowed(cell - 1)
        else:
            groups = cells.groups(ports)
            if len(groups) > 1:
                found = {_lies_in(_peer(box, view), some) for some, _ in groups}
                return found.pop() if len(found) == 1 else None
            allowed = groups[0][0]
        peer = box.source if address is Side.SOURCE else box.destination
        point = bisect_right(allowed, peer[0])  # As `_lies_in` does; a call would cost as much again.
        if point & 1:
            return True if peer[-1] <= allowed[point] else None
        return False if point == len(allowed) or peer[-1] <= allowed[point] else None

    def decided(self, box: Box, view: View) -> tuple[bool, str | None] | None:
        """Whether all of the box passes and by which rule, where one rule decides over it in one look; else None."""
        address, reply = view
        parts = self._parts.get((box.protocol, reply)) or self._parts_of(box.protocol, reply)
        if len(parts) > 1:
            return None
        _, side, cells = parts[0]
        ports = box[side]
        cell = bisect_right(cells.cuts, ports[0])
        mask = cells.masks[cell - 1]
        if ports[-1] > cells.cuts[cell] or mask == EVERYTHING_PASSES:
            return None
        where, numbers = self._owners.get(mask) or self._owned(mask)
        at = where.holding(box.source if address is Side.SOURCE else box.destination)
        if at is None:
            return None
        number = numbers[at]
        if number is None:
            return False, self.default_ref
        rule = self.rules[number]
        return rule.allow, rule.ref

    def _split_box(self, box: Box, view: View, passed: list[Box], dropped: list[Box]) -> None:
        peer = _peer(box, view)
        for table in self._parts_of(box.protocol, view.reply):
            for allowed, ports in table.cells.groups(box[table.side]):
                inside = meet(peer, allowed)
                outside = minus(peer, allowed)
                if inside:
                    passed.append(_part(box, view, table, ports, inside))
                if outside:
                    dropped.append(_part(box, view, table, ports, outside))

    def _runs(self, traffic: Traffic, view: View) -> Iterator[tuple[Box, _Table, Mask, IntervalSet]]:
        """Each box cut by protocol class and by which rules apply: (box, table, mask, ports)."""
        for box in traffic.boxes:
            for table in self._parts_of(box.protocol, view.reply):
                for mask, ports in table.cells.runs(box[table.side]):
                    if mask != EVERYTHING_PASSES:
                        yield box, table, mask, ports

    def _parts_of(self, protocols: IntervalSet, reply: bool) -> list[_Table]:
        """The tables that decide over some of these protocols, each narrowed to them."""
        known = self._parts.get((protocols, reply))
        if known is None:
            known = []
            for (form, mask), members in self._classes_of(protocols).items():
                some = meet(protocols, members)
                if some:
                    side = _SOURCE_PORT if reply and form is _Form.PORTS else _PORT
                    known.append(_Table(some, side, self._cells_of(form, mask, reply)))
            self._parts[protocols, reply] = known
        return known

    def _cells_of(self, form: _Form, mask: Mask, reply: bool) -> Cells:
        """The row of cells of one protocol class; TCP and UDP look replies up in the same row, by another side."""
        seen_as_reply = reply and form in (_Form.ICMP_CELLS, _Form.ICMPV6_CELLS)
        known = self._rows.get((form, mask, seen_as_reply))
        if known is None:
            if seen_as_reply:
                replies = ICMP_REPLY if form is _Form.ICMP_CELLS else ICMPV6_REPLY
                known = self._cells_of(form, mask, reply=False).as_replies(replies)
            elif form is _Form.NEITHER:
                known = Cells(ALL_PORTS, [mask], self._allow)
            else:
                ports = ((1 << number, self.rules[number].ports) for number in rules_in(mask))
                known = Cells(*toggles(ports, *ALL_PORTS), self._allow)
            self._rows[form, mask, seen_as_reply] = known
        return known

    def _classes_of(self, protocols: IntervalSet) -> dict[tuple[_Form, Mask], IntervalSet]:
        """All classes of protocols; of a single one, as a flow has it, its own, with no look at the others."""
        if len(protocols) != 2 or protocols[1] - protocols[0] > 1:
            self._classes = self._classes or self._protocol_classes()
            return self._classes
        number = protocols[0]
        mask = sum(1 << at for at, rule in enumerate(self.rules) if has(rule.protocols, number))
        return {(_FORMS.get(number, _Form.NEITHER), mask): protocols}

    def _protocol_classes(self) -> dict[tuple[_Form, Mask], IntervalSet]:
        """The protocols gathered by what a filter compares besides the address, and by which rules name them."""
        named: dict[IntervalSet, Mask] = {(number, number + 1): 0 for number in _FORMS}
        for number, rule in enumerate(self.rules):
            named[rule.protocols] = named.get(rule.protocols, 0) | 1 << number
        cuts, masks = toggles(((mask, protocols) for protocols, mask in named.items()), *ALL_PROTOCOLS)
        found: dict[tuple[_Form, Mask], list[IntervalSet]] = {}
        for lo, hi, mask in zip(cuts, cuts[1:], masks, strict=False):
            found.setdefault((_FORMS.get(lo, _Form.NEITHER), mask), []).append((lo, hi))
        return {key: join_all(members) for key, members in found.items()}

    def _allow(self, mask: Mask) -> IntervalSet:
        """The addresses that pass where the rules of the mask apply."""
        known = self._allowed.get(mask)
        if known is None:
            known = self._allowed[mask] = compiled([self.rules[i] for i in rules_in(mask)])
        return known


def _lies_in(peer: IntervalSet, allowed: IntervalSet) -> bool | None:
    """Whether all of a peer is in a set (True) or nothing of it (False); None where neither shows in one look."""
    point = bisect_right(allowed, peer[0])
    if point & 1:
        return True if peer[-1] <= allowed[point] else None
    return False if point == len(allowed) or peer[-1] <= allowed[point] else None


def _peer(box: Box, view: View) -> IntervalSet:
    return box.source if view.address is Side.SOURCE else box.destination


def _part(box: Box, view: View, table: _Table, ports: IntervalSet, addresses: IntervalSet) -> Box:
    """The part of a box on the given protocols, ports and peers."""
    sides = list(box)
    sides[_SOURCE if view.address is Side.SOURCE else _DESTINATION] = addresses
    sides[_PROTOCOL] = table.protocols
    sides[table.side] = ports
    return Box._make(sides)
