"""What surrounds a pasted error: shell prompts, log prefixes, stack traces and the debris of exceptions."""

from __future__ import annotations

import re
from typing import Final

from diagnosis.question.patterns import Pattern

_DEBRIS: Final = Pattern(
    r"SQLSTATE\[\w{1,10}\](?: \[\d{1,6}\])?|\[Errno -?\d{1,5}\]|<[\w.]{1,80} object at 0x\w{1,16}>:?|\b(?:[a-z_]\w{0,40}\.){2,8}[A-Z]\w{0,80}(?:Exception|Error|Timeout)\b:?"
    r"|failed to connect to `?host=\S{1,100} user=\S{1,60} database=[^\s`]{1,60}`?:?"
)
_STACK_LINE: Final = Pattern(
    r"^\s*(?:at [\w.$/<>]+\([^()\n]*\)|\.\.\. \d+ more|File \"[^\"\n]*\", line \d+[^\n]*|Traceback [^\n]*|goroutine \d+[^\n]*)\s*$",
    re.MULTILINE,
)
_PROMPT: Final = Pattern(
    r"^[ \t]*\[?(?:\([\w.-]{1,30}\) ?)?[a-z_][\w.-]{0,31}@(?P<host>[A-Za-z0-9][\w.-]{0,62})(?:[ :][^\n$#]{0,80}?)?\]?[$#%] ?",
    re.MULTILINE,
)
_BARE_PROMPT: Final = Pattern(
    r"^[ \t]*(?P<host>[A-Za-z][\w-]{0,40}\d|[A-Za-z]\w*-[\w-]{1,40})(?:[:~ ][^\n$#]{0,40}?)?[$#] (?=\w)", re.MULTILINE
)
_SYSLOG: Final = Pattern(
    r"^[ \t]*(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,15}) (?P<host>[A-Za-z][\w.-]{0,62}) (?=[\w./-]{1,40}(?:\[\d{1,8}\])?: )(?:[\w./-]{1,40}(?:\[\d{1,8}\])?: )",
    re.MULTILINE,
)


def without_shell(text: str) -> str:
    """Return the text with prompts and syslog prefixes written as "from HOST", and stack traces left out."""
    if "@" in text or "$ " in text or "# " in text:
        text = _PROMPT.sub(r" from \g<host> , ", text)
        text = _BARE_PROMPT.sub(r" from \g<host> , ", text)
    text = _SYSLOG.sub(r" from \g<host> , ", text)
    return _STACK_LINE.sub("", text) if "\n" in text else text


def without_debris(text: str) -> str:
    """Return the text without the parts of error messages that look like names: exception classes, SQLSTATE, errno."""
    return _DEBRIS.sub(" , ", text)
