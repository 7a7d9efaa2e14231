"""What connection errors look like, tool by tool: each pattern names the host, the port and, where it is there, who tried.

Named groups: `host` and `addr` (the address that was tried, where the error gives both), `port`, `proto`, `src` and `sport`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from diagnosis.question.patterns import Pattern


class ErrorForm(NamedTuple):
    """One form of error. It is only searched for in a text that holds one of `needles` (lower case): most texts hold none."""

    needles: tuple[str, ...]
    regex: Pattern
    protocol: str | None
    """The protocol that the error implies; None where the pattern's group `proto` says it."""
    port: int | None
    """The port that the tool uses when the error does not name one."""


_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]{2,45}\]"
_V6: Final = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"
_PORT: Final = r"\d{1,5}"


def _p(pattern: str) -> Pattern:
    filled = (
        pattern.replace("<HOST>", f"(?P<host>{_HOST}|{_V6})")
        .replace("<ADDR>", f"(?P<addr>{_HOST}|{_V6})")
        .replace("<PORT>", rf"(?P<port>{_PORT})")
    )
    return Pattern(filled, re.IGNORECASE)


_REASON: Final = r"(?:Connection (?:refused|timed out|reset by peer)|(?:Couldn't|Could not) connect to server|Operation timed out|No route to host|Network is unreachable|Timeout was reached|Timed out)"
_WHY: Final = r"(?:[:,;]? ?(?:connect|connection|i/o|operation|net|read|write|dial|http)?:? ?(?:connection |operation |i/o |connect )?(?:timed? ?out|timeout|refused|reset by peer|no route to host|network is unreachable|host is unreachable|unreachable))?"


def _captured(left: str, left_port: str, right: str, right_port: str, what: str) -> str:
    """A line of tcpdump without names (-n): "10.0.1.10.40000 > 10.0.2.20.3306: Flags [S]", its arrow made plain."""
    host = rf"(?:\d{{1,3}}\.){{3}}\d{{1,3}}|{_V6}"
    return (
        rf"(?:^[\d:. -]{{8,30}} ?)?(?:IP6? )?\b(?P<{left}>{host})\.(?P<{left_port}>{_PORT}) \u2192 "
        rf"(?P<{right}>{host})\.(?P<{right_port}>{_PORT}): {what}[^\n]*(?:\n[^\n]* \u2192 [^\n]*){{0,200}}"
    )


