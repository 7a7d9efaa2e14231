"""The names by which presses come back: action ids, callback ids, and what a button's value carries.

A value is opaque here: the caller gives a `ref` that it can look up, and gets it back. Nothing that decides anything
is ever written into a button.
"""

from __future__ import annotations

from enum import StrEnum

REF_MOST = 100
"""Characters of a `ref`: it must fit the value of a menu's option beside the name of a detail."""


class Action(StrEnum):
    """The `action_id` of everything that can be pressed or chosen."""

    SHOW_COMMANDS = "show_commands"
    SHOW_STEPS = "show_steps"
    SHOW_TRACE = "show_trace"
    MORE = "more"
    """A menu of `Detail`s; the chosen option's value is read by `chosen`."""
    WRONG = "wrong"
    STOP = "stop"
    RETRY = "retry"
    CHOOSE_PARTY = "choose_party"
    """Buttons carry `choose_party:0` to `choose_party:4`, a select `choose_party`; the value is the caller's."""
    OPEN_FORM = "open_form"
    REFRESH_HOME = "refresh_home"
    EXAMPLE = "example"
    """A question to be asked as it stands: `example:0` and on; the value is the question."""
    DIAGNOSE_CAUSE = "diagnose_cause"
    """A cause of a summary, `diagnose_cause:1` and on; the value is the caller's."""
    MUTE_CAUSE = "mute_cause"
    PROPOSE_CAUSE = "propose_cause"
    """The first proven fix for a cause of a summary; the value is that of `diagnose_cause`."""
    OPEN_RECENT = "open_recent"
    """A question of the App Home, `open_recent:0` and on; the value is the caller's."""
    PROPOSE_FIX = "propose_fix"
    """Puts a proven fix to those who may decide: `propose_fix:0` and on; the value is a `ref` and a fix's id."""
    APPROVE_FIX = "approve_fix"
    """The value of this one and of those below is the id of a proposal and its nonce."""
    REJECT_FIX = "reject_fix"
    FORESEE_FIX = "foresee_fix"
    UNDO_FIX = "undo_fix"
    ASK_CHANGES = "ask_changes"
    """Asks CloudTrail about an answer that stands; the value of this one and of those below is the answer's `ref`."""
    ASK_THREATS = "ask_threats"
    SHOW_CHANGES = "show_changes"
    SHOW_THREATS = "show_threats"


class Detail(StrEnum):
    """What a thread can be asked to show of an answer."""

    COMMANDS = "commands"
    STEPS = "steps"
    DIAGRAM = "diagram"
    TRACE = "trace"
    RECORDS = "records"
    QUERY = "query"
    JSON = "json"
    SECOND_OPINION = "opinion"
    """Asks AWS, which costs money."""
    CHANGES = "changes"
    THREATS = "threats"


class Callback(StrEnum):
    """The `callback_id` of a modal."""

    ASK = "ask"
    WRONG = "wrong"
    MUTE = "mute"
    APPROVE = "approve"
    REJECT = "reject"
    UNDO = "undo"


class Field(StrEnum):
    """The `block_id` of each field of a form; its input has the same `action_id`."""

    SOURCE = "source"
    DESTINATION = "destination"
    PROTOCOL = "protocol"
    PORT = "port"
    COMMENT = "comment"
    UNDO_AFTER = "undo_after"
    DAYS = "days"


def detail_value(detail: Detail, ref: str) -> str:
    """The value of a menu's option: which detail, of which answer. Raises ValueError where `ref` is too long."""
    if not 0 < len(ref) <= REF_MOST:
        raise ValueError(f"a ref has 1 to {REF_MOST} characters")
    return f"{detail.value}:{ref}"


def chosen(value: str) -> tuple[Detail, str]:
    """The detail and the `ref` of a chosen option. Raises ValueError where the value is none that we gave."""
    detail, _, ref = value.partition(":")
    return Detail(detail), ref


def family(action_id: str) -> Action:
    """Which action an `action_id` belongs to, its number apart. Raises ValueError where it is none of ours."""
    return Action(action_id.partition(":")[0])
