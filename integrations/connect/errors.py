"""What only the Connect face refuses."""

from inventory.errors import Refusal


class JsonParserError(Refusal):
    """The body is no JSON, or a member is of another type than the resource's."""

    code = "JSON_PARSER_ERROR"


class PositiveQuantityRequired(Refusal):
    """A quantity of 0 or below where something is to be reserved, moved, shipped or given back."""

    code = "PositiveQuantityRequired"
