"""The one list of calls as `docs/permissions.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diagnosis.aws import repair_calls
from diagnosis.aws.every_call import SUBJECTS
from diagnosis.aws.listed_call import ListedCall
from diagnosis.aws.reachability_calls import READ_BY_AWS

_HEAD = """\
# Permissions

Every AWS call that whynot makes, and every one that AWS makes with whynot's credentials, with the IAM action that
permits it. This page and the policies that it names are written from one list (`diagnosis/aws/every_call.py`) by
`python -m diagnosis.aws.permissions`; a test reads the source for calls that are not in it.

*read* looks and costs nothing. *paid* looks, and AWS charges for it. *own* makes or ends what is whynot's alone, such
as a query or a path to analyse. *write* changes the network: only the hands of the Slack app do, after approval.
"""
_ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "The network": "Permitted by [deploy/read-policy.json](../deploy/read-policy.json). Whatever is missing there "
        "makes the answer *unknown* where it matters, never wrong; `whynot doctor` names it.",
        "Flow logs": "Permitted by the same policy, S3 only below `AWSLogs/`. [How they are read](flow-logs.md) "
        "says at what cost. Without these the answer rests on the configuration alone.",
        "What changed": "Permitted by [deploy/read-policy.json](../deploy/read-policy.json). Made only where "
        "`--what-changed` [asks for it](commands.md#whynot-ask), and by the Slack app as "
        "[`what_changed`](settings.md#further-witnesses) says.",
        "Second opinions": "Permitted by [deploy/second-opinion-policy.json](../deploy/second-opinion-policy.json), "
        "off until [asked for](second-opinions.md).",
        "Threats": "Permitted by [deploy/threats-policy.json](../deploy/threats-policy.json), for "
        "[`whynot ask --threats`](commands.md#whynot-ask) and [`threats.when`](settings.md#threatswhen). "
        "What is missing is said beside the answer, which stands.",
        "Fixes by button": "Permitted by [write-role.json](../deploy/write-role.json), a role that is assumed for one "
        "fix at a time and that [write-role-trust.json](../deploy/write-role-trust.json) trusts whynot with. Off until "
        "[set up](install.md#fixes-by-button).",
    }
)


def page() -> str:
    """The page, as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for subject, rows in SUBJECTS.items():
        yield f"## {subject}\n\n{_ABOUT[subject]}\n\n| IAM action | call | | why | made by |\n|---|---|---|---|---|"
        yield from map(_row, rows)
        yield from _more(subject)
        yield ""


def _row(row: ListedCall) -> str:
    action = f"`{row.action}`" if row.action else "none"
    makers = ", ".join(f"`{module}`" for module in row.by) or "AWS, with the same credentials"
    return f"| {action} | `{row.call}` | {row.effect} | {row.why} | {makers} |"


def _more(subject: str) -> Iterator[str]:
    """What AWS asks for beside the calls of a subject."""
    match subject:
        case "Second opinions":
            actions = ", ".join(f"`{action}`" for action in READ_BY_AWS)
            yield f"\nWhile an analysis runs, AWS reads the network with the same credentials: {actions}."
        case "Fixes by button":
            yield f"\nThe session's tags, which say who approved what, need `{repair_calls.NAMED}` in the trust policy."
