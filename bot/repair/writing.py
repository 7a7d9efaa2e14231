"""What hands can do to one rule or entry: look, rehearse, put, take away; and how each of them can fail.

A writer makes one call for one change and says what became of it. Whose a rule is, what to do after a lost answer and
when to stop is decided above it (`deeds.py`), the same way for the account and for a snapshot folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange

Writable = GroupRuleChange | AclEntryChange
"""What a button adds, or takes back: `writable` checks it."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing stands there: no rule like it, no entry under its number."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The group or ACL itself is not there any more."""


@dataclass(frozen=True, slots=True)
class Present:
    """Something stands there."""

    rule: str | None
    """The id of the group rule; entries have none."""
    stamp: str | None
    """What its description says; entries have none."""
    exact: bool
    """Whether it is what the change describes, to the letter."""


Found = Absent | Gone | Present


@dataclass(frozen=True, slots=True)
class Done:
    """A call that was answered: the id of the group rule that it made, and the id of the request."""

    rule: str | None = None
    request: str | None = None


class Refused(Exception):
    """Nothing was done. The text says why and who must act; `action` is the IAM action that was missing, if any."""

    def __init__(self, message: str, *, action: str = "") -> None:
        super().__init__(message)
        self.action = action


class Clash(Exception):
    """Nothing was done, because such a rule, or an entry with this number, stands there already."""


class NotThere(Exception):
    """Nothing was done, because what was to be taken away is not there."""


class Busy(Exception):
    """Nothing was done: asked too often. Again a little later."""


class NoAnswer(Exception):
    """Nobody knows whether it was done: the answer was lost, or said nothing of it. Looking will tell."""


class Writer(Protocol):
    """Hands for one application or undo, of one person. `change` is what is to be there, or was put there by us.

    Every method raises Refused, Busy and NoAnswer; reading has no effect, so NoAnswer of `look` only means not known.
    """

    def look(self, change: Writable, rule: str | None = None) -> Found:
        """What stands where the change belongs; with a rule id, whether that very rule does."""
        ...

    def rehearse(self, change: Writable, stamp: str, *, take: bool) -> None:
        """Ask whether the call would be permitted, and change nothing. Raises Refused where it would not."""
        ...

    def put(self, change: Writable, stamp: str) -> Done:
        """Make the rule or entry, with the stamp as its description where it can have one. Raises Clash."""
        ...

    def take(self, change: Writable, rule: str | None) -> Done:
        """Take away the group rule of this id, or the entry under the change's number. Raises NotThere."""
        ...


def writable(change: Change) -> Writable:
    """The change as one that hands make. Raises Refused for routes, and for whatever takes something away.

    What somebody else wrote is never taken away or replaced, so an undo never has to put anything back as it was.
    """
    if isinstance(change, GroupRuleChange | AclEntryChange) and change.action == "add":
        return change
    raise Refused(f"{change.component} is not changed so by a button, which only adds rules and ACL entries.")
