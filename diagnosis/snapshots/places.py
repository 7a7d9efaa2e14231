"""Where in a snapshot folder an answer stands: `<account>/<Region>/<call>.json`, by-id calls `.../<call>/<id>.json`.

Names that AWS gives are used as they are. Anything that a file system could take amiss (a slash, a leading dot) is
written percent-encoded, so that an id out of a foreign answer can never leave the folder.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from diagnosis.network.described import Call
from diagnosis.snapshots.kinds import GLOBAL, KINDS, Kind

NO_ACCOUNT = "unnamed-account"
NO_REGION = "unnamed-region"
MANIFEST = "snapshot.json"

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"(?:aws-)?global|[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}")
_PLAIN = " :@+=,~"
_BY_METHOD: dict[str, tuple[Kind, ...]] = {}
for _known in KINDS.values():
    _BY_METHOD[_known.method] = (*_BY_METHOD.get(_known.method, ()), _known)


def is_region(name: str) -> bool:
    """Whether a folder's name is that of a Region, or stands for services that have none."""
    return _REGION.fullmatch(name) is not None or name == NO_REGION


def path_of(call: Call) -> PurePosixPath:
    """The place of a call's answer, relative to the snapshot folder."""
    folder = PurePosixPath(_written(call.account) or NO_ACCOUNT, _written(call.region) or NO_REGION)
    if call.argument is None:
        return folder / f"{call.name}.json"
    return folder / call.name / f"{_written(call.argument) or '%'}.json"


def _written(name: str) -> str:
    safe = quote(name, safe=_PLAIN, errors="surrogatepass")
    return "%2E" + safe[1:] if safe.startswith(".") else safe


def _read(name: str) -> str:
    return "" if name == "%" else unquote(name, errors="surrogatepass")


def argument_of(path: PurePosixPath) -> str:
    """The id or name that a by-id answer's file is named for."""
    return _read(path.name.removesuffix(".json"))


def kinds_named(name: str) -> tuple[Kind, ...]:
    """The calls that a file or folder name spells: with or without its service, with hyphens or underscores."""
    spelled = name.removesuffix(".json").replace("-", "_")
    service, dot, method = spelled.partition(".")
    if not dot:
        return _BY_METHOD.get(spelled, ())
    return tuple(kind for kind in _BY_METHOD.get(method, ()) if kind.service.replace("-", "_") == service)


def by_id_kinds(path: PurePosixPath) -> tuple[Kind, ...]:
    """The by-id calls that the folder of this file names; none where it names none."""
    return tuple(kind for kind in kinds_named(path.parent.name) if kind.per is not None)


def account_and_region(path: PurePosixPath, *, by_id: bool) -> tuple[str, str]:
    """The account and Region of the folders that a file stands in; empty where they do not say.

    A folder counts as an account by its twelve digits, or by any name where a Region's folder stands in it. Under any
    two folders a file that is named for a call counts as collected, whatever the folders are called.
    """
    folders = [_read(part) for part in path.parts[: -2 if by_id else -1]]
    account, region = "", ""
    if folders and is_region(folders[-1]):
        region = folders.pop()
        account = folders[-1] if folders else ""
    elif len(folders) >= 2 and (by_id or "." in path.name.removesuffix(".json")) and _names_call(path, by_id):
        account, region = folders[-2], folders[-1]
    if not account:
        account = next((name for name in reversed(folders) if _ACCOUNT.fullmatch(name)), "")
    return ("" if account == NO_ACCOUNT else account), ("" if region == NO_REGION else region)


def _names_call(path: PurePosixPath, by_id: bool) -> bool:
    return bool(kinds_named(path.parent.name if by_id else path.name))


def region_for(kind: Kind, region: str) -> str:
    """The Region under which an answer is kept: services that have none are `global`."""
    return GLOBAL if kind.everywhere else region
