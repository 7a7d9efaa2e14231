"""The account that ships with whynot: a small shop in one VPC, and a day of its flow logs.

Everything in it is made up; `tools/make_embedded_account.py` writes it.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def snapshot_folder() -> Path:
    """Where the account's describe answers are: a snapshot folder in the collected form."""
    return _package_data() / "snapshot"


def flow_logs_folder() -> Path:
    """Where the account's flow logs are: the bucket's `AWSLogs` folder with five-minute gzip files is in it."""
    return _package_data() / "flow-logs"


def _package_data() -> Path:
    # A plain folder in every installation that pip makes; whynot does not run from inside a zip file.
    return Path(str(files("diagnosis.snapshots").joinpath("embedded")))
