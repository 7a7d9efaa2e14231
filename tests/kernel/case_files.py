"""A case of the oracle as files, so that a disagreement can be looked at and tried again.

`account/` is a snapshot folder, `flows.jsonl` what `whynot trace` is asked, `probes.json` what the lab tries. Written
with what was seen, a case has `flow-logs/` and `truth.jsonl` too: account, records and verdicts that belong together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tests.kernel.account import Account, Probe
from tests.kernel.flow_log import records, truths
from tests.kernel.probing import Round


def write_case(folder: Path, account: Account, probes: Iterable[Probe]) -> None:
    """Writes an account with some of its probes."""
    chosen = list(probes)
    (folder / "account").mkdir(parents=True, exist_ok=True)
    account.write(folder / "account")
    tried = {"outside": account.outside, "probes": [asdict(probe) for probe in chosen]}
    (folder / "probes.json").write_text(json.dumps(tried, indent=1) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(probe.question()) + "\n" for probe in chosen)
    (folder / "flows.jsonl").write_text(lines, encoding="utf-8")


def write_truth(folder: Path, account: Account, probes: Iterable[Probe], seen: Round) -> None:
    """Writes beside a case the flow log of its round, and what the kernel did with each probe."""
    (folder / "flow-logs").mkdir(parents=True, exist_ok=True)
    (folder / "flow-logs" / "records.log").write_text("\n".join(records(account, seen.sights)) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(truth) + "\n" for truth in truths(seen, probes))
    (folder / "truth.jsonl").write_text(lines, encoding="utf-8")


def read_case(folder: Path) -> tuple[Account, list[Probe]]:
    """What `write_case` wrote."""
    tried = json.loads((folder / "probes.json").read_text(encoding="utf-8"))
    account = Account.read(folder / "account", tuple(tried["outside"]))
    return account, [Probe(**probe) for probe in tried["probes"]]
