"""The double, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.diagnosis.flowlogs.remote.places import Place, emptied
from tests.emulator.faults import FAULTS


@pytest.fixture
def place(emulator_url: str) -> Iterator[Place]:
    yield emptied(emulator_url)
    FAULTS.clear()
