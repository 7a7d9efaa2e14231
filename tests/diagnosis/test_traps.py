"""The table of what naive tools get wrong: each has a golden case of its own."""

from __future__ import annotations

import re

from tests.case_folder import CASES, all_cases

ROW = re.compile(r"^\| (?P<mark>\d+|[A-E]) \| (?P<what>[^|]+) \| (?P<folder>[a-z0-9-]+) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    text = (CASES / "README.md").read_text(encoding="utf-8")
    return [(match["mark"], match["folder"]) for match in ROW.finditer(text)]


def test_all_forty_traps_and_the_five_situations_have_a_row() -> None:
    assert [mark for mark, _ in rows()] == [*map(str, range(1, 41)), *"ABCDE"]


def test_each_has_a_folder_of_its_own() -> None:
    folders = [folder for _, folder in rows()]

    assert len(set(folders)) == len(folders)
    assert set(folders) <= {case.name for case in all_cases()}
