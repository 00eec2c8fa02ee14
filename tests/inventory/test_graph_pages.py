"""The location graph in the back office: drawn, previewed, changed only as it was seen."""

import json
import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inventory.admin.graph import TICKED
from inventory.domain.graph_edit import Shared, sharing
from inventory.domain.roles import Role
from inventory.models import Job, Movement
from inventory.selectors.graph import current_graph
from inventory.services.members import add_member
from tests.builders import Shop, a_shop

pytestmark = pytest.mark.django_db

GRAPH, EDIT, IMPORT = "/admin/graph/", "/admin/graph/edit/", "/admin/graph/import/"


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=5, l9=7)
    shop.reserve("order", "east", 8)
    return shop


@pytest.fixture
def administrator(shop: Shop) -> Client:
    return member(shop, Role.ADMINISTRATOR)


def member(shop: Shop, role: Role) -> Client:
    name = f"{role.value}-{uuid.uuid4()}"
    add_member(organization_id=shop.id, username=name, role=role, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def members(shop: Shop) -> dict[str, set[str]]:
    graph = current_graph(shop.id)
    return {
        name: {graph.identifiers[at] for at in graph.members[pk]}
        for name, pk in graph.groups.items()
    }


AS_IT_WAS = {"east": {"l1", "l2"}, "west": {"l2", "l3"}}


def send(client: Client, where: str, **said: object) -> str:
    answer = client.post(where, said, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1].replace("&quot;", '"')


def test_sharing_names_the_locations_of_exactly_the_same_groups(shop: Shop) -> None:
    graph = current_graph(shop.id)

    assert sharing(graph) == [
        Shared((), ("l9",)),
        Shared(("east",), ("l1",)),
        Shared(("east", "west"), ("l2",)),
        Shared(("west",), ("l3",)),
    ]
    assert sharing(graph, about="west") == [
        Shared(("east", "west"), ("l2",)),
        Shared(("west",), ("l3",)),
    ]


def test_the_picture_draws_groups_locations_and_their_links(
    shop: Shop, django_assert_max_num_queries: object
) -> None:
    viewer = member(shop, Role.VIEWER)

    with django_assert_max_num_queries(6):  # type: ignore[operator]
        page = viewer.get(GRAPH).content.decode()

    assert page.count('class="hf-link"') == 4
    for told in (">east<", ">west<", ">l2<", "in no group"):
        assert told in page
    assert "New group" not in page
    assert viewer.get(GRAPH, {"group": "west"}).content.decode().count('class="hf-link"') == 3


def test_a_large_graph_is_drawn_in_part_and_says_so(shop: Shop, administrator: Client) -> None:
    names = [f"loc-{n}" for n in range(TICKED + 10)]
    groups = {f"group-{n}": [names[n], names[n + 1]] for n in range(100)}
    shop.regroup(more_locations=[*names[101:], "l1", "l2", "l3", "l9"], force=True, **groups)

    page = administrator.get(GRAPH).content.decode()
    form = administrator.get(EDIT, {"group": "group-7"}).content.decode()

    assert "more than fits into a picture" in page
    assert page.count("hf-box-own") == 30
    assert "loc-7\nloc-8" in form
    assert 'type="checkbox" name="locations"' not in form


def test_a_preview_tells_what_would_not_fit_and_changes_nothing(
    shop: Shop, administrator: Client
) -> None:
    movements = Movement.objects.count()

    page = send(administrator, EDIT, group="east", locations=["l1"], preview="")

    assert "Promises of 1 item would no longer fit." in page
    assert re.search(r">red-mug</th><td[^>]*>0</td><td[^>]*>3</td>", page)
    assert "leaving: l2" in page
    assert members(shop) == AS_IT_WAS
    assert Movement.objects.count() == movements


def test_what_was_previewed_is_changed(shop: Shop, administrator: Client) -> None:
    said = {"group": "east", "locations": ["l1", "l2", "l9"]}
    page = send(administrator, EDIT, **said, preview="")
    assert "Every promise still fits." in page
    assert "+7" in page

    told = send(administrator, EDIT, **said, seen=hidden(page, "seen"), change="")

    assert "The location graph is changed." in told
    assert members(shop) == {**AS_IT_WAS, "east": {"l1", "l2", "l9"}}
    assert shop.ato("east") == 9


def test_a_change_that_makes_items_oversold_is_done_when_confirmed(
    shop: Shop, administrator: Client
) -> None:
    said = {"group": "east", "locations": ["l1"]}
    page = send(administrator, EDIT, **said, preview="")

    send(administrator, EDIT, **said, seen=hidden(page, "seen"), change="")

    assert members(shop)["east"] == {"l1"}
    assert shop.ato("east") == 0


def test_a_graph_that_changed_since_is_not_changed_again(shop: Shop, administrator: Client) -> None:
    said = {"group": "east", "locations": ["l1", "l2", "l9"]}
    page = send(administrator, EDIT, **said, preview="")
    shop.regroup(more_locations=["l9"], east=["l1", "l2"], west=["l3"])

    told = send(administrator, EDIT, **said, seen=hidden(page, "seen"), change="")

    assert "has been changed meanwhile" in told
    assert members(shop) == {"east": {"l1", "l2"}, "west": {"l3"}}


def test_another_change_than_was_previewed_is_previewed_first(
    shop: Shop, administrator: Client
) -> None:
    page = send(administrator, EDIT, group="east", locations=["l1", "l2", "l9"], preview="")
    seen = hidden(page, "seen")

    told = send(administrator, EDIT, group="east", locations=["l1"], seen=seen, change="")

    assert "look again" in told
    assert "Promises of 1 item would no longer fit." in told
    assert members(shop) == AS_IT_WAS
    assert "look again" in send(administrator, EDIT, group="east", locations=["l1"], change="")
    assert members(shop) == AS_IT_WAS


def test_a_new_group_with_a_new_location(shop: Shop, administrator: Client) -> None:
    said = {"group": "north", "locations": ["l9"], "typed": "l10\nl11"}
    page = send(administrator, EDIT, **said, preview="")
    assert "New locations: l10, l11" in page

    send(administrator, EDIT, **said, seen=hidden(page, "seen"), change="")

    assert members(shop) == {**AS_IT_WAS, "north": {"l9", "l10", "l11"}}


def test_a_group_with_promises_leaves_only_when_it_is_emptied(
    shop: Shop, administrator: Client
) -> None:
    said = {"group": "east", "locations": []}
    page = send(administrator, EDIT, **said, preview="")
    assert "group east (1 item, 8 promised)" in page
    seen = hidden(page, "seen")

    assert "are in use" in send(administrator, EDIT, **said, seen=seen, change="")
    assert members(shop) == AS_IT_WAS
    assert shop.ato("east") == 2

    send(administrator, EDIT, **said, seen=seen, change="", force="on")
    assert members(shop) == {"west": {"l2", "l3"}}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"group": "x", "locations": ["l1"]}, "2 to 128 letters"),
        ({"group": "", "locations": ["l1"]}, "This field is required."),
        ({"group": "east", "locations": ["nowhere"]}, "not one of the available choices"),
        ({"group": "east", "typed": "l 1"}, "2 to 128 letters"),
        ({"group": "l9", "locations": ["l1"]}, "listed twice, or is a location"),
    ],
)
def test_what_cannot_stand_is_refused_in_words(
    shop: Shop, administrator: Client, said: dict[str, object], words: str
) -> None:
    assert words in send(administrator, EDIT, **said, preview="")

    assert members(shop) == AS_IT_WAS


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MERCHANDISER, Role.OPERATOR])
def test_only_administrators_change_the_graph(shop: Shop, role: Role) -> None:
    client = member(shop, role)

    for where in (EDIT, IMPORT):
        assert client.get(where).status_code == 403
        assert client.post(where, {"group": "east", "locations": ["l1"]}).status_code == 403
    assert client.get(GRAPH).status_code == 200
    assert members(shop) == AS_IT_WAS


