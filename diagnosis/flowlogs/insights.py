"""Flow logs in CloudWatch Logs, asked with Logs Insights.

A query is started, waited for with growing pauses, and stopped when whoever asked gives up. Three are an
answer: the records of the conversation, how many records of which status each interface has, and who else was
accepted or refused at the same service. Limits:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

from diagnosis.aws.errors import FAILURES, code_of, said_by, unavailable
from diagnosis.aws.flow_log_calls import ACTIONS
from diagnosis.evidence.combine import together
from diagnosis.evidence.crossings import crossings_in, of_gateway
from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.grouping import Logged, known, seconds, seen_in
from diagnosis.evidence.query import (
    Action,
    Between,
    Counts,
    Crossing,
    Direction,
    FlowLogQuery,
    InterfaceStatus,
    Leg,
    Others,
    Seen,
    Sightings,
)
from diagnosis.flowlogs.insights_text import GROUPED, LONGEST, MOST_ROWS, QueryText
from diagnosis.flowlogs.remote import Remote, cancelled_on_the_way_out, of_bytes, of_dollars
from diagnosis.sources import SourceUnavailable

ENGINE = "CloudWatch Logs Insights"
_SLACK = 600
"""An event is timed by the start of its record, which may be one aggregation interval before its end."""
_STATUSES = {"OK": "ok", "ACCEPT": "ok", "REJECT": "ok", "NODATA": "nodata", "-": "nodata", "SKIPDATA": "skipdata"}

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a question may cost, and what it is said to cost."""

    most_scanned: int = 200 * 1000**3
    """Bytes after which a query is stopped."""
    dollars_per_gb: float = 0.005
    look_back: int = 6 * 3600
    """Seconds before the window that are searched for the last ACCEPT."""


@dataclass(slots=True)
class Spent:
    """What the queries of one question scanned."""

    size: int = 0
    queries: int = 0
    partial: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Result:
    rows: Sequence[Row]
    matched: int


