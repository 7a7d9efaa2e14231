"""The composition root of the Slack app: hands out eyes, memory and voice, starts everything, and ends it in order."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import boto3
import structlog
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from sqlalchemy.exc import SQLAlchemyError

from bot.access.scope import Scope
from bot.apart import SummaryProcess
from bot.approvals.ledger import Ledger
from bot.approvals.proposal import Proposal
from bot.clock.clock import Clock
from bot.eyes import (
    AccountReader,
    FolderEyes,
    LiveEyes,
    athena_of,
    eyes_of,
    logs_of,
    names_of,
    ranges_of,
    recall_of,
    rejects_of,
    witnesses_of,
)
from bot.health.metrics import Metrics
from bot.health.probes import Probes
from bot.listeners.fixes import FixPresses
from bot.listeners.forms import Forms
from bot.listeners.hearing import Hearing
from bot.listeners.homes import Homes
from bot.listeners.presses import Presses
from bot.listeners.register import register
from bot.repair.aws_session import AwsHands, Credentials
from bot.repair.deeds import Patience
from bot.repair.folder_writer import FolderWriter
from bot.repair.hands import Hands, WriterFor
from bot.repair.writing import Writer
from bot.runner.cause_fixes import CauseFixes
from bot.runner.courier import NOT_SENT, Courier
from bot.runner.crew import Crew
from bot.runner.desk import Desk
from bot.runner.drawing import Draughtsman
from bot.runner.fix_rounds import FixRounds
from bot.runner.fixes import Fixes
from bot.runner.late_witnesses import LateWitnesses
from bot.runner.morning import Morning
from bot.runner.mornings import Mornings
from bot.runner.networks import Eyes, Networks
from bot.runner.opinions import Opinions, Wherewithal
from bot.runner.pictures import Pictures
from bot.runner.reports import Reports
from bot.runner.summarising import Summariser
from bot.runner.watch import Watch
from bot.runner.work import Tools
from bot.settings.values import Settings, host_and_port
from bot.store.store import Store
from bot.transport.requests import HttpTransport
from bot.transport.socket import SocketTransport
from diagnosis.aws.reachability_analyzer import ReachabilityAnalyzer
from diagnosis.snapshots.write import write_snapshot
from diagnosis.sources import SourceUnavailable

log = structlog.get_logger("whynot.app")

SWITCH_SECONDS: Final = 0.0005
"""Threads that compute give way so soon: with Python's own 5 ms an acknowledgement would wait for many of them."""
LISTENERS: Final = 32
HANDS: Final = 2
SLACK_SECONDS: Final = 15
AUTH_SECONDS: Final = 60.0
REQUIRED_SCOPES: Final = frozenset(
    {"app_mentions:read", "assistant:write", "chat:write", "commands", "im:history", "users:read"}
)
"""Those of manifest.yml without which something that everybody needs is missing."""


class CannotStart(Exception):
    """Whoever runs the program must act. The text says what is missing and where to get it."""


class Transport(Protocol):
    """How deliveries come from Slack."""

    def start(self) -> None:
        """Begin."""
        ...

    @property
    def connected(self) -> bool:
        """Whether they can come at this moment."""
        ...

    def stop_hearing(self) -> None:
        """Take nothing more in."""
        ...

    def stop(self) -> None:
        """End for good."""
        ...


