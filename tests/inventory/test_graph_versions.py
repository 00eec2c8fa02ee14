"""The graphs of the past."""

from datetime import timedelta

import pytest

from inventory.models import GraphVersion, Organization
from inventory.selectors.graph import current_graph
from inventory.selectors.graph_versions import graph_of_version, graph_version_at
from tests.builders import a_shop

pytestmark = pytest.mark.django_db


def test_a_version_of_the_past_is_the_graph_that_stood_then() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l2"], more_locations=["l3"])
    before = current_graph(shop.id)

    shop.regroup(A=["l3"])

    assert graph_of_version(shop.id, version=before.version) == before
    after = current_graph(shop.id)
    assert graph_of_version(shop.id, version=after.version) == after
    assert after != before


def test_the_version_of_a_moment_is_the_last_made_by_then() -> None:
    shop = a_shop(A=["l1"])
    first = current_graph(shop.id).version
    second = shop.later(60).regroup(A=["l1"], B=["l1"])

    at = {
        seconds: graph_version_at(shop.id, moment=shop.now + timedelta(seconds=seconds))
        for seconds in (-1, 0, 59, 60, 61)
    }

    assert at == {-1: 1, 0: first, 59: first, 60: second, 61: second}


def test_an_organization_begins_with_no_places() -> None:
    organization = Organization.objects.create(identifier="newcomer")

    graph = graph_of_version(organization.pk, version=1)

    assert (graph.version, graph.locations, graph.groups) == (1, {}, {})
    with pytest.raises(GraphVersion.DoesNotExist):
        graph_of_version(organization.pk, version=2)
