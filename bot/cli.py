"""The command line of the whole product. So far that is the diagnosis; the commands of the Slack app join it here."""

from __future__ import annotations

from diagnosis.cli import main

__all__ = ["main"]
