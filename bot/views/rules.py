"""What a value in a Block Kit payload may be: the vocabulary in which the table of limits is written.

All counts are Unicode code points, as Slack counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Surface = Literal["message", "modal", "home"]


@dataclass(frozen=True, slots=True)
class Chars:
    """A plain string. `pattern` is a regular expression that all of it matches; `shown` says that people read it."""

    most: int
    least: int = 1
    pattern: str = ""
    shown: bool = False
    blank: bool = False
    """Whether it may be nothing but spaces, where it is shown."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text object: `plain_text`, or `mrkdwn` as well where `plain` is false."""

    most: int
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few strings."""

    of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Amount:
    """Any finite number."""


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Free:
    """Anything: the value has no limit that is known."""


@dataclass(frozen=True, slots=True)
class Many:
    """A list of things that each keep one rule."""

    each: Rule
    most: int
    least: int = 1


@dataclass(frozen=True, slots=True)
class Shaped:
    """A nested object of one of these types, as its `type` says."""

    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """A nested object that carries no `type`, by the name of its shape."""

    shape: str


Rule = Chars | Words | Choice | Whole | Amount | Flag | Free | Many | Shaped | Part


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of one kind of object (its `type` apart), which of them must be there, and what each may hold."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    exactly_one: tuple[str, ...] = ()
    """Of these optional keys exactly one must be there."""
    at_least_one: tuple[str, ...] = ()
    """Of these optional keys one or more must be there."""


def kinds(names: str) -> Shaped:
    """A nested object of one of the types named, separated by spaces."""
    return Shaped(frozenset(names.split()))


def choice(names: str) -> Choice:
    """One of the strings named, separated by spaces."""
    return Choice(frozenset(names.split()))
