"""The first back office: everything can be looked at, no balance can be written."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from inventory.backoffice.base import ReadOnlyAdmin
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import life
from tests.builders import Shop, a_shop

pytestmark = pytest.mark.django_db

OURS = [
    model
    for model in admin.site._registry
    if issubclass(type(admin.site._registry[model]), ReadOnlyAdmin)
    and model._meta.app_label in ("inventory", "reservations")
]


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], more_locations=["l9"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "east", 2.5)
    shop.reserve("basket", "l1", 1, expires_in=60)
    shop.reserve("too much", "east", 99, allow_partial=False)
    life.create_export(life.NewJob(shop.id, GRAPH_EXPORT, {}, shop.origin), now=shop.now)
    return shop


@pytest.fixture
def merchandiser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("someone", password=None))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_lists_and_pages_are_read_only_and_have_fixed_query_counts(
    merchandiser: Client, shop: Shop, django_assert_max_num_queries: object, model: type
) -> None:
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    row = model._base_manager.order_by("-pk").first()

    with django_assert_max_num_queries(30):  # type: ignore[operator]
        listed = merchandiser.get(address)
        page = merchandiser.get(f"{address}{row.pk}/change/")

    assert (listed.status_code, page.status_code) == (200, 200)
    assert merchandiser.get(f"{address}add/").status_code == 403
    assert merchandiser.post(f"{address}{row.pk}/change/", {}).status_code == 403
    assert merchandiser.post(f"{address}{row.pk}/delete/", {}).status_code == 403


def test_quantities_are_shown_as_decimals_without_trailing_zeros(
    merchandiser: Client, shop: Shop
) -> None:
    page = merchandiser.get("/admin/inventory/promise/").content.decode()

    assert re.search(r">\s*2\.5\s*<", page)


def test_a_document_shows_its_state_lines_and_claims(merchandiser: Client, shop: Shop) -> None:
    listed = merchandiser.get("/admin/reservations/document/?q=order").content.decode()

    assert ">open<" in listed
    assert ">order<" in listed
