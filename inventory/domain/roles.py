"""Roles of the back office, and what each may do in the organization it is held in."""

from enum import Enum, StrEnum


class Role(StrEnum):
    """What a member is in one organization; each may do what the one before may, and more."""

    VIEWER = "viewer"
    MERCHANDISER = "merchandiser"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Power(Enum):
    """Something a page, a button or an export asks for."""

    SEE = "see everything of the organization, and export lists"
    CORRECT_STOCK = "set counts, adjust, import stock"
    RUN_JOBS = "start, stop and resume imports and exports"
    HANDLE_RESERVATIONS = "cancel, release, extend, finalize and transfer reservations"
    HANDLE_ORDERS = "map and release orders by hand"
    CHANGE_GRAPH = "change the location graph"
    CONNECT_SYSTEMS = "set up sales channels and stock lists"
    MANAGE_ACCESS = "manage members, API clients and tokens"


_VIEWER = frozenset({Power.SEE})
_MERCHANDISER = _VIEWER | {Power.CORRECT_STOCK, Power.RUN_JOBS}
_OPERATOR = _MERCHANDISER | {Power.HANDLE_RESERVATIONS, Power.HANDLE_ORDERS}
_ADMINISTRATOR = _OPERATOR | {Power.CHANGE_GRAPH, Power.CONNECT_SYSTEMS, Power.MANAGE_ACCESS}

POWERS: dict[Role, frozenset[Power]] = {
    Role.VIEWER: _VIEWER,
    Role.MERCHANDISER: _MERCHANDISER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
}
"""The whole table of permissions; staff-wide users have every power in every organization."""
