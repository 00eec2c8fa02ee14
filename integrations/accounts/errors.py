"""What can be refused when users are managed; the sentences are for the operator."""

from inventory.errors import Refusal


class UsernameTaken(Refusal):
    """There is a user of this name, in this or in another organization."""

    code = "UsernameTaken"

    def __init__(self, username: str) -> None:
        super().__init__(f'The user "{username}" exists already.', parameter="username")


class InvalidUsername(Refusal):
    """A name that nobody could log in with."""

    code = "InvalidUsername"

    def __init__(self) -> None:
        super().__init__(
            "A username has 1 to 150 printable characters without spaces.", parameter="username"
        )


class UnknownIntegrationUser(Refusal):
    """There is no user of this name."""

    code = "UnknownIntegrationUser"

    def __init__(self, username: str) -> None:
        super().__init__(f'There is no integration user "{username}".', parameter="username")


class BadCredentials(Refusal):
    """Unknown user, revoked user and wrong password are told apart to nobody."""

    code = "BadCredentials"

    def __init__(self) -> None:
        super().__init__("Unable to log in with provided credentials.")
