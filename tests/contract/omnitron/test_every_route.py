"""What holds for every address of the Omnitron API; a new one is tested by being there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from integrations.omnitron.api.accounts import LoginView
from integrations.omnitron.api.base import OmnitronList, OmnitronView
from integrations.omnitron.models import ProductStock
from tests.builders import Shop, a_shop
from tests.contract.omnitron.erp import PREFIXES, Erp, erp_of
from tests.integrations.omnitron.office import Office, an_office

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    address: str
    view: type[OmnitronView]
    wire: Any

    @property
    def prefix(self) -> str:
        return self.address.split("/")[1]

    @property
    def tail(self) -> str:
        """What stands behind the prefix."""
        return self.address.split("/", 2)[2]

    @property
    def names(self) -> set[str]:
        """The keys in the address."""
        parts = self.tail.split("/")
        return {part.strip("<>").split(":")[1] for part in parts if part.startswith("<")}

    @property
    def methods(self) -> list[str]:
        allowed = self.view().allowed_methods
        return [method for method in METHODS if method in allowed]

    def path(self, keys: dict[str, Any]) -> str:
        """The address behind its prefix, with these keys in it."""
        path = self.tail
        for kind in ("int", "str"):
            for name in self.names:
                path = path.replace(f"<{kind}:{name}>", str(keys[name]))
        return path


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[Route]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and address.startswith(("api/i1/", "api/v1/")):
            view: Any = pattern.callback
            yield Route(address, view.cls, view.initkwargs["wire"])


ROUTES = list(routes())
GUARDED = [
    route
    for route in ROUTES
    if route.address.endswith("/") and not issubclass(route.view, LoginView)
]


def test_there_are_routes() -> None:
    assert len(GUARDED) > 50
    assert {route.prefix for route in GUARDED} == set(PREFIXES)
    for route in ROUTES:
        assert issubclass(route.view, OmnitronView)
        assert route.wire.name == route.prefix
        assert route.methods


def test_both_prefixes_serve_every_address_with_and_without_its_last_slash() -> None:
    by_prefix = {
        prefix: {(route.tail, route.view) for route in ROUTES if route.prefix == prefix}
        for prefix in PREFIXES
    }
    assert by_prefix["i1"] == by_prefix["v1"]
    for tail, view in by_prefix["i1"]:
        bare = tail.removesuffix("/")
        assert {(bare, view), (f"{bare}/", view)} <= by_prefix["i1"]


@dataclass
class Tenant:
    """An organization with one of everything, and its ERP."""

    office: Office
    erp: Erp

    @classmethod
    def named(cls, username: str) -> "Tenant":
        shop: Shop = a_shop(all=["l1", "l2"])
        shop.stock(l1=10, l2=10)
        office = an_office(shop, lists={"main": "l1", "web": "all"})
        office.push(office.a_push("main", 10))
        first, _ = office.items(office.order(f"{username}-1", ("main", 2), ("web", 3)))
        office.map(first, "ERP-1", update_stock=False)
        return cls(office, erp_of(shop.organization.identifier, username=username))

    @cached_property
    def keys(self) -> dict[str, Any]:
        """What stands in the addresses of its rows."""
        item = self.office.shop.item()
        stock = ProductStock.objects.filter(organization_id=self.office.shop.id, product=item)
        order = self.orders()[0]
        (content_type,) = self.erp.rows("content_types/")
        return {
            "order_id": order["pk"],
            "reference": order["pk"],
            "number": order["number"],
            "item_id": self.office.items(order["pk"])[0],
            "product_id": item.pk,
            "channel_id": self.office.channel.pk,
            "stock_id": stock.get(stock_list=self.office.lists["main"]).pk,
            "content_type_id": content_type["id"],
        }

    def orders(self) -> list[Any]:
        return self.erp.on("v1").rows("orders/")

    def body(self, route: Route) -> dict[str, Any]:
        """What the address takes of this tenant."""
        product, main = self.office.shop.item().pk, self.office.lists["main"].pk
        is_creation = "create_orders" in route.tail
        return {
            "orderitem_set": [{"id": self.keys["item_id"], "status": "100"}],
            "code": "ERP-1",
            "is_send": True,
            "status": "100",
            "is_all": True,
            "product": product,
            "stock_list": main,
            "stock": 3,
            "order": {"number": "new", "currency": "try"} if is_creation else None,
            "order_item": [{"product": product, "stock_list": main, "price": "1.00"}],
        }

    def asks(self, route: Route, method: str, of: "Tenant") -> Any:
        """Call the address with another's keys and body, or with its own."""
        path = route.path(of.keys)
        if "order_item/" in path:
            path += f"?order={of.keys['order_id']}"
        body = None if method == "GET" else of.body(route)
        return self.erp.on(route.prefix).call(method, path, body)