class SlackApp:
    """The running app. `start` raises CannotStart, StoreUnavailable where something is missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self._client = client_of(settings)
        identity = _identity(self._client)
        self.team, self.user = str(identity["team_id"]), str(identity["user_id"])
        self.store = Store.open(settings.store.url.get_secret_value())
        eyes = eyes_of(settings)
        self._networks = Networks(eyes, settings.account.keep_minutes * 60, time.monotonic)
        courier = Courier(self._client, self.metrics)
        self._draughtsman = Draughtsman(HANDS)
        self._ended = threading.Event()
        given = Wherewithal(settings, self.store, courier, self._networks, write_snapshot, self.metrics.fault)
        self.opinions = Opinions(given, opinions_of(settings, eyes, self._ended), self._ended)
        self.witnesses = LateWitnesses(given, witnesses_of(settings, eyes, self._ended), self._ended)
        athena = athena_of(settings)
        tools = Tools(
            settings=settings,
            store=self.store,
            courier=courier,
            pictures=Pictures(courier, self._draughtsman),
            networks=self._networks,
            opinions=self.opinions,
            witnesses=self.witnesses,
            ranges=ranges_of(settings),
            logs=logs_of(settings, eyes, athena),
            metrics=self.metrics,
            now=time.time,
            holder=f"{socket.gethostname()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        )
        self.desk = Desk(tools, self.team)
        hands = hands_of(settings, eyes, self._networks, self.store.ledger)
        self.fixes = Fixes(self.desk, hands, self.team, recall_of(settings, eyes, athena))
        self.watch = Watch(self.desk, FixRounds(self.fixes) if self.fixes.on else None)
        self._one_by_one = Crew("morning", 1, self.metrics.fault)
        self._summaries = SummaryProcess(settings, athena)
        rejects, names = rejects_of(settings, eyes, athena), names_of(settings)
        summariser = Summariser(self._networks, rejects, names, self._summaries)
        self._morning = Morning(tools, summariser, self._one_by_one.give)
        self.clock = Clock(self._morning, self.metrics.fault)
        self._bolt = self._make_bolt()
        self.transport = self._make_transport()
        self.probes = Probes(*host_and_port(settings.health.address), self.metrics, self.stuck, self.unready)
        self._stopping = threading.Event()
        self._auth = (time.monotonic(), "")

    def _make_bolt(self) -> App:
        secret = self.settings.slack.signing_secret
        bolt = App(
            client=self._client,
            signing_secret=secret.get_secret_value() if secret else "",
            token_verification_enabled=False,  # done above, with a better word for what is wrong
            raise_error_for_unhandled_request=True,
            listener_executor=ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener"),
            logger=logging.getLogger("slack_bolt"),
        )
        homes = Homes(self.desk, self.team)
        mornings = Mornings(self.desk, self._morning)
        causes = CauseFixes(mornings, self.fixes)
        self.desk.follow(causes.answered)
        fixes = FixPresses(self.fixes, causes)
        register(
            bolt,
            Hearing(self.desk, homes, self.user, mornings),
            Presses(self.desk, homes, mornings, fixes),
            Forms(self.desk, Reports(self.desk, write_snapshot), mornings),
            fixes,
            self.metrics,
        )
        return bolt

    def _make_transport(self) -> Transport:
        slack = self.settings.slack
        if slack.transport == "http":
            if slack.signing_secret is None:
                raise CannotStart(
                    "slack.signing_secret is missing: copy it from Basic Information > Signing Secret of your app"
                )
            secret = slack.signing_secret.get_secret_value()
            return HttpTransport(self._bolt, secret, *host_and_port(slack.http_address), self.metrics)
        if slack.app_token is None:
            raise CannotStart(
                "slack.app_token is missing: make one under Basic Information > App-Level Tokens of your app, "
                "with the scope connections:write"
            )
        return SocketTransport(self._bolt, slack.app_token.get_secret_value(), self.metrics)

    def start(self) -> None:
        """Start everything: what an earlier process left first, then the ears."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self.probes.start()
        self.watch.start()
        self._draughtsman.warm()
        self.desk.later(self._look)
        self.opinions.start()
        try:
            self.transport.start()
        except SlackApiError as error:
            raise CannotStart(
                f"Slack takes no connection ({error.response.get('error')}): slack.app_token must be an app-level "
                "token of this app with the scope connections:write, and Socket Mode must be on"
            ) from error
        except NOT_SENT as error:
            raise CannotStart(f"Slack cannot be reached: {error}") from error
        self.clock.start()
        log.info(
            "listening", transport=self.settings.slack.transport, team=self.team, channels=len(self.settings.channels)
        )

    def stop(self) -> None:
        """End in order: hear nothing more, let what is under way end, leave the rest in the store."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        log.info("stopping")
        self.transport.stop_hearing()
        self.clock.stop()
        self._one_by_one.close(waiting=False, given=False)
        self._summaries.stop()
        self.opinions.stop()
        self.witnesses.stop()
        self.fixes.carrying_out.close()
        self.desk.close(self.settings.runner.stop_seconds)
        self.watch.stop()
        self.transport.stop()
        self.probes.stop()
        self.store.close()
        log.info("stopped")

    def stuck(self) -> tuple[str, ...]:
        """What does not move any more; a restart would mend it."""
        lost, most = self.desk.pool.load().lost, self.settings.runner.workers
        return (
            *(("the watch has stopped",) if not self.watch.alive else ()),
            *(("the clock has stopped",) if self.clock.started and not self.clock.alive else ()),
            *((f"{lost} threads are held by questions that do not end",) if lost > 4 * most else ()),
        )

    def unready(self) -> tuple[str, ...]:
        """What keeps questions from being answered at this moment."""
        connected = self.transport.connected
        self.metrics.connected.set(connected)
        return (
            *(("stopping",) if self._stopping.is_set() else ()),
            *(("Slack is not connected",) if not connected else ()),
            *((f"the bot token is not taken: {self._auth_error()}",) if self._auth_error() else ()),
            *((f"the store does not answer: {self._store_error()}",) if self._store_error() else ()),
            *((f"the network cannot be read: {self._networks.problem}",) if self._networks.problem else ()),
        )

    def _look(self) -> None:
        """Read the network once, so that the first question need not wait, and probes know whether it can be."""
        try:
            begun = time.monotonic()
            sight = self._networks.sight(Scope(), lambda _: None)
            self.metrics.network_age.set(time.monotonic() - begun)
            log.info(
                "the network was read", interfaces=len(sight.network.interfaces), unseen=len(sight.described.unseen)
            )
        except SourceUnavailable as error:
            log.warning("the network cannot be read", error=str(error))

    def _store_error(self) -> str:
        try:
            self.store.ping()
        except SQLAlchemyError as error:
            return type(error).__name__
        return ""

    def _auth_error(self) -> str:
        at, known = self._auth
        if time.monotonic() - at < AUTH_SECONDS:
            return known
        try:
            self._client.auth_test()
            known = ""
        except SlackApiError as error:
            known = str(error.response.get("error"))
        except NOT_SENT as error:
            known = type(error).__name__
        self._auth = (time.monotonic(), known)
        return known


def client_of(settings: Settings) -> WebClient:
    """Slack's Web API with the bot's token. What Slack puts off is asked again when it says. Raises CannotStart."""
    token = settings.slack.bot_token
    if token is None:
        raise CannotStart(
            "slack.bot_token is missing: it is under OAuth & Permissions of your app, once it is installed"
        )
    return WebClient(
        token=token.get_secret_value(),
        base_url=settings.slack.api_url,
        timeout=SLACK_SECONDS,
        retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=3)],
    )


def _identity(client: WebClient) -> dict[str, Any]:
    """Who the bot is. Raises CannotStart."""
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        raise CannotStart(
            f"Slack does not take slack.bot_token ({error.response.get('error')}): "
            "copy it again from OAuth & Permissions of your app"
        ) from error
    except NOT_SENT as error:
        raise CannotStart(f"Slack cannot be reached at slack.api_url: {error}") from error
    if not isinstance(answer.data, dict):
        raise CannotStart("Slack's answer to auth.test cannot be read: is slack.api_url Slack's Web API?")
    granted = {name.strip() for name in _header(answer.headers, "x-oauth-scopes").split(",")} - {""}
    if granted and (missing := sorted(REQUIRED_SCOPES - granted)):
        log.warning("scopes are missing: add them under OAuth & Permissions and install again", scopes=missing)
    return answer.data


def _header(headers: Mapping[str, Any], name: str) -> str:
    """A header of Slack's answer; the SDK gives some as text and some as a list."""
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    return str(value[0] if isinstance(value, list) and value else value or "")


