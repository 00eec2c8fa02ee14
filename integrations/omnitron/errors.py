"""Refusals of the orders app; the API renders them as 400 in the wire format's shape."""

from collections.abc import Mapping
from typing import Any

from inventory.errors import Refusal


class InvalidFields(Refusal):
    """Fields that cannot be taken as sent; nothing was applied.

    `errors` has the wire format's shape: field name to list of sentences, nested where the body is
    nested (`{"order_item": {1: {"product": ["…"]}}}`). `code` is the server code beside them.
    """

    def __init__(self, errors: Mapping[str, Any], *, code: str) -> None:
        super().__init__(_first_sentence(errors))
        self.errors = errors
        self.code = code  # type: ignore[misc]  # many codes, one family


def not_applicable(message: str, *, code: str) -> InvalidFields:
    """Make the refusal of a request whose fields are fine and which cannot be done."""
    return InvalidFields({"non_field_errors": [message]}, code=code)


def _first_sentence(errors: Any) -> str:
    if isinstance(errors, Mapping):
        return next((said for each in errors.values() if (said := _first_sentence(each))), "")
    if isinstance(errors, list):
        return next((said for each in errors if (said := _first_sentence(each))), "")
    return str(errors)
