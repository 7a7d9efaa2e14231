"""A second opinion on what `ask` has answered: asked for by its option, one analysis for each time the command runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from diagnosis.cli.disagreements import keep
from diagnosis.cli.streams import coloured, complain, print_text

if TYPE_CHECKING:
    from diagnosis.answer import Answer
    from diagnosis.aws.account import LiveAccount
    from diagnosis.investigate import Asked
    from diagnosis.network.described import Described
    from diagnosis.network.network import Network

NEEDS_LIVE = "--second-opinion asks AWS about the live account, so it cannot go with --snapshot."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A second opinion that was asked for; `described` gets the account as it was read, for a report."""

    account: LiveAccount
    folder: Path | None
    always: bool
    """Else only where configuration and flow logs contradict each other."""
    described: list[Described] = field(default_factory=list)

    def about(self, answer: Answer) -> bool:
        """Whether AWS is to be asked about this answer."""
        from diagnosis.second_opinion import witnesses_differ

        return self.always or witnesses_differ(answer)


def wanted_of(
    account: LiveAccount | None, folder: Path | None, *, always: bool, on_disagreement: bool
) -> Wanted | None:
    """What the options say; None where no second opinion is wanted, or no account is there to ask about."""
    return Wanted(account, folder, always) if account is not None and (always or on_disagreement) else None


def with_second_opinion(
    wanted: Wanted, network: Network, asked: Asked, answer: Answer, text: str, say: Callable[[str], None]
) -> Answer:
    """The answer with AWS's opinion in its evidence. A disagreement is kept, and stderr says where."""
    from diagnosis.aws.reachability_analyzer import ReachabilityAnalyzer
    from diagnosis.explanation.opinion import with_opinion
    from diagnosis.explanation.path_request import PRICE, PathRequest
    from diagnosis.second_opinion import second_opinion, to_be_asked

    request = to_be_asked(network, asked)
    if isinstance(request, PathRequest):
        complain(f"asking VPC Reachability Analyzer about {request.words}; AWS charges ${PRICE:.2f}")
    said = second_opinion(network, asked, ReachabilityAnalyzer(wanted.account.client), say)
    whole = with_opinion(answer, said)
    if said.agrees is False:
        name = keep(wanted.folder, text, whole, wanted.described[0] if wanted.described else None)
        complain(f"AWS disagrees; kept as {name}. `whynot disagreements {name}` writes it as a bug report.")
    return whole


def print_opinion(answer: Answer) -> None:
    """The opinion alone, below an answer that was printed before."""
    from diagnosis.terminal.opinion import render_opinion
    from diagnosis.terminal.render import WIDTH

    print_text("\n" + render_opinion(answer, width=WIDTH, colour=coloured()).rstrip("\n"))
