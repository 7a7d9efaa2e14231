"""Every golden case, asked and traced as a user would, and once more with its account in another order.

The expectations under `tests/cases` were written from AWS's rules, never from what the program said.
"""

from __future__ import annotations

import functools
import json
import random
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.case_folder import CAUSE_KEYS, Case, all_cases
from tests.program import Ran, run, start

ALL = all_cases()
EXIT_STATUS = {"reachable": 0, "blocked": 1, "partly": 1, "unknown": 3}
each_case = pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])


def ask(case: Case, account: Path, *options: str) -> Ran:
    logs = ["--flow-logs", str(case.flow_logs)] if case.flow_logs else []
    return run("ask", case.question, "--snapshot", str(account), *logs, *options)


NO_REASON = "What was seen is not enough to judge this."


@functools.cache
def asked(case_name: str) -> Ran:
    """The answer to the case as JSON, asked once for all tests that look at it."""
    return ask(named(case_name), named(case_name).account, "--json")


def named(case_name: str) -> Case:
    return next(case for case in ALL if case.name == case_name)


def judge(case: Case, differences: Iterable[str]) -> None:
    """Fail with everything that differs, what was asked and why the expectation is the truth."""
    found = list(differences)
    if found:
        told = [f"{case.name}: {case.question}", *found, f"why: {case.expected['source']}"]
        pytest.fail("\n  ".join(told), pytrace=False)


def differing(what: str, expected: object, found: object) -> list[str]:
    return [] if expected == found else [f"{what}: expected {expected!r}, found {found!r}"]


