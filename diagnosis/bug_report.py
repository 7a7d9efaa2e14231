"""A report of a wrong answer as one file: what was asked and said, and the part of the account that shows it again."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from diagnosis.answer import Answer
from diagnosis.explanation.reduction import reduced
from diagnosis.investigate import Asked, investigate
from diagnosis.masking import masked
from diagnosis.network.build import build
from diagnosis.network.described import Described

PACKAGES: Final = ("whynot", "boto3", "slack-bolt", "slack-sdk", "duckdb")
Write = Callable[[Described, Path, str], None]
"""Writes describe answers as a snapshot folder, secrets left out."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A report, and whether the part of the account in it gives the same verdict as the whole."""

    content: bytes
    same: bool


def pack(text: str, answer: Answer, comment: str, described: Described | None, write: Write) -> Packed:
    """The report as a zip file: `report.json`, and `account/` with the answers of AWS that matter.

    `text` is the question as it was asked. Where the account has changed since, the report holds no account.
    """
    part = _that_shows(described, answer) if described is not None else None
    about: dict[str, Any] = {
        "question": text,
        "understood": answer.question.model_dump(mode="json"),
        "comment": comment,
        "verdict": answer.verdict,
        "versions": dict(_versions()),
        "answer": answer.model_dump(mode="json"),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("report.json", json.dumps(masked(about), indent=2))
        if part is not None:
            _add_account(file, part, write)
    return Packed(held.getvalue(), same=part is not None)


def _versions() -> Mapping[str, str]:
    """Of those that are installed: the diagnosis runs without Slack."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _add_account(file: zipfile.ZipFile, part: Described, write: Write) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "account"
        write(part, target, f"whynot {version('whynot')}")
        for path in sorted(target.rglob("*.json")):
            file.write(path, Path("account") / path.relative_to(target))


def _that_shows(described: Described, answer: Answer) -> Described | None:
    """The smallest part of the account that gives the answer's verdict; None where the account has changed since."""
    return next((p for p in (reduced(described, answer), described) if _verdict(p, answer) == answer.verdict), None)


def _verdict(described: Described, answer: Answer) -> str:
    found = investigate(build(described), Asked(answer.question), None)
    return found.verdict if isinstance(found, Answer) else ""
