"""An administrator makes a client, sees its secret once, and gives it a public key."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from tests.browser.desk import Desk, Site
from tests.browser.shops import open_shop

Sit = Callable[..., Desk]

SHOP = "key-shop"
LIST = "/admin/integrations/clientkey/"


@pytest.fixture(scope="module", autouse=True)
def _shop(site: Site) -> None:
    open_shop(site, SHOP, groups={"online": ["dc-1"]})


def a_public_key() -> str:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, info).decode()


def test_a_client_gets_a_secret_and_a_key(desk: Sit) -> None:
    ada = desk(f"{SHOP}-administrator")
    page = ada.open(LIST)
    ada.sees("Nothing here yet")
    ada.assert_sound("client-keys-none")
    page.goto("/admin/integrations/apiclient/add/")
    page.get_by_label("Name").fill("connector")
    page.get_by_role("button", name="Save", exact=True).click()
    ada.sees("(shown only now)")
    page.reload()
    expect(page.get_by_text("(shown only now)")).to_have_count(0)

    page.goto(f"{LIST}add/")
    ada.assert_sound("client-key-add")
    page.get_by_label("Client").select_option(label="connector")
    page.get_by_label("Public key").fill("nonsense")
    page.get_by_role("button", name="Save", exact=True).click()
    ada.sees("RSA of 2048 bits or more, or P-256.")
    page.get_by_label("Public key").fill(a_public_key())
    page.get_by_role("button", name="Save", exact=True).click()

    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("ES256")
    ada.assert_sound("client-keys")
    page.goto(f"{LIST}?q=nothing-like-it")
    ada.sees("Nothing matches")


def test_an_operator_sees_no_keys(desk: Sit) -> None:
    otto = desk(f"{SHOP}-operator")
    page = otto.open("/admin/inventory/item/")

    expect(page.get_by_role("link", name="Client keys")).to_have_count(0)
