"""Writes the account that ships with whynot: `python -m tools.make_embedded_account [DIR]`.

The same files come out of every run: nothing here reads a clock, and the dice are seeded. Without DIR the package
data is replaced.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.embedded_account import databases, gateways, groups, machines, network, records, services, shop, story

PACKAGE_DATA = Path(__file__).resolve().parent.parent / "diagnosis" / "snapshots" / "embedded"


def write(folder: Path) -> None:
    """Write the snapshot folder to `folder/snapshot` and the flow logs, as S3 has them, to `folder/flow-logs`."""
    rooms = (network, gateways, groups, machines, databases, services)
    answers = {name: answer for room in rooms for name, answer in room.answers().items()}
    for name, answer in answers.items():
        _write_json(folder / "snapshot" / shop.ACCOUNT / shop.REGION / f"{name}.json", answer)
    about = {
        "taken_at": shop.TAKEN_AT,
        "accounts": [shop.ACCOUNT],
        "regions": [shop.REGION],
        "tool": "whynot 0.1.0",
        "calls": sorted({name.partition("/")[0] for name in answers}),
        "unseen": [],
    }
    _write_json(folder / "snapshot" / "snapshot.json", about)
    for path, content in records.files(story.day(), story.FIRST, story.LAST, story.torn()):
        target = folder / "flow-logs" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Replace what is there."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE_DATA
    for part in ("snapshot", "flow-logs"):
        shutil.rmtree(folder / part, ignore_errors=True)
    write(folder)


if __name__ == "__main__":
    main()
