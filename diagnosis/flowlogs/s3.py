"""Flow logs read from the objects in S3 directly: for windows of a few hours, without any set-up.

Only the prefixes of the hours in the window are listed. Objects are fetched into a temporary folder, bounded in number
and size, and read there as local files are. Layouts and names:
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from diagnosis.aws.errors import FAILURES, code_of, is_denied, said_by, unavailable
from diagnosis.aws.flow_log_calls import ACTIONS
from diagnosis.evidence.combine import together
from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.query import Between, Counts, FlowLogQuery, InterfaceStatus, Others, Seen, Sightings
from diagnosis.evidence.records import iso
from diagnosis.flowlogs.files import FlowLogFiles, shown_path
from diagnosis.flowlogs.layout import DELIVERY, dated
from diagnosis.flowlogs.object_keys import bucket_and_folder, prefixes
from diagnosis.flowlogs.remote import Remote, of_bytes
from diagnosis.sources import NotPermitted, SourceUnavailable

ENGINE = "DuckDB on S3 objects"
_HOUR = 3600
_THREADS = 8
_NAMED = 5
_GONE: Mapping[str, str] = MappingProxyType(
    {
        "NoSuchKey": "it was deleted meanwhile",
        "InvalidObjectState": "it is archived: an account administrator can restore it",
    }
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.=-]{1,200}")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is fetched for one question."""

    objects: int = 2000
    size: int = 256 * 1000 * 1000
    """Bytes, as they are stored."""
    look_back: int = 6
    """Hours before the window that are searched for the last ACCEPT, as far as the rest of the budget goes."""
    requester_pays: bool = False
    """Whether requests are charged to whoever asks, where a bucket demands that."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object that may hold records of the window, and the Unix seconds that its name dates it from and to."""

    key: str
    size: int
    dated: tuple[int, int] | None


