"""Plain text to typed tokens: parties that are recognised by form, words, numbers, port phrases, arrows and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from diagnosis.question.addresses import address, cidr, dns_name, is_broken_address, recognised, resource_id
from diagnosis.question.question import Party
from diagnosis.question.services import SERVICE_PHRASES
from diagnosis.question.well_known_ports import TRANSPORTS, implied_by

Kind = Literal["party", "word", "number", "port", "arrow", "mark", "broken"]


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text. `port` and `protocol` are what the piece itself says (`10.0.2.20:3306`, `tcp/3306`, a URL)."""

    kind: Kind
    text: str
    party: Party | None = None
    port: int | None = None
    protocol: str | None = None
    implied: tuple[str, int] | None = None
    """The transport and port that a URL's scheme implies."""
    possessive: bool = False
    quoted: bool = False
    glued: bool = False
    """Whether a mark stood directly against the token before it, as in `web-1:`."""

    @property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()


_PIECE: Final = re.compile(
    r"""
      "(?P<double>[^"\n]{1,200})"
    | (?<![\w])'(?P<single>[^'\n]{1,80}(?:'s\b[^'\n]{1,80})?)'(?![\w])
    | `(?P<code>[^`\n]{1,400})`
    | (?P<url>(?:jdbc:)?[A-Za-z][A-Za-z0-9+.\-]{1,24}://[^\s<>"'`,;)}|\u2192\u2190\u2194]{1,2000})
    | (?P<oracle>jdbc:oracle:thin:@/{0,2}[^\s<>"'`,;)}]{1,300})
    | (?P<arn>arn:aws[a-z-]*:[^\s,;()"'`<>?!]{1,400})
    | (?P<arrow>[\u2192\u2190\u2194])
    | (?P<bracket>\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?)
    | (?P<mark>\n|[,;()\[\]{}=?!|"'`<>])
    | (?P<chunk>[^\s,;()\[\]{}=?!|"`<>\u2192\u2190\u2194]{1,400})
    """,
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"\d{1,40}\Z")
_NUMBER_PROTOCOL: Final = re.compile(
    r"(?:(\d{1,5})(?:[/_-]?(?=tcp|udp)|/)([a-z]{2,12})|((?:tcp|udp)(?=[:/_-]?\d)|[a-z]{2,12}(?=[:/]\d))[:/_-]?(\d{1,5})"
    r"|:(\d{1,5})|(?:ports?[:#-]?|(?-i:p)[:#-]?(?=\d{3}))(\d{1,5}))\Z",
    re.IGNORECASE,
)
_HOST_PORT: Final = re.compile(r"([A-Za-z0-9][\w.\-]{0,252}):(\d{1,5})(?:/(tcp|udp)|/\S*)?\Z", re.IGNORECASE)
_IPV4_AND_MORE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})(?:/(tcp|udp)|/\S*)?\Z", re.IGNORECASE)
_PORT_RANGE: Final = re.compile(
    r"([^:/]*[:/])?(\d{2,5})-(\d{2,5})((?:/(?:tcp|udp))?)\Z",
    re.IGNORECASE,
)
"""Ports from one to another, bare or attached: "8200-8210", "10.0.1.5:8200-8210", "tcp/8200-8210", "8200-8210/udp"."""
_EXPORT: Final = re.compile(r"([A-Za-z0-9][\w.-]{0,252}):/\S*\Z")
_ADDRESS_PROTOCOL_PORT: Final = 3
"""The parts of "10.0.2.20/udp/53"."""
_USER_AT: Final = re.compile(r"[\w.+-]{1,64}@(?=[A-Za-z0-9\[])")
_QUOTED_SENTENCE: Final = re.compile(
    r"[:?=\n\u2192]|(?:^|\s)-{1,2}[a-zA-Z]|\s\d{2,5}\Z|\b(?:can(?:no|')?t|from|to|on|port|reach|connect|connection|curl|telnet|nc|ssh|ping|wget|time[d-]? ?out|refused|error|failed|blocked|denied|unreachable)\b",
    re.IGNORECASE,
)


