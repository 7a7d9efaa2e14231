"""Which files the last hour is in: counted from a record of the newest file, for a name dates it only roughly."""

from __future__ import annotations

from collections.abc import Sequence

from diagnosis.evidence.query import Last, Window
from diagnosis.evidence.records import Kind, classify
from diagnosis.flowlogs.layout import DELIVERY, LogFile, pruned
from diagnosis.flowlogs.lines import Format, Unreadable, blocks, lines_of, recognise

_MOST_BYTES = 2 * 1024 * 1024
"""A larger file is not read for this alone."""
_LOOKED_AT = 32 * 1024


def needed(files: Sequence[LogFile], window: Window, given: tuple[str, ...] | None) -> tuple[LogFile, ...]:
    """Return the files that may hold a record of the window, `given` being the format of files without a header."""
    chosen = pruned(files, window)
    if not isinstance(window, Last) or window.until is not None or len(chosen) == len(files):
        return chosen
    newest = max((file for file in chosen if file.dated is not None), key=lambda file: file.dated or (0, 0))
    seen = _seen_in(newest, given)
    return chosen if seen is None else pruned(files, window, seen)


def _seen_in(file: LogFile, given: tuple[str, ...] | None) -> int | None:
    """When a record of a file ended that its name can be of; none is newer than the newest of all."""
    if file.size > _MOST_BYTES or file.dated is None:
        return None
    tail = b""
    try:
        form = recognise(file.path, given)
        if not isinstance(form, Format) or "end" not in form.fields:
            return None
        for block in blocks(file.path):
            tail = block[-_LOOKED_AT:]
    except Unreadable:
        return None
    place = form.fields.index("end")
    # The first may have been cut.
    lines = [(_end(line.split(" "), place), line) for line in lines_of(tail)[1:]]
    near = [(end, line) for end, line in lines if end is not None and abs(end - file.dated[1]) <= DELIVERY]
    by_end = sorted(near, reverse=True)
    return next((end for end, line in by_end if classify(form.fields, line) in {Kind.OK, Kind.NODATA}), None)


def _end(parts: Sequence[str], place: int) -> int | None:
    text = parts[place] if place < len(parts) else ""
    return int(text) if len(text) <= 12 and text.isascii() and text.isdigit() else None
