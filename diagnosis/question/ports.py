"""Which numbers in a question are ports. Numbers that count, time or report a status never are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from diagnosis.question.lexicon import WORDS
from diagnosis.question.tokens import Token
from diagnosis.question.well_known_ports import PORTLESS, TRANSPORTS, implied_by

_PORT_WORDS: Final = frozenset("port ports prt porta portnumber port-number tcp-port udp-port pport".split())
_DESTINATION_LABELS: Final = frozenset(
    "dport dstport dst_port destport dest_port dst-port dest-port destination-port --dport -p --port -port -P".split()
)
_SOURCE_LABELS: Final = frozenset("sport srcport src_port sourceport source_port src-port source-port --sport".split())
_SOURCE_SIDE: Final = frozenset("source src client local ephemeral originating outgoing".split())
_TARGET_SIDE: Final = frozenset(
    "destination dst dest target remote server listening service listener db database".split()
)
_FILLERS: Final = frozenset("number numbers no nr num is = : # the of being on to at".split())
_PREPOSITIONS: Final = frozenset("on over via using at through to by with under for @ onto into against".split())
_UNITS: Final = frozenset(
    """times time x % percent packets packet bytes byte kb mb gb tb kib mib gib kbps mbps gbps errors error retries retry attempts attempt tries requests request users user
    instances instance hosts servers nodes pods containers connections conns rules subnets hops replicas customers people others machines databases dbs records lines rows
    am pm o'clock out st nd rd th failures timeouts different separate seconds secs s ms minutes hours days of- responses response status codes code bits mtu azs regions accounts vpcs
    exceptions rejects drops reject attempts- consecutive more other boxes clients services apps tasks brokers shards interfaces enis groups ips addresses""".split()
)
_BEFORE: Final = frozenset(
    """after every status code error errno exit errors version ver v attempt attempts step line issue ticket # pr case bug incident az account acct about around approximately almost nearly
    mtu size timeout ttl seq icmp_seq last past next first another than least most only roughly total count id year page table rule number- vlan asn as rev build release exactly ~ waited waits took takes
    http/1.1 http/2 between-""".split()
)
_STATUSES: Final = frozenset(
    {
        200,
        201,
        204,
        301,
        302,
        304,
        307,
        308,
        400,
        401,
        403,
        404,
        405,
        408,
        409,
        410,
        413,
        421,
        422,
        429,
        499,
        500,
        501,
        502,
        503,
        504,
        505,
        520,
        521,
        522,
        523,
        524,
    }
)
_STATUS_VERBS: Final = frozenset(
    "a an gets get got getting returns returned return receives receive received sees see gives give throws throw with http https answers responds reports error errors status".split()
)
_SMALL_PORTS: Final = frozenset({20, 21, 22, 23, 25, 43, 49, 53, 67, 68, 69, 70, 79, 80, 88})


@dataclass(frozen=True, slots=True)
class PortMark:
    """A port that the text names. `rank`: 3 said to be a port, 2 after a preposition or protocol word, 1 a bare number."""

    port: int | None
    protocol: str | None
    rank: int
    is_source: bool = False
    implied: tuple[str, int] | None = None
    further: tuple[str, ...] = ()
    """The rest of a list: "443" of "80 and 443", "81-90" of "80-90"."""


Marked = Token | PortMark


def mark_ports(tokens: Sequence[Token]) -> list[Marked]:
    """Return the tokens with every port phrase replaced by its mark; statuses, counts and durations are left out."""
    marked: list[Marked] = []
    i = 0
    while i < len(tokens):
        for matcher in _MATCHERS:
            found = matcher(tokens, i)
            if found is not None:
                end, marks = found
                marked.extend(marks)
                i = end
                break
        else:
            marked.append(tokens[i])
            i += 1
    return marked


def impossible_port(tokens: Sequence[Token]) -> str | None:
    """The number that is said to be a port and can be none: "on port 99999", "orders-db:70000"."""
    for i, token in enumerate(tokens):
        attached = token.text.rpartition(":")[2] if token.kind in ("party", "port") else ""
        said = _lower(tokens, i - 1) in (*_PORT_WORDS, "on") and _lower(tokens, i + 1) not in _UNITS
        number = token.text if token.kind == "number" and said else attached
        if number.isdecimal() and 65535 < int(number) <= 999_999:
            return number
    return None


def _lower(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].lower if 0 <= i < len(tokens) and tokens[i].kind in ("word", "mark", "number") else ""


def _number(tokens: Sequence[Token], i: int) -> int | None:
    """Return the port number at i, or None; a number outside 1-65535 is none."""
    if not 0 <= i < len(tokens) or tokens[i].kind != "number":
        return None
    value = int(tokens[i].text)
    return value if 0 < value <= 65535 else None


def _after_number(tokens: Sequence[Token], i: int) -> tuple[int, str | None]:
    """Skip what may follow a port number, "/tcp", "(udp)", "tcp", "port", and return where it ends and the transport."""
    j = i + 1 if _lower(tokens, i) in ("(", "/", "-") else i
    word = _lower(tokens, j)
    if word in TRANSPORTS and TRANSPORTS[word] in ("tcp", "udp"):
        end = j + 1
        if j > i and _lower(tokens, end) == ")":
            end += 1
        return end, TRANSPORTS[word]
    if word in _PORT_WORDS and _number(tokens, i + 1) is None:
        return i + 1, None
    return i, None


def _labelled(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Match "port 3306", "udp port 53", "source port 40000", "dport=443", "-p 2222", "destination port is 443"."""
    j = i
    side = _lower(tokens, j)
    is_source = side in _SOURCE_SIDE
    if is_source or side in _TARGET_SIDE:
        j += 1
    transport = TRANSPORTS.get(_lower(tokens, j))
    if transport:
        j += 1
    label = _lower(tokens, j)
    if (
        label not in _PORT_WORDS
        and label not in _DESTINATION_LABELS
        and label not in _SOURCE_LABELS
        and tokens[j : j + 1]
        and tokens[j].text != "-P"
    ):
        return None
    j += 1
    is_source = is_source or label in _SOURCE_LABELS
    while _lower(tokens, j) in _FILLERS and j < i + 8:
        j += 1
    if transport is None and _lower(tokens, j) in TRANSPORTS:
        transport = TRANSPORTS[_lower(tokens, j)]
        j += 1
        while _lower(tokens, j) in (":", "/", "="):
            j += 1
    port = _number(tokens, j)
    if port is None:
        if 0 <= j < len(tokens) and tokens[j].kind == "port" and not transport:
            token = tokens[j]
            return j + 1, [PortMark(token.port, token.protocol, 3, is_source, token.implied)]
        return None
    return _listed(tokens, j + 1, PortMark(port, transport, 3, is_source))


