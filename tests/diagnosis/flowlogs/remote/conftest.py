"""The double, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.diagnosis.flowlogs.remote.places import BUCKET, RESULTS, Place
from tests.emulator.faults import FAULTS
from tests.moto_server import post


@pytest.fixture
def place(emulator_url: str) -> Iterator[Place]:
    post(emulator_url, "reset")
    found = Place(emulator_url)
    for bucket in (BUCKET, RESULTS):
        found.client("s3").create_bucket(Bucket=bucket)
    found.client("glue").create_database(DatabaseInput={"Name": "default"})
    FAULTS.clear()
    yield found
    FAULTS.clear()
