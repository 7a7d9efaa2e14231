"""Documents say what the program does: every code, command, option, verdict and case, and no link leads nowhere."""

from __future__ import annotations

import re
from typing import get_args

import pytest
import typer.main
from typer.core import TyperGroup

from bot.cli import app
from diagnosis.answer import Verdict
from diagnosis.trace.codes import Code
from tests.house.source_tree import ROOT, documents

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(name: str, level: str = "## ") -> dict[str, str]:
    """The sections of a document by their titles, without the code ticks around them."""
    parts = re.split(rf"^{level}", read(name), flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].strip().strip("`"): "\n".join(part.splitlines()[1:]) for part in parts}


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    }


def commands() -> dict[str, set[str]]:
    """Each command of the program with its options; those of a group by both words."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    found: dict[str, set[str]] = {}
    for name, command in sorted(group.commands.items()):
        inner = command.commands.items() if isinstance(command, TyperGroup) else [("", command)]
        for second, one in inner:
            if not one.hidden:
                options = {option for parameter in one.params for option in parameter.opts if option.startswith("--")}
                found[f"{name} {second}".strip()] = options
    return found


def test_every_explanation_code_has_its_section_and_no_section_is_left_over() -> None:
    documented = [title for title in sections("docs/explanations.md") if re.fullmatch(r"[A-Z0-9_]+", title)]

    assert documented == sorted(documented)
    assert set(documented) == {code.value for code in Code}


@pytest.mark.parametrize("code", sorted(Code))
def test_a_section_says_what_aws_does_what_to_look_at_and_what_repairs_it(code: Code) -> None:
    section = sections("docs/explanations.md")[code.value]

    assert code.meaning in section
    for part in ("**Component.**", "**Repair.**"):
        assert part in section
    assert ("**Ours.**" in section) == code.ours


def test_every_verdict_has_its_section() -> None:
    assert set(get_args(Verdict)) <= set(sections("docs/verdicts.md"))


@pytest.mark.parametrize("command", commands())
def test_every_command_and_each_of_its_options_is_documented(command: str) -> None:
    section = sections("docs/commands.md").get(f"whynot {command}", "")

    assert section, f"docs/commands.md has no section `whynot {command}`"
    assert {option for option in commands()[command] - {"--help"} if f"`{option}" not in section} == set()


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = {title for title in sections("docs/commands.md") if title.startswith("whynot ")}

    assert documented - {f"whynot {command}" for command in commands()} == set()


@pytest.mark.parametrize("document", documents(), ids=str)
def test_every_link_between_documents_leads_somewhere(document: str) -> None:
    text = read(str(document))
    broken = []
    for target in LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(target)

    assert broken == []


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    titles = list(sections("CHANGELOG.md"))

    assert titles[0] == "[Unreleased]"
    allowed = {"Security", "Removed", "Deprecated", "Added", "Changed", "Fixed"}
    assert set(sections("CHANGELOG.md", "### ")) <= allowed
