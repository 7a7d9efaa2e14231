"""`make soak`: 2,000 questions, the connection cut every minute. Exits 1 if an answer was lost or doubled."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Plan, soak

GROWTH = 1.1


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument("--cut-seconds", type=float, default=60.0, help="0 cuts by questions instead")
    parser.add_argument("--cut-questions", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--light", action="store_true", help="without flow logs and pictures, several times as fast")
    given = parser.parse_args(arguments)
    plan = Plan(given.questions, given.cut_seconds, given.cut_questions, given.at_once, light=given.light)
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(plan, Path(folder), say=say)
    for line in outcome.told():
        say(line)
    for kind, found in (("lost", outcome.lost), ("doubled", outcome.doubled), ("fault", outcome.faults)):
        for one in found[:20]:
            say(f"{kind}: {one}")
    flat = outcome.growth <= GROWTH
    if not flat:
        say(f"memory grew: the last quarter holds {outcome.growth:.3f} times the second, more than {GROWTH}")
    return 0 if flat and not (outcome.lost or outcome.doubled or outcome.faults) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
