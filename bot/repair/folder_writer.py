"""Rules and entries of a snapshot folder, in either form, edited as AWS would answer afterwards.

So the whole story can be tried without an account: `whynot serve --snapshot DIR` on a copy of the embedded one. Each
file is replaced whole or not at all, and says of everything else what it said before.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.repair import shapes
from bot.repair.described_files import documents, replaced
from bot.repair.writing import Absent, Clash, Done, Found, Gone, NotThere, Present, Refused, Writable
from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.network.network_acls import parse_entry
from diagnosis.network.security_groups import rules_of
from diagnosis.snapshots.embedded_account import snapshot_folder

_LOCK = ".whynot.lock"
Item = Mapping[str, Any]


class FolderWriter:
    """A Writer on a snapshot folder. Processes and threads take turns by a lock file in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def look(self, change: Writable, rule: str | None = None) -> Found:
        """What stands there."""
        with self._turn():
            return self._found(change, rule)

    def rehearse(self, change: Writable, stamp: str, *, take: bool) -> None:
        """Whether the folder may be written: that took the lock. Raises Refused."""
        with self._turn():
            if isinstance(self._found(change, None), Gone):
                raise Refused(f"{change.component} is in no file of the snapshot.")

    def put(self, change: Writable, stamp: str) -> Done:
        """Make the rule or entry in every file that describes its group or ACL."""
        with self._turn():
            found = self._found(change, None)
            if isinstance(found, Present):
                raise Clash(change.component)
            if isinstance(found, Gone):
                raise Refused(f"{change.component} is in no file of the snapshot.")
            if isinstance(change, AclEntryChange):
                self._edit("NetworkAcls", "NetworkAclId", change.component, lambda acl: shapes.with_entry(acl, change))
                return Done()
            # The list of rules first: an id without a rule means nothing, and the next attempt writes the same one.
            rule = self._listed(change, stamp)
            self._edit("SecurityGroups", "GroupId", change.component, lambda one: shapes.with_rule(one, change, stamp))
            return Done(rule)

    def take(self, change: Writable, rule: str | None) -> Done:
        """Take the rule or entry away, from every file that holds it."""
        with self._turn():
            if not isinstance(self._found(change, rule), Present):
                raise NotThere(change.component)
            if isinstance(change, AclEntryChange):
                self._edit(
                    "NetworkAcls", "NetworkAclId", change.component, lambda acl: shapes.without_entry(acl, change)
                )
                return Done()
            self._edit("SecurityGroups", "GroupId", change.component, lambda one: shapes.without_rule(one, change))
            self._unlisted(change, rule)
            return Done(rule)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Alone with the folder. Raises Refused where it cannot be written."""
        if self._folder.resolve() == snapshot_folder().resolve():
            raise Refused("This is the account that comes with whynot, and stays as it is: serve a copy of its folder.")
        home = self._folder if self._folder.is_dir() else self._folder.parent
        try:
            with (home / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise Refused(
                f"The snapshot folder cannot be changed ({error.strerror}): give one that is yours, or a copy of it."
            ) from error
        except ValueError as error:
            raise Refused(f"A file of the snapshot cannot be read ({error}), so nothing was changed.") from error

    def _items(self, key: str, name: str, identity: str) -> Iterator[Item]:
        for document in documents(self._folder, key):
            yield from (item for item in document.items if item.get(name) == identity)

    def _found(self, change: Writable, rule: str | None) -> Found:
        if isinstance(change, AclEntryChange):
            acls = list(self._items("NetworkAcls", "NetworkAclId", change.component))
            entries = [entry for acl in acls if (entry := shapes.entry_at(acl, change)) is not None]
            if entries:
                return Present(None, None, exact=all(parse_entry(entry) == change.entry for entry in entries))
            return Absent() if acls else Gone()
        return self._found_rule(change, rule)

    def _found_rule(self, change: GroupRuleChange, rule: str | None) -> Found:
        groups = list(self._items("SecurityGroups", "GroupId", change.component))
        listed = list(rules_of(self._items("SecurityGroupRules", "GroupId", change.component)))
        wanted = change.rule.identity
        there = [one for group in groups for one in shapes.rules_of_group(group, change) if one.identity == wanted]
        named = [one for one in listed if (one.rule_id == rule if rule is not None else one.identity == wanted)]
        if rule is not None and listed:
            # Also where only the list still has it: an interrupted undo took it out of the group already.
            return Present(rule, named[0].description, exact=named[0].identity == wanted) if named else Absent()
        if there:
            return Present(named[0].rule_id if named else None, there[0].description, exact=True)
        return Absent() if groups else Gone()

    def _listed(self, change: GroupRuleChange, stamp: str) -> str | None:
        """Put the rule into the list of rules, beside those of its group; None where the snapshot has no such list."""
        group = next(self._items("SecurityGroups", "GroupId", change.component))
        item = shapes.rule_item(group, change, stamp)
        lists = list(documents(self._folder, "SecurityGroupRules"))
        if not lists:
            return None
        rule = str(item["SecurityGroupRuleId"])
        if any(
            one.get("SecurityGroupRuleId") == rule
            for one in self._items("SecurityGroupRules", "GroupId", change.component)
        ):
            return rule
        home = next((d for d in lists if any(i.get("GroupId") == change.component for i in d.items)), lists[0])
        replaced(home, [*home.every, item])
        return rule

    def _unlisted(self, change: GroupRuleChange, rule: str | None) -> None:
        for document in documents(self._folder, "SecurityGroupRules"):
            left = [item for item in document.every if not _is_rule(item, change, rule)]
            if len(left) < len(document.every):
                replaced(document, left)

    def _edit(self, key: str, name: str, identity: str, edit: Callable[[Item], Item]) -> None:
        for document in documents(self._folder, key):
            edited = [
                edit(item) if isinstance(item, dict) and item.get(name) == identity else item for item in document.every
            ]
            if edited != document.every:
                replaced(document, edited)


def _is_rule(item: Any, change: GroupRuleChange, rule: str | None) -> bool:
    if not isinstance(item, dict) or item.get("GroupId") != change.component:
        return False
    if rule is not None:
        return bool(item.get("SecurityGroupRuleId") == rule)
    return any(one.identity == change.rule.identity for one in rules_of([item]))
