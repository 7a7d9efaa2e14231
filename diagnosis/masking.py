"""Secrets that people paste or that libraries log, taken out of whatever is written or shared."""

from __future__ import annotations

import re
from typing import Any, Final

MASKED: Final = "[secret removed]"
_SECRETS: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|xwfp-[\w-]+"
    r"|(?<![A-Z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,20}(?![A-Z0-9])"
    r"|v0=[0-9a-f]{32,}"
    r"|https://hooks\.slack\.com/\S+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|wss://\S+"
)
_SECRET_NAMES: Final = re.compile(r"token|secret|password|signature|authorization|cookie|response_url", re.IGNORECASE)


def masked(value: Any, name: str = "") -> Any:
    """The value without secrets, however deep they are."""
    if name and _SECRET_NAMES.search(name):
        return MASKED if value else value
    if isinstance(value, str):
        return _SECRETS.sub(MASKED, value)
    if isinstance(value, dict):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return value