def test_an_export_is_a_file_that_the_import_takes(shop: Shop, administrator: Client) -> None:
    answer = administrator.post(GRAPH)
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]

    assert 'filename="location-graph.json"' in answer["Content-Disposition"]
    assert json.loads(content)["locations"] == ["l1", "l2", "l3", "l9"]
    page = send(administrator, IMPORT, file=SimpleUploadedFile("graph.json", content))
    assert "Nothing changes." in page


FILE = {
    "locations": ["l1", "l2", "l3", "l9"],
    "groups": [{"id": "east", "locations": ["l1"]}, {"id": "west", "locations": ["l2", "l3"]}],
}


def preview_file(client: Client, content: object = None) -> str:
    text = json.dumps(FILE if content is None else content).encode()
    return send(client, IMPORT, file=SimpleUploadedFile("graph.json", text), preview="")


def test_a_file_is_previewed_then_imported_by_a_job(shop: Shop, administrator: Client) -> None:
    page = preview_file(administrator)
    assert "Promises of 1 item would no longer fit." in page
    assert members(shop) == AS_IT_WAS

    said = {"content": json.dumps(FILE), "seen": hidden(page, "seen"), "change": ""}
    told = send(administrator, IMPORT, **said)

    assert "The location graph is imported." in told
    assert members(shop) == {"east": {"l1"}, "west": {"l2", "l3"}}
    assert Job.objects.get().actor.startswith("user:administrator-")


def test_a_file_is_not_imported_over_a_graph_that_changed(
    shop: Shop, administrator: Client
) -> None:
    page = preview_file(administrator)
    shop.regroup(more_locations=["l9"], east=["l1", "l2"], west=["l3"])

    said = {"content": json.dumps(FILE), "seen": hidden(page, "seen"), "change": ""}
    told = send(administrator, IMPORT, **said)

    assert "has been changed meanwhile" in told
    assert members(shop) == {"east": {"l1", "l2"}, "west": {"l3"}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("junk", "Expected"),
        ({"locations": []}, "missing required field"),
        ({"locations": [], "groups": []}, "The graph has no locations."),
    ],
)
def test_a_file_that_cannot_stand_is_refused_in_words(
    shop: Shop, administrator: Client, content: object, words: str
) -> None:
    assert words in preview_file(administrator, content)

    assert members(shop) == AS_IT_WAS
    assert not Job.objects.exists()