def fits(expected: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a cause is the expected one; a list in the expectation holds what the contract lets one choose from."""
    choices = {key: expected[key] if isinstance(expected[key], list) else [expected[key]] for key in CAUSE_KEYS}
    return all(found.get(key) in choices[key] for key in CAUSE_KEYS) and (
        "any_of" not in expected or found.get("any_of") == expected["any_of"]
    )


def cause_differences(expected: Mapping[str, Any], found: list[dict[str, Any]]) -> list[str]:
    """Expected causes that are missing, and those found beyond them; nothing where the case leaves causes open."""
    if "causes" not in expected:
        return []
    left, missing = list(found), []
    for cause in expected["causes"]:
        match = next((one for one in left if fits(cause, one)), None)
        if match is None:
            missing.append(cause)
        else:
            left.remove(match)
    extra = [one for one in left if not any(fits(cause, one) for cause in expected.get("may_also", ()))]
    return [f"cause missing: {short(cause)}" for cause in missing] + [f"cause too many: {short(one)}" for one in extra]


def short(cause: Mapping[str, Any]) -> str:
    return json.dumps({key: cause.get(key) for key in (*CAUSE_KEYS, "any_of") if key in CAUSE_KEYS or key in cause})


def fix_differences(expected: Mapping[str, Any], fixes: list[dict[str, Any]]) -> list[str]:
    if "fix" not in expected:
        return []
    wanted, shown = expected["fix"], [command for fix in fixes for command in fix["commands"]]
    if wanted is None:
        return [f"fixes: expected none, found {shown}"] if fixes else []
    differences = []
    if len(fixes) < wanted["count_at_least"]:
        differences.append(f"fixes: expected at least {wanted['count_at_least']}, found {len(fixes)}: {shown}")
    if not any(len(fix["changes"]) == wanted["changes"] == len(fix["commands"]) for fix in fixes):
        differences.append(f"fixes: none has {wanted['changes']} change(s) and as many commands: {shown}")
    differences += [
        f"fixes: no command with all of {tokens}: {shown}"
        for tokens in wanted["commands_include"]
        if not any(all(token in command for token in tokens) for command in shown)
    ]
    return differences + [
        f"fixes: the new entry is to come before {wanted['entry_below']}: {command}"
        for command in shown
        if "create-network-acl-entry" in command and entry_number(command) >= wanted.get("entry_below", 32767)
    ]


def entry_number(command: str) -> int:
    words = shlex.split(command)
    return int(words[words.index("--rule-number") + 1])


def unseen_differences(expected: Mapping[str, Any], unseen: object) -> list[str]:
    told = json.dumps(unseen)
    return [f"unseen: {call} is not named in {told}" for call in expected.get("unseen_calls", ()) if call not in told]


def evidence_differences(expected: Mapping[str, Any], logs: Mapping[str, Any] | None) -> list[str]:
    if "evidence" not in expected:
        return []
    if logs is None:
        return ["evidence: no flow logs in the answer"]
    counted = {**logs["records"], "accepts": logs["accepts"], "rejects": logs["rejects"]}
    return differing("evidence", expected["evidence"], {key: counted[key] for key in expected["evidence"]})


def unsaid(expected: Mapping[str, Any], text: str) -> list[str]:
    """The phrases that `text` lacks; a list among them holds alternatives."""
    lowered = text.lower()
    wanted = [[phrase] if isinstance(phrase, str) else phrase for phrase in expected.get("says", ())]
    return [" or ".join(phrases) for phrases in wanted if not any(phrase.lower() in lowered for phrase in phrases)]


@each_case
def test_ask_gives_verdict_causes_evidence_and_fix_of_the_case(case: Case) -> None:
    ran, expected = asked(case.name), case.expected
    answer = ran.document

    judge(case, [
        *differing("verdict", expected["verdict"], answer.get("verdict")),
        *differing("exit status", EXIT_STATUS[expected["verdict"]], ran.status),
        *cause_differences(expected, answer["causes"]),
        *fix_differences(expected, answer["fixes"]),
        *unseen_differences(expected, answer["unseen"]),
        *evidence_differences(expected, answer["evidence"]["flow_logs"]),
        *(["unknown, and no reason is given"] if answer["headline"] == NO_REASON else []),
    ])  # fmt: skip


def test_a_process_of_its_own_answers_the_very_same_as_the_runs_of_these_tests() -> None:
    case = named("accepts-in-the-log-but-blocked-now")
    own = start("ask", case.question, "--snapshot", str(case.account), "--flow-logs", str(case.flow_logs), "--json")

    # What it says of its progress on stderr depends on how long it takes.
    assert own[:2] == asked(case.name)[:2]


@pytest.mark.parametrize("case", [case for case in ALL if case.expected.get("says")], ids=lambda case: str(case.name))
def test_the_answer_says_what_a_person_needs_to_hear(case: Case) -> None:
    text = json.dumps({**asked(case.name).document, "question": None}, ensure_ascii=False)
    if unsaid(case.expected, text):
        text += ask(case, case.account).out

    judge(case, [f"does not say {phrase!r}" for phrase in unsaid(case.expected, text)])


@pytest.mark.parametrize("case", [case for case in ALL if case.members], ids=lambda case: str(case.name))
def test_trace_judges_each_address_of_a_range_as_the_case_says(case: Case, tmp_path: Path) -> None:
    flows = tmp_path / "flows.jsonl"
    lines = [{"id": str(number), **member} for number, member in enumerate(case.members)]
    flows.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    ran = run("trace", "--snapshot", str(case.account), "--flows", str(flows))

    judge(case, differing("verdicts", [m["verdict"] for m in case.members], [line["verdict"] for line in ran.lines]))


@pytest.mark.parametrize("case", [case for case in ALL if not case.members], ids=lambda case: str(case.name))
def test_trace_judges_both_legs_as_the_case_says(case: Case, tmp_path: Path) -> None:
    flows = tmp_path / "flows.jsonl"
    flows.write_text(json.dumps(case.flow) + "\n", encoding="utf-8")

    ran = run("trace", "--snapshot", str(case.account), "--flows", str(flows))
    found, expected = ran.document, case.expected
    legs = [key for key in ("verdict", "forward", "return") if key in expected]

    judge(case, [
        *differing("exit status", 0, ran.status),
        *differing("error", None, found.get("error")),
        *(line for key in legs for line in differing(key, expected[key], found.get(key))),
        *cause_differences(expected, found.get("causes", [])),
        *unseen_differences(expected, found.get("unseen", [])),
    ])  # fmt: skip


@each_case
def test_every_fix_shown_is_proven_and_can_be_undone(case: Case) -> None:
    answer = asked(case.name).document

    for fix in answer["fixes"]:
        assert fix["proof"] == {"verdict_after": "reachable"}, fix
        assert fix["changes"], fix
        assert fix["commands"], fix
        assert len(fix["undo"]) == len(fix["commands"]), fix
        for command in [*fix["commands"], *fix["undo"]]:
            assert shlex.split(command)[:2] == ["aws", "ec2"], command
            assert "\n" not in command
            assert not set(command) & set("|&;<>$`\\"), f"shell syntax in {command}"


@each_case
def test_the_order_of_lists_and_files_changes_no_answer(case: Case, tmp_path: Path) -> None:
    shuffled_account = tmp_path / "account"
    shuffle_folder(case.account, shuffled_account, random.Random(f"shuffle {case.name}"))

    before, after = asked(case.name).document, ask(case, shuffled_account, "--json").document

    judge(case, [line for key in sorted(before | after) for line in differing(key, before.get(key), after.get(key))])


def shuffle_folder(source: Path, target: Path, chance: random.Random) -> None:
    """A copy whose lists of entities are in another order; the files of a loose folder get other names as well."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    chance.shuffle(files)
    loose = not (source / "snapshot.json").exists()
    for number, path in enumerate(files):
        copy = target / path.relative_to(source)
        if loose and path.parent == source:  # a file of a call by id is told by its folder and its own name
            copy = target / f"{number:02d}-{chance.randrange(10**6)}.json"
        copy.parent.mkdir(parents=True, exist_ok=True)
        content = json.loads(path.read_text(encoding="utf-8"))
        known = content if path.name == "snapshot.json" else shuffled(content, chance)
        copy.write_text(json.dumps(known), encoding="utf-8")


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(member, chance) for key, member in value.items()}
    if isinstance(value, list):
        members = [shuffled(member, chance) for member in value]
        if all(isinstance(member, dict) for member in members):
            chance.shuffle(members)
        return members
    return value


@each_case
def test_a_case_speaks_only_of_what_its_account_holds(case: Case) -> None:
    account = "".join(path.read_text(encoding="utf-8") + path.name for path in case.account.rglob("*.json"))
    parties = [case.flow["source"], case.flow["destination"]]
    named_things = [cause["component"] for cause in case.expected.get("causes", ())]
    ids = [one for thing in named_things for one in (thing if isinstance(thing, list) else [thing])]
    ids += [party for party in parties if party.startswith(("eni-", "i-"))]

    assert [one for one in ids if one not in account] == []


@each_case
def test_a_case_gives_its_reason(case: Case) -> None:
    assert len(case.expected["source"].split()) >= 6
