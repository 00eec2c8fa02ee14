"""What has to be there before the first call.

Through the services, not over HTTP: the APIs make neither organizations, nor graphs, nor clients.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.db import OperationalError, connection

from integrations.oauth.scopes import AVAILABILITY_WRITE, RESERVATIONS_WRITE
from integrations.oauth.services import create_api_client, revoke_api_client
from integrations.replay.client import Credentials
from integrations.replay.shop import GROUPS, LOCATIONS, Shop
from inventory.domain.graph import Graph
from inventory.errors import EntityNotFound
from inventory.models import Organization
from inventory.origin import Origin
from inventory.selectors.graph import current_graph
from inventory.selectors.organizations import organization_named
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.organizations import create_organization

_ORIGIN = Origin("command:replay_orders")


class NoGroupsError(Exception):
    """The organization has locations but no group to sell from."""


def find_or_create_organization(identifier: str) -> Organization:
    """Return the organization, made if there is none."""
    try:
        return organization_named(identifier)
    except EntityNotFound:
        return create_organization(identifier=identifier, tenant_alias=None)


def open_shop(organization: Organization, *, now: datetime) -> Shop:
    """Return the organization's groups; an organization without places gets the replay's."""
    graph = current_graph(organization.pk)
    if not graph.locations:
        replace_location_graph(
            organization_id=organization.pk,
            locations=LOCATIONS,
            groups=[GroupSpec(name, members) for name, members in GROUPS.items()],
            origin=_ORIGIN,
            now=now,
        )
        graph = current_graph(organization.pk)
    if not graph.groups:
        message = f"Organization '{organization.identifier}' has no location group to sell from."
        raise NoGroupsError(message)
    return Shop(_groups(graph))


def is_our_own(shop: Shop) -> bool:
    """Tell whether the graph is the replay's, whose shelves it may fill."""
    return dict(shop.groups) == {name: tuple(sorted(names)) for name, names in GROUPS.items()}


@contextmanager
def temporary_credentials(organization: Organization) -> Iterator[Credentials]:
    """Make an API client for the time of a replay."""
    issued = create_api_client(
        organization=organization.identifier,
        name="replay_orders",
        scopes=[AVAILABILITY_WRITE, RESERVATIONS_WRITE],
    )
    try:
        yield Credentials(issued.client.client_id, issued.secret)
    finally:
        drop_broken_connection()
        with suppress(OperationalError):  # no database: what ended the replay is told, not this
            revoke_api_client(client_id=issued.client.client_id)


def drop_broken_connection() -> None:
    """Let the next query open another connection if the server was restarted meanwhile."""
    if connection.connection is not None and not connection.is_usable():
        connection.close()


def _groups(graph: Graph) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sorted(graph.identifiers[pk] for pk in graph.members.get(group, ())))
        for name, group in graph.groups.items()
        if graph.members.get(group)
    }
