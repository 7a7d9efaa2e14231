"""File systems and the verb "mount": in "EFS mount fails on i-0a" the file system is what is mounted, and mounts nothing."""

from __future__ import annotations

from diagnosis.question.mentions import Item
from diagnosis.question.question import Party


def is_file_system(party: Party | None) -> bool:
    """Whether the party is Amazon EFS, or one of its file systems by its id."""
    if party is None:
        return False
    return party.value == "efs" if party.kind == "service" else party.kind == "id" and party.value.startswith("fs-")


def is_mount(item: Item) -> bool:
    """Whether the word is a form of "mount" or "umount"."""
    return item.lower.startswith(("mount", "umount"))
