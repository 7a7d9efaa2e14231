"""Many flows at once: a line of JSON in, a verdict as a line of JSON out (`whynot trace`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diagnosis.explanation.causes import members, refused_members
from diagnosis.explanation.unseen import unseen_items
from diagnosis.network.network import Network
from diagnosis.trace import points
from diagnosis.trace.placing import anchor, place_both
from diagnosis.trace.stencils import traced
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Flow, Trace, Verdict
from diagnosis.traffic.protocols import protocol_number

KEPT = 16_384
"""How many verdicts are kept for flows that come again, as those of a conversation do."""


class BadFlow(ValueError):
    """A line is no flow: the message says what is wrong with it."""


def judge_lines(network: Network, lines: Iterable[str]) -> Iterator[tuple[dict[str, Any], bool]]:
    """One result for each non-blank line, in order, and whether it was judged; a bad line gives `{"id", "error"}`."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        identity: object = None
        try:
            fields = _read(line)
            identity = fields.get("id")
            yield judged(network, _checked(fields)), True
        except BadFlow as error:
            yield {"id": identity, "error": f"line {number}: {error}"}, False


def _read(line: str) -> dict[str, Any]:
    try:
        fields = _DECODER.decode(line)
    except RecursionError:
        raise BadFlow("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise BadFlow(f"it is no JSON ({error.msg}, column {error.colno})") from None
    except ValueError as error:  # a number of thousands of digits, or one that JSON cannot say
        raise BadFlow(f"it cannot be read ({error})") from None
    if not isinstance(fields, dict):
        raise BadFlow("it is not an object")
    return fields


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_constant(text[:20])


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def judged(network: Network, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on one flow as the output line has it."""
    known: dict[tuple[object, ...], dict[str, Any]] | None = network.memo.get("verdicts")
    if known is None:
        known = network.memo["verdicts"] = {}
    conversation = (fields["source"], fields["destination"], fields.get("protocol"), fields.get("port"))
    exactly = (*conversation, fields.get("source_port"))
    found = known.get(conversation) or known.get(exactly)
    if found is None:
        found, whatever_client = _anew(network, fields)
        if len(known) >= KEPT:
            known.clear()
        known[conversation if whatever_client else exactly] = found
    return {"id": fields.get("id"), **found}


def _anew(network: Network, fields: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The verdict on a flow, and whether it is the same for every port of the client."""
    source, destination = fields["source"], fields["destination"]
    protocol = _protocol(fields)
    ports = points.Ports(fields.get("port"), fields.get("source_port"))
    point = points.judged(network, source, destination, protocol, ports)
    if point is None:
        found = verdict_of(network, traced(network, flow_of(network, fields), explain=False))
        return found, points.whatever_client(network, source, destination, protocol)
    verdict, forward = point.verdict, point.forward
    causes: list[dict[str, Any]] = []
    for leg, stop in point.stops:
        if isinstance(stop, points.Refused):
            causes += refused_members(network, stop)
        else:
            causes.append(_cause(network, leg, stop))
    found = _verdict(verdict, forward, verdict if forward == "reachable" else None, causes)
    found["assumed"] = list(point.assumed)
    return found, point.whatever_client


def _protocol(fields: Mapping[str, Any]) -> int | None:
    """The protocol's number; None where it stands for all, or is none: that the trace says."""
    try:
        return protocol_number(fields["protocol"]) if fields.get("protocol") is not None else None
    except ValueError:
        return None


def verdict_of(network: Network, result: Trace) -> dict[str, Any]:
    """Verdicts, causes and gaps of a trace."""
    causes = [_cause(network, leg, blocker) for leg, blocker in result.blockers()]
    unseen = [u.model_dump() for u in unseen_items(network, result.gaps())]
    return {
        **_verdict(result.verdict, result.forward, result.returning, causes),
        "assumed": list(result.assumed()),
        "unseen": unseen,
    }


def _cause(network: Network, leg: Leg, blocker: Blocker) -> dict[str, Any]:
    item = members(network, leg, blocker)
    if item["any_of"] is None:
        del item["any_of"]
    return item


def _verdict(verdict: Verdict, forward: Verdict, back: Verdict | None, causes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"verdict": verdict, "forward": forward, "return": back, "causes": causes, "assumed": [], "unseen": []}


def flow_of(network: Network, fields: Mapping[str, Any]) -> Flow:
    """The flow that a line's fields describe; BadFlow where they describe none."""
    try:
        source, destination = anchor(network, fields["source"]), anchor(network, fields["destination"])
        protocol = protocol_number(fields["protocol"]) if fields.get("protocol") is not None else None
    except ValueError as error:
        raise BadFlow(str(error)) from None
    ours, theirs = place_both(network, source, destination)
    return Flow(ours, theirs, protocol, fields.get("port"), fields.get("source_port"))


def _checked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("source", "destination"):
        if not isinstance(fields.get(name), str) or not fields[name]:
            raise BadFlow(f"{name} is missing or no text")
    protocol = fields.get("protocol")
    if isinstance(protocol, int) and not isinstance(protocol, bool):
        fields = {**fields, "protocol": str(protocol)}
    elif protocol is not None and not isinstance(protocol, str):
        raise BadFlow("protocol is no text")
    for name in ("port", "source_port"):
        value = fields.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 65535:
            raise BadFlow(f"{name} is no number from 0 to 65535")
    return fields
