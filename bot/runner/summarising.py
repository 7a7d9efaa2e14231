"""Makes the summary of one channel: the network as it may see it, the REJECT records, causes, what changed since."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from bot.runner.networks import Networks, Sight
from bot.runner.subscribing import Wanted
from diagnosis.evidence.query import Between, Last, Window
from diagnosis.network.network import Network
from diagnosis.sources import NoFlowLogs, RejectSource
from diagnosis.summarise import summarise
from diagnosis.summary import RejectGroup, Summary, compared, of_document
from diagnosis.testimony import Window as Told

GROUPS: Final = 50_000
"""So many groups are looked at one by one; of all further ones there are the causes and the counts."""
IN_DOCUMENT: Final = 200
"""So many groups and causes are kept with their words."""
Rejects = Callable[[Network, frozenset[str] | None], RejectSource | None]
"""The REJECT records for a network, looked for anew each time; None where there are none to be read.

With interfaces, only what these logged: a channel with a scope must not see what others refused.
"""


class Stopped(Exception):
    """The app stops, and the summary was not made."""


class Elsewhere(Protocol):
    """Makes summaries in another process."""

    def worthwhile(self, sight: Sight) -> bool:
        """Whether the summary of what a channel sees is better made there."""
        ...

    def made(self, sight: Sight, window: Window, *, scoped: bool) -> Summary:
        """The summary; of the records of the interfaces in sight only, where it is `scoped`.

        Raises SourceUnavailable, and Stopped.
        """
        ...


@dataclass(frozen=True, slots=True)
class Summariser:
    """Makes summaries, as the composition root hands it eyes."""

    networks: Networks
    rejects: Rejects
    name: Callable[[Summary, Network], Summary] = lambda found, _: found
    """Gives names to the public addresses in it."""
    elsewhere: Elsewhere | None = None
    """Who makes those of large accounts; None where this process makes them all."""

    def summary(self, each: Wanted, *, before: Summary | None = None, window: Told | None = None) -> Summary:
        """The summary that a channel wants, of the hours before now or of a window.

        Raises SourceUnavailable, and Stopped.
        """
        sight = self.networks.sight(each.scope, _silent)
        scoped, asked = sight.network is not sight.whole, _window(each, window)
        if self.elsewhere is not None and self.elsewhere.worthwhile(sight):
            found = self.elsewhere.made(sight, asked, scoped=scoped)
        else:
            source = self.rejects(sight.network, frozenset(sight.network.interfaces) if scoped else None)
            found = self.name(told(source, asked, sight.network), sight.network)
        return found if before is None else compared(found, before)


def told(source: RejectSource | None, window: Window, network: Network) -> Summary:
    """What the records say of the window. Raises SourceUnavailable."""
    if source is None:
        raise NoFlowLogs(
            "There are no flow logs to summarise: give account.flow_logs the files or folders that they are "
            "synchronised to."
        )
    return summarise(source, window, network, GROUPS)


def document_of(found: Summary) -> str:
    """A summary as it is kept: whole counts, the first groups and causes; all groups are kept beside it."""
    lists = {name: getattr(found, name)[:IN_DOCUMENT] for name in ("groups", "causes", "gone", "gone_groups")}
    kept = found.model_copy(update=lists)
    sides = {side for each in kept.groups + tuple(one.example for one in kept.causes) for side in _sides(each)}
    names = {address: name for address, name in kept.names.items() if address in sides}
    strangers = [one.model_dump(mode="json") for one in kept.strangers if one.address in sides]
    more = {"names": names, "strangers": strangers, "configuration": kept.configuration}
    return json.dumps({**kept.document(), **more})


def _sides(group: RejectGroup) -> tuple[str, str]:
    return group.source, group.destination


def stored(document: str | None) -> Summary | None:
    """A summary that was kept; None where none was, or a release before this one kept it otherwise."""
    if document is None:
        return None
    try:
        return of_document(json.loads(document))
    except ValueError:
        return None


def _window(each: Wanted, told: Told | None) -> Window:
    if told is None or told.start is None or told.end is None:
        return Last(round(each.hours * 3600))
    return Between(*(int(datetime.fromisoformat(at).timestamp()) for at in (told.start, told.end)))


def _silent(_what: str) -> None:
    """Nobody watches while a summary is made."""
