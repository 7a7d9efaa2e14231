"""Errors and commands that people paste instead of a question: which host and port they were about, and who ran them.

Where an error gives a host name and the address that was tried, the address is taken: it is what was not reached, and it is
found in a network without a resolver.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from diagnosis.question.addresses import address, dns_name, resource_id
from diagnosis.question.question import Party
from diagnosis.question.well_known_ports import TRANSPORTS, WELL_KNOWN


@dataclass(frozen=True, slots=True)
class PastedError:
    """What an error message says by itself. `rest` is the text without it, where the source may be written."""

    destination: Party
    port: int | None
    protocol: str | None
    source: Party | None
    source_port: int | None
    rest: str


_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]{2,45}\]"
_V6: Final = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"
_PORT: Final = r"\d{1,5}"
_TAIL: Final = r"[^\n]{0,20}?"


def _p(pattern: str) -> re.Pattern[str]:
    filled = pattern.replace("<HOST>", f"(?P<host>{_HOST}|{_V6})").replace("<ADDR>", f"(?P<addr>{_HOST}|{_V6})").replace("<PORT>", rf"(?P<port>{_PORT})")
    return re.compile(filled, re.IGNORECASE)


_REASON: Final = (
    r"(?:Connection (?:refused|timed out|reset by peer)|(?:Couldn't|Could not) connect to server|Operation timed out|No route to host|Network is unreachable|Timeout was reached|Timed out)"
)
_WHY: Final = r"(?:[:,;]? ?(?:connect|connection|i/o|operation|net|read|write|dial|http)?:? ?(?:connection |operation |i/o |connect )?(?:timed? ?out|timeout|refused|reset by peer|no route to host|network is unreachable|host is unreachable|unreachable))?"

_ERRORS: Final[tuple[tuple[re.Pattern[str], str | None, int | None], ...]] = (
    # Go
    (_p(rf"\b(?:lookup|resolve) [\w.-]+ on <HOST>:(?P<port>53)\b(?:: (?:read|dial|write) (?P<proto>udp|tcp)[46]? (?P<src>[\d.]+|\[[0-9a-f:.]+\]):(?P<sport>{_PORT})->[^\s:]+:53)?{_WHY}"), "udp", 53),
    (_p(rf"\b(?:dial|read|write|connect)(?: |-)(?P<proto>tcp|udp)[46]?:? (?P<src>[\d.]+|\[[0-9a-f:.]+\]):(?P<sport>{_PORT}) ?(?:->|\u2192) ?<HOST>:<PORT>\b(?:: \w+)?{_WHY}"), None, None),
    (_p(rf"\bdial[ -](?P<proto>tcp|udp)[46]?:? <HOST>:<PORT>\b(?:: connect)?{_WHY}"), None, None),
    # MySQL
    (_p(r"(?:ERROR \d{4} ?\(\w+\): ?|\(2003, ?[\"']?|SQLSTATE\[\w+\] \[2002\] ?)?Can'?t connect to (?:MySQL|MariaDB)? ?server on '?<HOST>(?::<PORT>)?'? ?(?:\((?:\d+|[^()\n]{0,60})\)|\[[^\]\n]{0,60}\])?[\"')]*"), "tcp", 3306),
    (_p(r"Lost connection to (?:MySQL|MariaDB) server (?:at|on|to) '?<HOST>(?::<PORT>)?'?"), "tcp", 3306),
    (_p(r"Unknown MySQL server host '<HOST>'(?: \(\d+\))?"), "tcp", 3306),
    # PostgreSQL
    (_p(rf"(?:psql: )?(?:error: )?connection to server at \"?<HOST>\"? ?(?:\(<ADDR>\))?, ?port <PORT> failed(?:: FATAL)?{_WHY}(?:\s*Is the server running on (?:that host|host)[^?\n]{{0,160}}\??)?"), "tcp", None),
    (_p(r"(?:could not connect to server: ?(?:Connection \w+(?: \w+)?|Operation timed out|No route to host)?\s*\(?\w{0,12}\)?\s*)?Is the server running on host \"?<HOST>\"? ?(?:\(<ADDR>\) ?)?and accepting\s+TCP/IP connections on port <PORT>\??"), "tcp", None),
    # ssh, scp, git over ssh
    (_p(rf"ssh: connect to (?:host|address) <HOST> port <PORT>{_WHY}"), "tcp", None),
    (_p(r"connect to (?:host|address) <HOST> port <PORT>: (?:Connection refused|Connection timed out|Operation timed out|No route to host|Network is unreachable|Connection reset by peer)"), "tcp", None),
    (_p(r"kex_exchange_identification: [^\n]{0,80}?Connection (?:closed|reset) by (?:remote host )?<HOST> port <PORT>"), "tcp", None),
    (_p(r"Connection (?:closed|reset|timed out) (?:by|with|to) <HOST> port <PORT>"), "tcp", None),
    # Redis
    (_p(rf"Could not connect to Redis at <HOST>:<PORT>{_WHY}"), "tcp", None),
    (_p(r"(?:redis\.exceptions\.\w+: )?Error (?:\d+ )?(?:while )?connecting to <HOST>:<PORT>\.?(?: [\w ]{0,60}\.?)?"), "tcp", None),
    # curl, wget
    (_p(rf"curl: ?(?:\(\d+\) )?(?:Failed to connect to|connect to|Connection timed out to) <HOST>(?: \(<ADDR>\))? port <PORT>(?: \([^()\n]{{0,60}}\))?(?: after \d+ ?ms| after ,| ,)?(?: from [\w.:]+ port \d+)?(?:: {_REASON}| failed: {_REASON})?"), "tcp", None),
    (_p(rf"(?:Failed to )?connect to <HOST>(?: \(<ADDR>\))? port <PORT>(?: \([^()\n]{{0,60}}\))?(?: after \d+ ?ms(?:: {_REASON})?|(?: after ,)?: {_REASON}| failed: {_REASON})"), "tcp", None),
    (_p(rf"Connecting to <HOST>(?: \([^()\n]{{0,80}}\))? ?\|?(?:<ADDR>)?\|?:<PORT>\.{{0,3}} ?(?:failed)?{_WHY}"), "tcp", None),
    # Java, JDBC, Kafka, netty
    (_p(rf"Connection to node -?\d+ \((?:<HOST>/)?<ADDR>:<PORT>\) (?:could not be established|terminated)[^\n]{{0,80}}"), "tcp", None),
    (_p(rf"(?:[\w.$]{{0,120}}(?:Exception|Error): ){{1,3}}(?:Connection timed out|Connection refused|connect timed out|connection timed out|No route to host|Connect timed out|Failed to connect|failed to connect)?(?: after \d+ ?ms)?(?: \(Connection \w+(?: \w+)?\))?(?: ?:? ?(?:no further information)?:? ?(?:to )?(?:host )?)(?:<HOST>/)<ADDR>:<PORT>{_WHY}"), "tcp", None),
    (_p(rf"(?:Connect(?:ion)? to|Failed to connect to) <HOST>:<PORT> \[[\w.-]{{0,200}}/<ADDR>(?:,[^\]\n]{{0,200}})?\](?: failed)?{_WHY}"), "tcp", None),
    (_p(rf"(?:Connection timed out|Connection refused|connect timed out|connection timed out|No route to host)(?: \(\w+ \w+\))?:? ?(?:to )?(?:no further information: )?(?:host )?/?(?:<HOST>)(?: ?\[?/<ADDR>\]?)?:<PORT>(?: \[[^\]\n]{{0,80}}\])?(?: (?:failed|refused|timed out))?{_WHY}"), "tcp", None),
    (_p(r"(?:Connect(?:ion)?|failed to connect) to /?<HOST>(?:/<ADDR>)?:<PORT>(?: \[[^\]\n]{0,120}\])? (?:failed|refused|timed out)(?:: ?(?:connect timed out|connection refused|connection timed out|no route to host))?"), "tcp", None),
    (_p(r"(?:Exception|Error|Failed): (?:Failed to |failed to )?connect(?:ion)? to /?<HOST>(?:/<ADDR>)?:<PORT>"), "tcp", None),
    # Node
    (_p(r"(?:Error: )?connect (?:ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ECONNRESET) <HOST>:<PORT>"), "tcp", None),
    # Python, MongoDB
    (_p(r"(?:HTTPS?|[\w.]{0,60})ConnectionPool\(host='<HOST>', port=<PORT>\)(?:: Max retries exceeded(?: with url: \S{0,300})?(?: \(Caused by [^\n]{0,400}\))?|: Read timed out\.[^\n]{0,60})?"), "tcp", None),
    (_p(r"(?:HTTPS?Connection|NewConnectionError)\(host='<HOST>', port=<PORT>\)(?:: [^\n]{0,300})?"), "tcp", None),
    (_p(r"(?:ServerSelectionTimeoutError|MongoServerSelectionError|MongoNetworkError|MongoNetworkTimeoutError|AutoReconnect|NetworkTimeout|server selection error)[^\n]{0,80}? ?<HOST>:<PORT>(?:: ?(?:timed out|\[Errno \d+\][\w ]{0,40}))?"), "tcp", None),
    # netcat, telnet
    (_p(rf"(?:nc|ncat|netcat): connect to <HOST>(?: \(<ADDR>\))? port <PORT> ?(?:\((?P<proto>tcp|udp)\))? ?(?:failed)?{_WHY}"), "tcp", None),
    (_p(rf"(?:telnet: )?(?:Unable to connect to remote host|connect to address <HOST>){_WHY}"), "tcp", None),
    (_p(r"\b<HOST>:<PORT> ?(?:-|:) ?(?:connect: )?(?:connection refused|i/o timeout|connection timed out|operation timed out|no route to host)"), "tcp", None),
    # Oracle, SQL Server, LDAP, generic
    (_p(r"ORA-1(?:2170|2541|2543|2545|2535)[^\n]{0,120}?\(?HOST ?= ?<HOST>\)?\(?PORT ?= ?<PORT>"), "tcp", None),
    (_p(r"The TCP/IP connection to the host <HOST>, port <PORT> has failed[^\n]{0,200}"), "tcp", None),
    # ping
    (_p(r"PING (?P<host>[\w.:-]+) \(<ADDR>\)[^\n]{0,60}(?:\n[^\n]{0,120}){0,12}"), "icmp", None),
    (_p(r"-{3} <HOST> ping statistics -{3}(?:\n[^\n]{0,120}){0,3}"), "icmp", None),
)
_WORTH_TRYING: Final = re.compile(
    r"dial|lookup|connect|connection|\bport\b|ETIMEDOUT|ECONN|EHOST|ENET|ORA-|ServerSelection|MongoNet|AutoReconnect|NetworkTimeout|PING |ping statistics|Unknown MySQL|refused|timed? ?out|i/o|no route",
    re.IGNORECASE,
)
_WORD_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$"
_CLASS_NAME: Final = re.compile(r"\b(?:[a-z_]\w{0,40}\.){1,8}[A-Z]\w{0,80}|\b[A-Z]\w{0,60}\.[a-z]\w{0,60}|\b[A-Za-z]\w{0,60}(?:Exception|Error|Timeout)\b:?|\[[^\[\]\n]{0,60}=[^\[\]\n]{0,120}\]|\b(?:Get|Post|Put|Head|Delete|Patch) \"[^\"\n]{1,300}\":?")
_DEBRIS: Final = re.compile(
    r"SQLSTATE\[\w{1,10}\](?: \[\d{1,6}\])?|\[Errno -?\d{1,5}\]|<[\w.]{1,80} object at 0x\w{1,16}>:?|\b(?:[a-z_]\w{0,40}\.){2,8}[A-Z]\w{0,80}(?:Exception|Error|Timeout)\b:?"
    r"|failed to connect to `?host=\S{1,100} user=\S{1,60} database=[^\s`]{1,60}`?:?"
)
_STACK_LINE: Final = re.compile(r"^\s*(?:at [\w.$/<>]+\([^()\n]*\)|\.\.\. \d+ more|File \"[^\"\n]*\", line \d+[^\n]*|Traceback [^\n]*|goroutine \d+[^\n]*)\s*$", re.MULTILINE)
_PROMPT: Final = re.compile(r"^[ \t]*\[?(?:\([\w.-]{1,30}\) ?)?[a-z_][\w.-]{0,31}@(?P<host>[A-Za-z0-9][\w.-]{0,62})(?:[ :][^\n$#]{0,80}?)?\]?[$#%] ?", re.MULTILINE)
_BARE_PROMPT: Final = re.compile(r"^[ \t]*(?P<host>[A-Za-z][\w-]{0,40}\d|[A-Za-z]\w*-[\w-]{1,40})(?:[:~ ][^\n$#]{0,40}?)?[$#] (?=\w)", re.MULTILINE)
_SYSLOG: Final = re.compile(r"^[ \t]*(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,15}) (?P<host>[A-Za-z][\w.-]{0,62}) (?=[\w./-]{1,40}(?:\[\d{1,8}\])?: )(?:[\w./-]{1,40}(?:\[\d{1,8}\])?: )", re.MULTILINE)


def without_shell(text: str) -> str:
    """Return the text with prompts and syslog prefixes written as "from HOST", and stack traces left out."""
    if "@" in text or "$ " in text or "# " in text:
        text = _PROMPT.sub(r" from \g<host> , ", text)
        text = _BARE_PROMPT.sub(r" from \g<host> , ", text)
    text = _SYSLOG.sub(r" from \g<host> , ", text)
    return _STACK_LINE.sub("", text) if "\n" in text else text


def without_debris(text: str) -> str:
    """Return the text without the parts of error messages that look like names: exception classes, SQLSTATE, errno."""
    return _DEBRIS.sub(" , ", text)


def find_error(text: str) -> PastedError | None:
    """Return the first connection error that the text holds, or None."""
    if not _WORTH_TRYING.search(text):
        return None
    for pattern, protocol, port in _ERRORS:
        found = pattern.search(text)
        if found is None:
            continue
        error = _error(found, protocol, port, text)
        if error is not None:
            return error
    return None


def _error(found: re.Match[str], protocol: str | None, port: int | None, text: str) -> PastedError | None:
    groups = found.groupdict()
    destination = _tried(groups.get("host"), groups.get("addr"))
    if destination is None:
        return None
    number = groups.get("port")
    known = int(number) if number and 0 < int(number) <= 65535 else port
    transport = (groups.get("proto") or protocol or "tcp").lower()
    source = address(groups.get("src") or "")
    sport = groups.get("sport")
    if transport not in TRANSPORTS or (destination.kind == "name" and destination.value.lower() in _NO_HOSTS):
        return None
    before = text[: found.start()]
    before = before.rstrip(_WORD_CHARACTERS) if before.endswith(".") else before
    rest = f"{_CLASS_NAME.sub(' ', before)} , {_CLASS_NAME.sub(' ', text[found.end() :])}"
    is_v6 = transport == "icmp" and destination.kind == "ip" and ":" in destination.value
    return PastedError(destination, known, "icmpv6" if is_v6 else transport, source, int(sport) if sport and source else None, rest)


_NO_HOSTS: Final = frozenset("host server port the a an to from it them localhost remote database my your our that this mysql postgres redis".split()) | WELL_KNOWN.keys()


def _tried(host: str | None, tried: str | None) -> Party | None:
    """Return the address that was tried where one is given, else the host as the error spells it."""
    for text in (tried, host):
        found = address(text) if text else None
        if found is not None:
            return found
    text = (host or tried or "").strip("[]").rstrip(".")
    if not text:
        return None
    return dns_name(text) or resource_id(text) or Party(kind="name", value=text)
