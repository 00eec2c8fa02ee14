"""API clients in the back office."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from oauth2_provider import models as toolkit

from integrations.oauth.models import ApiClient
from integrations.oauth.services import IssuedSecret
from inventory.domain.roles import Role
from inventory.models import Organization
from inventory.services.members import add_member

pytestmark = pytest.mark.django_db
LIST = "/admin/integrations/apiclient/"


def told(answer: Any) -> str:
    return " ".join(str(m) for m in get_messages(answer.wsgi_request))


def test_the_toolkits_tables_have_no_page() -> None:
    for model in (toolkit.AccessToken, toolkit.Grant, toolkit.RefreshToken, toolkit.IDToken):
        assert not admin.site.is_registered(model)
    assert not admin.site.is_registered(toolkit.Application)
    assert admin.site.is_registered(ApiClient)


def test_an_added_client_shows_its_secret_once(
    admin_client: Client, organization: Organization
) -> None:
    form = {"name": "shop", "scopes": ["sfcc.inventory.availability"]}

    answer = admin_client.post(f"{LIST}add/", form)

    assert answer.status_code == 302
    client = ApiClient.objects.get()
    secret = told(answer).split(" has the secret ")[1].split(" ")[0]
    assert check_password(secret, client.client_secret)
    assert client.scopes == ["sfcc.inventory.availability"]
    first = admin_client.get(f"{LIST}{client.pk}/change/").content.decode()
    again = admin_client.get(f"{LIST}{client.pk}/change/").content.decode()
    assert secret in first
    assert secret not in again
    assert client.client_secret not in first + again
    assert "client_secret" not in again


def test_a_client_is_renamed_but_does_not_move(
    admin_client: Client, made: IssuedSecret, organization: Organization
) -> None:
    other = Organization.objects.create(identifier="other")
    form = {"organization": other.pk, "name": "web", "scopes": ["sfcc.inventory.reservations"]}

    answer = admin_client.post(f"{LIST}{made.client.pk}/change/", form)

    assert answer.status_code == 302
    client = ApiClient.objects.get()
    assert (client.name, client.organization_id) == ("web", organization.pk)
    assert client.scopes == ["sfcc.inventory.reservations"]
    assert check_password(made.secret, client.client_secret)


def test_a_form_with_an_unknown_scope_is_refused(
    admin_client: Client, organization: Organization
) -> None:
    form = {"name": "shop", "scopes": ["nonsense"]}

    assert admin_client.post(f"{LIST}add/", form).status_code == 200
    assert not ApiClient.objects.exists()


def act(admin_client: Client, made: IssuedSecret, action: str) -> Any:
    return admin_client.post(LIST, {"action": action, "_selected_action": [made.client.pk]})


def test_the_secret_is_rotated_by_an_action(admin_client: Client, made: IssuedSecret) -> None:
    answer = act(admin_client, made, "rotate")

    secret = told(answer).split(" has the secret ")[1].split(" ")[0]
    assert secret != made.secret
    assert check_password(secret, ApiClient.objects.get().client_secret)


def test_a_client_is_revoked_by_an_action(admin_client: Client, made: IssuedSecret) -> None:
    answer = act(admin_client, made, "revoke")

    assert "is revoked" in told(answer)
    assert not ApiClient.objects.get().is_active
    assert "create a new one" in told(act(admin_client, made, "rotate"))


def test_clients_are_listed_and_cannot_be_deleted(admin_client: Client, made: IssuedSecret) -> None:
    assert made.client.client_id in admin_client.get(f"{LIST}?q=shop").content.decode()
    assert admin_client.get(f"{LIST}{made.client.pk}/delete/").status_code == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MERCHANDISER, Role.OPERATOR])
def test_only_administrators_act_on_clients(
    client: Client, made: IssuedSecret, organization: Organization, role: Role
) -> None:
    add_member(organization_id=organization.pk, username="looker", role=role, asked_by=None)
    client.force_login(User.objects.get(username="looker"))

    assert client.get(LIST).status_code == 403
    act(client, made, "revoke")

    assert ApiClient.objects.get().is_active
