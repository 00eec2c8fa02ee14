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
from inventory.selectors import graph_preview
from inventory.selectors.graph import current_graph
from inventory.services.members import add_member
from inventory.services.stock import StockUpdate
from tests.builders import Shop, a_shop
from tests.contract.headless import Api

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


def told_by_get_availability(api: Api, skus: list[str]) -> dict[tuple[str, str], list[str]]:
    """Return ATF and ATO by SKU and group, as the API tells them, written as pages write."""
    groups = sorted(members(api.shop))
    path = "availability-records/actions/get-availability"
    answer = api.call("POST", path, {"skus": skus, "groups": groups}).json()
    return {
        (record["sku"], group["id"]): [f"{record['atf']:,}", f"{record['ato']:,}"]
        for group in answer["groups"]
        for record in group["records"]
    }


def told_by_the_preview(page: str) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """Return ATF and ATO before and after by SKU and group, as the page's table has them."""
    table = page.partition('id="changes"')[2]
    found = re.findall(
        r'<th scope="row">(?:<span[^>]*>)?([\w-]+)(?:</span>)?</th><td>([\w-]+)</td>\s*'
        + r'<td class="hf-number">([^<]*)</td>' * 2
        + r"\s*"
        + r'<td class="hf-number">([^<]*)</td>' * 2,
        table,
    )
    return {
        (sku, group): ([atf, ato], [atf_after, ato_after])
        for sku, group, atf, atf_after, ato, ato_after in found
    }


def test_what_changes_in_availability_is_told_as_it_comes(
    shop: Shop, administrator: Client
) -> None:
    may = (("2030-05-01T00:00:00Z", 2_500),)
    shop.stock("blue-mug", l1=1_200)
    shop.put("l9", sku="blue-mug", on_hand=4_000, safety_stock=1_500, futures=may)
    shop.put("l2", sku="green-mug", on_hand=3_000, futures=may)
    shop.stock("grey-mug", l1=5, l3=5)
    shop.reserve("other", "west", 2, sku="green-mug")
    shop.reserve("west-order", "west", 3)
    skus = ["red-mug", "blue-mug", "green-mug", "grey-mug"]
    api = Api(shop, "availability")
    before = told_by_get_availability(api, skus)
    said = {"group": "east", "locations": ["l1", "l9"]}

    page = send(administrator, EDIT, **said, preview="")
    send(administrator, EDIT, **said, seen=hidden(page, "seen"), change="")

    after = told_by_get_availability(api, skus)
    told = told_by_the_preview(page)
    assert told == {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert told["blue-mug", "east"] == (["1,200", "1,200"], ["1,202.5", "1,205"])
    assert {sku for sku, _group in told} == {"red-mug", "blue-mug", "green-mug"}
    assert {group for _sku, group in told} == {"east", "west"}
    assert "Availability of 3 items changes." in page


def test_a_new_group_and_one_that_leaves_have_figures_on_one_side(
    shop: Shop, administrator: Client
) -> None:
    page = send(administrator, EDIT, group="north", locations=["l3", "l9"], preview="")
    assert told_by_the_preview(page)["red-mug", "north"] == (["-", "-"], ["12", "12"])

    page = send(administrator, EDIT, group="west", preview="")
    assert told_by_the_preview(page) == {("red-mug", "west"): (["7", "7"], ["-", "-"])}


def test_where_too_many_items_could_change_an_estimate_is_told(
    shop: Shop, administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_preview, "LOOKED_AT", 4)
    for number in range(7):
        shop.stock(f"cup-{number}", l9=0 if number == 2 else 1)

    page = send(administrator, EDIT, group="east", locations=["l1", "l2", "l9"], preview="")

    assert "Availability of about 6 items changes. This is an estimate: 8 items have" in page
    assert "of these the first 4 by SKU were worked out, and 3 of them change." in page
    assert {sku for sku, _group in told_by_the_preview(page)} == {"cup-0", "cup-1", "cup-3"}


def test_only_the_first_items_are_listed(shop: Shop, administrator: Client) -> None:
    shop.update(
        [StockUpdate(f"r-{n}", "l9", f"cup-{n:02}", replaces=True, on_hand=1000) for n in range(60)]
    )

    page = send(administrator, EDIT, group="east", locations=["l1", "l2", "l9"], preview="")

    assert "Availability of 61 items changes." in page
    assert "The first 50 by SKU are shown." in page
    assert len(told_by_the_preview(page)) == 50


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


def test_what_another_worker_does_leads_to_its_job(
    shop: Shop, administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("graph", "graph_files"):
        monkeypatch.setattr(f"inventory.admin.{module}.run_next", lambda **_asked: False)
    seen = hidden(preview_file(administrator), "seen")

    imported = send(administrator, IMPORT, content=json.dumps(FILE), seen=seen, change="")
    exported = send(administrator, GRAPH)

    assert led_to(imported, "The import is under way.").kind == "location-graph-import"
    assert led_to(exported, "The file is being made.").kind == "location-graph-export"


def led_to(page: str, told: str) -> Job:
    found = re.search(rf'{told} <a[^>]* href="/admin/inventory/job/(\d+)/change/"', page)
    assert found is not None
    return Job.objects.get(pk=found[1])


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
