"""Untrusted text made inert for Slack.

Tags, names, descriptions, DNS names and log lines are written by whoever can write to the account or send it packets.
Messages show them in rich text and plain text only, which Slack does not parse; the one text that it does parse is
the top-level `text` of a message, and `spoken` leaves nothing in it that Slack would act on:
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from typing import Final

from diagnosis.terminal.safe_text import ELLIPSIS, safe

EMPTY: Final = "–"
"""What stands for nothing, where Slack refuses an empty text."""
MASKED: Final = "[secret removed]"
_SECRET: Final = re.compile(r"(?:xox[a-z]|xapp|xwfp)-[\w-]{8,}|(?:AKIA|ASIA)[A-Z0-9]{16}")
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKALIKES: Final = str.maketrans({"*": "∗", "~": "∼", "`": "ʼ"})
_EDGE_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_SCHEME: Final = re.compile(r"(?<=[a-zA-Z]):(?=//|\S+@)")
_CALL: Final = re.compile(r"@(?=\w)")
_EMOJI: Final = re.compile(r"(?<!\d):(?=[a-z0-9_+'-]+:)|:(?=[0-9]*[a-z_+'-][a-z0-9_+'-]*:)")
"""The first colon of an emoji code; a time of day has none."""


def tame(text: str) -> str:
    """Return `text` on one line without hidden, reordering or control characters, what looks like a key masked."""
    return _SECRET.sub(MASKED, safe(text))


def tame_lines(text: str) -> str:
    """As `tame`, with the line breaks kept."""
    return "\n".join(tame(line) for line in text.splitlines())


def spoken(text: str) -> str:
    """Return `text` for the top-level `text` of a message: nothing in it mentions, links or formats.

    The three characters that Slack escapes are escaped. What formats without them (`*`, `_`, `~`, back-ticks, emoji
    codes) or links by itself (`https://`, `@here`) is replaced by characters that look alike.
    """
    return "\n".join(_spoken(line) for line in text.splitlines()).strip() or EMPTY


def _spoken(line: str) -> str:
    line = tame(line).translate(_LOOKALIKES)
    line = _EDGE_UNDERSCORE.sub("\u02cd", line)
    line = _CALL.sub("\uff20", _EMOJI.sub("\u2236", _SCHEME.sub("\u2236", line)))
    return line.translate(_ESCAPES)


def clip(text: str, most: int) -> str:
    """The beginning and the end of `text` around "…", where it has more than `most` characters."""
    if len(text) <= most:
        return text
    room = max(most - 1, 1)
    return text[: room - room // 3].rstrip() + ELLIPSIS + (text[-(room // 3) :].lstrip() if room // 3 else "")


def pieces(text: str, most: int) -> list[str]:
    """Cut `text` between lines into pieces of at most `most` characters; a longer line is cut within."""
    found: list[str] = []
    held = ""
    for line in text.split("\n"):
        rest = line
        while len(rest) > most:
            found += [held] if held else []
            held = ""
            found.append(rest[:most])
            rest = rest[most:]
        joined = f"{held}\n{rest}" if held else rest
        if len(joined) > most:
            found.append(held)
            joined = rest
        held = joined
    return [piece for piece in [*found, held] if piece.strip()]
