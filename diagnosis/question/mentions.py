"""Marked tokens to the pieces that the grammar works on: mentions of parties, and the words that relate them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from diagnosis.question.lexicon import GENERIC_NOUNS, LONGEST_PHRASE, LOOSE_NOUNS, PHRASES, TYPE_NOUNS, WORDS, Word
from diagnosis.question.ports import Marked, PortMark
from diagnosis.question.question import Party
from diagnosis.question.services import API_SERVICES, SERVICE_NOUNS, SERVICE_PHRASES
from diagnosis.question.services import LONGEST_PHRASE as LONGEST_SERVICE
from diagnosis.question.tokens import Token
from diagnosis.question.well_known_ports import PORTLESS, TRANSPORTS, implied_by

INTERNET: Final = Party(kind="internet", value="internet")
_VERB_PROTOCOLS: Final = frozenset(
    "ssh ping ping6 rdp telnet scp sftp rsync ftp pings pinging pinged sshing ssh'ing rdping sshed".split()
)
_PROTOCOL_PHRASES: Final = {
    "snmp trap": "snmptrap",
    "snmp traps": "snmptrap",
    "remote desktop": "rdp",
    "sql server": "mssql",
    "ms sql": "mssql",
    "secure shell": "ssh",
    "microsoft sql": "mssql",
    "windows remote management": "winrm",
}
_IMPLYING: Final = {"pingable": "ping", "unpingable": "ping", "sshable": "ssh"}
_TOOLS: Final = {
    "redis-cli": "redis", "valkey-cli": "redis", "mongosh": "mongodb", "sqlcmd": "mssql", "sqlplus": "oracle", "ldapsearch": "ldap", "mysqladmin": "mysql",
    "mysqldump": "mysql", "pg_dump": "postgres", "pg_isready": "postgres", "smbclient": "smb", "snmpwalk": "snmp", "ntpdate": "ntp", "mosquitto_pub": "mqtt",
    "dig": "dns", "nslookup": "dns", "ssh-keyscan": "ssh", "ssh-copy-id": "ssh", "mstsc": "rdp", "showmount": "nfs",
}  # fmt: skip
"""Command line tools → the protocol that they speak."""
_VERB_IMPLIES: Final = {
    "sshing": "ssh",
    "ssh'ing": "ssh",
    "rdping": "rdp",
    "sshed": "ssh",
    "pinging": "ping",
    "pinged": "ping",
    "pings": "ping",
}
_SPLIT_CONTRACTIONS: Final = {
    "what's": "what",
    "who's": "who",
    "where's": "where",
    "how's": "how",
    "that's": "it",
    "it's": "it",
    "there's": "there",
    "why's": "why",
    "whats": "what",
    "whos": "who",
    "wheres": "where",
}
_NO_IDENTIFIERS: Final = (
    "on-prem",
    "in-house",
    "off-site",
    "third-party",
    "site-to-site",
    "cross-account",
    "back-end",
    "front-end",
)
_AGENTS: Final = frozenset("agent agents client sdk cli script daemon sidecar exporter plugin".split())
_RUNNERS: Final = frozenset("lambda codebuild codedeploy codepipeline".split())
"""APIs whose named things run code of ours and send packets themselves."""
_DEVICE: Final = re.compile(r"(?:eth|ens|en|wlan|tun|tap|lo)\d{1,2}\Z", re.IGNORECASE)
"""What a kernel calls a network interface: it says nothing of which host is meant."""
_ENVIRONMENTS: Final = frozenset(
    "prod production staging stage dev development test main primary secondary private public internal external shared central corporate".split()
)
_LEADING_NOUNS: Final = frozenset(
    "application pod task function vm machine microservice cluster deployment workload kubernetes k8s docker".split()
)
_NAMEABLE: Final = frozenset(
    {
        "party",
        "service",
        "protocol",
        "noun",
        "word",
        "number",
        "called",
        "determiner",
        "adjective",
        "broken",
        "internet",
    }
)


@dataclass(frozen=True, slots=True)
class Item:
    """A classified token. `role` is a role of the lexicon, or party, service, protocol, word, number, port, broken, arrow, mark."""

    role: str
    text: str
    form: str = ""
    token: Token | None = None
    mark: PortMark | None = None
    service: str | None = None
    implies: str | None = None
    """The protocol word, in lower case, that this item is."""
    possessive: bool = False

    @property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in the text that names a party. `strength`: 3 by form or quotes, 2 looks like an identifier, 1 a plain word,
    0 a protocol word that may only describe the traffic. Without a party it is "anything" (`variable`).
    """

    party: Party | None
    strength: int
    variable: bool = False
    port: int | None = None
    protocol: str | None = None
    implied: tuple[str, int] | None = None
    protocol_word: str | None = None
    possessive: bool = False
    generic: bool = False
    anybody: bool = False
    """Whether the noun means nobody in particular ("hosts", "instances"), so that a place may say who is meant."""
    where: bool = False
    adjective: bool = False
    """Whether only an adjective was written ("from prod"): a name behind a preposition, nothing elsewhere."""
    before: Party | None = None
    """A plain word or service word that stands directly before the identifier: part of its description, or a party of its own."""
    after: Party | None = None


