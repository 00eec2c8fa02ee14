"""A file as lines: unpacked on the way, never more in memory than a block and a line."""

import gzip
import zlib
from collections.abc import Iterator
from typing import IO, cast

import msgspec

from inventory.services.jobs.running import JobFailed

MAX_LINE = 1_000_000
"""A longer line (bytes) is refused, and not kept in memory."""

MAX_RATIO = 200
MAX_UNPACKED = 2 * 1024**3
_BLOCK = 256 * 1024
_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_NOT_DECLARED = (
    "File is in GZIP format where the encoding type was not specified as GZIP' Invalid value"
)
_NOT_GZIP = (
    "File is not in GZIP format where the encoding type was specified as GZIP' Invalid value"
)


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line without its end; `end` is the offset of the next one in the unpacked file.

    Of a line that is too long only the first bytes are kept, one more than is allowed.
    """

    number: int
    text: bytes
    end: int


def is_packed(file: IO[bytes]) -> bool:
    """Tell whether a file is in GZIP format; it is left at its beginning."""
    magic = file.read(len(_MAGIC))
    file.seek(0)
    return magic == _MAGIC


def unpacked(file: IO[bytes], *, is_gzip: bool) -> IO[bytes]:
    """Return the file as it is read; JobFailed when it is packed otherwise than was said."""
    if is_packed(file) != is_gzip:
        raise JobFailed(_NOT_GZIP if is_gzip else _NOT_DECLARED)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if is_gzip else file


def blocks_of_gzip(file: IO[bytes], *, packed_size: int) -> Iterator[bytes]:
    """Generate the content of a packed file; JobFailed when it is damaged or a bomb.

    At most 200 times the packed size and 2 GB come out.
    """
    limit = min(MAX_RATIO * packed_size, MAX_UNPACKED)
    size = 0
    try:
        while block := file.read(_BLOCK):
            size += len(block)
            if size > limit:
                message = f"The file unpacks to more than {MAX_RATIO} times its size, or 2 GB."
                raise JobFailed(message)
            yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = f"The file is not whole: {error}"
        raise JobFailed(message) from error


def lines_of(file: IO[bytes], *, start: int, number: int) -> Iterator[Line]:
    """Generate the lines from an offset on, where line `number` begins."""
    file.seek(start)
    end, rest, overlong = start, b"", 0
    while block := file.read(_BLOCK):
        if not end and block.startswith(_BOM):
            end, block = len(_BOM), block[len(_BOM) :]
        *whole, rest = (rest + block).split(b"\n")
        for text in whole:
            end += len(text) + overlong + 1
            yield Line(number, text, end)
            number, overlong = number + 1, 0
        if len(rest) > MAX_LINE:
            overlong += len(rest) - MAX_LINE - 1
            rest = rest[: MAX_LINE + 1]
    if rest:
        yield Line(number, rest, end + len(rest) + overlong)
