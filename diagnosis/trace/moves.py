"""Moves: what happens to traffic on one way, told once without the traffic, and done again for any flow on that way.

Lists of rules are judged on the flow itself, by the functions with which a trace judges them. What else happens is the
same for all that takes the way, but for the names of the two interfaces and their subnets.
"""

from __future__ import annotations

from typing import NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.network_acls import NetworkAcl
from diagnosis.trace import interfaces, network_acls
from diagnosis.trace.arrival import INTERFACE
from diagnosis.trace.ends import End
from diagnosis.trace.places import Held
from diagnosis.trace.reply import tracked
from diagnosis.trace.spots import Spot
from diagnosis.trace.step import Blocker, Direction, Step, passes
from diagnosis.trace.walk import Translated, Walk
from diagnosis.traffic.filters import Filter, View
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.traffic import NOTHING, Box, Traffic

OURS, THEIRS = "the source's", "the destination's"
OUR_SUBNET, THEIR_SUBNET = "subnet of the source", "subnet of the destination"
"""What stands for ids of the two ends in a move: no id has a blank."""
OWN = frozenset({OURS, THEIRS, OUR_SUBNET, THEIR_SUBNET})


class Ends(NamedTuple):
    """The two ends of one flow."""

    ours: Spot
    theirs: Spot

    def named(self, name: str) -> str:
        """The id that one of `OWN` stands for here; any other id is itself."""
        if name not in OWN:
            return name
        spot = self.ours if name in (OURS, OUR_SUBNET) else self.theirs
        own = spot.interface.id if name in (OURS, THEIRS) and spot.interface is not None else spot.subnet
        return own or ""

    def acl(self, network: Network, acl: str) -> NetworkAcl:
        """The ACL of one of the two subnets, or another one by its id."""
        if acl not in OWN:
            return network.acls[acl]
        own = (self.ours if acl == OUR_SUBNET else self.theirs).acl
        assert own is not None, "a spot in a subnet has its ACL"
        return own


class Told(NamedTuple):
    """A component that passes all, drops all, or is not known to do either."""

    hop: str
    hop_kind: str
    kind: str
    component: str
    direction: Direction | None
    outcome: str
    """`passed`, `dropped` or `unknown`."""
    rule: str | None
    detail: str
    blockers: tuple[Blocker, ...]
    gaps: tuple[Missing, ...]
    assumed: tuple[str, ...]
    own: bool
    """Whether some id is one of `OWN`."""

    def on(self, walk: Walk, ends: Ends) -> None:
        """Takes the step on the traffic of a walk."""
        traffic = walk.traffic
        component, blockers = self.component, self.blockers
        if blockers:
            blockers = self.blaming(ends, traffic)
        if self.own:
            component = ends.named(component)
        passed = traffic if self.outcome == "passed" else NOTHING
        dropped = traffic if self.outcome == "dropped" else NOTHING
        unknown = traffic if self.outcome == "unknown" else NOTHING
        step = Step(
            self.kind,
            component,
            self.direction,
            passed,
            dropped,
            unknown,
            self.rule,
            self.detail,
            blockers,
            self.gaps,
            self.assumed,
        )
        walk.take(step, ends.named(self.hop) if self.own else self.hop, self.hop_kind)

    def blaming(self, ends: Ends, traffic: Traffic) -> tuple[Blocker, ...]:
        """The blockers, of this traffic."""
        return tuple(
            Blocker(
                b.code,
                ends.named(b.component),
                tuple(ends.named(one) for one in b.related),
                b.direction,
                b.rule,
                traffic,
                b.detail,
                b.any_of,
            )
            for b in self.blockers
        )