def classify(marked: Sequence[Marked]) -> list[Item]:
    """Return the items of the text, with phrases of several words joined."""
    items: list[Item] = []
    i = 0
    while i < len(marked):
        found = marked[i]
        if isinstance(found, PortMark):
            items.append(Item("port", "", mark=found))
            i += 1
            continue
        length, item = _phrase(marked, i)
        if item is None:
            items.extend(_single(found))
            length = 1
        else:
            items.append(item)
        i += length
    return items


def _phrase(marked: Sequence[Marked], i: int) -> tuple[int, Item | None]:
    """Match the longest service phrase or set phrase that starts at i."""
    words: list[str] = []
    possessive = False
    for found in marked[i : i + max(LONGEST_PHRASE, LONGEST_SERVICE)]:
        if not isinstance(found, Token) or found.kind not in ("word", "number"):
            break
        possessive = found.possessive
        words.append(found.lower)
        if possessive:
            break
    for length in range(len(words), 0, -1):
        joined = " ".join(words[:length])
        service = SERVICE_PHRASES.get(joined)
        if service:
            text = " ".join(t.text for t in marked[i : i + length] if isinstance(t, Token))
            return length, Item("service", text, service=service, possessive=possessive and length == len(words))
        if joined in _PROTOCOL_PHRASES:
            text = " ".join(t.text for t in marked[i : i + length] if isinstance(t, Token))
            return length, Item("protocol", text, implies=_PROTOCOL_PHRASES[joined])
        known = PHRASES.get(tuple(words[:length])) if length > 1 else None
        if known:
            return length, Item(known.role, joined, known.form)
    return 0, None


def _single(token: Token) -> Iterator[Item]:
    if token.kind == "party":
        service = token.party.value if token.party and token.party.kind == "service" else None
        yield Item(
            "service" if service else "party", token.text, token=token, service=service, possessive=token.possessive
        )
    elif token.kind == "word":
        yield from _of_word(token)
    elif token.kind == "number":
        yield Item("number", token.text)
    elif token.kind == "broken":
        yield Item("broken", token.text, token=token)
    elif token.kind == "arrow":
        yield Item("arrow", token.text)
    else:
        yield Item("mark", token.text)


