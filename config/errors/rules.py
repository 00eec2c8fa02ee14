"""What the tables of all wire formats share: how a rule is found, and what the database meant."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("holdfast.errors")

_UNDONE = frozenset({"40P01", "40001", "55P03"})  # deadlock, serialization, lock timeout
_OUT_OF_RANGE = "22003"


class Rule(NamedTuple):
    """How exceptions of these kinds are answered."""

    kind: type[Exception] | tuple[type[Exception], ...]
    answer: Callable[[Any, HttpRequest], HttpResponse]


def answer_by(
    rules: Iterable[Rule],
    error: Exception,
    *,
    request: HttpRequest,
    unforeseen: Callable[[HttpRequest], HttpResponse],
) -> HttpResponse:
    """Answer by the first rule that fits; what nobody foresaw is logged."""
    for kind, respond in rules:
        if isinstance(error, kind):
            return respond(error, request)
    log.error("%s %s: unforeseen", request.method, request.path, exc_info=error)
    return unforeseen(request)


def was_undone(error: Exception) -> bool:
    """Tell whether the database has undone the transaction for the sake of another one."""
    return _sqlstate(error) in _UNDONE


def is_out_of_range(error: Exception) -> bool:
    """Tell whether the database has refused a number that no column of its kind holds."""
    return _sqlstate(error) == _OUT_OF_RANGE


def _sqlstate(error: Exception) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
