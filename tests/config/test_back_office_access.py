"""Nobody sees another organization, and nobody does what their role does not say.

Made from the site's own addresses: a list or page that is added is in these tests without a word.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from integrations.accounts.services import create_integration_user
from integrations.connect.services.access import add_client_key
from integrations.oauth.services import create_api_client
from inventory.backoffice.base import OrganizationAdmin, StaffAdmin
from inventory.backoffice.pages import PAGES
from inventory.domain.roles import POWERS, Role
from inventory.models import Organization
from inventory.origin import Origin
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import life
from inventory.services.members import add_member
from tests.builders import Shop
from tests.integrations.omnitron.office import an_office

pytestmark = pytest.mark.django_db

SCOPED = {
    model: model_admin
    for model, model_admin in admin.site._registry.items()
    if isinstance(model_admin, OrganizationAdmin)
}
STAFF = {
    model: model_admin
    for model, model_admin in admin.site._registry.items()
    if isinstance(model_admin, StaffAdmin)
}
ROLES = list(Role)
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9DZfamvwx5AvjaVpXGpyrPra7Nzx
5FeVg/ulJm9gbPlwGjfeDhh3kULMx/R/3BV51gpg3Kn9KmvecOAdHgtmCQ==
-----END PUBLIC KEY-----
"""


def make(name: str) -> Shop:
    """Make an organization with a row in every table, whose names begin with `name`."""
    shop = Shop(Organization.objects.create(identifier=f"{name}-shop"), {})
    fill(shop, name)
    return shop


def fill(shop: Shop, name: str) -> None:
    """Give the organization a further row in every table; the names begin with `name`."""
    shop.regroup(**shop.groups, **{f"{name}-group": [f"{name}-l1", f"{name}-l2"]})
    shop.stock(f"{name}-sku", **{f"{name}-l1": 5, f"{name}-l2": 5})
    shop.stock(**{f"{name}-l1": 5})
    shop.reserve(f"{name}-document", f"{name}-group", 2, sku=f"{name}-sku")
    shop.reserve(f"{name}-too-much", f"{name}-group", 99, sku=f"{name}-sku", allow_partial=False)
    identifier = shop.organization.identifier
    made = create_api_client(organization=identifier, name=f"{name}-client")
    add_client_key(client_id=made.client.client_id, pem=PUBLIC_KEY, now=shop.now)
    create_integration_user(organization=identifier, username=f"{name}-erp", now=shop.now)
    for role in Role:
        add_member(
            organization_id=shop.id, username=f"{name}-{role.value}", role=role, asked_by=None
        )
    export = life.NewJob(shop.id, GRAPH_EXPORT, {}, Origin(f"{name}-user"))
    life.create_export(export, now=shop.now)
    office = an_office(shop, lists={f"{name}-list": f"{name}-l1"}, channel=f"{name}-web")
    order = office.order(f"{name}-1001", (f"{name}-list", 1))
    office.map(office.items(order)[0], f"{name}-erp")
    office.cancel(order, is_all=True)