def _of_word(token: Token) -> Iterator[Item]:
    lower = token.lower
    whole = f"{lower}'s" if token.possessive else lower
    if whole in _SPLIT_CONTRACTIONS:
        lower = _SPLIT_CONTRACTIONS[whole]
        known = WORDS.get(lower, Word("other"))
        yield Item(known.role, lower, known.form)
        yield Item("be", "is", "base")
        return
    if lower in TRANSPORTS or lower in PORTLESS:
        role = (
            "reach"
            if lower in _VERB_PROTOCOLS
            else "protocol"
            if lower in PORTLESS and lower not in TRANSPORTS
            else "transport"
        )
        yield Item(role, token.text, "base", implies=_VERB_IMPLIES.get(lower, lower))
    elif lower in _TOOLS:
        yield Item("reach", token.text, "base", implies=_TOOLS[lower])
    elif lower in _VERB_PROTOCOLS:
        yield Item(
            "reach", token.text, "ing" if lower.endswith("ing") else "base", implies=_VERB_IMPLIES.get(lower, lower)
        )
    elif lower in WORDS and not token.quoted:
        known = WORDS[lower]
        yield Item(known.role, token.text, known.form, implies=_IMPLYING.get(lower), possessive=token.possessive)
    elif lower.endswith(("exception", "error", "timeout")) and len(lower) > 9:
        yield Item("error", token.text)
    elif implied_by(lower) is not None:
        yield Item("protocol", token.text, implies=lower, possessive=token.possessive)
    elif lower.startswith("-") or not any(c.isalnum() for c in lower):
        yield Item("flag" if len(lower) > 1 else "mark", lower)
    else:
        yield Item("word", token.text, token=token, possessive=token.possessive)


def looks_like_identifier(text: str) -> bool:
    """Return whether a word has the form of a resource's name: a hyphen, underscore, digit, slash or dot inside."""
    if text.lower().startswith(_NO_IDENTIFIERS) or _DEVICE.match(text):
        return False
    if any(a.islower() and b.isupper() for a, b in itertools.pairwise(text)):
        return True
    return any(c in "-_/.:0123456789" for c in text.strip("-_/.:")) and any(c.isalnum() for c in text)


def mentions_in(run: Sequence[Item]) -> list[Mention]:
    """Return the parties that one unbroken run of name-like items mentions, in order."""
    found: list[Mention] = []
    loose: list[Item] = []
    for item in run:
        identifier = item.role == "word" and looks_like_identifier(item.text)
        if item.role in ("party", "broken", "internet") or identifier:
            found.append(_held_by_api(loose) or replace(_anchored(item), before=_described_by(loose)))
            found.extend(_protocol_mentions(loose))
            loose = []
        else:
            loose.append(item)
    if not loose:
        return found
    if found:
        possessive = found[-1].possessive or any(i.possessive for i in loose)
        found[-1] = replace(found[-1], possessive=possessive, after=_described_by(loose))
        return [*found, *_protocol_mentions(loose)]
    return _of_plain_words(loose)


def _held_by_api(loose: Sequence[Item]) -> Mention | None:
    """Return the AWS API that holds the named thing ("the S3 bucket logs"): a bucket or queue has no address of its own."""
    service = next((i.service for i in loose if i.service in API_SERVICES - _RUNNERS), None)
    return Mention(Party(kind="service", value=service), 3) if service else None


def _described_by(loose: Sequence[Item]) -> Party | None:
    """Return the party that the words beside an identifier would be if they were not its description."""
    service = next((i.service for i in loose if i.service and i.service != "ec2"), None)
    if service:
        return Party(kind="service", value=service)
    words = [i.text for i in loose if i.role == "word"]
    return Party(kind="name", value=" ".join(words)) if words else None


def _anchored(item: Item) -> Mention:
    token = item.token
    if item.role == "internet":
        return Mention(INTERNET, 3, possessive=item.possessive)
    if item.role == "broken":
        return Mention(None, 3)
    if item.role == "party" and token is not None:
        return Mention(
            token.party, 3, port=token.port, protocol=token.protocol, implied=token.implied, possessive=token.possessive
        )
    return Mention(Party(kind="name", value=item.text), 2, possessive=item.possessive)


def _protocol_mentions(items: Sequence[Item]) -> list[Mention]:
    return [
        Mention(Party(kind="name", value=i.text), 0, protocol_word=i.implies) for i in items if i.role == "protocol"
    ]


