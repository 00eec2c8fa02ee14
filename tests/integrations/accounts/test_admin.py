"""Users of ERP integrations in the back office."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from integrations.accounts.models import IntegrationToken, IntegrationUser
from inventory.models import Organization

# Not inside a test's transaction: the page's own is what the service must bear.
pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/integrations/integrationuser/"


@pytest.fixture
def shop() -> Organization:
    return Organization.objects.create(identifier="shop")


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_a_user_is_made_and_revoked(admin_client: Client, shop: Organization) -> None:
    answer = admin_client.post(f"{LIST}add/", {"username": "erp"})

    assert answer.status_code == 302
    user = IntegrationUser.objects.get()
    assert (user.organization, user.username) == (shop, "erp")
    assert "has the password" in told(answer)
    assert user.password not in admin_client.get(f"{LIST}{user.pk}/change/").content.decode()

    revoke = {"action": "revoke", "_selected_action": [user.pk]}
    assert "is revoked" in told(admin_client.post(LIST, revoke))
    assert not IntegrationUser.objects.get().is_active
    assert not IntegrationToken.objects.exists()


def test_a_name_that_is_taken_is_told(admin_client: Client, shop: Organization) -> None:
    admin_client.post(f"{LIST}add/", {"username": "erp"})

    answer = admin_client.post(f"{LIST}add/", {"username": "erp"}, follow=True)

    assert "erp" in answer.content.decode()
    assert IntegrationUser.objects.count() == 1
