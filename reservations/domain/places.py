"""How clients name a place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaceRef:
    """A location or a group, by the identifier the client uses."""

    identifier: str
    is_group: bool