def tokenise(text: str, depth: int = 0) -> list[Token]:
    """Return the tokens of plain text, left to right. Quoted text that is a sentence is read as if it were not quoted."""
    tokens: list[Token] = []
    for match in _PIECE.finditer(text):
        kind, piece = str(match.lastgroup), match[0]
        if kind in ("double", "single", "code"):
            tokens.extend(_of_quoted(match[kind], kind, depth))
        elif kind in ("url", "oracle"):
            tokens.append(_of_url(piece))
        elif kind == "arn":
            tokens.extend(_of_chunk(piece.rstrip(".:")))
        elif kind == "arrow":
            tokens.append(Token("arrow", piece))
        elif kind == "bracket":
            tokens.append(_of_bracket(piece))
        elif kind == "mark":
            tokens.append(Token("mark", piece, glued=match.start() > 0 and not text[match.start() - 1].isspace()))
        else:
            tokens.extend(_of_chunk(piece))
    return tokens


def _of_quoted(inner: str, kind: str, depth: int) -> Iterator[Token]:
    stripped = inner.strip()
    if not any(c.isalnum() for c in stripped):
        return
    plain_name = len(stripped.split()) <= 6 and len(stripped) <= 80 and (not _QUOTED_SENTENCE.search(stripped))
    one_word = len(stripped.split()) == 1
    if stripped.lower() in SERVICE_PHRASES:
        yield Token("party", stripped, Party(kind="service", value=SERVICE_PHRASES[stripped.lower()]), quoted=True)
    elif one_word and (
        kind == "code" or not plain_name or _NUMBER.match(stripped) or recognised(stripped) or implied_by(stripped)
    ):
        yield from _of_chunk(stripped) if "://" not in stripped else iter([_of_url(stripped)])
    elif plain_name:
        yield Token("party", stripped, Party(kind="name", value=" ".join(stripped.split())), quoted=True)
    elif depth < 2:
        yield Token("mark", ",")
        yield from tokenise(stripped, depth + 1)
        yield Token("mark", ",")


def _of_bracket(piece: str) -> Token:
    inner, _, rest = piece[1:].partition("]")
    party = address(inner)
    port = rest.removeprefix(":")
    if party is None:
        return next(iter(_of_chunk(inner)), Token("mark", ","))
    return Token("party", piece, party, port=_port(port))


def _port(text: str | None) -> int | None:
    """Return a port number 1-65535 or None."""
    if not text or not text.isdecimal() or len(text) > 5:
        return None
    return int(text) if 0 < int(text) <= 65535 else None


def _of_url(url: str) -> Token:
    """A URL names its host; its port is the one written, else its scheme's. `s3://` names the service."""
    url = url.rstrip(".:!?*")
    if url.lower().startswith("jdbc:oracle:"):
        host, _, rest = url.partition("@")[2].lstrip("/").partition(":")
        digits = re.match(r"\d{1,5}", rest)
        return _host_token(url, host.partition("/")[0], digits[0] if digits else None, None, ("tcp", 1521))
    scheme, _, rest = url.removeprefix("jdbc:").partition("://")
    scheme = scheme.lower()
    if scheme in ("s3", "s3a", "s3n"):
        return Token("party", url, Party(kind="service", value="s3"))
    authority = re.split(r"[/?#;]", rest, maxsplit=1)[0].rpartition("@")[2].partition(",")[0]
    found = re.match(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(\d{1,5}))?\Z", authority)
    if not found:
        return Token("word", url)
    transport = scheme if scheme in TRANSPORTS else None
    return _host_token(url, found[1], found[2], transport, implied_by(scheme))


def _host_token(text: str, host: str, port: str | None, protocol: str | None, implied: tuple[str, int] | None) -> Token:
    party = address(host) or dns_name(host) or Party(kind="name", value=host)
    return Token("party", text, party, port=_port(port), protocol=protocol, implied=implied)


