"""Every list of the back office, however it is asked: a fixed cost, a total order, true counts.

Made from the site's own registry: a list, a filter or a sortable column that is added is in these
tests without a word.
"""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import UniqueConstraint
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.functional import Promise

from inventory.backoffice import lists as capped
from inventory.backoffice.base import OrganizationAdmin
from inventory.models import StockRecord
from tests.back_office import address, change_list, lists, questions
from tests.builders import Shop
from tests.config.test_back_office_access import fill, make

pytestmark = pytest.mark.django_db

LISTS = lists()
SAMPLES = {
    "q": "own",
    "location": "own-l1",
    "group": "own-group",
    "place": "own-l1",
    "sku": "own-sku",
}
MOST_QUERIES = 16


@pytest.fixture
def shop(db: None, settings: Any) -> Shop:
    """Return a shop with two rows in every table."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",  # nobody signs in by password here
        *settings.PASSWORD_HASHERS,
    ]
    shop = make("own")
    fill(shop, "own-other")
    return shop


@pytest.fixture
def client(shop: Shop) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="own-administrator"))
    return client


def test_a_list_costs_the_same_for_few_rows_and_for_many(client: Client, shop: Shop) -> None:
    asked = [
        address(model, "changelist") + query
        for model, model_admin in LISTS.items()
        for query in questions(model_admin, client, samples=SAMPLES)
    ]
    few = {each: _queries(client, each) for each in asked}
    for number in range(3):
        fill(shop, f"own-more-{number}")
    client.get("/admin/inventory/item/")  # the graph is kept in memory

    many = {each: _queries(client, each) for each in asked}

    grown = {each: (few[each], many[each]) for each in asked if many[each] > few[each]}
    # An answer that was empty has no rows to find the columns of.
    grown = {each: both for each, both in grown.items() if both[1] > few[each.partition("?")[0]]}
    assert not grown
    assert max(many.values()) <= MOST_QUERIES, many


def _queries(client: Client, asked: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(asked)
    assert answer.status_code == 200, asked
    return len(captured)


def test_each_row_is_on_one_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for model_admin in LISTS.values():
        asked = list(questions(model_admin, client, samples=SAMPLES))
        monkeypatch.setattr(model_admin, "list_per_page", 1)
        for query in asked:
            whole = change_list(model_admin, client, query).queryset
            keys = _walked(model_admin, client, query)
            assert len(set(keys)) == len(keys), (model_admin, query)
            assert set(keys) == set(whole.values_list("pk", flat=True)), (model_admin, query)


def test_a_capped_list_goes_on_until_the_last_row(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop, "own-more")
    for model_admin in LISTS.values():
        whole = list(change_list(model_admin, client).queryset.values_list("pk", flat=True))
        with monkeypatch.context() as small:
            small.setattr(capped, "PAGE_DEPTH", 2)
            small.setattr(model_admin, "list_per_page", 1)
            assert _followed(model_admin, client) == whole, model_admin


def _followed(model_admin: OrganizationAdmin, client: Client) -> list[Any]:
    """Return the keys of all pages, and of those they lead on to."""
    keys, query = [], "?"
    while query:
        keys += _walked(model_admin, client, query)
        last = change_list(model_admin, client, query).paginator.num_pages
        query = change_list(model_admin, client, f"{query}&p={last}").goes_on
    return keys


def _walked(model_admin: OrganizationAdmin, client: Client, query: str) -> list[Any]:
    """Return the keys of all pages, one by one."""
    pages = change_list(model_admin, client, query).paginator.num_pages
    asked = query or "?"
    lists = [change_list(model_admin, client, f"{asked}&p={page + 1}") for page in range(pages)]
    return [row.pk for each in lists for row in each.result_list]


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_columns_sort_by_an_index_only(model: type) -> None:
    """A column that sorts is the first behind the organization in some index, or is the list's."""
    model_admin = LISTS[model]
    indexed: Any = [index.fields for index in model._meta.indexes if not index.condition]
    indexed += [
        constraint.fields
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    organization = model_admin.organization_path.removesuffix("_id")
    for column in model_admin.sortable_by:
        shown = getattr(model_admin, column, None)
        field = getattr(shown, "admin_order_field", None) or column
        assert any([*fields][:2] == [organization, field] for fields in indexed), column


def test_a_list_of_many_rows_tells_how_many_and_where_the_others_are(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        shop.stock(f"sku-{number}", **{"own-l1": 1})
    items, records = "/admin/inventory/item/", "/admin/inventory/stockrecord/"
    assert "8 items" in _text(client, items)

    monkeypatch.setattr(capped, "PAGE_DEPTH", 4)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inventory_item")
    told = _text(client, items)
    assert "About 8 items; the first 4 are on pages." in told
    assert "narrow the list down, or export it whole" in told
    assert "4 results" not in told
    # Statistics do not know how conditions go together.
    assert "More than 4 items; the first 4" in _text(client, f"{items}?q=s")
    assert "More than 4 stock records; the first 4" in _text(client, records)

    on = change_list(LISTS[StockRecord], client).goes_on
    assert "From the beginning" in _text(client, records + on)


def test_an_export_goes_beyond_the_pages(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        shop.stock(f"sku-{number}", **{"own-l1": 1})
    monkeypatch.setattr(capped, "PAGE_DEPTH", 2)
    monkeypatch.setattr("inventory.backoffice.export._CHUNK", 2)

    answer = client.get("/admin/inventory/item/export/", {"q": "sku-"})

    assert answer.streaming
    lines = answer.getvalue().decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["sku", *(f"sku-{n}" for n in range(5))]


@pytest.mark.parametrize("key", ["0", "x", "9" * 19, "-1", ""])
def test_a_row_that_is_not_there_begins_no_list(client: Client, key: str) -> None:
    told = _text(client, f"/admin/inventory/item/?after={key}")

    assert "3 items" in told


def _text(client: Client, asked: str) -> str:
    answer = client.get(asked)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_no_list_counts_facets() -> None:
    for model_admin in LISTS.values():
        assert model_admin.show_facets is admin.ShowFacets.NEVER


def test_every_model_has_a_name_that_can_be_translated() -> None:
    metas = [model._meta for model in admin.site._registry]
    unmarked = [
        meta.label
        for meta in metas
        if not isinstance(meta.verbose_name, Promise)
        or not isinstance(meta.verbose_name_plural, Promise)
    ]
    assert not unmarked


def test_every_column_has_a_name_that_can_be_translated() -> None:
    """A model's field names its column; what an admin computes says so itself."""
    unmarked = [
        f"{model._meta.label}.{name}"
        for model, model_admin in admin.site._registry.items()
        for name in model_admin.list_display
        if isinstance(name, str) and name != "id" and not hasattr(model_admin, name)
        if not isinstance(model._meta.get_field(name).verbose_name, Promise)
    ]
    assert not unmarked
