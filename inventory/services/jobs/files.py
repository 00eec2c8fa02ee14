"""Files of jobs, in the storage `impex`: names, hashing on the way in and out, cleaning up."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from django.core.files import File
from django.core.files.storage import Storage, storages

HASH_TYPE = "SHA-256"
PIECE = 64 * 1024


class Readable(Protocol):
    """Something bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was stored; its hash is lower-case hex."""

    name: str
    size: int
    hash: str


def hash_of_type(kind: str) -> "hashlib._Hash":
    """Return a hash to update, of a type as the wire names it: SHA-256 or SHA-512."""
    return hashlib.new(kind.replace("-", "").lower())


class _Counted:
    """Passes bytes on and adds them up; refuses to go beyond the limit."""

    def __init__(self, source: Readable, *, limit: int, hash_type: str) -> None:
        self._source = source
        self._limit = limit
        self.size = 0
        self.hash = hash_of_type(hash_type)

    def read(self, size: int = PIECE) -> bytes:
        piece = self._source.read(min(size, PIECE))
        self.size += len(piece)
        if self.size > self._limit:
            raise FileTooLarge(self._limit)
        self.hash.update(piece)
        return piece


class FileTooLarge(Exception):  # noqa: N818  # the API turns it into its refusal
    """More was sent than is taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A file may have at most {limit} bytes.")
        self.limit = limit


def storage() -> Storage:
    """Return where files of jobs are kept."""
    return storages["impex"]


def store(
    source: Readable, *, job_id: int, suffix: str, limit: int, hash_type: str = HASH_TYPE
) -> StoredFile:
    """Store what can be read, a piece at a time; FileTooLarge beyond the limit (bytes).

    What had been stored is deleted when reading fails.
    """
    name = f"{job_id}-{uuid.uuid4()}.{suffix}"
    counted = _Counted(source, limit=limit, hash_type=hash_type)
    try:
        stored = storage().save(name, File(counted, name=name))  # type: ignore[arg-type]  # it reads
    except BaseException:
        storage().delete(name)
        raise
    return StoredFile(stored, counted.size, counted.hash.hexdigest())


@contextmanager
def new_file() -> Iterator[IO[bytes]]:
    """Give a file to write to before it is stored: what is stored is whole."""
    with TemporaryFile() as file:
        yield file


def keep(file: IO[bytes], *, job_id: int, suffix: str) -> StoredFile:
    """Store what was written to a `new_file`."""
    size = file.tell()
    file.seek(0)
    return store(file, job_id=job_id, suffix=suffix, limit=size)


def open_file(name: str) -> IO[Any]:
    """Open a stored file; FileNotFoundError when it is gone."""
    return storage().open(name, "rb")


def drop(*names: str) -> None:
    """Delete files; empty names and files that are gone already are nothing."""
    for name in names:
        if name:
            storage().delete(name)
