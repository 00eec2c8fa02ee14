"""How single values stand on the wire (spec: omnitron 4.1)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.omnitron.api.parsing import plain
from integrations.omnitron.domain.statuses import LARGEST
from inventory.domain.quantity import to_json_number

ANY_JSON = ("object", "array", "string", "number", "boolean", "null")
MAX_KEY = 2**63 - 1
_DIGITS, _PLACES = 15, 2
_SKU_LENGTH = 250


class Timestamp(serializers.DateTimeField):
    """ISO 8601 in UTC with microseconds and Z; a time without a zone is taken for UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_representation(self, value: Any) -> Any:
        """Return the text; the year has four digits also before 1000, where `%Y` has fewer."""
        if not isinstance(value, datetime):
            return value or None
        text = self.enforce_timezone(value).isoformat(timespec="microseconds")
        return text.replace("+00:00", "Z")


@extend_schema_field({"type": "string", "pattern": "^[0-9]{1,4}$", "example": "400"})
class StatusCode(serializers.Field[int, Any, str, Any]):
    """A status: a string of digits; a number is understood, too."""

    default_error_messages = {"invalid": "A valid status code is required."}

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        text = str(data)
        if isinstance(data, bool) or not (text.isascii() and text.isdigit()):
            self.fail("invalid")
        if len(text) > len(str(LARGEST)):
            self.fail("invalid")
        return int(text)

    def to_representation(self, value: int) -> str:
        """Return the digits."""
        return str(value)


@extend_schema_field({"type": "number", "multipleOf": 0.001})
class Quantity(serializers.Field[int, Any, int | Decimal, Any]):
    """A quantity kept in thousandths: whole where it is whole, else a decimal. Only written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: int) -> int | Decimal:
        """Return the number."""
        return to_json_number(int(value))


class Money(serializers.DecimalField):
    """Decimal text with two places ("286.10")."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=_DIGITS, decimal_places=_PLACES, **options)


@extend_schema_field({"type": [*ANY_JSON[:-1]]})
class Json(serializers.JSONField):
    """Any JSON, kept as it is."""

    def to_internal_value(self, data: Any) -> Any:
        """Return it as a JSON column takes it."""
        return plain(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Object(Json):
    """A JSON object."""

    default_error_messages = {"not_a_dict": "Expected a dictionary of items."}

    def to_internal_value(self, data: Any) -> Any:
        """Return it as a JSON column takes it."""
        if not isinstance(data, dict):
            self.fail("not_a_dict")
        return super().to_internal_value(data)


def sku() -> serializers.RegexField:
    """Return a field for the SKU of a product, as every face of ours writes them."""
    return serializers.RegexField(
        r"^[^\\<>;%/\s\x00-\x1f\x7f]+\Z", required=False, max_length=_SKU_LENGTH
    )


def text(limit: int) -> serializers.CharField:
    """Return a field for text that may be missing, null or empty."""
    return serializers.CharField(
        max_length=limit, required=False, allow_null=True, allow_blank=True, trim_whitespace=False
    )


Details = Mapping[str, Callable[[], "serializers.Field[Any, Any, Any, Any]"]]
"""Fields of the wire format that live in a row's `details`, by name."""


class WithDetails(serializers.Serializer[Any]):
    """Writes a row's columns by its fields, and what lies in `details` as it is: null when absent.

    `details` are declared as fields, so that documents tell of them.
    """

    details: Details = {}

    def get_fields(self) -> dict[str, "serializers.Field[Any, Any, Any, Any]"]:
        """Return the columns, then the details."""
        return super().get_fields() | {name: make() for name, make in self.details.items()}

    @cached_property
    def _readable_fields(self) -> Any:
        return [field for field in self.fields.values() if field.field_name not in self.details]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the row."""
        kept = instance.details
        return super().to_representation(instance) | {name: kept.get(name) for name in self.details}
