"""The four patterns of the field, from question to fix: gzip text and Parquet in local files tell what text tells."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.case_folder import CASES, Case, read_case
from tests.diagnosis.flowlogs.test_parquet import write_parquet
from tests.program import run

PATTERNS = {
    "ssh-rejected-by-the-group": ("REJECT as it arrives at", "aws ec2 authorize-security-group-ingress"),
    "acl-lacks-the-ephemeral-ports-outbound": ("ACCEPT in, REJECT out at", "aws ec2 create-network-acl-entry"),
    "nodata-nothing-left-the-interface": ("NODATA at", None),
    "skipdata-proves-nothing": ("SKIPDATA: records were lost", None),
}
"""The pattern that the answer names, and how the command of its fix begins; None where the account lets it through."""
FORMS = ("gzip", "parquet")


def rewritten(case: Case, form: str, folder: Path) -> Path:
    """The flow logs of a case in another form, under their own names."""
    assert case.flow_logs is not None
    for log in sorted(path for path in case.flow_logs.rglob("*") if path.is_file()):
        packed = log.read_bytes()
        header, *lines = (gzip.decompress(packed) if log.suffix == ".gz" else packed).decode().splitlines()
        to = folder / log.relative_to(case.flow_logs)
        to.parent.mkdir(parents=True, exist_ok=True)
        if form == "parquet":
            write_parquet(to.with_name(f"{log.name.removesuffix('.gz')}.parquet"), lines, header)
        else:
            to.with_name(f"{log.name.removesuffix('.gz')}.gz").write_bytes(
                gzip.compress("\n".join([header, *lines, ""]).encode())
            )
    return folder


def asked(case: Case, logs: Path) -> dict[str, Any]:
    """The answer, but for where its lines stand: each is in one of those logs."""
    answer = run("ask", case.question, "--snapshot", str(case.account), "--flow-logs", str(logs), "--json").document
    assert all(origin.startswith(str(logs)) for origin in answer["evidence"]["flow_logs"].pop("line_origins"))
    return answer


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_leads_from_question_to_fix_through_local_files(tmp_path: Path, name: str, form: str) -> None:
    case, (pattern, command) = read_case(CASES / name), PATTERNS[name]
    assert case.flow_logs is not None

    found = asked(case, rewritten(case, form, tmp_path))

    assert pattern in found["evidence"]["flow_logs"]["pattern"]
    assert [each["proof"]["verdict_after"] for each in found["fixes"]][:1] == (["reachable"] if command else [])
    assert not command or found["fixes"][0]["commands"][0].startswith(command)
    assert found == asked(case, case.flow_logs)
