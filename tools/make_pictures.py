"""Draws the pictures of the documents: the path and the decision diagram of some golden cases, the chart of a morning.

Run as `python -m tools.make_pictures [FOLDER]`; the folder is docs/pictures unless another is given.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from bot.views.pictures.decision import decision_picture
from bot.views.pictures.path import path_picture
from bot.views.pictures.png import png
from bot.views.pictures.rejects import Chart, chart_of, rejects_picture
from bot.views.pictures.svg import Picture
from diagnosis.answer import Answer
from diagnosis.evidence.query import LAST_HOUR_FIRST, Last
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.question.parse import parse
from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from diagnosis.snapshots.read import read_snapshot
from diagnosis.summarise import summarise

DAY: Final = 24 * 3600
QUIET: Final = 100
"""More internal records than that are refused in an hour only after the rule was taken away."""
ROOT: Final = Path(__file__).resolve().parents[1]
CASES: Final = (
    "acl-lacks-the-ephemeral-ports-outbound",
    "transit-gateway-return-route-missing",
    "acl-denies-a-slice-of-the-return-range",
    "acls-not-seen",
)
"""Folders of tests/cases: one for each way in which a path ends. The embedded account is the fifth."""


def answers() -> dict[str, Answer]:
    """The answers that are drawn, by the names of their files."""
    found = {"group": _answer("why can't 10.0.1.10 reach RDS on 3306", snapshot_folder(), flow_logs_folder())}
    for name in CASES:
        folder = ROOT / "tests" / "cases" / name
        logs = folder / "flow-logs"
        question = (folder / "question.txt").read_text(encoding="utf-8").strip()
        found[name] = _answer(question, folder / "account", logs if logs.is_dir() else None)
    return found


def _answer(question: str, account: Path, logs: Path | None) -> Answer:
    network = build(read_snapshot(account))
    found = investigate(network, Asked(parse(question), LAST_HOUR_FIRST), FlowLogFiles([logs]) if logs else None)
    assert isinstance(found, Answer), question
    return found


def pictures() -> dict[str, Picture]:
    """Every picture, by its file's name without the ending."""
    found: dict[str, Picture] = {}
    for name, answer in answers().items():
        found[f"{name}-path"] = path_picture(answer)
        found[f"{name}-decision"] = decision_picture(answer)
    found["refused-each-hour"] = rejects_picture(chart())
    return found


def chart() -> Chart:
    """The embedded day, against days as it was until the rule was taken away."""
    network = build(read_snapshot(snapshot_folder()))
    day = summarise(RejectFiles([flow_logs_folder()]), Last(DAY), network, 1)
    quiet = [hour for hour in day.hours[:-1] if hour.internal < QUIET]
    before = [
        day.model_copy(
            update={
                "hours": tuple(
                    quiet[(place + shift) % len(quiet)].model_copy(update={"start": hour.start})
                    for place, hour in enumerate(day.hours)
                )
            }
        )
        for shift in range(5)
    ]
    return chart_of(day, before)


def main() -> None:
    """Draw every picture into the folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in pictures().items():
        (folder / f"{name}.svg").write_text(drawn.svg, encoding="utf-8")
        (folder / f"{name}.png").write_bytes(png(drawn))
        print(f"{folder / name}.png, {drawn.width} by {drawn.height} units")


if __name__ == "__main__":
    main()
