"""The app is started once for each transport and keeps its workspace; each test has a channel of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.served_app import ForkedApp, ServedApp
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest
from tests.slack_double.person import Person
from tests.slack_double.small_app import WAYS, Way
from tests.slack_double.workspace import Channel

MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yml"
OPEN = {"pictures": True, "raw_logs": True, "files": True}
CHANNELS = [f"C0OPS{number:03d}" for number in range(200)]
SETTINGS: dict[str, dict[str, Any]] = {
    "channels": {**dict.fromkeys(CHANNELS, OPEN), "C0SHARED": {}, "C0NOLOGS": {"pictures": True}},
    "direct_messages": OPEN,
}
# Slack sends an event again at once, after a minute and after five; nobody waits for that here.
RETRIES = (0.0, 2.0, 5.0)
FILES_TAKE = 0.04
_numbers = itertools.count()


@dataclass
class Room:
    """A channel where the app may be asked, a member of it, and the workspace around."""

    slack: SlackDouble
    channel: Channel
    ann: Person
    app: ServedApp


over_http = pytest.mark.parametrize("way", ["http"], indirect=True, scope="session")
over_socket = pytest.mark.parametrize("way", ["socket"], indirect=True, scope="session")
only_once = over_http
"""For what has nothing to do with the transport, and takes an app of its own: over HTTP it ends at once."""


@pytest.fixture(scope="session", params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture(scope="session")
def served(way: Way, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.fails_for_faults = False  # each test looks at its own
        slack.deliveries.retries_after = RETRIES
        with ServedApp(slack, way, tmp_path_factory.mktemp("app"), **SETTINGS) as app:
            yield app


@pytest.fixture
def room(served: ServedApp) -> Iterator[Room]:
    slack = served.slack
    slack.api.faults.clear()
    slack.api.files_take = FILES_TAKE
    yield make_room(served)
    slack.api.mishaps.clear()
    slack.api.refused_blocks.clear()
    slack.api.files_take = FILES_TAKE
    slack.deliveries.copies = 1
    assert slack.api.faults == [], slack.transcript()


def still_answers(room: Room) -> None:
    """The app is alive, and has dealt with all that came before: what comes in is taken in order."""
    room.ann.mentions(room.channel.id, "help").reply("Name two parties")


def make_room(app: ServedApp) -> Room:
    """A channel that is named in the settings, with somebody in it who has asked nothing yet."""
    number = next(_numbers)
    ann = app.slack.user(f"ann{number}")
    channel = app.slack.channel(CHANNELS[number], f"ops-{number}")
    return Room(app.slack, channel, app.slack.person(ann.id), app)


@pytest.fixture
def started(way: Way, tmp_path: Path) -> Iterator[Callable[..., ServedApp]]:
    """Makes an app of one's own, with other settings or to be killed; faults fail the test."""
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        slack.api.files_take = FILES_TAKE
        apps: list[ServedApp] = []

        def start(*, ready: bool = True, without_optional: bool = False, **settings: dict[str, Any]) -> ServedApp:
            if without_optional:
                slack.installs(from_manifest(MANIFEST, without_optional=True))
            app = ForkedApp(slack, way, tmp_path, **{**SETTINGS, **settings})
            apps.append(app)
            app.start(ready=ready)
            return app

        yield start
        for app in apps:
            app.__exit__(None, None, None)
