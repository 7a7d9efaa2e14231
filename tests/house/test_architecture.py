"""What no import contract can say: sizes, names, frozen values, and rooms that reason without looking at a clock."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source_tree import PURE_ROOMS, ROOT, dotted, modules, pure_modules, tree

LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = {"base", "common", "core", "helper", "helpers", "manager", "misc", "shared", "util", "utils"}

# The outermost functions of the process and of its threads: what nobody foresaw becomes one line there, not an end.
ENTRY_POINTS = {
    Path("diagnosis/cli/program.py"),
    Path("bot/cli.py"),
    Path("bot/apart.py"),
    Path("bot/runner/crew.py"),
}

# Not values but work under way: made, used and dropped inside one call. What comes out of them is frozen.
UNDER_WAY = {"Clause", "Placed", "Walk"}

# Reads of the clock and the disk that need no forbidden import: datetime is a value that the pure rooms may hold.
LOOKS_AT_THE_WORLD = {"breakpoint", "exec", "eval", "input", "open", "print"}
READS_THE_CLOCK = {"now", "utcnow", "today"}


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef, source: list[str]) -> int:
    """Lines of a function's body that hold something, its docstring not counted."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return sum(1 for line in source[first.lineno - 1 : function.end_lineno] if line.strip())


def cleans_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler puts things right and lets the error go on."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_a_module_can_be_read_in_one_sitting() -> None:
    too_long = {}
    for module in modules():
        count = sum(1 for line in (ROOT / module).read_text(encoding="utf-8").splitlines() if line.strip())
        if count > LINES_OF_A_MODULE:
            too_long[str(module)] = count

    assert too_long == {}


def test_a_function_fits_on_a_screen() -> None:
    too_long = {}
    for module in modules():
        source = (ROOT / module).read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = lines(node, source)
                if count > LINES_OF_A_FUNCTION:
                    too_long[f"{module}:{node.lineno} {node.name}"] = count

    assert too_long == {}


def test_every_module_is_named_after_what_it_is_about() -> None:
    parts = {part.removesuffix(".py").strip("_") for module in modules() for part in module.parts}

    assert parts & NAMES_THAT_SAY_NOTHING == set()


def test_only_an_entry_point_catches_everything() -> None:
    caught = []
    for module in modules():
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            everything = any(kind is None or dotted(kind) in {"Exception", "BaseException"} for kind in kinds)
            if everything and not (module in ENTRY_POINTS and node.type) and not cleans_up(node):
                caught.append(f"{module}:{node.lineno}")

    assert caught == []


def test_the_rooms_that_reason_look_at_no_clock_and_no_disk() -> None:
    looked = []
    for module in pure_modules():
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.Call):
                continue
            name = dotted(node.func)
            attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name in LOOKS_AT_THE_WORLD or attribute in READS_THE_CLOCK:
                looked.append(f"{module}:{node.lineno} {name or ast.unparse(node.func)}")

    assert looked == []


def test_values_of_the_rooms_that_reason_are_frozen() -> None:
    changeable = []
    for module in pure_modules():
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_") or node.name in UNDER_WAY:
                continue
            for decorator in node.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                if dotted(call.func if call else decorator).split(".")[-1] != "dataclass":
                    continue
                said = {word.arg for word in call.keywords if ast.unparse(word.value) == "True"} if call else set()
                if "frozen" not in said:
                    changeable.append(f"{module}:{node.lineno} {node.name}")

    assert changeable == []


def test_every_public_module_says_what_it_is_for() -> None:
    silent = [str(module) for module in modules() if not ast.get_docstring(tree(module))]

    assert silent == []


def test_the_folders_of_tests_mirror_the_rooms() -> None:
    rooms = {path.name for path in (ROOT / "diagnosis").iterdir() if (path / "__init__.py").exists()}
    mirrors = {path.name for path in (ROOT / "tests" / "diagnosis").iterdir() if (path / "__init__.py").exists()}

    assert mirrors - rooms == set()
    assert rooms - mirrors == set()
    assert set(PURE_ROOMS) <= rooms
    assert [room for room in sorted(mirrors) if not list((ROOT / "tests" / "diagnosis" / room).glob("test_*.py"))] == []