ERRORS: Final[tuple[ErrorForm, ...]] = (
    # Go
    ErrorForm(
        ("lookup", "resolve"),
        _p(
            rf"\b(?:lookup|resolve) [\w.-]+ on <HOST>:(?P<port>53)\b(?:: (?:read|dial|write) (?P<proto>udp|tcp)[46]? (?P<src>[\d.]+|\[[0-9a-f:.]+\]):(?P<sport>{_PORT})->[^\s:]+:53)?{_WHY}"
        ),
        "udp",
        53,
    ),
    ErrorForm(
        ("tcp", "udp"),
        _p(
            rf"\b(?:dial|read|write|connect)(?: |-)(?P<proto>tcp|udp)[46]?:? (?P<src>[\d.]+|\[[0-9a-f:.]+\]):(?P<sport>{_PORT}) ?(?:->|\u2192) ?<HOST>:<PORT>\b(?:: \w+)?{_WHY}"
        ),
        None,
        None,
    ),
    ErrorForm(("dial",), _p(rf"\bdial[ -](?P<proto>tcp|udp)[46]?:? <HOST>:<PORT>\b(?:: connect)?{_WHY}"), None, None),
    # MySQL
    ErrorForm(
        ("connect to",),
        _p(
            r"(?:ERROR \d{4} ?\(\w+\): ?|\(2003, ?[\"']?|SQLSTATE\[\w+\] \[2002\] ?)?Can'?t connect to (?:MySQL|MariaDB)? ?server on '?<HOST>(?::<PORT>)?'? ?(?:\((?:\d+|[^()\n]{0,60})\)|\[[^\]\n]{0,60}\])?[\"')]*"
        ),
        "tcp",
        3306,
    ),
    ErrorForm(
        ("lost connection",),
        _p(r"Lost connection to (?:MySQL|MariaDB) server (?:at|on|to) '?<HOST>(?::<PORT>)?'?"),
        "tcp",
        3306,
    ),
    ErrorForm(("unknown mysql",), _p(r"Unknown MySQL server host '<HOST>'(?: \(\d+\))?"), "tcp", 3306),
    # PostgreSQL
    ErrorForm(
        ("connection to server",),
        _p(
            rf"(?:psql: )?(?:error: )?connection to server at \"?<HOST>\"? ?(?:\(<ADDR>\))?, ?port <PORT> failed(?:: FATAL)?{_WHY}(?:\s*Is the server running on (?:that host|host)[^?\n]{{0,160}}\??)?"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("is the server running",),
        _p(
            r"(?:could not connect to server: ?(?:Connection \w+(?: \w+)?|Operation timed out|No route to host)?\s*\(?\w{0,12}\)?\s*)?Is the server running on host \"?<HOST>\"? ?(?:\(<ADDR>\) ?)?and accepting\s+TCP/IP connections on port <PORT>\??"
        ),
        "tcp",
        None,
    ),
    # ssh, scp, git over ssh
    ErrorForm(("ssh: connect",), _p(rf"ssh: connect to (?:host|address) <HOST> port <PORT>{_WHY}"), "tcp", None),
    ErrorForm(
        ("connect to",),
        _p(
            r"connect to (?:host|address) <HOST> port <PORT>: (?:Connection refused|Connection timed out|Operation timed out|No route to host|Network is unreachable|Connection reset by peer)"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("kex_exchange",),
        _p(
            r"kex_exchange_identification: [^\n]{0,80}?Connection (?:closed|reset) by (?:remote host )?<HOST> port <PORT>"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connection",), _p(r"Connection (?:closed|reset|timed out) (?:by|with|to) <HOST> port <PORT>"), "tcp", None
    ),
    # Redis
    ErrorForm(("redis at",), _p(rf"Could not connect to Redis at <HOST>:<PORT>{_WHY}"), "tcp", None),
    ErrorForm(
        ("connecting to",),
        _p(
            r"(?:redis\.exceptions\.\w+: )?Error (?:\d+ )?(?:while )?connecting to <HOST>:<PORT>\.?(?: Connection (?:timed out|refused)\.?)?"
        ),
        "tcp",
        None,
    ),
    # curl, wget
    ErrorForm(
        ("curl:",),
        _p(
            rf"curl: ?(?:\(\d+\) )?(?:Failed to connect to|connect to|Connection timed out to) <HOST>(?: \(<ADDR>\))? port <PORT>(?: \([^()\n]{{0,60}}\))?(?: after \d+ ?ms| after ,| ,)?(?: from [\w.:]+ port \d+)?(?:: {_REASON}| failed: {_REASON})?"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connect to",),
        _p(
            rf"(?:Failed to )?connect to <HOST>(?: \(<ADDR>\))? port <PORT>(?: \([^()\n]{{0,60}}\))?(?: after \d+ ?ms(?:: {_REASON})?|(?: after ,)?: {_REASON}| failed: {_REASON})"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connecting to",),
        _p(
            rf"Connecting to <HOST>(?: \([^()\n]{{0,80}}\))? ?\|?(?:<ADDR>)?\|?:<PORT>(?:\.{{2,3}} ?(?:failed)?| failed){_WHY}"
        ),
        "tcp",
        None,
    ),
    # Java, JDBC, Kafka, netty
    ErrorForm(
        ("to node",),
        _p(
            r"Connection to node -?\d+ \((?:<HOST>/)?<ADDR>:<PORT>\) (?:could not be established|terminated)[^\n]{0,80}"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("exception:", "error:"),
        _p(
            rf"(?:[\w.$]{{0,120}}(?:Exception|Error): ){{1,3}}(?:Connection timed out|Connection refused|connect timed out|connection timed out|No route to host|Connect timed out|Failed to connect|failed to connect)?(?: after \d+ ?ms)?(?: \(Connection \w+(?: \w+)?\))?(?: ?:? ?(?:no further information)?:? ?(?:to )?(?:host )?)(?:<HOST>/)<ADDR>:<PORT>{_WHY}"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connect",),
        _p(
            rf"(?:Connect(?:ion)? to|Failed to connect to) <HOST>:<PORT> \[[\w.-]{{0,200}}/<ADDR>(?:,[^\]\n]{{0,200}})?\](?: failed)?{_WHY}"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("timed out", "refused", "no route"),
        _p(
            rf"(?:Connection timed out|Connection refused|connect timed out|connection timed out|No route to host)(?: \(\w+ \w+\))?:? ?(?:to )?(?:no further information: )?(?:host )?/?(?:<HOST>)(?: ?\[?/<ADDR>\]?)?:<PORT>(?: \[[^\]\n]{{0,80}}\])?(?: (?:failed|refused|timed out))?{_WHY}"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connect",),
        _p(
            r"(?:Connect(?:ion)?|failed to connect) to /?<HOST>(?:/<ADDR>)?:<PORT>(?: \[[^\]\n]{0,120}\])? (?:failed|refused|timed out)(?:: ?(?:connect timed out|connection refused|connection timed out|no route to host))?"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connect",),
        _p(r"(?:Exception|Error|Failed): (?:Failed to |failed to )?connect(?:ion)? to /?<HOST>(?:/<ADDR>)?:<PORT>"),
        "tcp",
        None,
    ),
    # Node
    ErrorForm(
        ("connect e",),
        _p(r"(?:Error: )?connect (?:ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ECONNRESET) <HOST>:<PORT>"),
        "tcp",
        None,
    ),
    # Python, MongoDB
    ErrorForm(
        ("connectionpool(",),
        _p(
            r"(?:HTTPS?|[\w.]{0,60})ConnectionPool\(host='<HOST>', port=<PORT>\)(?:: Max retries exceeded(?: with url: \S{0,300})?(?: \(Caused by [^\n]{0,400}\))?|: Read timed out\.[^\n]{0,60})?"
        ),
        "tcp",
        None,
    ),
    ErrorForm(
        ("connection(", "connectionerror("),
        _p(r"(?:HTTPS?Connection|NewConnectionError)\(host='<HOST>', port=<PORT>\)(?:: [^\n]{0,300})?"),
        "tcp",
        None,
    ),
    ErrorForm(
        ("serverselection", "mongonetwork", "autoreconnect", "networktimeout", "server selection"),
        _p(
            r"(?:ServerSelectionTimeoutError|MongoServerSelectionError|MongoNetworkError|MongoNetworkTimeoutError|AutoReconnect|NetworkTimeout|server selection error)[^\n]{0,80}? ?<HOST>:<PORT>(?:: ?(?:timed out|\[Errno \d+\][\w ]{0,40}))?"
        ),
        "tcp",
        None,
    ),
    # netcat, telnet
    ErrorForm(
        ("nc: ", "ncat: ", "netcat: "),
        _p(
            rf"(?:nc|ncat|netcat): connect to <HOST>(?: \(<ADDR>\))? port <PORT> ?(?:\((?P<proto>tcp|udp)\))? ?(?:failed)?{_WHY}"
        ),
        "tcp",
        None,
    ),
    ErrorForm(("connect to address",), _p(rf"(?:telnet: )?connect to address <HOST>{_WHY}"), "tcp", None),
    ErrorForm(
        ("refused", "timeout", "timed out", "no route"),
        _p(
            r"\b<HOST>:<PORT> ?(?:-|:) ?(?:connect: )?(?:connection refused|i/o timeout|connection timed out|operation timed out|no route to host)"
        ),
        "tcp",
        None,
    ),
    # tcpdump: the first packet, or the answer to it; the packets below it are of the same conversation
    ErrorForm(("flags [",), _p(_captured("src", "sport", "host", "port", r"Flags \[(?:S|SEW)\]")), "tcp", None),
    ErrorForm(
        ("flags [",), _p(_captured("host", "port", "src", "sport", r"Flags \[(?:S\.|S\.E|R|R\.)\]")), "tcp", None
    ),
    ErrorForm(
        (" \u2192 ",), _p(_captured("src", "sport", "host", "port", r"(?:\d+\+?|UDP|NTP|SYSLOG)[, \[]")), "udp", None
    ),
    # NFS
    ErrorForm(
        ("mount",),
        _p(
            r"mount\.nfs4?: (?:Connection (?:timed out|refused)|No route to host|mount system call failed|mount\(2\): [\w ]{1,40}|timeout set for [^\n]{1,60})(?: (?:for|mounting|to))? <HOST>(?::/\S{0,200})?(?: on /\S{0,200})?"
        ),
        "tcp",
        2049,
    ),
    # Oracle, SQL Server, LDAP, generic
    ErrorForm(
        ("ora-1",),
        _p(r"ORA-1(?:2170|2541|2543|2545|2535)[^\n]{0,120}?\(?HOST ?= ?<HOST>\)?\(?PORT ?= ?<PORT>"),
        "tcp",
        None,
    ),
    ErrorForm(
        ("the tcp/ip connection",),
        _p(r"The TCP/IP connection to the host <HOST>, port <PORT> has failed[^\n]{0,200}"),
        "tcp",
        None,
    ),
    # ping
    ErrorForm(("ping ",), _p(r"PING (?P<host>[\w.:-]+) \(<ADDR>\)[^\n]{0,60}(?:\n[^\n]{0,120}){0,12}"), "icmp", None),
    ErrorForm(("ping statistics",), _p(r"-{3} <HOST> ping statistics -{3}(?:\n[^\n]{0,120}){0,3}"), "icmp", None),
)