@pytest.fixture
def ours(db: None) -> Tenant:
    return Tenant.named("ours")


@contextmanager
def undone() -> Iterator[None]:
    """Let the next route find everything as this one did."""
    before = transaction.savepoint()
    yield
    transaction.savepoint_rollback(before)


def test_without_a_good_token_it_is_401(db: None) -> None:
    client = Client(raise_request_exception=False)
    for route in GUARDED:
        path = f"/api/{route.prefix}/{route.path(dict.fromkeys(route.names, 1))}"
        for header in ({}, {"authorization": "Token stale"}, {"authorization": "Bearer stale"}):
            for method in METHODS:
                answer = client.generic(
                    method, path, b"{}", content_type="application/json", headers=header
                )
                assert answer.status_code == 401, (method, path)
                assert set(answer.json()) == {"detail", "code"}
                assert answer["WWW-Authenticate"] == "Token"


def test_its_own_organization_is_let_in(ours: Tenant) -> None:
    for route in GUARDED:
        for method in route.methods:
            with undone():
                answer = ours.asks(route, method, ours)
            assert answer.status_code in {200, 201}, (method, route.address, answer.content)


def test_another_organization_s_rows_are_not_there(ours: Tenant) -> None:
    stranger = Tenant.named("stranger")
    is_about_rows = {route for route in GUARDED if route.names - {"content_type_id"}}
    before = ours.office.state()

    for route in GUARDED:
        for method in route.methods:
            answer = stranger.asks(route, method, ours)
            where = (method, route.address, answer.content)
            if route in is_about_rows or "order_item/" in route.address:
                assert answer.status_code == 404, where
            elif method != "GET":
                assert answer.status_code == 400, where
            elif issubclass(route.view, OmnitronList) and "content_types" not in route.tail:
                seen, theirs = (
                    {row.get("pk", row.get("id", row.get("order_item"))) for row in rows}
                    for rows in (answer.json()["results"], ours.erp.rows(route.path(ours.keys)))
                )
                assert not seen & theirs, where
    assert ours.office.state() == before


def test_other_methods_are_405(ours: Tenant) -> None:
    before = ours.office.state()
    for route in GUARDED:
        for method in [*METHODS, "TRACE", "PURGE"]:
            if method not in route.methods:
                answer = ours.asks(route, method, ours)
                assert answer.status_code == 405, (method, route.address)
                assert answer.json()["code"] == "method_not_allowed"
                allowed = set(answer["Allow"].split(", "))
                assert allowed - {"HEAD"} == {*route.methods, "OPTIONS"}
    assert ours.office.state() == before


def test_options_tells_the_methods(ours: Tenant) -> None:
    for route in GUARDED:
        answer = ours.erp.client.options(
            f"/api/{route.prefix}/{route.path(ours.keys)}",
            headers={"authorization": f"Token {ours.erp.token}"},
        )
        assert (answer.status_code, answer.content) == (204, b"")
        assert set(answer["Allow"].split(", ")) - {"HEAD"} == {*route.methods, "OPTIONS"}


NO_MESSAGES = (b"{", b"\xff", b"nul", b'{"a":\xff}', b"[" * 50_000, b'{"a":' * 50_000)


def test_bodies_that_are_no_message_are_400(ours: Tenant) -> None:
    before = ours.office.state()
    keys = ours.keys
    large = b'{"a":"' + b"x" * 3_000_000 + b'"}'
    for route in GUARDED:
        path, erp = route.path(keys), ours.erp.on(route.prefix)
        for method in set(route.methods) - {"GET"}:
            for body in NO_MESSAGES:
                answer = erp.call(method, path, body)
                assert answer.status_code == 400, (method, path, body[:9])
                assert answer.json()["code"] == "parse_error"
            assert erp.call(method, path, large).status_code == 413, (method, path)
            answer = erp.client.generic(
                method,
                f"/api/{route.prefix}/{path}",
                b"<x/>",
                content_type="text/xml",
                headers={"authorization": f"Token {erp.token}"},
            )
            assert answer.status_code == 415, (method, path)
            assert answer.json()["code"] == "unsupported_media_type"
    assert ours.office.state() == before


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "nonsense"])
def test_the_answer_is_json_whatever_is_accepted(ours: Tenant, accept: str) -> None:
    for prefix in PREFIXES:
        answer = ours.erp.on(prefix).call("GET", "orders/", accept=accept)
        assert answer.status_code == 200
        assert ours.erp.on(prefix).call("GET", "orders/0/", accept=accept).status_code == 404
