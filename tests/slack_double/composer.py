"""What Slack makes of what a person types: entities, links, mentions, and the rich text beside the plain.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from tests.slack_double.workspace import Json

TOP_LEVEL = "com|net|org|io|dev|app|cloud|ai|co|de|nl|uk|eu|info"
LINKS = re.compile(
    rf"""(?P<url>\bhttps?://[^\s<>|]+[^\s<>|.,;:!?'")\]])
    | (?P<mail>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:{TOP_LEVEL})\b)
    | (?P<host>(?<![\w.@/-])(?:[\w-]+\.)+(?:{TOP_LEVEL})\b(?![\w.@-]*\w)(?P<path>/[^\s<>|]*)?)""",
    re.VERBOSE | re.IGNORECASE,
)
SMART = str.maketrans({"'": "\u2019"})


def composed(typed: str, *, smart_quotes: bool = False) -> str:
    """A message's `text`, as an event carries it. Mentions are typed as they are sent: `<@U1>`, `<#C1>`."""
    mentions: list[str] = []

    def keep(found: re.Match[str]) -> str:
        mentions.append(found.group())
        return f"\0{len(mentions) - 1}\0"

    text = re.sub(r"<[@#!][^>\s]+>", keep, typed)
    text = text.translate(SMART) if smart_quotes else text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = LINKS.sub(_linked, text)
    return re.sub(r"\0(\d+)\0", lambda found: mentions[int(found.group(1))], text)


def _linked(found: re.Match[str]) -> str:
    if found["url"]:
        return f"<{found['url']}>"
    if found["mail"]:
        return f"<mailto:{found['mail']}|{found['mail']}>"
    return f"<http://{found.group()}|{found.group()}>"


def rich_text(typed: str) -> list[Json]:
    """The `blocks` that Slack puts beside the text of what a person typed."""
    elements: list[Json] = []
    for piece in re.split(r"(<@[^>\s]+>)", typed):
        if piece.startswith("<@"):
            elements.append({"type": "user", "user_id": piece[2:-1]})
        elif piece:
            elements.append({"type": "text", "text": piece})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "typed", "elements": [section]}]