@pytest.fixture
def shops(db: None, settings: Any) -> tuple[Shop, Shop]:
    """Return the own shop and the other one."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",  # nobody signs in by password here
        *settings.PASSWORD_HASHERS,
    ]
    return make("own"), make("foreign")


def sign_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def address(model: Any, view: str, *arguments: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{view}", args=arguments)


def patterns(found: list[Any], prefix: str = "") -> Iterator[str]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, prefix + str(each.pattern))
        elif isinstance(each, URLPattern):
            yield prefix + str(each.pattern)


def test_every_list_belongs_to_an_organization_or_to_staff() -> None:
    assert SCOPED.keys() | STAFF.keys() == set(admin.site._registry)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_open(shops: tuple[Shop, Shop], role: Role) -> None:
    client = sign_in(f"own-{role.value}")

    for model, model_admin in SCOPED.items():
        may_read = model_admin.reads in POWERS[role]
        may_write = model_admin.writes in POWERS[role]
        listed = client.get(address(model, "changelist")).status_code
        added = client.get(address(model, "add")).status_code
        assert listed == (200 if may_read else 403), model
        assert added == (200 if may_write and model_admin_adds(model_admin) else 403), model
    for model in STAFF:
        assert client.get(address(model, "changelist")).status_code == 403, model
        assert client.get(address(model, "add")).status_code == 403, model
    for page in PAGES:
        opened = client.get(f"/admin/{page.path}").status_code
        is_open = page.power is None or page.power in POWERS[role]
        assert opened == (200 if is_open else 403), page


def model_admin_adds(model_admin: OrganizationAdmin) -> bool:
    return type(model_admin).has_add_permission is OrganizationAdmin.has_add_permission


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_rows_of_another_organization_are_nowhere(shops: tuple[Shop, Shop], model: Any) -> None:
    _, other = shops
    client = sign_in("own-administrator")
    path = SCOPED[model].organization_path
    rows = list(model._base_manager.filter(**{path: other.id})[:3])
    assert rows, "make() makes a row in every table"

    told = client.get(address(model, "changelist")).content.decode()
    assert "foreign" not in told
    for search in ("foreign", "f"):
        told = client.get(address(model, "changelist"), {"q": search}).content.decode()
        assert "foreign-" not in told
    told = client.get(address(model, "export"), {"q": ""})
    assert told["Content-Type"] == "text/csv; charset=utf-8"
    assert "foreign" not in told.getvalue().decode()
    for row in rows:
        for view in ("change", "history", "delete"):
            for ask in (client.get, client.post):
                answer = ask(address(model, view, row.pk))
                assert answer.status_code in (302, 403, 404), (model, view)
                assert "foreign-" not in answer.content.decode()
        for action in SCOPED[model].actions or ():
            name = action if isinstance(action, str) else action.__name__
            client.post(
                address(model, "changelist"), {"action": name, "_selected_action": [row.pk]}
            )
        assert model._base_manager.filter(pk=row.pk, **{path: other.id}).exists()


def test_autocompletes_find_nothing_of_another_organization(shops: tuple[Shop, Shop]) -> None:
    client = sign_in("own-administrator")

    for model in admin.site._registry:
        for field in model._meta.get_fields():
            if not (field.many_to_one or field.one_to_one) or field.auto_created:
                continue
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
            }
            for term in ("", "foreign"):
                answer = client.get(reverse("admin:autocomplete"), {**asked, "term": term})
                assert "foreign" not in answer.content.decode(), asked


def test_one_who_left_sees_nothing(shops: tuple[Shop, Shop]) -> None:
    client = sign_in("own-viewer")
    assert client.get("/admin/inventory/item/").status_code == 200

    User.objects.get(username="own-viewer").memberships.all().delete()

    assert client.get("/admin/inventory/item/").status_code == 302


def test_every_address_wants_a_member() -> None:
    client = Client()
    names = [name for name in patterns(admin.site.get_urls()) if "<" not in name]

    assert len(names) > len(PAGES)
    for name in names:
        path = name.replace("^", "").replace("$", "").replace("\\Z", "")
        answer = client.get(f"/admin/{path}")
        is_public = path in ("login/", "logout/", "jsi18n/") or "(?P" in path
        assert is_public or answer.status_code in (302, 404), path
        assert is_public or "/login/" in answer.get("Location", "/login/"), path


def test_the_organization_is_chosen_among_the_own(shops: tuple[Shop, Shop]) -> None:
    _, other = shops
    client = sign_in("own-viewer")
    choose = reverse("admin:choose_organization")
    found = client.get(choose, {"q": "foreign-s"}).content.decode()
    assert "foreign-shop" not in found

    client.post(choose, {"organization": "foreign-shop"})
    assert "foreign" not in client.get("/admin/inventory/item/").content.decode()

    add = {"organization_id": other.id, "username": "own-viewer", "role": Role.VIEWER}
    add_member(**add, asked_by=None)
    client.post(choose, {"organization": "foreign-shop"})
    told = client.get("/admin/inventory/item/").content.decode()
    assert "foreign-sku" in told
    assert "own-sku" not in told