class FlowLogObjects:
    """The flow logs of one reading, in S3."""

    def __init__(self, remote: Remote, reading: Reading, budget: Budget | None = None) -> None:
        self._remote = remote
        self._reading = reading
        self._budget = budget or Budget()
        self._bucket, self._folder = bucket_and_folder(reading.destination)

    def read(self, query: FlowLogQuery) -> Sightings:
        """Return what the objects of the window hold of the conversation; the window must have both ends.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        window = query.window
        if not isinstance(window, Between) or window.start is None or window.end is None:
            raise SourceUnavailable("Objects are read for a window with both ends: give --since.")
        client = self._remote.clients("s3", self._reading.region)
        found, chosen, left = self._within(client, query, window, self._budget)
        size = sum(each.size for each in chosen)
        if not left:
            rest = replace(self._budget, objects=self._budget.objects - len(chosen), size=self._budget.size - size)
            try:
                earlier, more = self._earlier(client, query, found.seen, window.start, rest)
            except SourceUnavailable as error:
                # What the window holds stands without what went before it.
                found = replace(found, partial=(*found.partial, f"The time before was not searched: {error}"))
            else:
                found, size = replace(found, earlier=together(earlier) or found.earlier), size + more
        return self._told(found, chosen, left, window, size)

    def files(self, window: Between, place: Path) -> tuple[list[Path], tuple[str, ...]]:
        """Fetch the objects of a window with both ends into a folder; the files, and what is to be said of the others.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        assert window.start is not None
        assert window.end is not None
        client = self._remote.clients("s3", self._reading.region)
        found = sorted(self._listed(client, window.start, window.end), key=_newest_first)
        chosen, left = _affordable(found, self._budget)
        files, gone = self._fetched(client, chosen, place)
        notes = [f"s3://{self._bucket}/{shown_path(key)}: {why}" for key, why in sorted(gone.items())[:_NAMED]]
        if left:
            size = of_bytes(sum(each.size for each in chosen))
            notes.append(
                f"Only the newest {len(chosen):,} objects ({size}) of {len(chosen) + len(left):,} in "
                f"s3://{self._bucket} were read."
            )
        return list(files), tuple(notes)

    def _within(
        self, client: Any, query: FlowLogQuery, window: Between, budget: Budget
    ) -> tuple[Sightings, list[Found], list[Found]]:
        """What the objects of a window hold, the objects that were read, and those that were too many."""
        assert window.start is not None
        assert window.end is not None
        found = sorted(self._listed(client, window.start, window.end), key=_newest_first)
        chosen, left = _affordable(found, budget)
        with tempfile.TemporaryDirectory(prefix="whynot-s3-") as place:
            files, gone = self._fetched(client, chosen, Path(place))
            return _without(_read(query.within(window), files, self._bucket), gone, self._bucket), chosen, left

    def _earlier(
        self, client: Any, query: FlowLogQuery, seen: Iterable[Seen], start: int, rest: Budget
    ) -> tuple[tuple[Seen, ...], int]:
        """The forward leg hour by hour before the window, until each interface that refuses it now had accepted it.

        Returns how many bytes were fetched for it, too.
        """
        forward = [row for row in seen if row.leg == "forward"]
        wanted = {row.interface for row in forward if row.action == "REJECT"}
        wanted -= {row.interface for row in forward if row.action == "ACCEPT"}
        rows: list[Seen] = []
        fetched = 0
        for hour in range(1, rest.look_back + 1):
            if not wanted:
                break
            window = Between(start - hour * _HOUR, start - (hour - 1) * _HOUR - 1)
            found, chosen, left = self._within(client, query, window, rest)
            if left:
                break
            size = sum(each.size for each in chosen)
            rest, fetched = replace(rest, objects=rest.objects - len(chosen), size=rest.size - size), fetched + size
            rows += [row for row in found.seen if row.leg == "forward"]
            wanted -= {row.interface for row in rows if row.action == "ACCEPT"}
        return tuple(replace(row, lines=()) for row in rows), fetched

    def _listed(self, client: Any, start: int, end: int) -> Iterator[Found]:
        """The objects under the prefixes of the hours that may hold a record of the window."""
        until = min(end + DELIVERY, self._remote.now() + DELIVERY)
        for prefix in prefixes(self._reading, self._folder, start - DELIVERY, until):
            self._stop_if_asked()
            parameters = {"Bucket": self._bucket, "Prefix": prefix, **self._payer}
            try:
                for page in client.get_paginator("list_objects_v2").paginate(**parameters):
                    for item in page.get("Contents") or ():
                        found = Found(item["Key"], int(item["Size"]), dated(Path(item["Key"])))
                        if found.size and _may_hold(found, start - DELIVERY, until):
                            yield found
            except FAILURES as error:
                raise self._refused(client, error, "s3.list_objects_v2") from error

    @property
    def _payer(self) -> dict[str, str]:
        return {"RequestPayer": "requester"} if self._budget.requester_pays else {}

    def _fetched(self, client: Any, chosen: Sequence[Found], place: Path) -> tuple[dict[Path, str], dict[str, str]]:
        """The objects as files, each with its key, and the keys of those that S3 keeps no more, or not at hand.

        File names are ours: a key is somebody else's text.
        """
        gone: dict[str, str] = {}

        def fetch(number: int, found: Found) -> tuple[Path, str] | None:
            self._stop_if_asked()
            name = found.key.rpartition("/")[2]
            path = place / str(number) / (name if _PLAIN_NAME.fullmatch(name) and name[0] != "." else "object")
            path.parent.mkdir()
            try:
                body = client.get_object(Bucket=self._bucket, Key=found.key, **self._payer)["Body"]
            except FAILURES as error:
                if code_of(error) not in _GONE:
                    raise
                gone[found.key] = _GONE[code_of(error)]
                return None
            with path.open("wb") as file:
                for chunk in body.iter_chunks(1024 * 1024):
                    file.write(chunk)
            return path, found.key

        with ThreadPoolExecutor(_THREADS, thread_name_prefix="s3") as pool:
            futures = [pool.submit(fetch, number, found) for number, found in enumerate(chosen)]
            try:
                return dict(file for future in futures if (file := future.result()) is not None), gone
            except FAILURES as error:
                raise self._refused(client, error, "s3.get_object") from error
            finally:
                for future in futures:
                    future.cancel()

    def _stop_if_asked(self) -> None:
        if self._remote.stopped():
            raise SourceUnavailable("Reading the objects was stopped, as asked.")

    def _refused(self, client: Any, error: Exception, call: str) -> SourceUnavailable:
        """Why S3 says no. It says AccessDenied for a policy, for a key of KMS, and for who is to pay."""
        where = f"the flow logs in s3://{self._bucket}"
        if code_of(error) in {"NoSuchBucket", "404"}:
            return SourceUnavailable(
                f"The bucket {self._bucket} of the flow log does not exist (any more): an account administrator must "
                "give the flow log another destination."
            )
        if not is_denied(error):
            return unavailable(error, ACTIONS[call])
        if "kms" in said_by(error).lower():
            return NotPermitted(
                f"Not permitted to decrypt {where}: an administrator of the KMS key must grant kms:Decrypt, in its key "
                "policy too.",
                action="kms:Decrypt",
            )
        if not self._budget.requester_pays and self._asks_for_payment(client):
            return NotPermitted(
                f"{where} are Requester Pays: whoever reads pays for it. Agree with --requester-pays.",
                action=ACTIONS[call],
            )
        action = ACTIONS[call]
        return NotPermitted(
            f"Not permitted to read {where}: an account administrator must grant {action}, and the bucket's owner in "
            "the bucket policy where it is another account's.",
            action=action,
        )

    def _asks_for_payment(self, client: Any) -> bool:
        try:
            return bool(client.get_bucket_request_payment(Bucket=self._bucket).get("Payer") == "Requester")
        except FAILURES:
            return False

    def _told(
        self, found: Sightings, chosen: Sequence[Found], left: Sequence[Found], window: Between, size: int
    ) -> Sightings:
        partial = []
        if left:
            # What a name says of time is when it was delivered; the oldest object read bounds what is known whole.
            since = min((each.dated[0] for each in chosen if each.dated), default=window.end)
            window = Between(since, window.end)
            partial.append(
                f"Reading stopped after {len(chosen):,} objects ({of_bytes(size)}), the newest ones, of "
                f"{len(chosen) + len(left):,}: nothing is said of the time before {iso(since or 0)}. Ask for a shorter "
                "time, or set up Athena (--athena-output)."
            )
        return replace(
            found,
            engine=f"{ENGINE} of {', '.join(log.id for log in self._reading.logs)} ({of_bytes(size)} fetched)",
            fields=found.fields or frozenset(() if of_gateway(self._reading.fields) else self._reading.fields),
            window=window,
            others=replace(found.others, at_least=True) if left and found.others else found.others,
            partial=(*found.partial, *partial),
            delivered_until=self._remote.now() - self._reading.delay,
            scanned=size,
        )


