"""The command that shows the main job on the embedded account: `demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from diagnosis.cli.streams import coloured, print_text


def demo(
    explain: Annotated[bool, typer.Option(help="Adds the six steps and the decision diagram.")] = False,
) -> None:
    """The main job on the embedded account: no AWS, no Slack."""
    from diagnosis.demo import run_demo

    colour = coloured()
    for text in run_demo(colour=colour, explain=explain):
        print_text(text)