def _for_all(writer: Writer) -> WriterFor:
    """The same writer for every proposal, whoever approved it."""

    def writer_for(_proposal: Proposal, _by: str) -> Writer:
        return writer

    return writer_for


def hands_of(settings: Settings, eyes: FolderEyes | LiveEyes, networks: Networks, ledger: Ledger) -> Hands | None:
    """What applies approved fixes; None where nothing may be applied, or no credentials are named that may write."""
    if settings.fix_mode != "approve":
        return None
    if settings.account.snapshot is not None:
        writer_for = _for_all(FolderWriter(settings.account.snapshot))
    else:
        fixes = settings.fixes
        credentials = Credentials(fixes.write_role_arn, fixes.external_id, fixes.own_credentials)
        if not credentials.usable:
            return None
        session = boto3.Session(profile_name=settings.account.profile, region_name=os.environ.get("AWS_REGION") or None)
        writer_for = AwsHands(session.client, credentials).writer
    reader = AccountReader(networks, eyes)
    return Hands(writer_for, reader, ledger, settings.fixes, Patience(time.time, time.sleep))


def opinions_of(settings: Settings, eyes: Eyes, ended: threading.Event) -> ReachabilityAnalyzer | None:
    """Who is asked for second opinions; None where a snapshot folder is judged, of which AWS knows nothing."""
    if not isinstance(eyes, LiveEyes):
        if settings.second_opinion.when != "off":
            log.warning("a snapshot folder is judged, so there are no second opinions")
        return None
    return ReachabilityAnalyzer(eyes.client, sleep=ended.wait, patience=settings.second_opinion.seconds)