def _without(found: Sightings, gone: Mapping[str, str], bucket: str) -> Sightings:
    """What was found, with the objects that could not be fetched counted as unreadable and the first few named."""
    if not gone:
        return found
    counts = replace(found.counts, unreadable_files=found.counts.unreadable_files + len(gone))
    named = tuple(f"s3://{bucket}/{shown_path(key)}: {why}" for key, why in sorted(gone.items())[:_NAMED])
    return replace(found, counts=counts, warnings=(*found.warnings, *named))


def _affordable(newest_first: Sequence[Found], budget: Budget) -> tuple[list[Found], list[Found]]:
    """The newest objects that the budget allows, and those that are left out."""
    size = 0
    for place, found in enumerate(newest_first):
        size += found.size
        if place >= budget.objects or size > budget.size:
            return list(newest_first[:place]), list(newest_first[place:])
    return list(newest_first), []


def _read(query: FlowLogQuery, files: dict[Path, str], bucket: str) -> Sightings:
    """The files read as local ones, their names put back into what is said of them."""
    if not files:
        nothing = tuple(InterfaceStatus(each) for each in sorted(query.interfaces))
        window = query.window if isinstance(query.window, Between) else Between()
        others = Others() if query.asks_for_others else None
        return Sightings(ENGINE, query, "", Counts(), window, others=others, statuses=nothing)
    found = FlowLogFiles(list(files)).read(query)
    names = {str(path): f"s3://{bucket}/{shown_path(key)}" for path, key in files.items()}

    def named(text: str) -> str:
        path = next((path for path in names if text.startswith(path)), None)
        return text if path is None else names[path] + text.removeprefix(path)

    seen = tuple(
        replace(each, lines=tuple(replace(line, origin=named(line.origin)) for line in each.lines))
        for each in found.seen
    )
    return replace(found, seen=seen, warnings=tuple(named(each) for each in found.warnings))


def _may_hold(found: Found, start: int, end: int) -> bool:
    return found.dated is None or (found.dated[1] >= start and found.dated[0] <= end)


def _newest_first(found: Found) -> tuple[int, str]:
    return (-found.dated[0] if found.dated else 0, found.key)
