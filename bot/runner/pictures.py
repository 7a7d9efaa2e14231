"""Pictures in Slack: drawn, uploaded, and waited for until a message may show them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from bot.runner.courier import Courier
from bot.runner.drawing import Draughtsman
from bot.views.message import Attachment
from bot.views.pictures.decision import decision_alt, decision_picture
from bot.views.pictures.path import path_alt, path_picture
from bot.views.pictures.rejects import Chart, rejects_alt, rejects_picture
from diagnosis.answer import Answer

FIRST_SECONDS: Final = 0.8
"""An answer waits so long for Slack to be ready with its picture; then it is said without, and the picture added."""
LAST_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture in Slack; `ready` says whether a message may show it already."""

    file: str
    ready: bool


class Pictures:
    """Draws and uploads. Everything here waits for others, and gives None where there is no picture to be had."""

    def __init__(self, courier: Courier, draughtsman: Draughtsman) -> None:
        self._courier = courier
        self._draughtsman = draughtsman
        self._ended = threading.Event()

    def path(self, answer: Answer) -> Uploaded | None:
        """The picture of an answer's path."""
        if not answer.path_forward:
            return None
        content = self._draughtsman.draw(path_picture(answer))
        return self._uploaded(Attachment("path.png", "The path", content, path_alt(answer))) if content else None

    def chart(self, chart: Chart) -> Uploaded | None:
        """The picture of what was refused over the day."""
        if not chart.hours:
            return None
        content = self._draughtsman.draw(rejects_picture(chart))
        return self._uploaded(Attachment("refused.png", "Refused", content, rejects_alt(chart))) if content else None

    def decision(self, answer: Answer) -> str | None:
        """The id of the picture of the decision diagram, ready to be shown."""
        content = self._draughtsman.draw(decision_picture(answer))
        if not content:
            return None
        picture = self._uploaded(Attachment("decision.png", "Decision diagram", content, decision_alt(answer)))
        return picture.file if picture is not None and (picture.ready or self.ready(picture.file)) else None

    def ready(self, file: str) -> bool:
        """Wait until Slack is done with a file."""
        return self._courier.ready(file, LAST_SECONDS, self._ended)

    def wait_no_more(self) -> None:
        """Answer without pictures that are not ready: the program is about to end."""
        self._ended.set()

    def close(self) -> None:
        """Draw nothing more."""
        self._draughtsman.close()

    def _uploaded(self, picture: Attachment) -> Uploaded | None:
        file = self._courier.upload(picture)
        return Uploaded(file, self._courier.ready(file, FIRST_SECONDS, self._ended)) if file is not None else None
