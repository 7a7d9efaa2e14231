"""The live account: every read call of the table, in parallel, each failure kept as a value with its reason.

Only Describe, Get, List and Search calls are made; `deploy/read-policy.json` is the policy that permits them all.
"""

from __future__ import annotations

import os
import queue
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from diagnosis.aws.calls import NotInThisBoto, Request, answer_of, first_requests, follow_ups, with_parents
from diagnosis.aws.errors import FAILURES, SIGN_IN, no_identity, stops_everything, why_unseen
from diagnosis.network.described import Call, Described, Unseen
from diagnosis.snapshots.assemble import one_per_call
from diagnosis.snapshots.kinds import FOR_ASKING, Kind
from diagnosis.sources import NotPermitted, SourceUnavailable

_NAMED = 3
"""So many ids are named in the reason of a by-id call that failed for several."""


class LiveAccount:
    """A NetworkSource that asks AWS. AWS_ENDPOINT_URL, AWS_PROFILE and the like are honoured as boto3 honours them."""

    def __init__(
        self,
        session: boto3.Session,
        regions: Sequence[str] = (),
        *,
        on_progress: Callable[[str], None] | None = None,
        threads: int = 8,
        attempts: int = 4,
        connect_seconds: float = 5,
        read_seconds: float = 30,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Reads the account of the session's credentials in `regions` (the session's own Region where none is given).

        `on_progress` gets a line after each answered call. `attempts` counts the first try. Raises SourceUnavailable
        where no Region is known.
        """
        chosen = tuple(dict.fromkeys(regions)) or ((session.region_name,) if session.region_name else ())
        if not chosen:
            raise SourceUnavailable("No Region is known: give --region, or set AWS_REGION or the profile's region.")
        self.regions = chosen
        self._make_client: Callable[..., Any] = session.client
        self._clients: dict[tuple[str, str], Any] = {}
        self._progress = on_progress or _silent
        self._threads = threads
        self._now = now
        self._config = Config(
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
            max_pool_connections=threads,
            retries={"mode": "adaptive", "total_max_attempts": attempts},
            user_agent_extra="whynot",
        )

    @classmethod
    def open(
        cls,
        profile: str | None = None,
        regions: Sequence[str] = (),
        on_progress: Callable[[str], None] | None = None,
    ) -> LiveAccount:
        """The account of a named profile, or of the credentials that boto3 finds.

        Raises NotPermitted where the profile does not exist or the AWS configuration is broken.
        """
        try:
            # boto3 knows AWS_DEFAULT_REGION; AWS_REGION is what AWS's other tools and its own containers set.
            session = boto3.Session(profile_name=profile, region_name=os.environ.get("AWS_REGION") or None)
            return cls(session, regions, on_progress=on_progress)
        except FAILURES as error:
            raise NotPermitted(f"The AWS configuration gives no session ({error}): {SIGN_IN}.") from error

    def account_id(self) -> str:
        """The twelve digits of the account. Raises NotPermitted or SourceUnavailable, saying what to do."""
        try:
            return str(self._client("sts", self.regions[0]).get_caller_identity()["Account"])
        except FAILURES as error:
            raise no_identity(error, self.regions[0]) from error

    def identity_arn(self) -> str:
        """Whose the credentials are, as an ARN. Raises NotPermitted or SourceUnavailable, saying what to do."""
        try:
            return str(self._client("sts", self.regions[0]).get_caller_identity()["Arn"])
        except FAILURES as error:
            raise no_identity(error, self.regions[0]) from error

    def client(self, service: str, region: str) -> Any:
        """A client of the account, for readers that make their own calls. Raises SourceUnavailable."""
        return self._client(service, region)

    def described(self, kinds: Collection[str] | None = None) -> Described:
        """Asks for these calls (by default those that the model uses) and whatever they build on.

        Raises NotPermitted where the credentials do not work or expire on the way; any other failure of a call is an
        Unseen with its reason.
        """
        chosen = with_parents(FOR_ASKING if kinds is None else kinds)
        account = self.account_id()
        taken_at = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        answers, failures = self._collect(account, chosen)
        return Described(
            answers=dict(sorted(answers.items(), key=lambda pair: (*pair[0][:3], pair[0].argument or ""))),
            unseen=_unseen(failures, answers),
            asked=frozenset(chosen),
            taken_at=taken_at,
            accounts=(account,),
            regions=self.regions,
        )

    def _client(self, service: str, region: str) -> Any:
        """One client for each service and Region. Called by one thread only: making a client is not thread-safe."""
        try:
            if (service, region) not in self._clients:
                client = self._make_client(service, region_name=region, config=self._config)
                self._clients[service, region] = client
            return self._clients[service, region]
        except ValueError as error:
            raise SourceUnavailable(
                f"AWS cannot be asked ({error}): check the Region {region!r} and AWS_ENDPOINT_URL."
            ) from error

    def _collect(self, account: str, kinds: Mapping[str, Kind]) -> tuple[dict[Call, dict[str, Any]], dict[Call, str]]:
        """Makes the calls in parallel, by-id calls as soon as what they ask about is listed."""
        answers: dict[Call, dict[str, Any]] = {}
        failures: dict[Call, str] = {}
        finished: queue.SimpleQueue[tuple[Request, Future[dict[str, Any]]]] = queue.SimpleQueue()
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="aws")
        total = 0

        def start(request: Request) -> None:
            nonlocal total
            total += 1
            future = pool.submit(answer_of, self._client(request.kind.service, request.region), request)
            future.add_done_callback(lambda done: finished.put((request, done)))

        try:
            for request in first_requests(kinds.values(), self.regions):
                start(request)
            while len(answers) + len(failures) < total:
                request, done = finished.get()
                call = request.call(account)
                error = done.exception()
                if error is None:
                    answers[call] = done.result()
                    for follow_up in follow_ups(kinds.values(), request, answers[call]):
                        start(follow_up)
                else:
                    failures[call] = _reason(error, request)
                self._progress(f"{account}: {len(answers) + len(failures)} of {total} calls answered")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return answers, failures


def _silent(_text: str) -> None:
    """Nobody watches the progress."""


def _reason(error: BaseException, request: Request) -> str:
    """Why a call gave no answer; raises what makes every further call pointless, and what is not AWS's doing."""
    if isinstance(error, NotInThisBoto):
        return f"the installed boto3 does not know {request.kind.call}: install a newer one"
    if not isinstance(error, FAILURES):
        raise error
    stopped = stops_everything(error)
    if stopped is not None:
        raise stopped from error
    return why_unseen(error, request.kind.action)


def _unseen(failures: Mapping[Call, str], answers: Mapping[Call, Mapping[str, Any]]) -> tuple[Unseen, ...]:
    """One Unseen for each call, account and Region: by-id calls that failed alike are told together."""
    alike: defaultdict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for call, reason in failures.items():
        alike[(*call[:3], reason)] += [call.argument] if call.argument else []
    for call, answer in answers.items():
        if answer.get("AdditionalRoutesAvailable"):
            alike[(*call[:3], "AWS holds more routes than it returned")].append(call.argument or "")
    gaps = []
    for (name, account, region, reason), arguments in sorted(alike.items()):
        named = ", ".join(sorted(arguments)[:_NAMED])
        more = f" and {len(arguments) - _NAMED} more" if len(arguments) > _NAMED else ""
        gaps.append(Unseen(name, account, region, f"{named}{more}: {reason}" if arguments else reason))
    return one_per_call(gaps)
