"""The source tree as the house tests read it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PURE_ROOMS = ("traffic", "network", "trace", "question", "evidence", "explanation", "fix")


@cache
def modules() -> tuple[Path, ...]:
    """Every module of the distribution, relative to the root."""
    return tuple(
        sorted(path.relative_to(ROOT) for package in ("bot", "diagnosis") for path in (ROOT / package).rglob("*.py"))
    )


@cache
def pure_modules() -> tuple[Path, ...]:
    """The modules that reason, and so see no disk, clock or network."""
    rooms = (*(("diagnosis", room) for room in PURE_ROOMS), ("bot", "views"), ("bot", "access"), ("bot", "approvals"))
    values = (Path(f"diagnosis/{name}.py") for name in ("answer", "json_value", "testimony", "who_answer"))
    return (*(path for path in modules() if path.parts[:2] in rooms), *values)


@cache
def tree(module: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), filename=str(module))


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of attributes; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def documents() -> tuple[Path, ...]:
    """Every Markdown file that people read, relative to the root."""
    return tuple(sorted(path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))))
