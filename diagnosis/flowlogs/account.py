"""The flow logs of a live account: whatever covers the interfaces of a question, read where AWS keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from diagnosis.evidence.combine import combined
from diagnosis.evidence.engine_choice import NARROW, Choice, Placed, Reading, choose, choose_of_gateways
from diagnosis.evidence.flow_log_setup import covering, logging
from diagnosis.evidence.query import Between, FlowLogQuery, Last, Sightings, Window
from diagnosis.flowlogs.athena import AthenaSettings, FlowLogAthena
from diagnosis.flowlogs.insights import FlowLogGroups, Limits
from diagnosis.flowlogs.remote import Remote
from diagnosis.flowlogs.s3 import Budget, FlowLogObjects
from diagnosis.network.network import Network
from diagnosis.sources import FlowLogSource, NoFlowLogs, SourceUnavailable


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engines are asked, and how far."""

    athena: AthenaSettings | None = None
    """None where Athena is not to be used."""
    objects: Budget = field(default_factory=Budget)
    insights: Limits = field(default_factory=Limits)
    narrow: int = NARROW
    """Seconds up to which the objects of S3 are read directly."""
    widest: int = 24 * 3600
    """Seconds to which a window is widened that holds nothing, and which stand for "everything"."""


class AccountFlowLogs:
    """A FlowLogSource over the flow logs that describe_flow_logs listed."""

    def __init__(
        self,
        network: Network,
        remote: Remote,
        settings: Settings | None = None,
        on_progress: Callable[[str], None] | None = None,
    ) -> None:
        self._network = network
        self._remote = remote
        self._settings = settings or Settings()
        self._progress = on_progress or (lambda _: None)

    def read(self, query: FlowLogQuery) -> Sightings:
        """Return what the flow logs of the interfaces of the query hold of the conversation.

        Where one flow log of several cannot be read, that is said and the others are. Raises NoFlowLogs where none
        covers any of the interfaces, and NotPermitted or SourceUnavailable where none can be read.
        """
        window = self._bounded(query.window)
        found = self._read(query, window)
        if isinstance(query.window, Last) and query.window.widen and not (found.seen or found.crossings):
            wide = Between((window.end or self._remote.now()) - self._settings.widest, window.end)
            found = replace(self._read(query, wide), widened=True)
        return replace(found, query=query)

    def _bounded(self, asked: Window) -> Between:
        """The window with both ends: AWS is never asked for everything there is."""
        match asked:
            case Last(seconds, until):
                end = self._remote.now() if until is None else until
                return Between(end - seconds, end)
            case Between(first, last):
                last = self._remote.now() if last is None else last
                return Between(last - self._settings.widest if first is None else first, last)

    def _read(self, query: FlowLogQuery, window: Between) -> Sightings:
        choice = self.choice(query.interfaces, window)
        if not choice.readings:
            raise NoFlowLogs(" ".join(choice.notes))
        found: list[Sightings] = []
        failed: list[SourceUnavailable] = []
        for reading in choice.readings:
            self._progress(f"{reading.why}: {_ENGINES[reading.engine]}")
            try:
                found.append(_or_nothing_at_all(self._one(reading, query.within(window)), reading))
            except SourceUnavailable as error:
                failed.append(error)
        if not found:
            raise failed[0]
        whole = combined(found)
        sentences = (f"Not read: {error}" for error in failed)
        return replace(whole, partial=(*whole.partial, *choice.notes, *sentences))

    def _one(self, reading: Reading, query: FlowLogQuery) -> Sightings:
        """One reading. Where Athena cannot be asked, the objects are read, as many as the budget allows."""
        try:
            return self._engine(reading).read(query)
        except SourceUnavailable as error:
            if reading.engine != "athena" or self._remote.stopped():
                raise
            self._progress(f"Athena cannot be asked: {_ENGINES['s3']}")
            found = self._engine(replace(reading, engine="s3")).read(query)
            return replace(found, partial=(f"Athena was not asked, objects were read instead: {error}", *found.partial))

    def choice(self, interfaces: frozenset[str], window: Between) -> Choice:
        """Which engine reads which flow log for these interfaces, and what is said of the others."""
        covered = {each: self._placed(each) for each in interfaces}
        narrow, athena = self._settings.narrow, self._settings.athena is not None
        chosen = choose(covered, window, narrow=narrow, athena=athena)
        gateways = self._gateways_between(interfaces)
        placed = [
            Placed(log, log.account or gateways[log.resource][0], gateways[log.resource][1])
            for log in logging(self._network.flow_logs, gateways)
        ]
        crossed = choose_of_gateways(placed, window, narrow=narrow, athena=athena)
        return replace(chosen, readings=(*chosen.readings, *crossed.readings), notes=(*chosen.notes, *crossed.notes))

    def _gateways_between(self, interfaces: Iterable[str]) -> dict[str, tuple[str, str]]:
        """The transit gateways and attachments by which the parties' VPCs are left, with the account and the Region of
        a party there; none where both are in one VPC.
        """
        known = [self._network.interfaces[each] for each in interfaces if each in self._network.interfaces]
        vpcs = {interface.vpc: (interface.account, interface.region) for interface in known}
        attachments = self._network.transit.attachments
        if len(vpcs) == 1 < len(known):
            return {}
        found = {each: vpcs[a.resource] for a in attachments if a.resource in vpcs for each in (a.gateway, a.id)}
        return dict(sorted(found.items()))

    def _placed(self, eni: str) -> Placed | None:
        interface = self._network.interfaces.get(eni)
        if interface is None:
            return None
        log = covering(self._network.flow_logs, eni, interface.subnet, interface.vpc)
        if log is None:
            return None
        return Placed(log, log.account or interface.account, interface.region)

    def _engine(self, reading: Reading) -> FlowLogSource:
        settings = self._settings
        match reading.engine:
            case "s3":
                return FlowLogObjects(self._remote, reading, settings.objects)
            case "insights":
                return FlowLogGroups(self._remote, reading, settings.insights)
            case "athena":
                return FlowLogAthena(self._remote, reading, settings.athena or AthenaSettings())


def _or_nothing_at_all(found: Sightings, reading: Reading) -> Sightings:
    """What was found, with a word where there is not one record of any interface: absence proves nothing then."""
    if found.counts.read or found.counts.malformed:
        return found
    said = (
        f"{reading.destination} holds not one record of this time, of any interface: {reading.logs[0].id} may have "
        "been created later, or deliver elsewhere than it says."
    )
    return replace(found, partial=(*found.partial, said))


_ENGINES: Mapping[str, str] = {
    "s3": "reading its objects",
    "insights": "asking CloudWatch Logs Insights",
    "athena": "asking Athena",
}
