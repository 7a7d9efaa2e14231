"""One replica under storms of clicks: `python -m tests.bot.store.presses URL PROPOSAL...`, outcomes as JSON on stdout.

Of each proposal five clicks of each of ten people at once, from ten threads; whoever gives the last approval begins at
once, and so does everybody else who believes it.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from bot.approvals.states import Event
from bot.store.rows import Decision
from bot.store.store import Store

PEOPLE, CLICKS, NOW = 10, 5, 1500.0


def storm(store: Store, identity: str, ready: threading.Barrier) -> list[str]:
    """What each click did: the outcome of the decision, or "begun"."""

    def click(number: int) -> list[str]:
        if number < PEOPLE:
            ready.wait(30)
        decision = Decision(person=f"U{number % PEOPLE}", verdict="approve", at=NOW)
        decided = store.proposals.decide(identity, decision)
        assert decided is not None
        begun = store.proposals.move(identity, Event.BEGIN, NOW)
        return [decided.outcome, *(["begun"] if begun else [])]

    with ThreadPoolExecutor(PEOPLE) as pool:
        return [what for one in pool.map(click, range(PEOPLE * CLICKS)) for what in one]


def main() -> None:
    """Wait for a line on stdin before each storm, so that all replicas click together."""
    url, *proposals = sys.argv[1:]
    store = Store.open(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for identity in proposals:
        sys.stdin.readline()
        sys.stdout.write(json.dumps(storm(store, identity, threading.Barrier(PEOPLE))) + "\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    main()
