"""One file of a snapshot folder → the calls that it answers, or what is wrong with it.

A file is known by its top-level key, which is the result key of a boto3 read call; where several calls share a key, by
its items or its name. A file that cannot be read is still asked which call it was for, so that its answer counts as
unseen and never as empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pydantic_core import from_json

from diagnosis.network.described import Call
from diagnosis.snapshots.kinds import KINDS, Kind
from diagnosis.snapshots.places import account_and_region, argument_of, by_id_kinds, kinds_named, region_for
from diagnosis.snapshots.redact import redact
from diagnosis.snapshots.within import arguments_within

_PREFIX_LISTS = KINDS["ec2.describe_prefix_lists"]
_MANAGED_PREFIX_LISTS = KINDS["ec2.describe_managed_prefix_lists"]
_SHARED_MEMBERS = {"VpcId", "VPCs", "AdditionalRoutesAvailable"}
"""Results that accompany the one that names the call."""

BY_KEY: dict[str, tuple[Kind, ...]] = {}
for _known in KINDS.values():
    for _key in _known.results:
        if _key not in _SHARED_MEMBERS:
            BY_KEY[_key] = (*BY_KEY.get(_key, ()), _known)

_FIRST_KEY = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"([A-Za-z]{1,80})"\s*:')
_AWS_ERROR = re.compile(rb"An error occurred \(([A-Za-z.]{1,80})\) when calling the ([A-Za-z]{1,80}) operation")
_NOUN = re.compile(r"^(?:describe|list|get|search)_")


@dataclass(frozen=True, slots=True)
class Part:
    """What one file says of one call."""

    call: Call
    body: Mapping[str, Any]
    file: str
    unfinished: bool = False
    """AWS had further pages: the file is only part of the answer."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A call whose answer, or part of it, could not be read from its file."""

    call: Call
    reason: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """All that one file gives."""

    parts: tuple[Part, ...] = ()
    broken: tuple[Broken, ...] = ()
    warnings: tuple[str, ...] = ()


def recognise(path: PurePosixPath, text: bytes) -> Recognised:
    """The calls that a file answers. `path` is relative to the snapshot folder; never raises on content."""
    shown = printable(str(path))
    try:
        value = _value(text)
    except (ValueError, RecursionError) as error:
        return unreadable(path, text, _why_unreadable(text, error))
    if not isinstance(value, dict):
        return unreadable(path, text, f"holds {_json_type(value)} where AWS's answer is an object")
    body = redact(value)
    by_id = by_id_kinds(path)
    named = by_id or kinds_named(path.name)
    found = [kind for kind in named if any(key in body for key in kind.results)]
    if by_id and found:
        return _checked(path, [(found[0], argument_of(path), body)], body)
    keyed = [(key, kinds) for key in body if (kinds := BY_KEY.get(key))] if not by_id else []
    if not keyed:
        if named:
            wanted = " or ".join(sorted({f'"{kind.results[0]}"' for kind in named}))
            return unreadable(path, text, f"has no {wanted}")
        keys = ", ".join(printable(str(key)) for key in sorted(body)[:3])
        return Recognised(warnings=(f"{shown}: skipped, no known key ({keys or 'an empty object'})",))
    answers: dict[tuple[str, str | None], tuple[Kind, str | None, Mapping[str, Any]]] = {}
    warnings = []
    for key, kinds in keyed:
        candidates = tuple(kind for kind in kinds if kind in found) or kinds
        given = _answers(candidates, key, body, path)
        if not given:
            places = " or ".join(sorted({f"{kind.call}/<id>.json" for kind in candidates}))
            warnings.append(f'{shown}: "{key}" skipped, since it does not say whose it is; name the file {places}')
        answers |= {(kind.call, argument): (kind, argument, part) for kind, argument, part in given}
    checked = _checked(path, list(answers.values()), body)
    return Recognised(checked.parts, checked.broken, (*checked.warnings, *warnings))


def _answers(
    kinds: tuple[Kind, ...], key: str, body: Mapping[str, Any], path: PurePosixPath
) -> list[tuple[Kind, str | None, Mapping[str, Any]]]:
    """The calls, their arguments and their part of the file, that a key of a file stands for."""
    if key == "PrefixLists":
        return _prefix_lists(kinds, body[key])
    if kinds[0].per is None:
        return [(kinds[0], None, body)]
    if len(kinds) > 1:
        return []
    return [(kinds[0], argument, part) for argument, part in arguments_within(kinds[0], body, path)]


def _prefix_lists(kinds: tuple[Kind, ...], listed: object) -> list[tuple[Kind, str | None, Mapping[str, Any]]]:
    """`PrefixLists` of two calls: DescribePrefixLists gives each its `Cidrs`, DescribeManagedPrefixLists never does."""
    otherwise = kinds[0] if len(kinds) == 1 else _MANAGED_PREFIX_LISTS
    if not isinstance(listed, list) or not listed:
        return [(otherwise, None, {"PrefixLists": listed})]
    sorted_out: dict[str, list[Any]] = {}
    for item in listed:
        kind = otherwise
        if isinstance(item, dict) and "Cidrs" in item:
            kind = _PREFIX_LISTS
        elif isinstance(item, dict) and not {"OwnerId", "MaxEntries", "Version", "PrefixListArn"}.isdisjoint(item):
            kind = _MANAGED_PREFIX_LISTS
        sorted_out.setdefault(kind.call, []).append(item)
    return [(KINDS[call], None, {"PrefixLists": items}) for call, items in sorted_out.items()]


