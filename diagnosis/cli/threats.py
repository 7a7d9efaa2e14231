"""What GuardDuty and Detective say of the addresses of a question: asked only by `ask --threats`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnosis.cli.streams import coloured, print_text

if TYPE_CHECKING:
    from diagnosis.answer import Answer
    from diagnosis.aws.account import LiveAccount
    from diagnosis.network.network import Network

NEEDS_LIVE = "--threats asks GuardDuty about the live account, so it cannot go with --snapshot."


def threats_added(account: LiveAccount, network: Network, answer: Answer, say: Callable[[str], None]) -> Answer:
    """The answer with what they say, or with why they said nothing."""
    from diagnosis.aws.guardduty import GuardDuty
    from diagnosis.threats import with_what_is_known

    return with_what_is_known(network, answer, GuardDuty(account.client), say)


def print_threats(answer: Answer) -> None:
    """What they say alone, below an answer that was printed before."""
    from diagnosis.terminal.render import WIDTH
    from diagnosis.terminal.threats import render_threats

    print_text("\n" + render_threats(answer, width=WIDTH, colour=coloured()).rstrip("\n"))
