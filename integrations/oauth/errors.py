"""What can be refused when clients are managed; the sentences are for the operator."""

from inventory.errors import Refusal


class UnknownScope(Refusal):
    """No API knows this scope."""

    code = "UnknownScope"

    def __init__(self, scope: str) -> None:
        super().__init__(f'There is no scope "{scope}".', parameter="scopes")
        self.scope = scope


class UnknownOrganization(Refusal):
    """There is no organization of this id."""

    code = "UnknownOrganization"

    def __init__(self, identifier: str) -> None:
        super().__init__(f'There is no organization "{identifier}".', parameter="organization")


class UnknownApiClient(Refusal):
    """There is no API client of this id."""

    code = "UnknownApiClient"

    def __init__(self, client_id: str) -> None:
        super().__init__(f'There is no API client "{client_id}".', parameter="client_id")


class ApiClientRevoked(Refusal):
    """The client was revoked, which is for good."""

    code = "ApiClientRevoked"

    def __init__(self, client_id: str) -> None:
        super().__init__(
            f'The API client "{client_id}" is revoked; create a new one.', parameter="client_id"
        )
