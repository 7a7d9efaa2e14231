"""What was seen: which calls were answered for which account and Region, and so what an absence means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from diagnosis.network.described import Described
from diagnosis.network.vpcs import Origins

NOT_OFFERED = "not offered here"
"""What is said of a call that AWS, or the Region, does not have."""
ABSENT = re.compile(r"(?<!probably )not offered here|\b(UnsupportedOperation|InvalidAction|UnknownOperation)")
"""The same in AWS's own words, as other collectors of snapshots keep them
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html)."""
ANYWHERE = ("", "")


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the path needs and that was not seen: the call that would show it, and what is not known."""

    call: str
    account: str
    region: str
    reason: str
    also: Missing | None = None
    """The same by another call, which would show it as well."""

    def each(self) -> tuple[Missing, ...]:
        """One for each call."""
        return (self,) if self.also is None else (replace(self, also=None), *self.also.each())


@dataclass(frozen=True, slots=True)
class Coverage:
    """The calls that were answered, per (account, Region), and those that failed or were named but are absent."""

    answered: dict[str, frozenset[tuple[str, str]]]
    failed: dict[tuple[str, str, str], str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    def seen(self, call: str, origins: Origins) -> bool:
        """Whether the call's answer is whole for at least one place where the entity was seen."""
        where = self.answered.get(call, frozenset())
        return any(
            ((origin in where) or (ANYWHERE in where)) and (call, *origin) not in self.failed
            for origin in (origins or (ANYWHERE,))
        )

    def named(self, call: str) -> bool:
        """Whether the source says that this call was made, so that its absence is not AWS's default."""
        return call in self.asked or any(failed[0] == call for failed in self.failed)

    def offered(self, call: str) -> bool:
        """Whether AWS has this call where it was made; a switch that does not exist there is off."""
        errors = [error for failed, error in self.failed.items() if failed[0] == call]
        return not errors or not all(NOT_OFFERED in error for error in errors)

    def lacking(self, call: str, origins: Origins) -> bool:
        """Whether AWS said that it does not have this call, wherever the entity was seen and the call was made."""
        errors = [self.failed[call, *origin] for origin in origins or (ANYWHERE,) if (call, *origin) in self.failed]
        return bool(errors) and all(ABSENT.search(error) for error in errors)

    def unanswered(self, call: str) -> tuple[str, str] | None:
        """An (account, Region) that other calls show and that this call says nothing of; None where none is."""
        failed = sorted((account, region) for name, account, region in self.failed if name == call)
        if failed:
            return failed[0]
        where = self.answered.get(call, frozenset())
        if ANYWHERE in where:
            return None
        known = {place for answers in self.answered.values() for place in answers if place[1] not in ("", "global")}
        return min(known - where, default=None) if where else ANYWHERE

    def missing(self, call: str, origins: Origins, reason: str) -> Missing:
        """The gap that this call left, with what AWS said where it failed."""
        account, region = (origins or (ANYWHERE,))[0]
        for origin in origins or (ANYWHERE,):
            error = self.failed.get((call, *origin))
            if error:
                return Missing(call, origin[0], origin[1], f"{reason} ({error})")
        for (name, failed_account, failed_region), error in sorted(self.failed.items()):
            if name == call:
                return Missing(call, failed_account, failed_region, f"{reason} ({error})")
        return Missing(call, account, region, reason)


def coverage_of(described: Described) -> Coverage:
    """The coverage of what was described."""
    answered: dict[str, set[tuple[str, str]]] = {}
    for call in described.answers:
        if call.argument is None:
            answered.setdefault(call.name, set()).add((call.account, call.region))
    return Coverage(
        {name: frozenset(where) for name, where in sorted(answered.items())},
        {(u.call, u.account, u.region): u.error for u in described.unseen},
        described.asked,
    )
