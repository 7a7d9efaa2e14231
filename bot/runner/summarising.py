"""Makes the summary of one channel: the network as it may see it, the REJECT records, causes, what changed since."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.runner.networks import Networks
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


@dataclass(frozen=True, slots=True)
class Summariser:
    """Makes summaries, as the composition root hands it eyes."""

    networks: Networks
    rejects: Rejects
    name: Callable[[Summary, Network], Summary] = lambda found, _: found
    """Gives names to the public addresses in it."""

    def summary(self, each: Wanted, *, before: Summary | None = None, window: Told | None = None) -> Summary:
        """The summary that a channel wants, of the hours before now or of a window. Raises SourceUnavailable."""
        sight = self.networks.sight(each.scope, _silent)
        only = None if sight.network is sight.whole else frozenset(sight.network.interfaces)
        source = self.rejects(sight.network, only)
        if source is None:
            raise NoFlowLogs(
                "There are no flow logs to summarise: give account.flow_logs the files or folders that they are "
                "synchronised to."
            )
        found = self.name(summarise(source, _window(each, window), sight.network, GROUPS), sight.network)
        return found if before is None else compared(found, before)


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
