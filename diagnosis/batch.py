"""Many flows at once: a line of JSON in, a verdict as a line of JSON out (`whynot trace`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from diagnosis.explanation.cause_lines import cause_members, refused_texts, text_of
from diagnosis.explanation.unseen import unseen_items
from diagnosis.network.network import Network
from diagnosis.trace import points
from diagnosis.trace.placing import anchor, place_both
from diagnosis.trace.stencils import traced
from diagnosis.trace.trace import Flow, Trace
from diagnosis.traffic.protocols import protocol_number

KEPT = 16_384
"""How many verdicts are kept for flows that come again, as those of a conversation do."""


class BadFlow(ValueError):
    """A line is no flow: the message says what is wrong with it."""


class Asked(NamedTuple):
    """A flow in the words of its line, each of a type that it may have."""

    source: str
    destination: str
    protocol: str | None
    port: int | None
    source_port: int | None


def judge_lines(network: Network, lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """One JSON object for each non-blank line, in order, and whether it was judged; a bad line has `{"id", "error"}`.

    Every letter stands for itself: what a terminal would obey is still to be escaped.
    """
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        identity: object = None
        try:
            fields = _read(line)
            identity = fields.get("id")
            members = _members(network, _checked(fields))
        except BadFlow as error:
            yield text_of({"id": identity, "error": f"line {number}: {error}"}), False
        else:
            named = quoted(identity) if isinstance(identity, str) else text_of(identity)
            yield f'{{"id":{named},{members}', True


def _read(line: str) -> dict[str, Any]:
    try:
        fields, end = _DECODER.raw_decode(line)
        if end != len(line):
            fields = _DECODER.decode(line)
    except (ValueError, RecursionError):
        fields = _decoded(line)
    if not isinstance(fields, dict):
        raise BadFlow("it is not an object")
    return fields


def _decoded(line: str) -> object:
    """What a line holds that blanks stand before, or that is no JSON."""
    try:
        return _DECODER.decode(line)
    except RecursionError:
        raise BadFlow("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise BadFlow(f"it is no JSON ({error.msg}, column {error.colno})") from None
    except ValueError as error:  # a number of thousands of digits, or one that JSON cannot say
        raise BadFlow(f"it cannot be read ({error})") from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_constant(text[:20])


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def judged(network: Network, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on one flow, whose fields are of the types that they may have, as the output line has it."""
    flow = Asked(
        fields["source"], fields["destination"], fields.get("protocol"), fields.get("port"), fields.get("source_port")
    )
    return {"id": fields.get("id"), **json.loads("{" + _members(network, flow))}


def _members(network: Network, flow: Asked) -> str:
    """The members of a flow's output line after its id, with the brace that ends them."""
    known: dict[tuple[object, ...], str] | None = network.memo.get("verdicts")
    if known is None:
        known = network.memo["verdicts"] = {}
    conversation = flow[:4]
    found = known.get(conversation) or known.get(flow)
    if found is None:
        found, whatever_client = _anew(network, flow)
        if len(known) >= KEPT:
            known.clear()
        known[conversation if whatever_client else flow] = found
    return found


def _anew(network: Network, flow: Asked) -> tuple[str, bool]:
    """The same for a flow that was not met before, and whether it is the same for every port of the client."""
    source, destination, protocol, port, source_port = flow
    number = _protocol(protocol)
    point = points.judged(network, source, destination, number, points.Ports(port, source_port))
    if point is None:
        found = verdict_of(network, traced(network, _flow(network, flow), explain=False))
        return text_of(found)[1:], points.whatever_client(network, source, destination, number)
    causes: list[str] = []
    for leg, stop in point.stops:
        if isinstance(stop, points.Refused):
            causes += refused_texts(network, stop)
        else:
            causes.append(text_of(cause_members(network, leg, stop)))
    verdict, forward = point.verdict, point.forward
    back = f'"{verdict}"' if forward == "reachable" else "null"
    assumed = text_of(point.assumed) if point.assumed else "[]"
    legs = f'"verdict":"{verdict}","forward":"{forward}","return":{back}'
    return f'{legs},"causes":[{",".join(causes)}],"assumed":{assumed},"unseen":[]}}', point.whatever_client


def _protocol(text: str | None) -> int | None:
    """The protocol's number; None where it stands for all, or is none: that the trace says."""
    try:
        return protocol_number(text) if text is not None else None
    except ValueError:
        return None


def verdict_of(network: Network, result: Trace) -> dict[str, Any]:
    """Verdicts, causes and gaps of a trace."""
    return {
        "verdict": result.verdict,
        "forward": result.forward,
        "return": result.returning,
        "causes": [cause_members(network, leg, blocker) for leg, blocker in result.blockers()],
        "assumed": list(result.assumed()),
        "unseen": [u.model_dump() for u in unseen_items(network, result.gaps())],
    }


def flow_of(network: Network, fields: Mapping[str, Any]) -> Flow:
    """The flow that a line's fields describe; BadFlow where they describe none."""
    return _flow(network, _checked(fields))


def _flow(network: Network, asked: Asked) -> Flow:
    try:
        source, destination = anchor(network, asked.source), anchor(network, asked.destination)
        protocol = protocol_number(asked.protocol) if asked.protocol is not None else None
    except ValueError as error:
        raise BadFlow(str(error)) from None
    ours, theirs = place_both(network, source, destination, protocol)
    return Flow(ours, theirs, protocol, asked.port, asked.source_port)


def _checked(fields: Mapping[str, Any]) -> Asked:
    of = fields.get
    source, destination, protocol = of("source"), of("destination"), of("protocol")
    port, source_port = of("port"), of("source_port")
    if not isinstance(source, str) or not source:
        raise BadFlow("source is missing or no text")
    if not isinstance(destination, str) or not destination:
        raise BadFlow("destination is missing or no text")
    if protocol is not None and not isinstance(protocol, str):
        if isinstance(protocol, bool) or not isinstance(protocol, int):
            raise BadFlow("protocol is no text")
        protocol = str(protocol)
    if port is not None and not _is_port(port):
        raise BadFlow("port is no number from 0 to 65535")
    if source_port is not None and not _is_port(source_port):
        raise BadFlow("source_port is no number from 0 to 65535")
    return Asked(source, destination, protocol, port, source_port)


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535
