"""Regular expressions that are compiled when they are first used: most questions need few of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property


class Pattern:
    """A regular expression by its text; the methods are those of `re.Pattern`."""

    def __init__(self, text: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._text = text
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._text, self._flags)

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where it matches."""
        return self._compiled.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """Its match at the start of the text."""
        return self._compiled.match(text)

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str) -> str:
        """The text with every match replaced."""
        return self._compiled.sub(by, text)
