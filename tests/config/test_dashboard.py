"""The dashboard: every number is a link to a list that counts the same, at a fixed cost."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.omnitron.models import OrderItem
from inventory.backoffice import dashboard, lists
from inventory.domain.roles import Role
from inventory.models import Job, JobState
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import life
from inventory.services.members import add_member
from reservations.admin.filters import hour_text
from reservations.models import Document
from tests.builders import UNIT, Shop, a_shop
from tests.integrations.omnitron.office import an_office

pytestmark = pytest.mark.django_db

_TILE = re.compile(r'<a class="hf-tile[^"]*" href="([^"]+)"><span>([^<]+)</span> <strong>([^<]+)<')
_LEGEND = re.compile(r'<a href="([^"]+)">([^<]+?) ([\d,]+\+?)</a>')
_COLUMN = re.compile(r'<a href="([^"]+)" tabindex="-1"><title>([^<]+)</title>')


def a_busy_shop() -> Shop:
    """Return a shop with some of everything that the dashboard tells."""
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.now = timezone.now()
    shop.stock(l1=5, l2=5, l3=5)
    shop.stock("blue-mug", l1=9)
    shop.stock("gone-mug", l1=0)
    shop.stock("gone-too", l2=0)
    shop.stock("short-mug", l1=3)
    shop.reserve("promised", "east", 3, sku="short-mug")
    shop.stock("short-mug", l1=1)
    shop.put("l1", sku="low-mug", on_hand=2 * UNIT, safety_stock=3 * UNIT)
    shop.put("l2", sku="low-mug", on_hand=4 * UNIT, safety_stock=3 * UNIT)
    shop.reserve("order", "east", 4)
    shop.reserve("basket", "l3", 1, expires_in=600)
    shop.reserve("long basket", "l3", 1, expires_in=14_000)
    shop.reserve("cancelled", "l1", 1, sku="blue-mug")
    shop.cancel("cancelled")
    shop.later(-100).reserve("late", "l1", 1, sku="blue-mug", expires_in=60)
    for n in range(3):
        shop.reserve(f"too much {n}", "west", 99, allow_partial=False)
    shop.reserve("too much there", "l1", 99, allow_partial=False)
    shop.reserve("typing error", "west", 1, sku="red-mugg")
    office = an_office(shop, lists={"main": "l3"})
    shop.stock("erp-mug", l3=9)
    line = office.line("main", 1, sku="erp-mug")
    office.create("1001", line, line)
    old = office.create("1002", line, line).id
    office.map(office.items(old)[0], f"ERP-{shop.id}")
    OrderItem.objects.filter(order=old).update(created_date=shop.now - timedelta(days=2))
    for job in (life.NewJob(shop.id, GRAPH_EXPORT, {}, shop.origin) for _ in range(3)):
        life.create_export(job, now=shop.now)
    failed = Job.objects.filter(organization=shop.id).latest("pk")
    Job.objects.filter(pk=failed.pk).update(
        state=JobState.FAILED, ended_at=shop.now, errors=["The disk is full."]
    )
    return shop


@pytest.fixture
def shop() -> Shop:
    """A shop whose neighbour has as much to tell."""
    a_busy_shop()
    return a_busy_shop()


def sign_in(shop: Shop, role: Role = Role.VIEWER) -> Client:
    username = f"{shop.organization.identifier}-{role.value}"
    add_member(organization_id=shop.id, username=username, role=role, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def page_of(client: Client) -> str:
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return answer.content.decode()


def told(page: str) -> dict[str, tuple[str, str]]:
    """Return every number of the page with its address, by its label."""
    numbers = {label: (count, href) for href, label, count in _TILE.findall(page)}
    numbers |= {label: (count, href) for href, label, count in _LEGEND.findall(page)}
    return {
        html.unescape(label): (count, html.unescape(href))
        for label, (count, href) in numbers.items()
    }


def counted_at(client: Client, address: str) -> str:
    """Return what the list at an address counts: its rows, or what its rows count."""
    context: Any = client.get(address).context_data  # type: ignore[attr-defined]
    paginator = context["cl"].paginator
    number = context.get("refused_in_all", paginator.count)
    return f"{number:,}{'+' if paginator.is_capped else ''}"


NUMBERS = {
    "Out of stock": "3",
    "Oversold": "1",
    "Below safety stock": "1",
    "Expiring soon": "1",
    "Refused": "5",
    "Waits for the ERP": "3",
    "under an hour": "2",
    "1 to 3 days": "1",
    "7 days and more": "0",
    "Jobs at work": "2",
    "Jobs failed": "1",
    "open": "6",
    "closed": "0",
    "cancelled": "1",
    "expired": "1",
    "not enough available": "4",
    "no such item": "1",
}


def test_every_number_is_what_its_list_counts(shop: Shop) -> None:
    client = sign_in(shop)

    numbers = told(page_of(client))

    assert {label: numbers[label][0] for label in NUMBERS} == NUMBERS
    for label, (count, address) in numbers.items():
        assert counted_at(client, address) == count, label


def columns(page: str) -> Iterator[tuple[str, str]]:
    for href, title in _COLUMN.findall(page):
        if "?hour=" in href:
            yield html.unescape(href), html.unescape(title)


def test_columns_lead_to_the_hour_they_count(shop: Shop) -> None:
    client = sign_in(shop)

    drawn = list(columns(page_of(client)))

    assert len(drawn) == 48
    filled = {href: title for href, title in drawn if not title.endswith(": none")}
    # The clock may strike while the shop is filled.
    assert 1 <= len(filled) <= 2
    for href, title in filled.items():
        total = sum(int(number) for number in re.findall(r"\w+ (\d+)(?:,|$)", title))
        assert counted_at(client, href) == str(total)
    assert counted_at(client, drawn[0][0]) == "0"


def test_an_hour_that_comes_twice_a_year_is_told_apart(shop: Shop) -> None:
    first, second = (datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1))
    for start, number in ((first, 2), (second, 1)):
        for document in Document.objects.filter(organization=shop.id, created_at__gt=shop.now)[
            :number
        ]:
            document.created_at = start
            document.save(update_fields=["created_at"])
    client = sign_in(shop)
    listing = "/admin/reservations/document/"

    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert hour_text(first) == "2026-10-25 02:00+02:00"
        assert hour_text(second) == "2026-10-25 02:00+01:00"
        asked = [f"{listing}?{urlencode({'hour': hour_text(each)})}" for each in (first, second)]
    assert [counted_at(client, address) for address in asked] == ["2", "1"]
    for wrong in ("9999-12-31 23:30", "0001-01-01 00:00+14:00", "2026-13-01 00:00", "soon"):
        assert counted_at(client, f"{listing}?{urlencode({'hour': wrong})}") == "0"


def test_a_number_goes_as_far_as_its_list(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_DEPTH", 2)
    monkeypatch.setattr(dashboard, "PAGE_DEPTH", 2)
    client = sign_in(shop)

    numbers = told(page_of(client))

    for label, said in {"Out of stock": "2+", "open": "2+", "Oversold": "1"}.items():
        count, address = numbers[label]
        assert (count, counted_at(client, address)) == (said, said), label


def test_the_cost_does_not_grow_with_what_is_told(shop: Shop) -> None:
    quiet, busy = sign_in(a_shop(east=["l1", "l2"])), sign_in(shop)

    def statements(client: Client) -> int:
        page_of(client)
        with CaptureQueriesContext(connection) as captured:
            page_of(client)
        return len(captured)

    assert statements(busy) == statements(quiet)


def test_refusals_lead_to_their_explanation(shop: Shop) -> None:
    client = sign_in(shop)
    page = page_of(client)

    (address,) = set(re.findall(r'href="([^"]*/explain/[^"]*place=west[^"]*)"', page))

    explained = client.get(html.unescape(address)).content.decode()
    assert "99 cannot be promised" in explained


def test_jobs_are_watched_live(shop: Shop) -> None:
    client = sign_in(shop)
    page = page_of(client)
    panel = page[page.index('id="jobs-panel"') :]

    assert panel.count("data-job-live") == 2
    assert "The disk is full." in panel
    watched = set(re.findall(r'data-job="(\d+)"', panel))
    assert len(watched) == 3
    address = re.findall(r'data-jobs="([^"]+)"', page)[0]
    told = client.get(address, {"jobs": ",".join(watched)}).json()["jobs"]
    assert {str(job["id"]) for job in told} == watched


def test_an_organization_without_anything_says_what_to_do_next() -> None:
    shop = a_shop(east=["l1"])

    assert "Ask a merchandiser" in page_of(sign_in(shop))
    page = page_of(sign_in(shop, Role.MERCHANDISER))
    assert reverse("admin:import_sheet") in page[page.index("hf-empty") :]
    assert "Nobody has reserved anything" in page
    assert "Nothing was refused" in page
    assert "Nothing waits." in page
    assert "Nothing runs, and nothing has failed." in page
    assert {count for count, _ in told(page).values()} == {"0"}


def test_refusals_are_found_by_period_item_place_and_reason(shop: Shop) -> None:
    client = sign_in(shop)
    listing = "/admin/reservations/refusaltally/"

    def rows(**query: str) -> int:
        context: Any = client.get(listing, query).context_data  # type: ignore[attr-defined]
        return int(context["cl"].paginator.count)

    assert rows() == 3
    assert rows(sku="red-mugg") == 1
    assert rows(place="west") == 2
    assert rows(place="west", reason="InsufficientQuantity") == 1
    assert rows(reason="GroupDoesNotExist") == 0
    assert rows(period="24") == 3
    page = client.get(listing, {"place": "west", "sku": "red-mug"}).content.decode()
    assert "3 refusals in 1 row." in page
    assert "place=west&amp;quantity=99" in page
