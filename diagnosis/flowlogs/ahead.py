"""Files unpacked by another thread while the one before is looked at: unpacking does not hold Python's lock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path

Unpacking = Callable[[Path], Iterator[bytes]]

_PIECES = 8
"""So many pieces of a file are unpacked before they are asked for."""


def ahead(unpack: Unpacking, paths: Iterable[Path], files: int = 1) -> Iterator[tuple[Path, Iterator[bytes]]]:
    """Yield the pieces of each file, in order, and unpack the beginning of so many files that follow meanwhile.

    What unpacking a file raises is raised where its pieces are asked for.
    """
    with ThreadPoolExecutor(files) as pool:
        begun: deque[tuple[Path, Future[Iterator[bytes]]]] = deque()
        for path in paths:
            begun.append((path, pool.submit(_begun, unpack, path)))
            if len(begun) > files:
                yield _pieces(*begun.popleft())
        while begun:
            yield _pieces(*begun.popleft())


def _begun(unpack: Unpacking, path: Path) -> Iterator[bytes]:
    pieces = unpack(path)
    return chain(list(islice(pieces, _PIECES)), pieces)


def _pieces(path: Path, begun: Future[Iterator[bytes]]) -> tuple[Path, Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield from begun.result()

    return path, pieces()
