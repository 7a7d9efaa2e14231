"""A failure as one line: what happened and who must act."""

from __future__ import annotations

from diagnosis.sources import SourceUnavailable
from diagnosis.terminal.safe_text import safe


def one_line(error: BaseException) -> str:
    """The line for stderr. Our own errors say who must act; anything else is ours to mend."""
    text = safe(" ".join(str(error).split()))
    if isinstance(error, SourceUnavailable):
        return text
    return (
        f"this is a fault of whynot: {type(error).__name__}: {text:.200} "
        "(set WHYNOT_DEBUG=1 for the traceback and report it)"
    )
