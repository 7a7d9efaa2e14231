"""The picture of a path in Slack: uploaded, waited for, and named by a message."""

from __future__ import annotations

from bot.runner.courier import Courier
from bot.views.message import Attachment
from bot.views.pictures.path import path_alt, path_picture
from bot.views.pictures.png import png
from diagnosis.answer import Answer

SECONDS = 4.0
"""An answer waits so long for its picture; it is in words where the picture is not ready by then."""


def path_file(answer: Answer, courier: Courier) -> str | None:
    """The id of the picture of an answer's path, ready to be shown; None where there is no path or no picture of it."""
    if not answer.path_forward:
        return None
    alt = path_alt(answer)
    file = courier.upload(Attachment("path.png", "The path", png(path_picture(answer)), alt))
    return file if file is not None and courier.ready(file, SECONDS) else None
