"""Reservations in the back office: found, told in full, handled with refusals in words."""

import re
import uuid
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from inventory.domain.roles import Role
from inventory.models import Movement
from inventory.services.members import add_member
from reservations.models import Claim, Document
from tests.builders import Shop, a_shop
from tests.integrations.omnitron.office import an_office

pytestmark = pytest.mark.django_db

LIST = "/admin/reservations/document/"


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.now = timezone.now()
    shop.stock(l1=5, l2=5, l3=5)
    shop.stock("blue-mug", l1=5)
    shop.reserve("order-1", "east", 4, external_ref="cart 7")
    shop.reserve("basket-1", "l3", 1, expires_in=600)
    shop.reserve("basket-2", "l3", 1, expires_in=14_000)
    shop.reserve("gone", "l1", 1, sku="blue-mug")
    shop.cancel("gone")
    shop.reserve("shipped", "l1", 1, sku="blue-mug")
    shop.fulfil("l1", 1, sku="blue-mug", document="shipped")
    shop.later(-100).reserve("late", "l1", 1, sku="blue-mug", expires_in=60)
    return shop


@pytest.fixture
def operator(shop: Shop) -> Client:
    return member(shop, Role.OPERATOR)


def member(shop: Shop, role: Role) -> Client:
    name = f"{role.value}-{uuid.uuid4()}"
    add_member(organization_id=shop.id, username=name, role=role, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def listed(client: Client, **query: str) -> set[str]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    return set(re.findall(r'/change/[^"]*"[^>]*>\s*([\w-]+)\s*<', page.content.decode()))


def page_of(client: Client, identifier: str) -> str:
    document = Document.objects.get(identifier=identifier)
    answer = client.get(f"{LIST}{document.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def address(action: str, identifier: str, **query: str) -> str:
    document = Document.objects.get(identifier=identifier)
    return f"/admin/reservations/{action}/?{urlencode({'document': document.pk, **query})}"


def post(client: Client, where: str, **said: str) -> str:
    """Send a form and return what the user is told, on the page that follows."""
    said.setdefault("request", str(uuid.uuid4()))
    answer = client.post(where, said, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def rows() -> object:
    """Return everything that a refusal must leave alone."""
    return (
        list(Document.objects.order_by("pk").values()),
        list(Claim.objects.order_by("pk").values()),
        Movement.objects.count(),
    )


EVERY = {"order-1", "basket-1", "basket-2", "gone", "shipped", "late"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, EVERY),
        ({"state": "open"}, {"order-1", "basket-1", "basket-2"}),
        ({"state": "closed"}, {"shipped"}),
        ({"state": "cancelled"}, {"gone"}),
        ({"state": "expired"}, {"late"}),
        ({"expiring": "60"}, {"basket-1"}),
        ({"expiring": "240"}, {"basket-1", "basket-2"}),
        ({"expiring": "junk"}, EVERY),
        ({"place": "l3"}, {"basket-1", "basket-2"}),
        ({"place": "east"}, {"order-1"}),
        ({"place": "nowhere"}, set()),
        ({"sku": "blue-mug"}, {"gone", "shipped", "late"}),
        ({"sku": "red-mug", "place": "l1"}, set()),
        ({"sku": "blue-mug", "place": "l1"}, {"gone", "shipped", "late"}),
        ({"reference": "cart 7"}, {"order-1"}),
        ({"reference": "cart"}, set()),
        ({"q": "basket"}, {"basket-1", "basket-2"}),
        ({"q": "cart 7"}, {"order-1"}),
        ({"state": "open", "place": "l3", "q": "basket-2"}, {"basket-2"}),
    ],
)
def test_filters_and_search(operator: Client, query: dict[str, str], found: set[str]) -> None:
    assert listed(operator, **query) == found


def test_what_was_moved_is_found_where_it_is_and_where_it_was_placed(
    operator: Client, shop: Shop
) -> None:
    shop.transfer("east", "l2", 4, document="order-1")

    assert listed(operator, place="l2") == {"order-1"}
    assert listed(operator, place="east") == {"order-1"}


def test_the_list_takes_the_same_queries_for_one_row_and_for_many(
    operator: Client, shop: Shop, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        shop.reserve(f"more-{number}", "l2", 0.1)

    with django_assert_max_num_queries(9):  # type: ignore[operator]
        page = operator.get(LIST)

    assert page.status_code == 200


def test_the_filtered_list_is_exported_with_what_documents_hold(operator: Client) -> None:
    answer = operator.get(f"{LIST}export/", {"state": "open", "place": "east"})

    told = answer.getvalue().decode()
    assert answer.status_code == 200
    assert len(told.splitlines()) == 2
    assert "order-1,open" in told
    assert ",4," in told


def test_a_page_tells_lines_holdings_and_steps(
    operator: Client, shop: Shop, django_assert_max_num_queries: object
) -> None:
    shop.transfer("east", "l1", 1, document="order-1", request_id="move-1")

    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page = page_of(operator, "order-1")

    for told in ("cart 7", "move-1", "transferred", "promised by a group", "+4", "-1"):
        assert told in page
    assert "Cancel the reservation" in page
    assert "More time" not in page


def test_a_viewer_reads_and_cannot_do(shop: Shop) -> None:
    viewer = member(shop, Role.VIEWER)
    before = rows()

    page = page_of(viewer, "basket-1")

    assert "What it holds" in page
    assert "Cancel the reservation" not in page
    for action in ("cancel", "finalize", "extend", "release", "transfer"):
        where = address(action, "basket-1", sku="red-mug", place="l3")
        assert viewer.get(where).status_code == 403
        assert viewer.post(where, {}).status_code == 403
    assert rows() == before


def test_a_document_of_another_organization_is_nowhere(operator: Client) -> None:
    other = a_shop(east=["l1"])
    other.stock(l1=5)
    other.reserve("theirs", "l1", 1, expires_in=600)
    before = rows()

    for action in ("cancel", "finalize", "extend", "release", "transfer"):
        where = address(action, "theirs", sku="red-mug", place="l1")
        assert operator.get(where).status_code == 404
        said = {"minutes": "90", "quantity": "1", "target": "l2", "request": str(uuid.uuid4())}
        assert operator.post(where, said).status_code == 404
    assert rows() == before


@pytest.mark.parametrize("document", ["0", "junk", "9" * 30, "-1"])
def test_a_mistyped_address_is_404(operator: Client, document: str) -> None:
    assert operator.get(f"/admin/reservations/cancel/?document={document}").status_code == 404


def test_cancelling_gives_everything_back_in_the_users_name(operator: Client, shop: Shop) -> None:
    assert "cannot be undone" in operator.get(address("cancel", "order-1")).content.decode()
    assert shop.ato("east") == 6

    told = post(operator, address("cancel", "order-1"))

    assert "The reservation is cancelled." in told
    assert shop.ato("east") == 10
    assert Movement.objects.latest("id").actor.startswith("user:operator-")


def test_cancelling_what_is_over_is_refused_in_words(operator: Client) -> None:
    before = rows()

    assert "nothing to cancel" in post(operator, address("cancel", "shipped"))
    assert "The reservation is over" in post(operator, address("cancel", "late"))

    assert rows() == before


def test_more_time(operator: Client, shop: Shop) -> None:
    told = post(operator, address("extend", "basket-1"), minutes="120")

    assert "The reservation stands until" in told
    assert "Done by hand" in told
    end = Document.objects.get(identifier="basket-1").expires_at
    assert end is not None
    assert end >= shop.now + timedelta(minutes=120)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [("241", "1 to 14,400 seconds"), ("0", "1 to 14,400"), ("1", "longer than that already")],
)
def test_more_time_is_refused_in_words(operator: Client, minutes: str, words: str) -> None:
    before = rows()

    assert words in post(operator, address("extend", "basket-1"), minutes=minutes)
    assert "Enter a whole number" in post(operator, address("extend", "basket-1"), minutes="x")
    assert "it has no end" in post(operator, address("extend", "order-1"), minutes="60")

    assert rows() == before


def test_making_it_final(operator: Client, shop: Shop) -> None:
    assert "The reservation is final." in post(operator, address("finalize", "basket-1"))

    assert Document.objects.get(identifier="basket-1").expires_at is None
    assert "it has no end" in post(operator, address("finalize", "basket-1"))


def test_releasing_a_part_of_this_document_and_of_no_other(operator: Client, shop: Shop) -> None:
    where = address("release", "basket-2", sku="red-mug", place="l3")
    assert 'value="1"' in operator.get(where).content.decode()

    told = post(operator, where, quantity="0.25")

    assert "0.25 of red-mug at l3 is released." in told
    held = dict(Claim.objects.values_list("document__identifier", "quantity"))
    assert (held["basket-1"], held["basket-2"]) == (1000, 750)


def test_a_form_that_is_sent_twice_acts_once(operator: Client, shop: Shop) -> None:
    where = address("release", "order-1", sku="red-mug", place="east")
    said = {"quantity": "1", "request": str(uuid.uuid4())}

    post(operator, where, **said)
    post(operator, where, **said)

    assert Claim.objects.get(document__identifier="order-1").quantity == 3000


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("2", "at most 1 now"),
        ("0", "Say more than 0."),
        ("-1", "This "),
        ("1.0005", "This "),
        ("", "This field is required."),
    ],
)
def test_a_release_is_refused_in_words(operator: Client, quantity: str, words: str) -> None:
    before = rows()

    where = address("release", "basket-1", sku="red-mug", place="l3")
    assert words in post(operator, where, quantity=quantity)

    assert rows() == before