class Acl(NamedTuple):
    """A network ACL at the edge of a subnet."""

    acl: str
    """Its id, or the subnet of one of the ends."""
    rules: Filter | None
    """Its compiled rules; None where it is the one of an end."""
    subnet: str
    direction: Direction
    view: View

    def on(self, walk: Walk, ends: Ends) -> None:
        """Judges the traffic of a walk."""
        step = network_acls.judge(
            walk.network,
            ends.acl(walk.network, self.acl),
            ends.named(self.subnet),
            walk.traffic,
            self.direction,
            self.view,
            explain=walk.explain,
        )
        walk.take(step)

    def compiled(self, ends: Ends) -> Filter:
        """Its compiled rules in this direction."""
        if self.rules is not None:
            return self.rules
        filters = (ends.ours if self.acl == OUR_SUBNET else ends.theirs).filters
        assert filters is not None, "a spot in a subnet has its ACL"
        return filters[self.direction == "egress"]


class State(NamedTuple):
    """Whether the interface at one end is up."""

    ours: bool

    def on(self, walk: Walk, ends: Ends) -> None:
        """Takes the step on the traffic of a walk."""
        spot = ends.ours if self.ours else ends.theirs
        own = spot.interface
        assert own is not None
        if spot.up:
            step = passes(interfaces.KIND, own.id, walk.traffic, assumed=spot.assumed)
        else:
            step = interfaces.judge(walk.network, own, walk.traffic)
        walk.take(step, own.id, INTERFACE)


class Groups(NamedTuple):
    """The security groups of the interface at one end."""

    ours: bool
    end: End

    def on(self, walk: Walk, ends: Ends) -> None:
        """Judges the traffic of a walk."""
        own, peer = ends.ours.interface, ends.theirs.interface
        if not self.ours:
            own, peer = peer, own
        assert own is not None
        walk.take(self.end.judge.judged(walk.network, own, peer, walk.traffic, walk.explain), own.id, INTERFACE)


class Tracked(NamedTuple):
    """The security groups of the interface at one end, which let replies pass."""

    ours: bool

    def on(self, walk: Walk, ends: Ends) -> None:
        """Takes the step on the traffic of a walk."""
        place = (ends.ours if self.ours else ends.theirs).place
        if isinstance(place, Held) and walk.explain:
            tracked(walk, place, "ingress" if self.ours else "egress")


class Turn(NamedTuple):
    """A gateway that rewrites headers, the same for all but where the own address of an end is what it rewrites to."""

    gateway: str
    kind: str
    source: IntervalSet | str | None
    destination: IntervalSet | str | None
    source_port: IntervalSet | None
    keeps_source: bool

    def on(self, walk: Walk, ends: Ends) -> None:
        """Rewrites the traffic of a walk."""
        [box] = walk.traffic.boxes
        walk.rewrite(self.gateway, self.kind, Traffic((self.rewritten(box, ends),)), keeps_source=self.keeps_source)

    def rewritten(self, box: Box, ends: Ends) -> Box:
        """A box as it leaves the gateway."""
        source, destination = self.source, self.destination
        if isinstance(source, str):
            source = _public(ends.ours)
        if isinstance(destination, str):
            place = ends.theirs.place
            assert isinstance(place, Held)
            destination = (place.private, place.private + 1)
        return Box(
            box.source if source is None else source,
            box.destination if destination is None else destination,
            box.protocol,
            box.source_port if self.source_port is None else self.source_port,
            box.port,
        )


class Back(NamedTuple):
    """The reply passes the gateway that rewrote last, the other way."""

    nth: int
    """Which of the gateways on the way there."""

    def on(self, walk: Walk, _: Ends) -> None:
        """Puts the headers back."""
        crossing = walk.crossings[self.nth]
        assert isinstance(crossing, Translated)
        walk.restore(crossing)


Move = Told | Acl | State | Groups | Tracked | Turn | Back


def _public(spot: Spot) -> IntervalSet:
    place = spot.place
    assert isinstance(place, Held)
    public = place.interface.public_of(place.private)
    assert public is not None, "spots of one number all have a public address, or none"
    return (public, public + 1)
