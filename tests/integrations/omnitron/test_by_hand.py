"""Holds in the back office: listed by age, looked at, mapped and released by hand."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.omnitron.admin import order_items
from integrations.omnitron.models import IntegrationMapping, OrderItem
from integrations.omnitron.selectors.holds import unmapped_by_age
from inventory.domain.roles import Role
from inventory.models import LedgerHorizon, Movement, StockRecord
from inventory.models.fields import CurrentTransactionId
from inventory.services.members import add_member
from tests.builders import Shop, a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/orderitem/"


@pytest.fixture
def office() -> Office:
    shop = a_shop(all=["l1", "l2"])
    shop.now = timezone.now()
    shop.stock(l1=20, l2=20)
    shop.stock("blue-mug", l1=20)
    return an_office(shop, lists={"main": "l1", "web": "all", "till": "l2"}, fulfils=("till",))


@pytest.fixture
def operator(office: Office) -> Client:
    return member(office.shop, Role.OPERATOR)


def member(shop: Shop, role: Role) -> Client:
    name = f"{role.value}-{uuid.uuid4()}"
    add_member(organization_id=shop.id, username=name, role=role, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def an_item(office: Office, number: str, stock_list: str, units: float, sku: str = "") -> int:
    """Make an order of one item; return the item's pk."""
    more = {"sku": sku} if sku else {}
    order = office.create(number, office.line(stock_list, units, **more)).id
    return office.items(order)[0]


def aged(item: int, **age: float) -> int:
    """Let an order item have come so long ago."""
    came = timezone.now() - timedelta(**age)
    OrderItem.objects.filter(pk=item).update(created_date=came)
    return item


def listed(client: Client, **query: str) -> list[int]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    found = re.findall(r"/admin/orders/orderitem/(\d+)/change/", page.content.decode())
    return list(dict.fromkeys(map(int, found)))