def test_moving_what_a_group_promised_to_a_location(operator: Client, shop: Shop) -> None:
    where = address("transfer", "order-1", sku="red-mug", place="east")
    page = operator.get(where).content.decode()
    assert ('value="l1"' in page, 'value="l3"' in page) == (True, False)

    told = post(operator, where, quantity="3", target="l1")

    assert "3 of red-mug is moved from east to l1." in told
    places = Claim.objects.filter(document__identifier="order-1").values_list(
        "place__identifier", "quantity"
    )
    assert dict(places) == {"east": 1000, "l1": 3000}


@pytest.mark.parametrize(
    ("source", "document", "said", "words"),
    [
        ("east", "order-1", {"quantity": "4", "target": "l3"}, "does not count for group"),
        ("east", "order-1", {"quantity": "4", "target": "west"}, "Group to Group"),
        ("east", "order-1", {"quantity": "4", "target": "nowhere"}, "no such location"),
        ("east", "order-1", {"quantity": "5", "target": "l1"}, "at most 4 now"),
        ("l3", "basket-1", {"quantity": "1", "target": "l3"}, "not allowed"),
        ("l3", "basket-1", {"quantity": "1", "target": ""}, "This field is required."),
    ],
)
def test_a_transfer_is_refused_in_words(
    operator: Client, source: str, document: str, said: dict[str, str], words: str
) -> None:
    before = rows()

    where = address("transfer", document, sku="red-mug", place=source)
    assert words in post(operator, where, **said)

    assert rows() == before


def test_a_holding_that_is_gone_is_told_when_the_form_comes(operator: Client, shop: Shop) -> None:
    where = address("release", "basket-1", sku="red-mug", place="l3")
    shop.cancel("basket-1")
    before = rows()

    assert "Nothing of it can be taken" in post(operator, where, quantity="1")
    assert operator.get(where).status_code == 404

    assert rows() == before


def test_a_document_of_an_order_is_shown_and_left_alone(operator: Client, shop: Shop) -> None:
    office = an_office(shop, lists={"list-3": "l3"})
    office.order("1001", ("list-3", 1))
    document = Document.objects.get(source="omnitron")
    before = rows()

    page = operator.get(f"{LIST}{document.pk}/change/").content.decode()

    assert "it is handled with the order" in page
    assert "Cancel the reservation" not in page
    for action in ("cancel", "finalize", "extend", "release", "transfer"):
        where = f"/admin/reservations/{action}/?document={document.pk}"
        if action in ("cancel", "finalize", "extend"):
            assert "it is handled with the order" in operator.get(where).content.decode()
        assert operator.post(where, {"minutes": "60"}).status_code == 404
    assert rows() == before