def _of_chunk(chunk: str) -> Iterator[Token]:
    """A run of characters between spaces and marks: peel its punctuation, then name what it is."""
    if chunk[0] == "@" and recognised(chunk[1:].rstrip(".:")) is None:
        return
    if chunk[0] == "@":
        yield Token("word", "@@")
    if chunk == "&":
        yield Token("word", chunk)
    core = chunk.lstrip("@").lstrip("*~.'#&$%^+/\\").rstrip("*~'&$%^+/\\")
    if chunk.startswith("'") and len(core) > 1 and chunk.rstrip(".:").endswith("'"):
        core = core.strip("'")
    core, colon = (
        (core[:-1], True) if core.endswith((":", ".")) and core != "::" and not _ends_in_v6(core) else (core, False)
    )
    closing = chunk[len(chunk.rstrip(".:*~'")) :]
    core = core.rstrip(".*'~")
    if core:
        yield from _of_core(core)
    if colon and ("." in closing or ":" in closing):
        yield Token("mark", ":" if ":" in closing else ".", glued=bool(core))


def _ends_in_v6(core: str) -> bool:
    return core.endswith("::") and address(core) is not None


def _of_core(core: str) -> Iterator[Token]:
    between = _PORT_RANGE.match(core)
    if between and 0 < int(between[2]) < int(between[3]) <= 65535:
        yield from _of_core(f"{between[1] or ''}{between[2]}{between[4]}")
        yield Token("mark", "-", glued=True)
        yield Token("number", between[3])
        return
    possessive = len(core) > 2 and core[-2:].lower() == "'s"
    bare = core[:-2] if possessive else core
    numbered = _NUMBER_PROTOCOL.match(bare)
    if _NUMBER.match(bare):
        yield Token("number", bare)
    elif numbered and _says_a_port(numbered):
        port = _port(next(n for n in (numbered[1], numbered[4], numbered[5], numbered[6]) if n))
        word = (numbered[2] or numbered[3] or "").lower()
        transport = word if word in TRANSPORTS else None
        yield Token("port", bare, port=port, protocol=transport, implied=implied_by(word) if word else None)
    elif is_broken_address(bare):
        yield Token("broken", bare)
    else:
        yield _of_named(_USER_AT.sub("", bare, count=1), possessive)


def _says_a_port(match: re.Match[str]) -> bool:
    """Return whether the word beside the number is a protocol: `3306/tcp` and `https:8443` are ports, `web:8443` is a host."""
    word = (match[2] or match[3] or "").lower()
    return not word or word in TRANSPORTS or implied_by(word) is not None


def _of_named(bare: str, possessive: bool) -> Token:
    host_port = _IPV4_AND_MORE.match(bare) or (None if bare.count(":") > 1 else _HOST_PORT.match(bare))
    if host_port:
        host = host_port[1]
        party = recognised(host)
        transport = host_port[3].lower() if host_port[3] else None
        if party is None and is_broken_address(host):
            return Token("broken", bare, port=_port(host_port[2]))
        if party or not host.isdigit():
            service = SERVICE_PHRASES.get(host.lower())
            fallback = Party(kind="service", value=service) if service else Party(kind="name", value=host)
            return Token("party", bare, party or fallback, port=_port(host_port[2]), protocol=transport)
    exported = _EXPORT.match(bare)
    if exported and recognised(bare) is None:
        return Token("party", exported[1], recognised(exported[1]) or Party(kind="name", value=exported[1]))
    parts = bare.split("/")
    if len(parts) == _ADDRESS_PROTOCOL_PORT and address(parts[0]) and parts[1].lower() in TRANSPORTS:
        return Token("party", parts[0], address(parts[0]), port=_port(parts[2]), protocol=parts[1].lower())
    path = bare.partition("/")
    aliased = (
        _IPV4_AND_MORE.match(f"{path[2]}:0")
        and address(path[2])
        and not any(c.isdigit() and "." in path[0] for c in path[0])
    )
    if aliased and recognised(path[0]) is None and not path[0].isdigit() and resource_id(bare) is None:
        return Token("party", path[0], Party(kind="name", value=path[0]))
    party = cidr(bare) or resource_id(bare) or recognised(path[0])
    if party is not None and path[1] and party.kind in ("dns", "ip") and "/" in bare and cidr(bare) is None:
        digits = path[2].partition("/")[0]
        return Token(
            "party", path[0], party, port=_port(digits) if digits.isdecimal() and party.kind == "dns" else None
        )
    return Token("party", bare, party, possessive=possessive) if party else Token("word", bare, possessive=possessive)
