"""Errors and commands that people paste instead of a question: which host and port they were about, and who ran them.

Where an error gives a host name and the address that was tried, the address is taken: it is what was not reached, and it is
found in a network without a resolver.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from diagnosis.question.addresses import address, dns_name, resource_id
from diagnosis.question.error_patterns import ERRORS, ErrorForm
from diagnosis.question.patterns import Pattern
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


_WORD_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$"
_CLASS_NAME: Final = Pattern(
    r"\b(?:[a-z_]\w{0,40}\.){1,8}[A-Z]\w{0,80}|\b[A-Z]\w{0,60}\.[a-z]\w{0,60}|\b[A-Za-z]\w{0,60}(?:Exception|Error|Timeout)\b:?|\[[^\[\]\n]{0,60}=[^\[\]\n]{0,120}\]|\b(?:Get|Post|Put|Head|Delete|Patch) \"[^\"\n]{1,300}\":?"
)


def find_error(text: str) -> PastedError | None:
    """Return the first connection error that the text holds, or None."""
    lower = text.lower()
    for form in ERRORS:
        if not any(needle in lower for needle in form.needles):
            continue
        found = form.regex.search(text)
        if found is None:
            continue
        error = _error(found, form, text)
        if error is not None:
            return error
    return None


def _error(found: re.Match[str], form: ErrorForm, text: str) -> PastedError | None:
    groups = found.groupdict()
    destination = _tried(groups.get("host"), groups.get("addr"))
    if destination is None:
        return None
    number = groups.get("port")
    known = int(number) if number and 0 < int(number) <= 65535 else form.port
    transport = (groups.get("proto") or form.protocol or "tcp").lower()
    source = address(groups.get("src") or "")
    sport = groups.get("sport")
    if transport not in TRANSPORTS or (destination.kind == "name" and destination.value.lower() in _NO_HOSTS):
        return None
    before = text[: found.start()]
    before = before.rstrip(_WORD_CHARACTERS) if before.endswith(".") else before
    rest = f"{_CLASS_NAME.sub(' ', before)} , {_CLASS_NAME.sub(' ', text[found.end() :])}"
    is_v6 = transport == "icmp" and destination.kind == "ip" and ":" in destination.value
    return PastedError(
        destination, known, "icmpv6" if is_v6 else transport, source, int(sport) if sport and source else None, rest
    )


_NO_HOSTS: Final = (
    frozenset(
        "host server port the a an to from it them localhost remote database my your our that this mysql postgres redis".split()
    )
    | WELL_KNOWN.keys()
)


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
