"""Orders in the back office."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from integrations.omnitron.models import Channel, StockList
from tests.builders import a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)

OURS = [model for model in admin.site._registry if model._meta.app_label == "orders"]
HERE = "/admin/orders"


@pytest.fixture
def office() -> Office:
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=5)
    office = an_office(shop, lists={"main": "l1", "web": "all"})
    order = office.order("1001", ("main", 2), ("main", 1.5))
    office.map(office.items(order)[0], "ERP-1")
    office.cancel(order, is_all=True)
    return office


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("someone", password=None))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_rows_are_seen_and_not_changed(
    administrator: Client, office: Office, django_assert_max_num_queries: Any, model: type
) -> None:
    name = model._meta.model_name
    row = model._base_manager.order_by("-pk").first()

    with django_assert_max_num_queries(28):
        listed = administrator.get(f"{HERE}/{name}/")
        page = administrator.get(f"{HERE}/{name}/{row.pk}/change/")

    assert (listed.status_code, page.status_code) == (200, 200)
    assert administrator.post(f"{HERE}/{name}/{row.pk}/change/", {}).status_code == 403
    assert administrator.post(f"{HERE}/{name}/{row.pk}/delete/", {}).status_code == 403


def test_a_list_and_a_channel_are_made(administrator: Client, office: Office) -> None:
    asked = {"name": "till", "place": "l2", "code": "", "on_mapping": "fulfil"}
    assert administrator.get(f"{HERE}/stocklist/add/").status_code == 200

    assert administrator.post(f"{HERE}/stocklist/add/", asked).status_code == 302

    till = StockList.objects.get(name="till")
    assert till.location is not None
    assert (till.location.identifier, till.on_mapping) == ("l2", "fulfil")
    assert till.organization == office.shop.organization
    asked = {"name": "pos", "stock_list": till.pk, "extra_stock_lists": [office.lists["web"].pk]}
    assert administrator.post(f"{HERE}/channel/add/", asked).status_code == 302
    channel = Channel.objects.get(name="pos")
    assert channel.stock_list == till
    assert list(channel.extra_stock_lists.all()) == [office.lists["web"]]


@pytest.mark.parametrize(
    "wrong", [{"place": "l9"}, {"name": "main"}, {"place": "all", "on_mapping": "fulfil"}]
)
def test_what_cannot_be_made_is_told(
    administrator: Client, office: Office, wrong: dict[str, str]
) -> None:
    asked = {"name": "till", "place": "l2", "code": "", "on_mapping": "release", **wrong}

    answer = administrator.post(f"{HERE}/stocklist/add/", asked, follow=True)

    assert answer.status_code == 200
    assert b"exist" in answer.content or b"shelf" in answer.content
    assert StockList.objects.count() == 2


def test_lists_of_another_organization_are_not_offered(
    administrator: Client, office: Office
) -> None:
    other = an_office(a_shop(all=["l1"]), lists={"theirs": "l1"})
    asked = {"name": "pos", "stock_list": other.lists["theirs"].pk}
    assert administrator.post(f"{HERE}/channel/add/", asked).status_code == 200
    asked = {"name": "pos", "extra_stock_lists": [other.lists["theirs"].pk]}
    assert administrator.post(f"{HERE}/channel/add/", asked).status_code == 200
    assert not Channel.objects.filter(name="pos").exists()