class FlowLogGroups:
    """The flow logs of one reading, in one or more log groups of a Region."""

    def __init__(self, remote: Remote, reading: Reading, limits: Limits | None = None) -> None:
        """The destinations of the reading are names or ARNs of log groups, at most fifty."""
        self._remote = remote
        self._reading = reading
        self._limits = limits or Limits()
        self._groups = [each.removesuffix(":*") for each in reading.destinations]
        self._text = QueryText(reading.fields)

    def read(self, query: FlowLogQuery) -> Sightings:
        """Return what the log groups hold of the conversation; the window must have both ends.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        window = query.window
        if not isinstance(window, Between) or window.start is None or window.end is None:
            raise SourceUnavailable("CloudWatch Logs Insights is asked for a window with both ends: give --since.")
        spent = Spent()
        text, exact = self._conversation(query, window, spent)
        texts = [text, self._text.statuses(window)]
        crossed = of_gateway(self._reading.fields)
        if exact and query.asks_for_others and "dstport" in self._reading.fields and not crossed:
            texts.append(self._text.others(query, window))
        records, statuses, *clients = self._asked(texts, window, spent)
        seen = () if crossed else self._seen(query, window, records, spent, exact=exact)
        counts, each, newest = self._counted(statuses.rows, query.interfaces, spent)
        earlier = self._earlier(query, seen, window.start, spent) if exact else ()
        return Sightings(
            engine=self.price(spent),
            query=query,
            text=text,
            counts=counts,
            window=window,
            seen=seen,
            earlier=earlier,
            crossings=self._crossings(query, window, records, spent) if crossed else (),
            others=self._others(clients[0].rows) if clients else None,
            statuses=each,
            newest=newest,
            fields=frozenset() if crossed else frozenset(self._reading.fields),
            partial=tuple(spent.partial),
            delivered_until=self._remote.now() - self._reading.delay,
            scanned=spent.size,
            dollars=self._dollars(spent),
        )

    def price(self, spent: Spent) -> str:
        """The engine, with what its queries scanned and cost."""
        scanned = f"{of_bytes(spent.size)} scanned in {spent.queries} queries"
        return f"{ENGINE} ({scanned}, {of_dollars(self._dollars(spent))})"

    def _dollars(self, spent: Spent) -> float:
        return spent.size / 1000**3 * self._limits.dollars_per_gb

    def _conversation(self, query: FlowLogQuery, window: Between, spent: Spent) -> tuple[str, bool]:
        """The query, and whether it asks for this conversation alone: many networks do not fit into one."""
        text = self._text.conversation(query, window)
        if len(text) <= LONGEST:
            return text, True
        spent.partial.append(
            f"The addresses are too many for one query ({len(text):,} characters): records of the ports were read and "
            "sorted out afterwards."
        )
        return self._text.conversation(query, window, everything=True), False

    def _seen(
        self, query: FlowLogQuery, window: Between, records: _Result, spent: Spent, *, exact: bool
    ) -> tuple[Seen, ...]:
        seen = seen_in(self._lines(records), query, window)
        if records.matched <= len(records.rows) or len(records.rows) < MOST_ROWS:
            return seen
        if not exact:
            spent.partial.append(
                f"Insights returns {MOST_ROWS:,} records at most, and {records.matched:,} matched: the counts are of "
                "the newest."
            )
            return seen
        sums = self._summed(query, ("forward", "reply"), window, spent)
        lines_of = {_place(row): row.lines for row in seen}
        return tuple(replace(row, lines=lines_of.get(_place(row), ())) for row in together(sums))

    def _lines(self, records: _Result) -> list[Logged]:
        return [
            Logged(self._reading.fields, row["@message"], f"{row.get('@log', '')} {row.get('@logStream', '')}".strip())
            for row in records.rows
            if "@message" in row
        ]

    def _crossings(self, query: FlowLogQuery, window: Between, records: _Result, spent: Spent) -> tuple[Crossing, ...]:
        """What a transit gateway logged; the sums of the losses are not asked for, so these are of what came back."""
        if records.matched > len(records.rows) >= MOST_ROWS:
            spent.partial.append(
                f"Insights returns {MOST_ROWS:,} records at most, and {records.matched:,} matched: what the transit "
                "gateway dropped is counted in the newest."
            )
        return crossings_in(self._lines(records), query, window)

    def _summed(self, query: FlowLogQuery, legs: Sequence[Leg], window: Between, spent: Spent) -> list[Seen]:
        results = self._asked([self._text.sums(query, leg, window) for leg in legs], window, spent)
        return [self._row_seen(row, leg) for leg, result in zip(legs, results, strict=True) for row in result.rows]

    def _row_seen(self, row: Row, leg: Leg) -> Seen:
        values = {each: row.get(name) for each, name in self._text.key_names(GROUPED)}
        return Seen(
            interface=known(values.get("interface-id")),
            leg=leg,
            direction=cast("Direction | None", known(values.get("flow-direction"))),
            action=cast("Action", values.get("action")),
            records=int(float(row["records"])),
            packets=int(float(row.get("packets") or 0)),
            first=whole(row.get("first_seen")),
            last=whole(row.get("last_seen")),
            tcp_flags=seconds(values.get("tcp-flags")),
            reject_reason=known(values.get("reject-reason")),
        )

    def _earlier(self, query: FlowLogQuery, seen: Iterable[Seen], start: int, spent: Spent) -> tuple[Seen, ...]:
        """The forward leg before the window, where it is refused in it and never accepted: it tells when that began."""
        forward = [row for row in seen if row.leg == "forward"]
        refused = {row.interface for row in forward if row.action == "REJECT"}
        if not refused - {row.interface for row in forward if row.action == "ACCEPT"} or not self._limits.look_back:
            return ()
        before = Between(start - self._limits.look_back, start - 1)
        try:
            return together(self._summed(query, ("forward",), before, spent))
        except SourceUnavailable as error:
            # What the window holds stands without what went before it.
            spent.partial.append(f"The time before was not searched: {error}")
            return ()

    def _others(self, rows: Sequence[Row]) -> Others:
        names = self._text.names
        found: dict[str, set[str]] = {"REJECT": set(), "ACCEPT": set()}
        for row in rows:
            address = known(row.get(names.get("pkt-srcaddr", ""))) or known(row.get(names.get("srcaddr", "")))
            if address and (action := row.get(names["action"], "")) in found:
                found[action].add(address)
        return Others(len(found["REJECT"]), len(found["ACCEPT"]), at_least=len(rows) >= MOST_ROWS)

    def _counted(
        self, rows: Sequence[Row], interfaces: frozenset[str], spent: Spent
    ) -> tuple[Counts, tuple[InterfaceStatus, ...], int | None]:
        if len(rows) >= MOST_ROWS:
            spent.partial.append(f"More than {MOST_ROWS:,} interfaces: the counts of records are of some of them.")
        totals = {"ok": 0, "nodata": 0, "skipdata": 0, "malformed": 0}
        own: dict[str, dict[str, int]] = {each: {} for each in sorted(interfaces)}
        newest: int | None = None
        names = self._text.names
        for row in rows:
            told = names.get(self._text.status)
            kind = "ok" if told is None else _STATUSES.get(row.get(told, ""), "malformed")
            count = int(float(row["records"]))
            totals[kind] += count
            interface = row.get(names.get("interface-id", ""), "")
            if interface in own and kind != "malformed":
                own[interface][kind] = own[interface].get(kind, 0) + count
            last = whole(row.get("newest"))
            newest = last if newest is None else max(newest, last or newest)
        read = totals["ok"] + totals["nodata"] + totals["skipdata"]
        counts = Counts(read, totals["malformed"], totals["nodata"], totals["skipdata"])
        return counts, tuple(InterfaceStatus(each, **found) for each, found in own.items()), newest

    def _asked(self, texts: Sequence[str], window: Between, spent: Spent) -> list[_Result]:
        """Run queries side by side to their ends. Raises as `read` does, and leaves none running then."""
        client = self._remote.clients("logs", self._reading.region)
        running: list[str] = []

        def stop() -> None:
            for name in running:
                with suppress(*FAILURES):  # one that has ended meanwhile
                    client.stop_query(queryId=name)

        results = []
        with cancelled_on_the_way_out(stop):
            for text in texts:
                running.append(self._started(client, text, window))
                spent.queries += 1
            for name in tuple(running):
                results.append(self._waited_for(client, name, spent))
                running.remove(name)
        return results

    def _started(self, client: Any, text: str, window: Between) -> str:
        start, end = max(1, (window.start or 0) - _SLACK), max(1, window.end or 0)
        try:
            answer = client.start_query(**self._place(), startTime=start, endTime=end, queryString=text)
        except FAILURES as error:
            raise self._refused(error, "logs.start_query") from error
        return str(answer["queryId"])

    def _waited_for(self, client: Any, name: str, spent: Spent) -> _Result:
        for _ in self._remote.pauses(f"The query to {ENGINE}"):
            try:
                found = client.get_query_results(queryId=name)
            except FAILURES as error:
                raise self._refused(error, "logs.get_query_results") from error
            if (result := self._ended(found, spent)) is not None:
                return result
        raise AssertionError("pauses end with an exception")

    def _place(self) -> dict[str, Any]:
        if any(group.startswith("arn:") for group in self._groups):
            return {"logGroupIdentifiers": self._groups}
        return {"logGroupNames": self._groups}

    def _ended(self, found: Mapping[str, Any], spent: Spent) -> _Result | None:
        """The result of a query that is complete, None for one that runs on."""
        statistics = found.get("statistics") or {}
        size = int(statistics.get("bytesScanned") or 0)
        match found.get("status"):
            case "Complete":
                spent.size += size
                rows = [{item["field"]: item.get("value", "") for item in row} for row in found.get("results") or ()]
                return _Result(rows, int(statistics.get("recordsMatched") or len(rows)))
            case "Failed":
                raise SourceUnavailable(f"The query to {ENGINE} failed inside AWS: ask again in a minute.")
            case "Cancelled":
                raise SourceUnavailable(f"The query to {ENGINE} was cancelled by somebody else: ask again.")
            case "Timeout":
                raise SourceUnavailable(
                    f"The query to {ENGINE} ran into AWS's own time limit: ask for a shorter time (--since)."
                )
            case _ if spent.size + size > self._limits.most_scanned:
                raise SourceUnavailable(
                    f"The query to {ENGINE} was stopped after {of_bytes(size)}, the limit that is set: ask for a "
                    "shorter time (--since)."
                )
            case _:
                return None

    def _refused(self, error: Exception, call: str) -> SourceUnavailable:
        groups = ", ".join(self._groups)
        match code_of(error):
            case "ResourceNotFoundException":
                return SourceUnavailable(
                    f"The log group {groups} of the flow log does not exist (any more): an account administrator must "
                    "create it, and AWS delivers to it from then on."
                )
            case "LimitExceededException":
                return SourceUnavailable(
                    f"Too many queries run at the same time in {ENGINE} of {self._reading.region}: ask again in a "
                    "minute."
                )
            case "MalformedQueryException":
                return SourceUnavailable(
                    f"{ENGINE} did not take the query ({said_by(error)}): the window may lie before the retention of "
                    f"{groups}; else this is an error of whynot."
                )
            case _:
                return unavailable(error, ACTIONS[call])


def whole(text: str | None) -> int | None:
    """A number of a row; None where there is none."""
    return None if text in {None, "", "-"} else int(float(text or 0))


def _place(row: Seen) -> tuple[str | None, ...]:
    return row.interface, row.leg, row.direction, row.action, row.reject_reason
