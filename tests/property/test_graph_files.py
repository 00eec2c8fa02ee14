"""Files of graphs and of segmentation: any bytes in, a plan, an entry or a refusal out."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.domain.graph import Graph
from inventory.domain.graph_plan import GraphPlan, differences, planned
from inventory.errors import Refusal
from inventory.services.availability_import.lines import Line
from inventory.services.graph_plans import check_plan, plan_from_file
from inventory.services.segmentation_lines import Header, Mode, Refused, entry_of

GRAPH = Graph(
    organization_id=1,
    version=3,
    locations={"l1": 1, "l2": 2},
    groups={"east": 7, "west": 8},
    identifiers={1: "l1", 2: "l2", 7: "east", 8: "west"},
    groups_of={1: (7,), 2: (7, 8)},
    members={7: (1, 2), 8: (2,)},
)

# A busy machine is slow.
at_ease = settings(deadline=None, suppress_health_check=list(HealthCheck))

names = st.sampled_from(["l1", "l2", "l3", "east", "west", "north", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | names,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["locations", "groups", "id", "groupId", "mode", "sku"]), inner
        )
    ),
    max_leaves=8,
)
groups = st.fixed_dictionaries({"id": names, "locations": st.lists(names, max_size=3)})
graphs = st.fixed_dictionaries(
    {"locations": st.lists(names, max_size=4), "groups": st.lists(groups, max_size=3)}
)
headers = st.fixed_dictionaries(
    {"groupId": names, "mode": st.sampled_from(["APPEND", "REPLACE", "REMOVE", "DELETE", ""])}
)


def packed(value: Any) -> bytes:
    return json.dumps(value).encode()


@at_ease
@given(st.binary() | values.map(packed) | graphs.map(packed))
def test_any_bytes_are_a_plan_or_a_refusal(content: bytes) -> None:
    outcome = read(content)

    if isinstance(outcome, Refusal):
        assert outcome.code in CODES
        assert outcome.message
    else:
        is_consistent(outcome)


CODES = {
    "DuplicateGroupId",
    "DuplicateLocationId",
    "GroupMustNotBeEmpty",
    "IllegalGroupState",
    "InvalidRequest",
    "InvalidRequestParameter",
    "LocationListMustNotBeEmpty",
}


def read(content: bytes) -> GraphPlan | Refusal:
    try:
        plan = plan_from_file(content)
        check_plan(plan)
    except Refusal as refusal:
        return refusal
    return plan


def is_consistent(plan: GraphPlan) -> None:
    """A plan carried out differs in nothing from itself, and keeps the ids of what stays."""
    after = planned(GRAPH, plan)
    assert not differences(after, plan)
    assert set(after.locations) == set(plan.locations)
    for name, pk in (*after.locations.items(), *after.groups.items()):
        known = GRAPH.groups if name in after.groups else GRAPH.locations
        assert pk == known.get(name, pk)
        assert (pk < 0) == (name not in known)
    found = differences(GRAPH, plan)
    assert bool(found) == (
        {pk: set(members) for pk, members in after.members.items()}
        != {pk: set(members) for pk, members in GRAPH.members.items()}
        or set(after.identifiers) != set(GRAPH.identifiers)
    )


@at_ease
@given(st.binary() | values.map(packed) | headers.map(packed))
def test_any_bytes_are_an_entry_or_refused(text: bytes) -> None:
    entry = entry_of(Line(1, text, len(text)), graph=GRAPH)

    match entry:
        case Header(group, mode):
            assert group in GRAPH.groups
            assert mode in Mode
        case Refused(complaint):
            # It can be stored and told.
            assert complaint.isprintable()
            assert complaint.encode()
        case str():
            assert 1 <= len(entry) <= 250
        case None:
            assert not text.decode().strip()
