"""The audit log as values: records that are each chained to the one before, so that none can be changed or left out.

Whoever can write the database could write the whole chain anew. That shows only against a hash that was kept elsewhere:
the head is posted to Slack every day, and `verify` takes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

GENESIS: Final = "0" * 64
"""What the first record is chained to."""


class Fact(BaseModel):
    """Something that happened. `at` is Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: float
    event: str
    """An event of a proposal, or what was done to the account: "intended", "made", ..."""
    proposal: str | None = None
    person: str | None = None
    """The Slack user; None where nobody pressed anything."""
    details: dict[str, JsonValue] = Field(default_factory=dict)


class Record(Fact):
    """A fact with its place in the chain."""

    number: Annotated[int, Field(ge=1)]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last record: its number and hash. 0 and GENESIS where there is none."""

    number: int
    hash: str

    def __str__(self) -> str:
        """As it is posted, and as `whynot audit verify --head` takes it."""
        return f"{self.number}:{self.hash}"


EMPTY: Final = Head(0, GENESIS)
_HEAD: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


class NotARecord(ValueError):
    """A line of an exported log that is no record; the text says which."""


def parse_head(text: str) -> Head | None:
    """The head as `str` writes it; None where it is of another form."""
    found = _HEAD.fullmatch(text.strip())
    return Head(int(found[1]), found[2]) if found is not None else None


def records_of(lines: Iterable[str]) -> Iterator[Record]:
    """The records of an exported log, one JSON object a line. Raises NotARecord."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield Record.model_validate_json(line)
            except ValidationError:
                raise NotARecord(f"line {number} is no record of an audit log") from None


@dataclass(frozen=True, slots=True)
class Whole:
    """Every record is in its place. `first` is the oldest that is kept."""

    count: int
    first: int
    head: Head


@dataclass(frozen=True, slots=True)
class Broken:
    """The first record that is not what was written, and why."""

    number: int
    text: str


def chained(head: Head, fact: Fact) -> Record:
    """The record that comes after `head`."""
    body = fact.model_dump()
    return Record(**body, number=head.number + 1, previous=head.hash, hash=_hash(head.number + 1, head.hash, body))


def _hash(number: int, previous: str, body: dict[str, JsonValue]) -> str:
    text = json.dumps({**body, "number": number, "previous": previous}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(records: Iterable[Record], posted: Iterable[Head] = ()) -> Whole | Broken:
    """Whether these records, oldest first, are the chain that was written.

    Older ones may have been deleted for their age; `posted` are heads that were kept elsewhere: one that is as old as
    what is kept must be found.
    """
    wanted = {head.number: head.hash for head in posted}
    first = last = None
    for record in records:
        last = last or Head(record.number - 1, record.previous if record.number > 1 else GENESIS)
        first = first or record.number
        if record.number != last.number + 1:
            return Broken(last.number + 1, "it is missing, or stands in another place")
        body = record.model_dump(exclude={"number", "previous", "hash"})
        if record.previous != last.hash or record.hash != _hash(record.number, record.previous, body):
            return Broken(record.number, "it is not what was written")
        if wanted.pop(record.number, record.hash) != record.hash:
            return Broken(record.number, "it is not the one whose hash was posted")
        last = Head(record.number, record.hash)
    last = last or EMPTY
    for number in sorted(wanted):
        if number > last.number:
            return Broken(number, "it was posted, and is missing")
    return Whole(last.number - first + 1 if first else 0, first or 0, last)