def _listed(tokens: Sequence[Token], i: int, first: PortMark) -> tuple[int, list[Marked]]:
    """Take what follows a port's number at i: "/tcp", and the further ports of a list ("80 and 443", "80, 443", "80-90").

    A question is about one port, the first; where the source's ports are several, its port is left open.
    """
    further: list[str] = []
    low = first.port or 0
    end, after = _after_number(tokens, i)
    while (
        (joined := _lower(tokens, end)) in ("and", "or", ",", "/", "&", "-", "through", "to")
        and (port := _number(tokens, end + 1)) is not None
        and _lower(tokens, end + 2) not in _UNITS
        and (joined != "to" or (first.rank == 3 and port > low))
    ):
        spanned = joined in ("-", "through", "to") and port > low
        further.append(f"{low + 1}-{port}" if spanned and port > low + 1 else str(port))
        low = port
        end, again = _after_number(tokens, end + 2)
        after = after or again
    several = bool(further) and first.is_source
    mark = replace(first, port=None if several else first.port, further=() if several else tuple(further))
    return end, [replace(mark, protocol=first.protocol or after)]


def _by_transport(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Match "tcp 3306", "udp: 53", "tcp (443)", and "protocol 47"."""
    word = _lower(tokens, i)
    if word in ("protocol", "proto"):
        j = i + 1
        while _lower(tokens, j) in ("number", "=", ":", "is", "no", "#"):
            j += 1
        if j < len(tokens) and tokens[j].kind == "number" and int(tokens[j].text) < 256:
            return j + 1, [PortMark(None, str(int(tokens[j].text)), 3)]
        return None
    if TRANSPORTS.get(word) not in ("tcp", "udp"):
        return None
    j = i + 1
    while _lower(tokens, j) in (":", "/", "(", "=", "on", "over", "to", "at"):
        j += 1
    port = _number(tokens, j)
    if port is None or _lower(tokens, j + 1) in _UNITS:
        return None
    return _listed(tokens, j + 1, PortMark(port, TRANSPORTS[word], 3))


def _written_whole(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Match one token that says it all: "3306/tcp", ":3306", "tcp/3306"; with the preposition before it."""
    j = i + 1 if _lower(tokens, i) in _PREPOSITIONS else i
    if j >= len(tokens) or tokens[j].kind != "port":
        return None
    return _listed(tokens, j + 1, PortMark(tokens[j].port, tokens[j].protocol, 3, implied=tokens[j].implied))


def _attached(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Match a party with its port and more of them: "10.0.1.5:8200-8210", "orders-db:80,443"."""
    if tokens[i].kind != "party" or tokens[i].port is None:
        return None
    end, marks = _listed(tokens, i + 1, PortMark(tokens[i].port, tokens[i].protocol, 0))
    rest = [replace(m, port=None, protocol=None) for m in marks if isinstance(m, PortMark) and m.further]
    return (end, [tokens[i], *rest]) if rest else None


def _by_preposition(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Match "on 3306", "over the 5432", "to 443 on", "via 8443/tcp"; a unit after the number makes it none."""
    if _lower(tokens, i) not in _PREPOSITIONS:
        return None
    j = i + 1
    if _lower(tokens, j) in ("the", "a", ":", "#"):
        j += 1
    port = _number(tokens, j)
    if (
        port is None
        or (port < 20 and _lower(tokens, i) not in ("on", "over"))
        or _is_count(tokens, j)
        or (len(tokens[j].text) < 2 and port != 7)
    ):
        return None
    return _listed(tokens, j + 1, PortMark(port, None, 2))


def _is_count(tokens: Sequence[Token], i: int) -> bool:
    """Return whether the number at i counts, times or reports something, from the words beside it."""
    before, after = _lower(tokens, i - 1), _lower(tokens, i + 1)
    if after == "-" and _number(tokens, i + 2) is not None:
        after = _lower(tokens, i + 3)
    if after in ("times", "time") and _lower(tokens, i + 2) in ("out", "outs"):
        return False
    if after in _UNITS or before in _BEFORE:
        return True
    if before in ("is", "=", ":") and _lower(tokens, i - 2) in _BEFORE:
        return True
    value = int(tokens[i].text)
    return value in _STATUSES and (
        before in _STATUS_VERBS
        or after in ("from", "bad", "gateway", "forbidden", "not", "service", "internal", "response")
    )


def _bare(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Judge a number that stands alone: beside a party or protocol word it is a port, beside a unit it is dropped."""
    if tokens[i].kind != "number":
        return None
    port = _number(tokens, i)
    if port is None or _is_count(tokens, i):
        return i + 1, [Token("word", "error")] if port in _STATUSES else []
    before = tokens[i - 1] if i else None
    previous = before.lower if before else ""
    if before and before.kind == "mark" and previous in ("(", ":", "=") and i > 1:
        before, previous = tokens[i - 2], tokens[i - 2].lower
    _, after = _after_number(tokens, i + 1)
    named = before is not None and before.kind == "word" and (implied_by(previous) is not None or previous in PORTLESS)
    if named:
        return _listed(tokens, i + 1, PortMark(port, None, 2))
    if port < 20 or (port < 100 and port not in _SMALL_PORTS):
        return None
    if (
        before is not None
        and before.kind == "word"
        and port < 100
        and previous not in WORDS
        and previous.isalpha()
        and not after
    ):
        return None
    return _listed(tokens, i + 1, PortMark(port, after, 2 if after else 1))


def _status(tokens: Sequence[Token], i: int) -> tuple[int, list[Marked]] | None:
    """Leave out "HTTP 502", "http status code 403": what a server answered says nothing about the port."""
    if _lower(tokens, i) not in ("http", "https", "http/1.1", "http/2", "http/1.0"):
        return None
    j = i + 1
    while _lower(tokens, j) in ("status", "code", "error", "errors", "response", ":", "="):
        j += 1
    number = _number(tokens, j)
    return (j + 1, [Token("word", "error")]) if number in _STATUSES else None


_MATCHERS: Final[tuple[Callable[[Sequence[Token], int], tuple[int, list[Marked]] | None], ...]] = (
    _status,
    _labelled,
    _by_transport,
    _written_whole,
    _attached,
    _by_preposition,
    _bare,
)
