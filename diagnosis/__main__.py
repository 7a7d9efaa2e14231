"""`python -m diagnosis`: the diagnosis alone, without the bot."""

from __future__ import annotations

from diagnosis.cli.program import main

if __name__ == "__main__":
    main()
