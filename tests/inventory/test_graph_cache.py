"""Graphs in memory: those asked for last, within bounds."""

import pytest

from inventory.domain.graph import Graph
from inventory.selectors.graph import GraphCache, current_graph, graph_at
from tests.builders import a_shop


def graph(organization: int, *, version: int = 1, locations: int = 1) -> Graph:
    names = {f"l{n}": n for n in range(locations)}
    return Graph(
        organization_id=organization,
        version=version,
        locations=names,
        groups={"all": 1_000},
        identifiers={pk: name for name, pk in names.items()} | {1_000: "all"},
        groups_of=dict.fromkeys(names.values(), (1_000,)),
        members={1_000: tuple(names.values())},
    )


def known(cache: GraphCache, *organizations: int) -> list[bool]:
    return [cache.get(one, version=1) is not None for one in organizations]


def test_only_the_version_asked_for_will_do() -> None:
    cache = GraphCache(organizations=2, size=100)
    cache.put(graph(1, version=3))

    assert cache.get(1, version=3) == graph(1, version=3)
    assert cache.get(1, version=2) is None
    assert cache.get(2, version=3) is None


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    cache = GraphCache(organizations=2, size=100)
    cache.put(graph(1))
    cache.put(graph(2))
    cache.get(1, version=1)

    cache.put(graph(3))

    assert known(cache, 1, 2, 3) == [True, False, True]


def test_together_they_stay_within_a_size() -> None:
    cache = GraphCache(organizations=100, size=20)
    for organization in range(5):
        cache.put(graph(organization, locations=3))  # 3 locations and 3 memberships
    assert known(cache, *range(5)) == [False, False, True, True, True]

    cache.put(graph(9, locations=50))
    assert len(cache) == 1, "the one in use is kept whatever its size"
    assert known(cache, 9) == [True]

    cache.put(graph(1))
    assert known(cache, 9, 1) == [False, True]


def test_a_new_version_takes_the_place_of_the_old() -> None:
    cache = GraphCache(organizations=100, size=12)
    for version in range(1, 10):
        cache.put(graph(1, version=version, locations=3))
    cache.put(graph(2, locations=3))

    assert len(cache) == 2
    assert cache.get(1, version=9) is not None


@pytest.mark.django_db
def test_a_graph_that_was_forgotten_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.selectors.graph._cache", GraphCache(organizations=1, size=1_000))
    shop, other = a_shop(A=["l1"]), a_shop(B=["l1"])

    for _ in range(2):
        for one, group in ((shop, "A"), (other, "B")):
            read = current_graph(one.id)
            assert set(read.groups) == {group}
            assert graph_at(one.id, version=read.version) is read
