"""Lines that come in one order and are wanted in another: gathered by key, in bounded memory."""

from collections.abc import Hashable, Iterable, Iterator
from os import SEEK_END
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Generic, Self, TypeVar

Key = TypeVar("Key", bound=Hashable)

MEMORY = 4 * 1024 * 1024
"""Bytes kept in memory before everything gathered so far goes to a file."""
BLOCK = 1024 * 1024


class Spool(Generic[Key]):
    """Gathers the lines of many keys; each key's lines come back in the order they were added.

    What is gathered goes to a temporary file in blocks, one for each key that has any, so memory
    holds where the blocks are and not what is in them.
    """

    def __init__(self) -> None:
        self._gathered: dict[Key, list[bytes]] = {}
        self._size = 0
        self._blocks: dict[Key, list[tuple[int, int]]] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, key: Key, lines: Iterable[bytes]) -> None:
        """Add lines of a key."""
        gathered = self._gathered.setdefault(key, [])
        for line in lines:
            gathered.append(line)
            self._size += len(line)
        if self._size > MEMORY:
            self._flush()

    def pieces(self, key: Key) -> Iterator[bytes]:
        """Generate what was added for a key, at most a block at a time."""
        for start, size in self._blocks.get(key, ()):
            yield from self._read(start, size)
        gathered = self._gathered.get(key)
        if gathered:
            yield b"".join(gathered)

    def _flush(self) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115  # closed with the spool
        self._file.seek(0, SEEK_END)
        for key, gathered in self._gathered.items():
            block = b"".join(gathered)
            self._blocks.setdefault(key, []).append((self._file.tell(), len(block)))
            self._file.write(block)
        self._gathered.clear()
        self._size = 0

    def _read(self, start: int, size: int) -> Iterator[bytes]:
        if self._file is None:
            return
        self._file.seek(start)
        while size:
            piece = self._file.read(min(size, BLOCK))
            size -= len(piece)
            yield piece
