"""What was changed when it stopped, after `ask` has answered: CloudTrail's event history, asked for by its option."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnosis.cli.streams import coloured, print_text

if TYPE_CHECKING:
    from diagnosis.answer import Answer
    from diagnosis.aws.account import LiveAccount
    from diagnosis.investigate import Asked
    from diagnosis.network.network import Network

NEEDS_LIVE = "--what-changed asks CloudTrail about the live account, so it cannot go with --snapshot."
NEEDS_LOGS = "--what-changed needs the moment at which it stopped, which flow logs tell: leave --no-flow-logs out."


def with_what_changed(
    account: LiveAccount, network: Network, asked: Asked, answer: Answer, say: Callable[[str], None]
) -> Answer:
    """The answer with what CloudTrail says in its evidence, and the fix that takes the change back."""
    from diagnosis.aws.trail import Trail
    from diagnosis.what_changed import what_changed

    return what_changed(network, asked, answer, Trail(account.client), int(time.time()), say)


def print_changed(answer: Answer, already: int, *, explain: bool) -> None:
    """What changed alone, below an answer that was printed before with so many fixes."""
    from diagnosis.terminal.render import WIDTH
    from diagnosis.terminal.what_changed import render_changed

    text = render_changed(answer, already, width=WIDTH, colour=coloured(), explain=explain)
    print_text("\n" + text.rstrip("\n"))
