"""A question as the text of a CloudWatch Logs Insights query, as a person would paste it into the console.

Insights discovers the fields of the default format under camelCase names; any other format is taken apart by `parse`,
for which the fields go by AWS's names with underscores.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from diagnosis.evidence.query import Between, FlowLogQuery, Leg, spellings
from diagnosis.evidence.records import DEFAULT_FORMAT

MOST_ROWS = 10_000
"""More rows no query returns."""
LONGEST = 10_000
"""Characters of a query that StartQuery takes."""
_SUMMED = "count(*) as records, sum({packets}) as packets, min({start}) as first_seen, max({end}) as last_seen"
_DISCOVERED: Mapping[str, str] = MappingProxyType(
    dict(
        zip(
            DEFAULT_FORMAT,
            "version accountId interfaceId srcAddr dstAddr srcPort dstPort protocol packets bytes start end action "
            "logStatus".split(),
            strict=True,
        )
    )
)
CONVERSATION = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "srcport", "dstport", "protocol")
GROUPED = ("interface-id", "action", "flow-direction", "tcp-flags", "reject-reason")


@dataclass(frozen=True, slots=True)
class QueryText:
    """The texts of queries over the records of one format."""

    fields: tuple[str, ...]

    @property
    def names(self) -> Mapping[str, str]:
        """How each field is called in a query."""
        if self.fields == DEFAULT_FORMAT:
            return _DISCOVERED
        return {field: field.replace("-", "_") for field in self.fields}

    def conversation(self, query: FlowLogQuery, window: Between, *, everything: bool = False) -> str:
        """Every record of the conversation, newest first. With `everything`, of the protocol and ports alone."""
        tests = [self._is_ok(), *self._within(window), *self._protocol(query)]
        legs = [self._leg(query, leg, addresses=not everything) for leg in ("forward", "reply")]
        if all(legs):
            tests.append(f"(({legs[0]}) or ({legs[1]}))")
        return self._piped(
            "fields @timestamp, @message, @log, @logStream",
            f"filter {' and '.join(tests)}",
            "sort @timestamp desc",
            f"limit {MOST_ROWS}",
        )

    def sums(self, query: FlowLogQuery, leg: Leg, window: Between) -> str:
        """The records of one leg summed up, a row for each that differs in `GROUPED`."""
        tests = [self._is_ok(), *self._within(window), *self._protocol(query)]
        forward = self._leg(query, "forward")
        if leg == "forward":
            tests += [forward] if forward else []
        else:
            reply = self._leg(query, "reply")
            tests += [*([reply] if reply else []), f"not ({forward})" if forward else "not ispresent(@message)"]
        return self._piped(f"filter {' and '.join(tests)}", f"stats {self._summed()} by {self._keys(GROUPED)}")

    def statuses(self, window: Between) -> str:
        """How many records of each status each interface has, of all interfaces."""
        end = self.names.get("end")
        inside = self._within(window)
        tests = [f"filter not ispresent({end}) or ({' and '.join(inside)})"] if inside and end else []
        last = f", max({end}) as newest" if end else ""
        keys = self._keys(("interface-id", self.status))
        by = f" by {keys}" if keys else ""  # of a transit gateway that logs no status
        return self._piped(*tests, f"stats count(*) as records{last}{by}", f"limit {MOST_ROWS}")

    def others(self, query: FlowLogQuery, window: Between) -> str:
        """Each other client of the same service, once for each action and pair of addresses."""
        own = self._address("srcaddr", query.sources)
        tests = [self._is_ok(), *self._within(window), *self._protocol(query)]
        tests += [self._address("dstaddr", query.destinations), f"not ({own})"]
        tests.append(f"{self.names['dstport']} = {int(query.port or 0)}")
        keys = self._keys(("action", "srcaddr", "pkt-srcaddr"))
        return self._piped(
            f"filter {' and '.join(tests)}", f"stats count(*) as records by {keys}", f"limit {MOST_ROWS}"
        )

    @property
    def splits(self) -> bool:
        """Whether records can be told apart by their start, and so be asked for in pieces."""
        return "start" in self.fields

    def tally(self, window: Between) -> str:
        """How many records of each status there are, of all interfaces, and when the oldest began."""
        inside = self._within(window)
        start, end = self.names.get("start"), self.names.get("end")
        tests = [f"filter not ispresent({end}) or ({' and '.join(inside)})"] if inside and end else []
        first = f", min({start}) as oldest" if start else ""
        return self._piped(*tests, f"stats count(*) as records{first} by {self.names[self.status]}")

    def refused(self, window: Between, piece: Between) -> str:
        """Every REJECT record of the window that began in a piece of it, which holds its start and not its end."""
        tests = self._of(window, piece, "REJECT")
        return self._piped("fields @timestamp, @message", f"filter {' and '.join(tests)}", f"limit {MOST_ROWS}")

    def accepted_by(self, addresses: frozenset[str], ports: frozenset[str]) -> Callable[[Between, Between], str]:
        """The connections that any of these addresses accepted at any of these ports, each once."""
        tests = [self._address("dstaddr", addresses)]
        if "dstport" in self.names:
            tests.append(f"{self.names['dstport']} in [{', '.join(str(int(port)) for port in sorted(ports))}]")
        return lambda window, piece: self._distinct(window, piece, tests, CONVERSATION)

    def accepted_of(self, addresses: frozenset[str]) -> Callable[[Between, Between], str]:
        """The pairs of addresses of what was accepted from any of these or towards them."""
        tests = [f"({self._address('srcaddr', addresses)} or {self._address('dstaddr', addresses)})"]
        return lambda window, piece: self._distinct(window, piece, tests, CONVERSATION[:4])

    def _distinct(self, window: Between, piece: Between, tests: Iterable[str], by: Iterable[str]) -> str:
        every = [*self._of(window, piece, "ACCEPT"), *tests]
        return self._piped(
            f"filter {' and '.join(every)}", f"stats count(*) as records by {self._keys(by)}", f"limit {MOST_ROWS}"
        )

    def _of(self, window: Between, piece: Between, action: str) -> list[str]:
        tests = [self._is_ok(), f'{self.names["action"]} = "{action}"', *self._within(window)]
        if piece.start is not None:
            tests.append(f"{self.names['start']} >= {int(piece.start)}")
        if piece.end is not None:
            tests.append(f"{self.names['start']} < {int(piece.end)}")
        return tests

    @property
    def status(self) -> str:
        """The field that tells what a record is: without a status, one without an action is NODATA."""
        return "log-status" if "log-status" in self.fields else "action"

    def key_names(self, wanted: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Those of some fields that the format has, each with its name in a query."""
        return tuple((field, self.names[field]) for field in wanted if field in self.names)

    def _piped(self, *commands: str) -> str:
        parse = []
        if self.fields != DEFAULT_FORMAT:
            glob = " ".join("*" for _ in self.fields)
            parse.append(f'parse @message "{glob}" as {", ".join(self.names.values())}')
        return "\n| ".join([*parse, *commands])

    def _keys(self, wanted: Iterable[str]) -> str:
        return ", ".join(name for _, name in self.key_names(wanted))

    def _summed(self) -> str:
        found = []
        for part in _SUMMED.split(", "):
            field = part.partition("{")[2].partition("}")[0]
            if not field or field in self.names:
                found.append(part.format(**{field: self.names[field]} if field else {}))
        return ", ".join(found)

    def _is_ok(self) -> str:
        if "log-status" in self.fields:
            return f'{self.names["log-status"]} = "OK"'
        if "action" not in self.fields:
            return "ispresent(@message)"
        return f'{self.names["action"]} in ["ACCEPT", "REJECT"]'

    def _within(self, window: Between) -> list[str]:
        tests = []
        if window.start is not None and "end" in self.names:
            tests.append(f"{self.names['end']} >= {int(window.start)}")
        if window.end is not None and "start" in self.names:
            tests.append(f"{self.names['start']} <= {int(window.end)}")
        return tests

    def _protocol(self, query: FlowLogQuery) -> list[str]:
        if query.protocol is None or "protocol" not in self.names:
            return []
        return [f"{self.names['protocol']} = {int(query.protocol)}"]

    def _leg(self, query: FlowLogQuery, leg: Leg, *, addresses: bool = True) -> str:
        sides = (query.sources, query.destinations)
        ports = ("dstport", "srcport")
        if leg == "reply":
            sides, ports = (sides[1], sides[0]), (ports[1], ports[0])
        tests = []
        if addresses:
            tests += [self._address("srcaddr", sides[0]), self._address("dstaddr", sides[1])]
        if query.ports_matter:
            tests += [
                f"{self.names[name]} = {int(port)}"
                for name, port in zip(ports, (query.port, query.source_port), strict=True)
                if port is not None and name in self.names
            ]
        return " and ".join(test for test in tests if test)

    def _address(self, field: str, allowed: frozenset[str]) -> str:
        """The test that the address, or the packet's own, is one of the allowed; empty where any is."""
        if not allowed:
            return ""
        exact = sorted({spelt for value in allowed if "/" not in value for spelt in spellings(value)})
        tests = []
        for name in (self.names[each] for each in (field, f"pkt-{field}") if each in self.names):
            if len(exact) == 1:
                tests.append(f"{name} = {_quoted(exact[0])}")
            elif exact:
                tests.append(f"{name} in [{', '.join(map(_quoted, exact))}]")
            for network in sorted(value for value in allowed if "/" in value):
                version = 6 if ":" in network else 4
                tests.append(f"isIpv{version}InSubnet({name}, {_quoted(network)})")
        return f"({' or '.join(tests)})" if len(tests) > 1 else tests[0]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
