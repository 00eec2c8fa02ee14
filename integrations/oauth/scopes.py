"""The scopes a client may hold: names, spellings and what includes what.

Every scope has two spellings on the wire, Account Manager's with dots and dashes and the org's with
underscores. Stored, compared and declared by views is the dotted one (*canonical*).
"""

from collections.abc import Iterable

from integrations.oauth.errors import UnknownScope

AVAILABILITY_READ = "sfcc.inventory.availability"
AVAILABILITY_WRITE = "sfcc.inventory.availability.rw"
RESERVATIONS_READ = "sfcc.inventory.reservations"
RESERVATIONS_WRITE = "sfcc.inventory.reservations.rw"
IMPEX_INVENTORY_READ = "sfcc.inventory.impex-inventory"
IMPEX_INVENTORY_WRITE = "sfcc.inventory.impex-inventory.rw"
IMPEX_GRAPHS_READ = "sfcc.inventory.impex-graphs"

# Real clients ask for these although no published operation needs them.
IMPEX_GRAPHS_WRITE = "sfcc.inventory.impex-graphs.rw"
IMPEX_EVENT_LOG_READ = "sfcc.inventory.impex-event-log"
ADMIN_WRITE = "sfcc.inventory.admin.rw"

# What the wire format publishes; a new client gets these unless told otherwise.
PUBLISHED = (
    AVAILABILITY_READ,
    AVAILABILITY_WRITE,
    RESERVATIONS_READ,
    RESERVATIONS_WRITE,
    IMPEX_INVENTORY_READ,
    IMPEX_INVENTORY_WRITE,
    IMPEX_GRAPHS_READ,
)
KNOWN = (*PUBLISHED, IMPEX_GRAPHS_WRITE, IMPEX_EVENT_LOG_READ, ADMIN_WRITE)

# Names the tenant a token is for; followed by the organization's tenant alias.
TENANT_PREFIX = "SALESFORCE_COMMERCE_API:"


def with_underscores(scope: str) -> str:
    """The org's spelling of a canonical scope."""
    return scope.replace(".", "_").replace("-", "_")


_CANONICAL = {spelling: scope for scope in KNOWN for spelling in (scope, with_underscores(scope))}


def canonical(spelling: str) -> str | None:
    """The canonical name of a scope in either spelling; None if there is no such scope."""
    return _CANONICAL.get(spelling)


def canonical_list(spellings: Iterable[str]) -> list[str]:
    """Canonical names, each once, in the order given; `UnknownScope` names the first stranger."""
    found: dict[str, None] = {}
    for spelling in spellings:
        scope = canonical(spelling)
        if scope is None:
            raise UnknownScope(spelling)
        found[scope] = None
    return list(found)


def expand(spellings: Iterable[str]) -> frozenset[str]:
    """The canonical scopes these amount to: `.rw` includes reading, strangers add nothing."""
    held = {scope for scope in map(canonical, spellings) if scope is not None}
    included = {scope.removesuffix(".rw") for scope in held}
    return frozenset(held | included.intersection(KNOWN))


def names_tenant(scope: str, *, tenant_alias: str | None) -> bool:
    """Whether this is the tenant scope of the organization with this alias (any case)."""
    if tenant_alias is None or not scope.startswith(TENANT_PREFIX):
        return False
    return scope.removeprefix(TENANT_PREFIX).lower() == tenant_alias.lower()


def first_refused(
    asked: Iterable[str], *, allowed: Iterable[str], tenant_alias: str | None
) -> str | None:
    """The first scope asked for that a client with `allowed` scopes may not have."""
    held = expand(allowed)
    for scope in asked:
        if canonical(scope) not in held and not names_tenant(scope, tenant_alias=tenant_alias):
            return scope
    return None
