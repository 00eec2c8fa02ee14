"""What only the Connect face refuses."""

from inventory.errors import Refusal


class JsonParserError(Refusal):
    """The body is no JSON, or a member is of another type than the resource's."""

    code = "JSON_PARSER_ERROR"


class PositiveQuantityRequired(Refusal):
    """A quantity of 0 or below where something is to be reserved, moved, shipped or given back."""

    code = "PositiveQuantityRequired"


class InvalidAssertion(Refusal):
    """A signed assertion that gives no token; what is wrong with a signature is told to nobody."""

    code = "invalid_grant"

    def __init__(self, message: str = "The assertion is invalid.") -> None:
        super().__init__(message, parameter="assertion")


class InvalidPublicKey(Refusal):
    """What cannot be registered as a client's key."""

    code = "InvalidPublicKey"

    def __init__(self) -> None:
        super().__init__(
            "A key is a public one, in PEM (or its certificate) or JWK: RSA of 2048 bits or more,"
            " or P-256.",
            parameter="key",
        )


class KeyIsRegistered(Refusal):
    """The client has this key already."""

    code = "KeyIsRegistered"

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"The client has the key {fingerprint} already.", parameter="key")


class UnknownClientKey(Refusal):
    """The client has no such key."""

    code = "UnknownClientKey"

    def __init__(self, fingerprint: str) -> None:
        super().__init__(
            f'The client has no key with the fingerprint "{fingerprint}".', parameter="fingerprint"
        )
