"""Reading an uploaded file off the wire, a piece at a time, whatever its size.

Clients send it as the first part of a multipart form, under any name, or as the body itself.
"""

import re

from django.http import HttpRequest

from inventory.errors import InvalidRequest
from inventory.services.jobs.files import PIECE, Readable

_BOUNDARY = re.compile(r'(?:^|;)\s*boundary="?([^";]{1,70})"?', re.IGNORECASE)
_MAX_HEADERS = 16 * 1024
_MALFORMED = "The format of the message is incorrect"
_BROKEN_OFF = "The upload has broken off; send the file again."


def upload_of(request: HttpRequest) -> Readable:
    """Return the file that a request carries; InvalidRequest when it is no upload.

    Reading raises InvalidRequest where the client broke off.
    """
    source = _Whole(_stream_of(request), length=_length_of(request))
    content_type = request.META.get("CONTENT_TYPE", "")
    if not content_type.strip().lower().startswith("multipart/"):
        return source
    boundary = _BOUNDARY.search(content_type.partition(";")[2])
    if boundary is None:
        raise InvalidRequest(_MALFORMED)
    return _FirstPart(source, boundary=boundary[1].encode())


def _stream_of(request: HttpRequest) -> Readable:
    if "HTTP_TRANSFER_ENCODING" in request.META and request.META.get("wsgi.input_terminated"):
        # Django takes a body without Content-Length for empty; this one ends by itself.
        stream: Readable = request.META["wsgi.input"]
        return stream
    return request


def _length_of(request: HttpRequest) -> int | None:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdigit() else None


class _Whole:
    """Knows a body that ends before its announced length."""

    def __init__(self, source: Readable, *, length: int | None) -> None:
        self._source = source
        self._missing = length

    def read(self, size: int = PIECE) -> bytes:
        try:
            piece = self._source.read(size)
        except OSError as error:
            raise InvalidRequest(_BROKEN_OFF) from error
        if self._missing is not None:
            self._missing -= len(piece)
            if not piece and self._missing > 0:
                raise InvalidRequest(_BROKEN_OFF)
        return piece


class _FirstPart:
    """The content of the first part of a multipart body."""

    def __init__(self, source: Readable, *, boundary: bytes) -> None:
        self._source = source
        self._end = b"\r\n--" + boundary
        # What stands before the first boundary has no line break of its own to begin with.
        self._buffer = b"\r\n"
        self._is_over = False
        self._skip_past(self._end)
        self._skip_past(b"\r\n\r\n")

    def read(self, size: int = PIECE) -> bytes:
        while not self._is_over and self._sure < size:
            at = self._buffer.find(self._end)
            if at >= 0:
                self._is_over = True
                self._buffer = self._buffer[:at]
            else:
                self._more()
        take = min(size, len(self._buffer) if self._is_over else self._sure)
        piece, self._buffer = self._buffer[:take], self._buffer[take:]
        return piece

    @property
    def _sure(self) -> int:
        """How much of the buffer cannot belong to the end, which may have begun in it."""
        return len(self._buffer) - len(self._end) + 1

    def _skip_past(self, mark: bytes) -> None:
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _MAX_HEADERS:
                raise InvalidRequest(_MALFORMED)
            self._more()
        self._buffer = self._buffer[at + len(mark) :]

    def _more(self) -> None:
        piece = self._source.read(PIECE)
        if not piece:
            raise InvalidRequest(_BROKEN_OFF)
        self._buffer += piece
