"""Reading one golden case: a folder of `tests/cases` with an account, a question and the truth about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
KEYS = frozenset({
    "verdict", "forward", "return", "causes", "may_also", "fix", "evidence",
    "unseen_calls", "says", "flow", "flows", "source", "note",
})  # fmt: skip
FIX_KEYS = frozenset({"count_at_least", "changes", "commands_include", "entry_below"})
FLOW_KEYS = ("source", "destination", "protocol", "port")
CAUSE_KEYS = ("code", "component", "leg", "direction", "rule")


class BadCaseError(Exception):
    """A case folder that does not say what the tests need; whoever wrote the folder must act."""


@dataclass(frozen=True, slots=True)
class Case:
    """One situation. `expected` is the content of expected.json; `tests/cases/README.md` gives its members."""

    name: str
    folder: Path
    question: str
    expected: Mapping[str, Any]

    @property
    def account(self) -> Path:
        return self.folder / "account"

    @property
    def flow_logs(self) -> Path | None:
        logs = self.folder / "flow-logs"
        return logs if logs.is_dir() else None

    @property
    def flow(self) -> dict[str, Any]:
        """The question as one line of a flows file; of a range the first address."""
        first = self.expected["flow"] if "flow" in self.expected else self.members[0]
        return {"id": self.name, **{key: first[key] for key in FLOW_KEYS}, "source_port": None}

    @property
    def members(self) -> list[dict[str, Any]]:
        """Addresses of a range that is asked about, each as a flow with the verdict on it."""
        return list(self.expected.get("flows", ()))


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [read_case(folder) for folder in sorted(CASES.iterdir()) if folder.is_dir()]


def read_case(folder: Path) -> Case:
    """The case in `folder`.

    Raises BadCaseError where a part is missing or expected.json has a member that no test would look at.
    """
    try:
        question = (folder / "question.txt").read_text(encoding="utf-8").strip()
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadCaseError(f"{folder.name}: {problem}") from problem
    _check(folder, question, expected)
    return Case(folder.name, folder, question, expected)


def _check(folder: Path, question: str, expected: dict[str, Any]) -> None:
    problems = [f"unknown member {key}" for key in sorted(expected.keys() - KEYS)]
    problems += [f"missing member {key}" for key in ("verdict", "source") if key not in expected]
    problems += ["needs either flow or flows"] if ("flow" in expected) is bool(expected.get("flows")) else []
    problems += [f"unknown member {key} of fix" for key in sorted((expected.get("fix") or {}).keys() - FIX_KEYS)]
    problems += [
        f"a cause without {key}"
        for cause in [*expected.get("causes", ()), *expected.get("may_also", ())]
        for key in CAUSE_KEYS
        if key not in cause
    ]
    if not question or "\n" in question:
        problems.append("question.txt is to hold one line")
    if not (folder / "account").is_dir():
        problems.append("no folder account")
    if problems:
        raise BadCaseError(f"{folder.name}: {'; '.join(problems)}")
