"""Compares the engine with a kernel: `python -m tests.kernel --flows 5000 --seed 1`.

Random accounts are rebuilt as Linux network namespaces, real connections are tried in them, and the engine is asked
about the same connections: the verdict, whether the first packet arrives, and which filter drops it. Exit status 0: all
agree; 1: they do not, and each case is in a folder; 77: this machine does not permit namespaces, or lacks a program,
which one line says.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.kernel.account import Account
from tests.kernel.case_files import read_case, write_case, write_truth
from tests.kernel.comparison import Tally, compare, total
from tests.kernel.lab import Lab
from tests.kernel.namespaces import NotPermittedError, leave_the_host
from tests.kernel.probing import Listeners
from tests.kernel.random_account import random_account
from tests.kernel.random_probes import random_probes
from tests.kernel.random_rules import ANY_FOUR, ANY_SIX
from tests.kernel.world import random_world

SKIPPED = 77
DUMP = Path(tempfile.gettempdir()) / "whynot-kernel-disagreements"
FLOWS_OF_A_CASE, CASES_OF_A_WORLD = 60, 12


def main(arguments: list[str]) -> int:
    """Runs the comparison, and gives its exit status."""
    options = _options(arguments)
    try:
        leave_the_host()
        return _replay(options.replay) if options.replay else _random(options)
    except NotPermittedError as error:
        sys.stdout.write(f"skipped: {error}\n")
        return SKIPPED


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kernel", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--flows", type=int, default=5000, help="how many connections to compare (default 5000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same accounts and connections")
    parser.add_argument("--seconds", type=float, help="stop after this time, however many were compared")
    parser.add_argument("--dump", type=Path, default=DUMP, help="where disagreements go")
    parser.add_argument("--write", type=Path, help="write every case here, with flow log records and verdicts")
    parser.add_argument("--replay", type=Path, help="try one written case again")
    parser.add_argument(
        "--control", action="store_true", help="tell the engine that all network ACLs are open, which must disagree"
    )
    return parser.parse_args(arguments)


def _random(options: argparse.Namespace) -> int:
    start, tally, number = time.monotonic(), Tally(), 0

    def enough() -> bool:
        late = options.seconds is not None and time.monotonic() - start > options.seconds
        return late or bool(tally.flows >= options.flows)

    while not enough():
        _compare_world(options, number, tally, enough)
        number += 1
    compared = f"{tally.flows} flows over {number} worlds: {tally.reachable} reachable"
    lines = [
        f"{compared}, {len(tally.disagreements)} disagreements",
        f"ways: {total(tally.kinds.items())}",
        f"set aside: {total(tally.explained.items()) or 'none'}",
        f"{time.monotonic() - start:.1f} s",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(tally.disagreements))


def _compare_world(options: argparse.Namespace, number: int, tally: Tally, enough: Callable[[], bool]) -> None:
    random = Random(f"{options.seed}/{number}")
    world = random_world(random)
    with Lab(random_account(random, world)) as lab, Listeners(lab) as listeners:
        for case in range(CASES_OF_A_WORLD):
            if enough():
                return
            account = random_account(random, world)
            probes = random_probes(random, account, FLOWS_OF_A_CASE)
            told = with_open_acls(account) if options.control else None
            found, seen = compare(lab, listeners, account, probes, tally, told=told)
            name = f"{options.seed}-{number}-{case}"
            if options.write is not None:
                write_case(options.write / name, account, probes)
                write_truth(options.write / name, account, probes, seen)
            for disagreement in found:
                sys.stdout.write(f"seed {options.seed} world {number} case {case}: {disagreement}\n")
            if found:
                write_case(options.dump / name, account, (disagreement.probe for disagreement in found))


def with_open_acls(account: Account) -> Account:
    """The account as somebody would see it who overlooks network ACLs."""
    answers = dict(account.answers)
    for asked, answer in account.answers.items():
        if asked.name == "ec2.describe_network_acls":
            entries = [
                {"RuleNumber": number, "Egress": egress, "RuleAction": "allow", "Protocol": "-1", key: cidr}
                for egress in (False, True)
                for number, key, cidr in ((1, "CidrBlock", ANY_FOUR), (2, "Ipv6CidrBlock", ANY_SIX))
            ]
            answers[asked] = {"NetworkAcls": [{**acl, "Entries": entries} for acl in answer["NetworkAcls"]]}
    return replace(account, answers=answers)


def _replay(folder: Path) -> int:
    account, probes = read_case(folder)
    tally = Tally()
    with Lab(account) as lab, Listeners(lab) as listeners:
        for disagreement in compare(lab, listeners, account, probes, tally)[0]:
            sys.stdout.write(f"{disagreement}\n")
    sys.stdout.write(f"{tally.flows} flows, {len(tally.disagreements)} disagreements\n")
    return int(bool(tally.disagreements))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