def _checked(
    path: PurePosixPath, answers: list[tuple[Kind, str | None, Mapping[str, Any]]], whole: Mapping[str, Any]
) -> Recognised:
    """The answers whose results have the type that AWS gives them; the others are broken, and so is what lost items."""
    account, region = account_and_region(path, by_id=bool(by_id_kinds(path)))
    shown = printable(str(path))
    parts, broken, warnings = [], [], []
    for kind, argument, body in answers:
        call = Call(kind.call, account, region_for(kind, region), argument)
        kept = {key: body[key] for key in kind.results if key in body}
        reason = ""
        if kind.results[0] in kept:
            kept[kind.results[0]], reason = _typed(kind, kept[kind.results[0]])
        if reason:
            broken.append(Broken(call, f"{shown} {reason}"))
            warnings.append(f"{shown}: {reason}")
        if kept.get(kind.results[0], ()) is not None:
            parts.append(Part(call, kept, shown, _unfinished(kind, whole)))
    return Recognised(tuple(parts), tuple(broken), tuple(warnings))


def _typed(kind: Kind, result: Any) -> tuple[Any, str]:
    """The result without what AWS never sends (None where all of it is such), and what was wrong, if anything."""
    key = kind.results[0]
    if kind.holds == "object":
        return (result, "") if isinstance(result, dict) else (None, f'"{key}" is {_json_type(result)}, not an object')
    if not isinstance(result, list):
        return None, f'"{key}" is {_json_type(result)}, not a list'
    wanted: type = dict if kind.holds == "objects" else str
    kept = [item for item in result if isinstance(item, wanted)]
    if len(kept) == len(result):
        return result, ""
    noun = "an object" if wanted is dict else "a text"
    return kept, f'{len(result) - len(kept)} of {len(result)} entries of "{key}" left out, being not {noun}'


def _unfinished(kind: Kind, body: Mapping[str, Any]) -> bool:
    """Whether AWS said that more pages follow (`--no-paginate`, `--max-items`, a saved single page)."""
    if any(body.get(token) for token in ("NextToken", "nextToken", "NextMarker", "NextRecordName")):
        return True
    # RDS and ElastiCache answer with the next marker here; others echo the marker that they were sent.
    if kind.service in ("rds", "elasticache") and body.get("Marker"):
        return True
    return body.get("AdditionalRoutesAvailable") is True


def unreadable(path: PurePosixPath, text: bytes, reason: str) -> Recognised:
    """A file that gives no answer: the calls that it was for, as far as its name and text tell, count as unseen."""
    shown = printable(str(path))
    account, region = account_and_region(path, by_id=bool(by_id_kinds(path)))
    broken = tuple(
        Broken(Call(kind.call, account, region_for(kind, region)), f"{shown} {reason}") for kind in _guessed(path, text)
    )
    counts_as = f"; {' and '.join(b.call.name for b in broken)} counts as unseen" if broken else ""
    return Recognised(broken=broken, warnings=(f"{shown}: {reason}{counts_as}",))


def _guessed(path: PurePosixPath, text: bytes) -> tuple[Kind, ...]:
    """The calls that an unreadable file was for: by its folder, its name, its first key, the error that it holds."""
    spelled = by_id_kinds(path) or kinds_named(path.name)
    first = _FIRST_KEY.match(text[:1000])
    keyed = BY_KEY.get(first.group(1).decode(), ()) if first else ()
    both = tuple(kind for kind in spelled if kind in keyed)
    if both or spelled or keyed:
        return both or spelled or keyed
    failed = _AWS_ERROR.search(text[:4000])
    if failed:
        return tuple(kind for kind in KINDS.values() if kind.operation == failed.group(2).decode())
    return _by_words(path.name)


def _by_words(name: str) -> tuple[Kind, ...]:
    """The calls whose plain name stands in a file's name, the longest first: `prod-security-groups.json`."""
    letters = re.sub(r"[^a-z]", "", name.removesuffix(".json").lower())
    best = max((word for word in _WORDS if word in letters), key=lambda word: (len(word), word), default="")
    return _WORDS.get(best, ())


def _words() -> dict[str, tuple[Kind, ...]]:
    words: dict[str, tuple[Kind, ...]] = {}
    for kind in KINDS.values():
        if kind.per is None:
            for name in {kind.results[0].lower(), _NOUN.sub("", kind.method).replace("_", "")}:
                words[name] = (*words.get(name, ()), kind)
                words.setdefault(name.removesuffix("s"), words[name])
    return words


_WORDS = _words()


def _value(text: bytes) -> object:
    """What the text says. Raises ValueError and RecursionError."""
    try:
        return from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        # Python's own reader takes half as long again. It knows more encodings, and says what is wrong and where.
        return json.loads(text, parse_constant=_no_constant)


def _why_unreadable(text: bytes, error: Exception) -> str:
    failed = _AWS_ERROR.search(text[:4000])
    if not text.strip():
        return "is empty"
    if failed:
        return f"holds an error of the AWS CLI, not an answer ({failed.group(1).decode()})"
    if isinstance(error, json.JSONDecodeError):
        if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
            return f"is cut short (line {error.lineno})"
        return f"is not JSON (line {error.lineno}, column {error.colno})"
    return "is nested too deep to be read" if isinstance(error, RecursionError) else "is not JSON"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _json_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"


def printable(text: str) -> str:
    """The text with every character that could act on a terminal shown as a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)
