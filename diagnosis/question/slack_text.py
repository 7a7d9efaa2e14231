"""What a person typed, out of what Slack (or a terminal) delivers: plain text with plain quotes and arrows.

Slack escapes `&`, `<` and `>` and wraps mentions, channels and links in angle brackets:
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST_CHARACTERS: Final = 8_000
"""Longer texts are cut: Slack itself ends a message at 40,000 characters, and a question is in the first lines."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ENTITY: Final = re.compile(r"&(amp|lt|gt|quot|#39|apos|nbsp);", re.IGNORECASE)
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#39": "'", "apos": "'", "nbsp": " "}
_PLAIN: Final = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u00b4": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u00ab": '"', "\u00bb": '"', "\u2033": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2212": "-", "\ufe63": "-", "\uff0d": "-",
        "\u2192": " \u2192 ", "\u27a1": " \u2192 ", "\u21d2": " \u2192 ", "\u279c": " \u2192 ", "\u27f6": " \u2192 ",
        "\u2794": " \u2192 ", "\u21e8": " \u2192 ", "\u2799": " \u2192 ", "\u27a4": " \u2192 ",
        "\u2190": " \u2190 ", "\u21d0": " \u2190 ", "\u2b05": " \u2190 ", "\u2194": " \u2194 ", "\u21d4": " \u2194 ",
        "\u2026": " ... ", "\uff1a": ":", "\uff1f": "?", "\uff0c": ",", "\ufe0f": None, "\u200b": None, "\u200d": None,
        "\u2060": None, "\ufeff": None,
    }
)  # fmt: skip
_ANGLE: Final = re.compile(r"<([^<>\n]{1,2000})>")
_ASCII_ARROW: Final = re.compile(r"<[-=]{1,4}>|<>|<[-=]{1,4}(?!\w*>)|[-=~]{1,4}>{1,2}|>{2}|[\u2013\u2014]>")
_LONE_GREATER: Final = re.compile(r"(?<=\S)[ \t]*>[ \t]*(?=\S)")
_BLOCK_QUOTE: Final = re.compile(r"^[ \t]*>+[ \t]?", re.MULTILINE)
_EMOJI: Final = re.compile(r"(?<![\w:]):[a-z][a-z0-9_+'-]{1,40}:(?![\w:])")
_EMPHASIS: Final = re.compile(r"(?<![\w*~])([*~]{1,2})(?=[^\s*~])([^*~\n]{1,200}?)(?<=[^\s*~])\1(?![\w*~])")
_UNDERLINED: Final = re.compile(r"(?<![\w/])_(?=[^\s_])([^_\n]{1,200}?)(?<=[^\s_])_(?![\w/])")
_IN_CHANNEL: Final = re.compile(r"\b(?:in|from)\s+<#[^<>\n]{1,200}>", re.IGNORECASE)
_FENCE: Final = re.compile(r"```(?:[a-z]{1,10}\n)?", re.IGNORECASE)


def plain(text: str) -> str:
    """Return the text without Slack's markup, escapes, mentions and emoji codes, with straight quotes, arrows as → ← ↔."""
    text = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS].translate(_PLAIN))
    text = _CONTROL.sub(" ", text.replace("\r", "\n"))
    text = _IN_CHANNEL.sub(" ", text)
    text = _ANGLE.sub(_unwrapped, text)
    text = _ENTITY.sub(lambda m: _ENTITIES[m[1].lower()], text)
    text = _ASCII_ARROW.sub(_arrow, text)
    text = _BLOCK_QUOTE.sub("", text)
    text = _LONE_GREATER.sub(" \u2192 ", text)
    text = _FENCE.sub("\n", text)
    text = _EMOJI.sub(" ", text)
    text = _EMPHASIS.sub(r" \2 ", text)
    text = _UNDERLINED.sub(r" \1 ", text)
    return text.replace("[.]", ".").replace("\u2013", " - ").replace("\u2014", " - ")


def _arrow(match: re.Match[str]) -> str:
    written = match[0]
    if written[0] == "<":
        return " \u2194 " if written[-1] == ">" else " \u2190 "
    return " \u2192 "


def _unwrapped(match: re.Match[str]) -> str:
    """Return what a person sees in place of `<...>`; mentions and channels are addressed to nobody in the network."""
    inner = match[1]
    if inner[0] in "-=" or inner in "<>":
        return match[0]
    if inner[0] in "@#":
        return " "
    target, _, label = inner.partition("|")
    if inner[0] == "!":
        return f" {label} " if inner.startswith("!date") else " "
    if label:
        return label
    if " " in target and ":" not in target:
        return match[0] if "\u2192" in target else " "
    if target.startswith("tel:"):
        return target[4:]
    return target.removeprefix("mailto:")
