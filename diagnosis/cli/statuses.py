"""The statuses with which a command exits."""

from __future__ import annotations

OK, STOPPED, FAILED, UNKNOWN, UNCLEAR = 0, 1, 2, 3, 4
INTERRUPTED = 130
"""What typer makes of Ctrl-C."""
STATUS = {"reachable": OK, "blocked": STOPPED, "partly": STOPPED, "unknown": UNKNOWN}
