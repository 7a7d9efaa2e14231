"""Why an analysis of VPC Reachability Analyzer ended in `failed`, and who must act.

AWS documents the kinds of failure and not their words
(https://docs.aws.amazon.com/vpc/latest/reachability/troubleshoot-reachability-analyzer.html), so what cannot be told
apart is quoted as it is.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Who = Literal["administrator", "asker", "again"]
"""Who must act: whoever administers the account, whoever asks, or nobody but by asking again."""

_ACTION: Final = re.compile(r"\b([a-z][a-z0-9-]+:[A-Z][A-Za-z]+)\b")
_KINDS: Final[tuple[tuple[re.Pattern[str], Who, str], ...]] = (
    (
        re.compile(r"permission|not authori[sz]ed|unauthori[sz]ed|access denied|\btiros:", re.IGNORECASE),
        "administrator",
        "A permission is missing: an account administrator can grant {actions}.",
    ),
    (
        re.compile(r"throttl|rate exceeded|too many requests", re.IGNORECASE),
        "again",
        "AWS throttled its own analysis: ask again in a minute.",
    ),
    (
        re.compile(r"modif|changed|changes", re.IGNORECASE),
        "again",
        "The network was changed while AWS analysed it: ask again when nobody changes it.",
    ),
    (
        re.compile(r"unsupported|not supported|does not support", re.IGNORECASE),
        "asker",
        "AWS does not analyse a configuration that is on this path, so there is no second opinion on it.",
    ),
    (
        re.compile(r"inaccessible|cannot access|can't access|another account", re.IGNORECASE),
        "administrator",
        "AWS could not read something on the path: an account administrator can allow cross-account analysis.",
    ),
    (
        re.compile(r"missing|not found|does not exist|no longer exist", re.IGNORECASE),
        "again",
        "A component of the path is gone: the account has changed since it was read, so ask again.",
    ),
)
POLICY: Final = "the actions of deploy/second-opinion-policy.json"
_OTHER: Final = "The analysis failed inside AWS: ask again in a minute."


def why_failed(message: str) -> tuple[Who, str]:
    """Who must act, and a sentence with AWS's own words behind it."""
    quoted = f" AWS says: {' '.join(message.split())[:300]}" if message.strip() else ""
    for pattern, who, sentence in _KINDS:
        if pattern.search(message):
            actions = ", ".join(dict.fromkeys(_ACTION.findall(message))) or POLICY
            return who, sentence.replace("{actions}", actions) + quoted
    return "again", _OTHER + quoted
