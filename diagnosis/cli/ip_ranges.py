"""AWS's public ranges as the operator has put them: `ip-ranges`. Nothing else ever fetches them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from diagnosis.cli.options import Json
from diagnosis.cli.statuses import OK
from diagnosis.cli.streams import failed, print_json, print_text

if TYPE_CHECKING:
    from diagnosis.network.aws_ranges import AwsRanges

URL: Final = "https://ip-ranges.amazonaws.com/ip-ranges.json"
_MOST: Final = 64 << 20
"""Bytes that are read; the document has about two million."""
_SECONDS: Final = 30


def ip_ranges(
    file: Annotated[Path | None, typer.Argument(help="AWS's ip-ranges.json, to be kept; none shows what is.")] = None,
    download: Annotated[bool, typer.Option("--download", help=f"Fetch it from {URL}.")] = False,
    as_json: Json = False,
) -> None:
    """AWS's public ranges, by which answers name public addresses: keep a file of them, or show which is kept."""
    from diagnosis.network.aws_ranges import NotAwsRanges, parse_ranges

    if file is not None and download:
        raise typer.Exit(failed("name a file or --download, not both"))
    place = kept_at()
    try:
        if file is not None or download:
            text = _fetched(URL) if file is None else file.read_bytes()[: _MOST + 1]
            ranges = parse_ranges(_decoded(text))
            _keep(place, text)
        elif not place.exists():
            print_text(f"No ranges are kept. `whynot ip-ranges FILE` keeps those of a file, from {URL}.")
            raise typer.Exit(OK)
        else:
            ranges = parse_ranges(_decoded(place.read_bytes()))
    except NotAwsRanges as error:
        named = URL if download else file or place
        raise typer.Exit(failed(f"{named} is not AWS's ip-ranges.json: {error}. {REMEDY}")) from None
    except OSError as error:
        named, why = URL if download else file or place, error.strerror or getattr(error, "reason", None) or error
        raise typer.Exit(failed(f"{named}: {why}. {REMEDY}")) from None
    if as_json:
        print_json({"made_at": ranges.made_at, "ranges": len(ranges.ranges), "file": str(place)})
    else:
        print_text(f"{len(ranges.ranges):,} ranges, made by AWS at {ranges.made_at}, kept in {place}")
    raise typer.Exit(OK)


REMEDY: Final = f"Get it from {URL} and keep it with `whynot ip-ranges FILE`."


def kept_at() -> Path:
    """Where data of programs belongs (https://specifications.freedesktop.org/basedir-spec/latest/)."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "whynot" / "ip-ranges.json"


class RangesFile:
    """Reads a file of AWS's ranges when it is called, again only where the file is another by then.

    None where there is no file; what else is wrong with it goes to `warn`.
    """

    def __init__(self, place: Path, warn: Callable[[str], None]) -> None:
        self._place = place
        self._warn = warn
        self._read: tuple[tuple[int, int], AwsRanges | None] | None = None

    def __call__(self) -> AwsRanges | None:
        """The ranges."""
        from diagnosis.network.aws_ranges import NotAwsRanges, parse_ranges

        place, read = self._place, self._read
        try:
            state = place.stat()
            version = (state.st_mtime_ns, state.st_size)
            if read is None or read[0] != version:
                self._read = (version, None)
                self._read = read = (version, parse_ranges(_decoded(place.read_bytes())))
            return read[1]
        except FileNotFoundError:
            return None
        except NotAwsRanges as error:
            self._warn(f"{place} is not AWS's ip-ranges.json, so it names nobody: {error}. {REMEDY}")
        except OSError as error:
            self._warn(f"{place} cannot be read, so it names nobody: {error.strerror or error}. {REMEDY}")
        return None


def _decoded(content: bytes) -> str:
    from diagnosis.network.aws_ranges import NotAwsRanges

    if len(content) > _MOST:
        raise NotAwsRanges("it is too large")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotAwsRanges("it is no text") from None


def _fetched(url: str) -> bytes:
    from urllib.request import urlopen

    with urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 - a constant of ours
        content: bytes = answer.read(_MOST + 1)
    return content


def _keep(place: Path, content: bytes) -> None:
    """Put the file in its place whole, or leave what is there."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)
