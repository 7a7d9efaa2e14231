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
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from diagnosis.evidence.query import Between, Last, Window
from diagnosis.evidence.records import shown
from diagnosis.sources import FlowLogsUnavailable

DELIVERY = 15 * 60
"""How long after the end of a record the time in its file's name may be: aggregation and delivery, in seconds."""
INTERVAL = 5 * 60
"""How long before, in a name that flow logs gave: the file of 16:20 holds the ends from 16:20:00 to 16:24:59."""
BUFFERED = 15 * 60
"""How long before, in any other name or folder: Data Firehose, which names an object after the oldest record in it,
collects for up to 900 seconds. Source: https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
"""
HOUR = 3600
FEW_FILES, FEW_BYTES = 48, 2 * 1024 * 1024
"""So little is read as a whole: nothing is gained by leaving files out, and the counts speak of everything."""

_STAMP = re.compile(r"(?:^|_)(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z?(?:_|\.|$)")
_DELIVERED = re.compile(r"\d+_vpcflowlogs_[a-z0-9-]+_fl-[0-9a-f]+_\d{8}T\d{4}Z_[^_]*\.log(\.gz|\.parquet)?")
"""What flow logs name a file."""
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
    files: dict[str, LogFile] = {}
    warnings: list[str] = []
    for root in paths:
        mode = _mode(root)
        if stat.S_ISREG(mode):
            files[str(root)] = _log_file(root, root)
        elif stat.S_ISDIR(mode):
            files |= {str(file.path): file for file in _walk(root, warnings)}
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


def _walk(root: Path, warnings: list[str]) -> Iterator[LogFile]:
    """The files of a folder and its subfolders."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listed:
                entries = [entry for entry in listed if not entry.name.startswith(".")]
        except OSError as error:
            warnings.append(f"{shown(str(error.filename), 200)}: {error.strerror or 'cannot be listed'}")
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(folder / entry.name)
            elif _is_file(entry):
                yield _log_file(folder / entry.name, entry)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False  # A link to itself, for example.


def _log_file(path: Path, stored: Path | os.DirEntry[str]) -> LogFile:
    try:
        size = stored.stat().st_size
    except OSError:
        size = 0  # Opening it will say why.
    return LogFile(path, size, dated(path))


def dated(path: Path) -> tuple[int, int] | None:
    """Return the span of delivery that the name of a file (to the minute) or its folders (hour or day) give."""
    if found := _STAMP.search(path.name):
        at = _seconds(*found.groups())
        return None if at is None else (at, at)
    if found := _FOLDERS.search(path.as_posix()):
        year, month, day, hour = found.group("year", "month", "day", "hour")
        first = _seconds(year, month, day, hour or "0")
        return None if first is None else (first, first + (HOUR if hour else 24 * HOUR))
    return None


def _seconds(year: str, month: str, day: str, hour: str, minute: str = "0") -> int | None:
    """Unix seconds; None where there is no such time."""
    begun, hours, minutes = _midnight(year, month, day), int(hour), int(minute)
    return None if begun is None or hours > 23 or minutes > 59 else begun + hours * HOUR + minutes * 60


@lru_cache(4096)
def _midnight(year: str, month: str, day: str) -> int | None:
    """When a day begins: most files share theirs with many others."""
    try:
        return int(datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp())
    except ValueError:
        return None


def pruned(files: Sequence[LogFile], window: Window, seen: int | None = None) -> tuple[LogFile, ...]:
    """Return the files that may hold a record of the window; those without a date always may.

    A record may be delivered long after its end, but not before it: at the time of the name, or within the minutes that
    the name begins, which are more where flow logs did not name the file. A window counted back from the newest record
    is counted from the end of a record that was `seen`, else from the newest name, less the delay of delivery: the
    newest record is not older than that.
    """
    dates = [file.dated for file in files if file.dated is not None]
    few = len(files) <= FEW_FILES and sum(file.size for file in files) <= FEW_BYTES
    if few or not dates:
        return tuple(files)
    gap = _usual_gap(dates)
    late = max(DELIVERY, gap)
    start, end = _bounds(window, max(last for _, last in dates) - late if seen is None else seen)
    return tuple(
        file
        for file in files
        if file.dated is None
        or (
            file.dated[1] >= start - max(gap, INTERVAL if _DELIVERED.fullmatch(file.path.name) else BUFFERED)
            and (end is None or file.dated[0] <= end + late)
        )
    )


def _bounds(window: Window, newest: int) -> tuple[float, int | None]:
    match window:
        case Between(start, end):
            return (float("-inf") if start is None else start), end
        case Last(seconds, until):
            return (newest if until is None else until) - seconds, until


def _usual_gap(dates: Iterable[tuple[int, int]]) -> int:
    """The usual distance between names: files of an hour each reach further than those of five minutes."""
    starts = sorted({first for first, _ in dates})
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    return min(median_low(gaps), 24 * 3600) if gaps else 0
