"""Decoding a JSON body, and saying what is wrong with one."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from inventory.errors import (
    InvalidRequest,
    InvalidRequestParameter,
    MissingParameter,
    Refusal,
)

_MALFORMED = "The format of the message is incorrect"
_PLACE = re.compile(r"(?P<text>.*) - at `(?:key in )?\$\.?(?P<path>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")
_LONG = re.compile(r"Expected `array` of length <= (?P<limit>[0-9]+)")
_STEP = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>[0-9]+)\]")
_SHOWN = 100
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(body: bytes, *, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """Return the decoded body; raises InvalidRequest, MissingParameter, InvalidRequestParameter.

    The refusal names the field by its path (`records[3].quantity`). Unknown fields are ignored.
    """
    try:
        body.decode()  # what the decoder skips must be text, too
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), body) from error
    except _NO_JSON as error:
        raise InvalidRequest(_MALFORMED) from error
    if b"9999-" in body or b"0001-" in body or b"\\" in body:
        _refuse_dates_outside_utc(value)
    return value


def _refusal(error: str, body: bytes) -> Refusal:
    """Turn the decoder's complaint into one of ours."""
    try:
        sent = msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number that no type of ours holds
        sent = None
    except _NO_JSON:  # further on than where the decoder stopped
        return InvalidRequest(_MALFORMED)
    match = _PLACE.fullmatch(error)
    text, path = (match["text"], match["path"]) if match else (error, "")
    missing = _MISSING.fullmatch(text)
    if missing:
        name = missing["name"]
        message = f"The field '{name}' is missing from the request body."
        return MissingParameter(message, parameter=f"{path}.{name}" if path else name)
    if not path:
        return InvalidRequest(_MALFORMED)
    return InvalidRequestParameter(_complaint(text, path, sent), parameter=path)


def _complaint(text: str, path: str, sent: Any) -> str:
    if "matching regex" in text:
        found = "" if sent is None else f": {_at(path, sent)}"
        shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}…"
        return f"Invalid characters in {path.rpartition('.')[2]}{shown}"
    limit = _LONG.fullmatch(text)
    if limit:
        return f"'{path}' holds too many entries; the limit is {limit['limit']}."
    return f"Invalid value of '{path}': {text[:1].lower()}{text[1:]}."


def _at(path: str, value: Any) -> Any:
    """Follow a path that the decoder has just been down."""
    for step in _STEP.finditer(path):
        name, index = step["name"], step["index"]
        value = value[name] if name is not None else value[int(index)]
    return value


def _refuse_dates_outside_utc(value: Any) -> None:
    """Refuse an instant whose year in UTC is not between 1 and 9999: nothing could store it."""
    for path, instant in _dates(value, ""):
        try:
            instant.astimezone(UTC)
        except OverflowError as error:
            field = path.removeprefix(".")
            message = f"Invalid value of '{field}': the date is out of range."
            raise InvalidRequestParameter(message, parameter=field) from error


def _dates(value: Any, path: str) -> Iterator[tuple[str, datetime]]:
    if isinstance(value, datetime):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        for field, name in names:
            yield from _dates(getattr(value, field), f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _dates(entry, f"{path}[{index}]")