def page_of(client: Client, item: int) -> str:
    answer = client.get(f"{LIST}{item}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, action: str, item: int, **said: str) -> str:
    """Send a form and return what the user is told, on the page that follows."""
    answer = client.post(f"/admin/orders/{action}/?item={item}", said, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(office: Office) -> object:
    """Return everything that a refusal must leave alone."""
    return office.state(), list(IntegrationMapping.objects.order_by("pk").values())


def test_what_waits_is_listed_oldest_first(operator: Client, office: Office) -> None:
    young = an_item(office, "1", "main", 1)
    mapped = an_item(office, "2", "main", 1)
    old = an_item(office, "3", "web", 1)
    kept = an_item(office, "4", "main", 1)
    office.map(mapped, "ERP-2")
    office.map(kept, "ERP-4", update_stock=False)

    assert listed(operator) == [kept, old, mapped, young]
    assert listed(operator, hold="waiting") == [young, old]
    assert listed(operator, hold="any") == [kept, old, young]


def test_filters(operator: Client, office: Office) -> None:
    main = aged(an_item(office, "1001", "main", 1), minutes=5)
    web = aged(an_item(office, "1002", "web", 1, "blue-mug"), hours=2)
    till = aged(an_item(office, "2001", "till", 1), days=2)
    older = aged(an_item(office, "2002", "main", 1), days=8)

    assert listed(operator, age="hour") == [main]
    assert listed(operator, hold="waiting", age="day") == [web]
    assert listed(operator, age="days") == [till]
    assert listed(operator, age="week") == []
    assert listed(operator, age="older") == [older]
    assert listed(operator, age="junk") == [older, till, web, main]
    assert listed(operator, channel="web") == [older, till, web, main]
    assert listed(operator, channel="nowhere") == []
    assert listed(operator, stock_list="main") == [older, main]
    assert listed(operator, stock_list="l1", hold="waiting") == [main, older]
    assert listed(operator, stock_list="all") == [web]
    assert listed(operator, sku="blue-mug") == [web]
    assert listed(operator, q="200") == [older, till]
    assert listed(operator, q="blue") == [web]


@pytest.mark.parametrize("few", [0, 1_000])
def test_little_is_found_as_much_is(
    operator: Client, office: Office, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(order_items, "_FEW", few)
    mug = an_item(office, "1001", "main", 1, "blue-mug")
    two = [an_item(office, number, "main", 1) for number in ("2001", "2002")]

    assert listed(operator, q="blue") == [mug]
    assert listed(operator, q="200") == two[::-1]
    assert listed(operator, q="3") == []


def test_ages_are_counted_as_listed(operator: Client, office: Office) -> None:
    now = timezone.now()
    for number, age in enumerate([{"minutes": 1}, {"hours": 3}, {"hours": 5}, {"days": 30}]):
        aged(an_item(office, str(number), "main", 1), **age)
    office.map(aged(an_item(office, "mapped", "main", 1), hours=4), "ERP")

    counts = unmapped_by_age(office.shop.id, now=now)

    assert counts == {"hour": 1, "day": 2, "days": 0, "week": 0, "older": 1}
    for band, count in counts.items():
        assert len(listed(operator, hold="waiting", age=band)) == count
    told = operator.get(LIST).content.decode()
    assert re.findall(r'<a href="\?hold=waiting[^"]*">(\d+)', told) == [
        "4",
        "1",
        "2",
        "0",
        "0",
        "1",
    ]


def test_a_band_has_its_edges_once(office: Office) -> None:
    item = an_item(office, "1", "main", 1)
    came = OrderItem.objects.get(pk=item).created_date
    young_until = {"hour": 1, "day": 24, "days": 72, "week": 168}

    for age in (-1, 0, 1, 24, 72, 168, 1000):
        for moment in (-1, 0, 1):
            now = came + timedelta(hours=age, microseconds=moment)
            counts = unmapped_by_age(office.shop.id, now=now)
            is_below = (b for b, h in young_until.items() if (age, moment) < (h, 0))
            assert [band for band, count in counts.items() if count] == [next(is_below, "older")]


def test_the_list_takes_the_same_queries_for_one_row_and_for_many(
    operator: Client, office: Office, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        an_item(office, str(number), "main", 0.1)

    with django_assert_max_num_queries(13):  # type: ignore[operator]
        assert len(listed(operator, hold="waiting")) == 30


def test_what_is_held_is_exported(operator: Client, office: Office) -> None:
    an_item(office, "1001", "main", 1.5)

    answer = operator.get(f"{LIST}export/", {"hold": "waiting"})

    told = answer.getvalue().decode()
    assert len(told.splitlines()) == 2
    assert ",1.5,1.5,main," in told


def test_a_page_tells_what_became_of_an_item(
    operator: Client, office: Office, django_assert_max_num_queries: object
) -> None:
    item = an_item(office, "1001", "web", 2.5)
    other = an_item(office, "1002", "web", 4)
    office.map(item, "ERP-7", update_stock=False)

    with django_assert_max_num_queries(18):  # type: ignore[operator]
        told = page_of(operator, item)

    for word in ("1001", "red-mug", "ERP-7", "2.5", "promised by a group", "(all)"):
        assert word in told
    assert "Release by hand" in told
    assert "Map by hand" not in told
    assert "Map by hand" in page_of(operator, other)


def test_an_order_is_shown_with_its_items(
    operator: Client, office: Office, django_assert_max_num_queries: object
) -> None:
    lines = [office.line("main", 0.5) for _ in range(12)]
    customer = {"first_name": "<b>Ada</b>"}
    order = office.create("1001", *lines, customer=customer).id
    first, second, *_ = office.items(order)
    office.map(first, "ERP-1")
    office.cancel(order, second)

    with django_assert_max_num_queries(14):  # type: ignore[operator]
        answer = operator.get(f"/admin/orders/order/{order}/change/")

    told = answer.content.decode()
    assert answer.status_code == 200
    assert told.count("/admin/orders/orderitem/") > 12
    for word in ("ERP-1", "100 canceled", "not mapped", "&lt;b&gt;Ada", f"items {second}."):
        assert word in told


def test_an_item_that_never_held_anything_is_shown(operator: Client, office: Office) -> None:
    order = office.create("1001", office.line("main", 1, status=100)).id
    item = office.items(order)[0]

    told = page_of(operator, item)

    assert "It has never held anything." in told
    assert "Release by hand" not in told
    assert "holds nothing any more" in post(operator, "release", item, reason="x")


def test_a_page_says_what_is_not_kept_any_more(operator: Client, office: Office) -> None:
    item = aged(an_item(office, "1001", "main", 1), days=400)
    assert "is not kept any more" not in page_of(operator, item)
    kept_since = timezone.now() - timedelta(days=300)
    LedgerHorizon.objects.create(
        organization_id=office.shop.id, kept_since=kept_since, dropped_xid=CurrentTransactionId()
    )

    assert "is not kept any more" in page_of(operator, item)


def test_mapping_by_hand_ends_the_hold_and_keeps_who_and_why(
    operator: Client, office: Office
) -> None:
    item = an_item(office, "1001", "main", 2)
    assert "is released" in operator.get(f"/admin/orders/map/?item={item}").content.decode()
    assert office.shop.ato("all") == 38

    told = post(operator, "map", item, code="ERP-1", reason="ERP was down")

    assert "The order item is mapped to ERP-1." in told
    assert "Done by hand" in told
    assert office.shop.ato("all") == 40
    assert listed(operator, hold="waiting") == []
    movement = Movement.objects.latest("id")
    assert (movement.external_ref, movement.request_id) == ("ERP was down", "ERP-1")
    assert movement.actor.startswith("user:operator-")
    assert "ERP was down" in page_of(operator, item)


def test_mapping_by_hand_twice_changes_nothing(operator: Client, office: Office) -> None:
    item = an_item(office, "1001", "main", 2)
    post(operator, "map", item, code="ERP-1", reason="once")
    before = rows(office)

    assert "was mapped to ERP-1 before" in post(operator, "map", item, code="ERP-1", reason="twice")

    assert rows(office) == before


def test_a_list_that_fulfils_ships(operator: Client, office: Office) -> None:
    item = an_item(office, "1001", "till", 2)
    page = operator.get(f"/admin/orders/map/?item={item}").content.decode()
    assert "leaves the shelf" in page

    post(operator, "map", item, code="ERP-1", reason="handed over")

    record = StockRecord.objects.get(item__sku="red-mug", location__identifier="l2")
    assert (record.on_hand, record.reserved) == (18_000, 0)
    assert Movement.objects.latest("id").external_ref == "handed over"


def test_mapping_is_refused_in_words(operator: Client, office: Office) -> None:
    item, other = an_item(office, "1001", "main", 2), an_item(office, "1002", "main", 1)
    office.map(other, "ERP-2")
    at_group = an_item(office, "1003", "web", 1)
    OrderItem.objects.filter(pk=at_group).update(stock_list=office.lists["till"])
    before = rows(office)

    def told(which: int, **said: str) -> str:
        return post(operator, "map", which, **said)

    assert "has this ERP id already" in told(item, code="ERP-2", reason="why")
    assert "has another ERP id by now" in told(other, code="ERP-3", reason="why")
    assert "still promised by a group" in told(at_group, code="ERP-4", reason="why")
    assert "This field is required." in told(item, code="ERP-5", reason=" ")
    assert "This field is required." in told(item, code="", reason="why")
    assert "at most 200 characters" in told(item, code="ERP-5", reason="x" * 201)
    assert "at most 128 characters" in told(item, code="x" * 129, reason="why")

    assert rows(office) == before


def test_releasing_by_hand_keeps_the_order_and_says_why(operator: Client, office: Office) -> None:
    item = an_item(office, "1001", "web", 2.5)
    office.shop.transfer("all", "l2", 1)
    assert office.shop.ato("all") == 37.5
    page = operator.get(f"/admin/orders/release/?item={item}").content.decode()
    assert "The order stays as it is." in page
    status = OrderItem.objects.get(pk=item).status

    told = post(operator, "release", item, reason="sold at the till")

    assert "2.5 is released." in told
    assert office.shop.ato("all") == 40
    assert office.held() == {}
    assert OrderItem.objects.get(pk=item).status == status
    assert listed(operator, hold="waiting") == []
    movements = Movement.objects.filter(external_ref="sold at the till")
    assert sorted(movements.values_list("quantity", flat=True)) == [1000, 1500]
    assert all(each.actor.startswith("user:operator-") for each in movements)
    assert "sold at the till" in page_of(operator, item)

    assert office.map(item, "ERP-1").is_new


def test_releasing_is_refused_in_words(operator: Client, office: Office) -> None:
    item = an_item(office, "1001", "main", 2)
    other = an_item(office, "1002", "main", 1)
    office.map(other, "ERP-2")
    before = rows(office)

    assert "This field is required." in post(operator, "release", item, reason="")
    assert "holds nothing any more" in post(operator, "release", other, reason="why")

    assert rows(office) == before
    assert office.held() == {(item, "l1"): 2}


def test_a_viewer_reads_and_cannot_do(office: Office) -> None:
    item = an_item(office, "1001", "main", 2)
    before = rows(office)
    for role in (Role.VIEWER, Role.MERCHANDISER):
        client = member(office.shop, role)
        told = page_of(client, item)
        assert "What it holds" in told
        assert "by hand" not in told
        for action in ("map", "release"):
            where = f"/admin/orders/{action}/?item={item}"
            assert client.get(where).status_code == 403
            assert client.post(where, {"code": "x", "reason": "y"}).status_code == 403
    assert rows(office) == before


def test_an_item_of_another_organization_is_nowhere(operator: Client, office: Office) -> None:
    other = an_office(a_shop(all=["l1"]), lists={"theirs": "l1"})
    other.shop.stock(l1=5)
    item = an_item(other, "1001", "theirs", 2)
    before = rows(other)

    for action in ("map", "release"):
        where = f"/admin/orders/{action}/?item={item}"
        assert operator.get(where).status_code == 404
        assert operator.post(where, {"code": "x", "reason": "y"}).status_code == 404
    assert listed(operator) == []
    assert rows(other) == before


@pytest.mark.parametrize("item", ["0", "junk", "9" * 30, "-1"])
def test_a_mistyped_address_is_404(operator: Client, item: str) -> None:
    for action in ("map", "release"):
        assert operator.get(f"/admin/orders/{action}/?item={item}").status_code == 404
        assert operator.post(f"/admin/orders/{action}/").status_code == 404


def test_a_page_without_an_item_leads_to_the_list(operator: Client, office: Office) -> None:
    told = operator.get("/admin/orders/map/").content.decode()

    assert "?hold=waiting" in told
