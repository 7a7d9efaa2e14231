"""Which files there are, and when each was delivered, judging by its name or its folder alone.

S3 delivers `[prefix/]AWSLogs/[o-org/]account/vpcflowlogs/region/YYYY/MM/DD/[HH/]` or, hive-compatible,
`[prefix/]AWSLogs/aws-account-id=account/aws-service=vpcflowlogs/aws-region=region/year=YYYY/month=MM/day=DD/[hour=HH/]`,
with files called `account_vpcflowlogs_region_fl-id_YYYYMMDDTHHmmZ_hash.log.gz`. Any other folder or file will do as
well; without a time in its name it is always read.
Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from diagnosis.evidence.query import Between, Last, Window
from diagnosis.evidence.records import shown
from diagnosis.sources import FlowLogsUnavailable

DELIVERY = 15 * 60
"""How far the time in a file's name may be from the end of a record in it: aggregation and delivery, in seconds."""
FEW_FILES, FEW_BYTES = 48, 2 * 1024 * 1024
"""So little is read as a whole: nothing is gained by leaving files out, and the counts speak of everything."""

_STAMP = re.compile(r"(?:^|_)(\d{8}T\d{4})Z?(?:_|\.|$)")
_FOLDERS = re.compile(
    r"(?:^|/)(?:year=)?(?P<year>20\d\d)/(?:month=)?(?P<month>\d\d)/(?:day=)?(?P<day>\d\d)/(?:(?:hour=)?(?P<hour>\d\d)/)?"
)


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file: its path, its size in bytes, and the Unix seconds that its name or folder dates it from and to."""

    path: Path
    size: int
    dated: tuple[int, int] | None


def find(paths: Sequence[Path]) -> tuple[tuple[LogFile, ...], tuple[str, ...]]:
    """Return the files under the given files and folders in the order of their paths, and warnings on folders
    that cannot be listed. Hidden files are left out, links to folders are not followed.

    Raises FlowLogsUnavailable for a path that does not exist or is neither file nor folder.
    """
    files: dict[Path, LogFile] = {}
    warnings: list[str] = []
    for root in paths:
        mode = _mode(root)
        if stat.S_ISREG(mode):
            files[root] = _log_file(root)
        elif stat.S_ISDIR(mode):
            for path in _walk(root, warnings):
                files[path] = _log_file(path)
        else:
            raise FlowLogsUnavailable(f"--flow-logs {shown(str(root), 200)} is neither a file nor a folder.")
    return tuple(files[path] for path in sorted(files)), tuple(warnings)


def _mode(root: Path) -> int:
    try:
        return root.stat().st_mode
    except (OSError, ValueError) as error:
        why = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be opened"
        raise FlowLogsUnavailable(
            f"--flow-logs {shown(str(root), 200)} {why}: name a flow-log file, or a folder of them."
        ) from error


def _walk(root: Path, warnings: list[str]) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        warnings.append(f"{shown(str(error.filename), 200)}: {error.strerror or 'cannot be listed'}")

    for folder, subfolders, names in os.walk(root, onerror=refused):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _log_file(path: Path) -> LogFile:
    try:
        size = path.stat().st_size
    except OSError:
        size = 0  # Opening it will say why.
    return LogFile(path, size, dated(path))


def dated(path: Path) -> tuple[int, int] | None:
    """Return the span of delivery that the name of a file (to the minute) or its folders (hour or day) give."""
    if found := _STAMP.search(path.name):
        try:
            at = datetime.strptime(found[1], "%Y%m%dT%H%M").replace(tzinfo=UTC)
        except ValueError:
            return None
        return int(at.timestamp()), int(at.timestamp())
    if found := _FOLDERS.search(path.as_posix()):
        year, month, day, hour = found.group("year", "month", "day", "hour")
        try:
            first = datetime(int(year), int(month), int(day), int(hour or 0), tzinfo=UTC)
        except ValueError:
            return None
        length = timedelta(hours=1) if hour else timedelta(days=1)
        return int(first.timestamp()), int((first + length).timestamp())
    return None


def pruned(files: Sequence[LogFile], window: Window) -> tuple[LogFile, ...]:
    """Return the files that may hold a record of the window; those without a date always may.

    A window counted back from the newest record is taken from the newest name, one delivery delay wider: the newest
    record is not older than that.
    """
    dates = [file.dated for file in files if file.dated is not None]
    few = len(files) <= FEW_FILES and sum(file.size for file in files) <= FEW_BYTES
    if few or not dates:
        return tuple(files)
    margin = max(DELIVERY, _usual_gap(dates))
    start, end = _bounds(window, max(last for _, last in dates), margin)
    return tuple(
        file
        for file in files
        if file.dated is None or (file.dated[1] >= start - margin and (end is None or file.dated[0] <= end + margin))
    )


def _bounds(window: Window, newest: int, margin: int) -> tuple[float, int | None]:
    match window:
        case Between(start, end):
            return (float("-inf") if start is None else start), end
        case Last(seconds, until):
            return (newest - margin if until is None else until) - seconds, until


def _usual_gap(dates: Iterable[tuple[int, int]]) -> int:
    """The usual distance between names: files of an hour each reach further than those of five minutes."""
    starts = sorted({first for first, _ in dates})
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    return min(median_low(gaps), 24 * 3600) if gaps else 0
