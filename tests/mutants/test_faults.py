"""The list of faults fits the engine as it is; running them all is `make mutants`."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.faults import FAULTS
from tests.mutants.mutant import ROOT, Mutant

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])


@each_fault
def test_a_fault_changes_one_place_and_leaves_valid_python(fault: Mutant) -> None:
    whole = (ROOT / fault.path).read_text()

    assert ast.dump(ast.parse(fault.applied(whole))) != ast.dump(ast.parse(whole))


@each_fault
def test_the_tests_named_for_a_fault_exist(fault: Mutant) -> None:
    for test in fault.tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).is_file()
        if "[" in name:
            assert (ROOT / "tests" / "cases" / name.partition("[")[2].rstrip("]")).is_dir()


def test_there_are_at_least_thirty_with_names_of_their_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 30