def _of_plain_words(run: Sequence[Item]) -> list[Mention]:
    """Read a run without an identifier: a service, a name of plain words, a protocol word, or nobody in particular."""
    possessive = any(i.possessive for i in run)
    services = [i for i in run if i.service]
    named_after_called = any(i.role == "called" for i in run)
    words = [i for i in run if i.role in ("word", "noun", "number")]
    if services and services[-1].service == "ec2" and len(services) > 1:
        services.pop()
    if services:
        service = services[0].service or ""
        token = services[0].token
        names = [i.text for i in words if i.lower not in SERVICE_NOUNS and i.role != "number"]
        if any(n.lower() in _AGENTS for n in names):
            return [
                Mention(
                    Party(kind="name", value=" ".join(i.text for i in run if i.role != "determiner")),
                    1,
                    possessive=possessive,
                    generic=True,
                )
            ]
        if names and service not in API_SERVICES - {"lambda"} and (service != "ec2" or names):
            return [
                Mention(Party(kind="name", value=" ".join(names)), 2, possessive=possessive),
                *_protocol_mentions(run),
            ]
        port = token.port if token else None
        return [
            Mention(Party(kind="service", value=service), 3, port=port, possessive=possessive),
            *_protocol_mentions(run),
        ]
    said = any(i.role != "number" for i in words)
    names = _without_type_nouns([i.text for i in words]) if said else []
    protocols = _protocol_mentions(run)
    generic = bool(names) and all(n.lower() in GENERIC_NOUNS | TYPE_NOUNS | LOOSE_NOUNS for n in names)
    if protocols and (not names or generic):
        return [replace(p, strength=1 if generic else 0, possessive=possessive) for p in protocols[:1]]
    if not names:
        return _only_adjective(run, possessive)
    strength = 2 if named_after_called else 1
    anybody = all(n.lower() in GENERIC_NOUNS for n in names)
    return [
        Mention(
            Party(kind="name", value=" ".join(names)), strength, possessive=possessive, generic=generic, anybody=anybody
        ),
        *protocols,
    ]


def _only_adjective(run: Sequence[Item], possessive: bool) -> list[Mention]:
    """Read "from prod", "to staging": an adjective that stands alone is a name, an article is nothing."""
    adjectives = [i.text for i in run if i.role == "adjective" and i.lower in _ENVIRONMENTS]
    return (
        [Mention(Party(kind="name", value=adjectives[-1]), 1, possessive=possessive, generic=True, adjective=True)]
        if adjectives
        else []
    )


def _without_type_nouns(words: list[str]) -> list[str]:
    """Drop type nouns at both ends; of nothing but type nouns keep the first, which says most ("bastion host").

    What follows a type noun names the thing ("app server checkout"), and so does what follows a noun like "pod".
    """
    inner = [
        n
        for n, word in enumerate(words[:-1])
        if word.lower() in TYPE_NOUNS and words[n + 1].lower() not in TYPE_NOUNS | LOOSE_NOUNS
    ]
    words = words[inner[-1] + 1 :] if inner and not words[-1].isdigit() else words
    while (
        len(words) > 1
        and words[0].lower() in _LEADING_NOUNS
        and (words[1].lower() not in TYPE_NOUNS | LOOSE_NOUNS or words[1].lower() in _LEADING_NOUNS)
        and not words[1].isdigit()
    ):
        words = words[1:]
    if len(words) > 1 and words[-1].lower() in _LEADING_NOUNS and words[-2].lower() not in TYPE_NOUNS | LOOSE_NOUNS:
        words = words[:-1]
    start, end = 0, len(words)
    while start < end and words[start].lower() in TYPE_NOUNS:
        start += 1
    while end > start and words[end - 1].lower() in TYPE_NOUNS:
        end -= 1
    return words[start:end] if start < end else words[:1]


def is_nameable(item: Item) -> bool:
    """Return whether the item can be part of a mention."""
    return item.role in _NAMEABLE
