"""create_mapping on the wire: the documented call, repeats and refusals (spec: omnitron 5)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from tests.contract.omnitron.erp import PREFIXES, Erp, assert_refused
from tests.integrations.omnitron.office import Office


@pytest.fixture
def item(office: Office) -> int:
    """An order item that holds two units."""
    return office.items(office.order("1001", ("main", 2), ("main", 1)))[0]


@pytest.fixture
def other_item(office: Office, item: int) -> int:
    """The next item of the same order."""
    return item + 1


def path_to(item: Any) -> str:
    return f"order_items/{item}/create_mapping/"


@pytest.mark.parametrize("more", [{}, {"update_stock": True}, {"extra": {"x": 1}}])
def test_a_mapping_is_stored_and_the_hold_released(
    erp: Erp, office: Office, item: int, other_item: int, more: dict[str, Any]
) -> None:
    answer = erp.post(path_to(item), {"code": "ERP-1", **more})

    assert answer.status_code == 201
    mapping = answer.json()
    assert list(mapping) == ["pk", "content_type", "object_id", "integration_type", "code"]
    assert mapping["object_id"] == item
    assert mapping["integration_type"] == "external_company"
    assert mapping["code"] == "ERP-1"
    (content_type,) = erp.rows("content_types/", model="orderitem")
    assert mapping["content_type"] == content_type["id"]
    assert office.held() == {(other_item, "l1"): 1}
    office.shop.assert_clean()


def test_the_identical_repeat_answers_200_with_the_same_key(
    erp: Erp, office: Office, item: int
) -> None:
    first = erp.post(path_to(item), {"code": "ERP-1"})
    moved = office.state()

    for prefix in PREFIXES:
        again = erp.on(prefix).post(path_to(item), {"code": "ERP-1"})
        assert again.status_code == 200
        assert again.json() == first.json()
    assert office.state() == moved


def test_false_then_true_releases_later(erp: Erp, office: Office, item: int) -> None:
    first = erp.post(path_to(item), {"code": "ERP-1", "update_stock": "False"})
    assert first.status_code == 201
    assert (item, "l1") in office.held()

    second = erp.post(path_to(item), {"code": "ERP-1", "update_stock": 1})

    assert (second.status_code, second.json()) == (200, first.json())
    assert (item, "l1") not in office.held()
    office.shop.assert_clean()


def test_another_code_on_the_item_is_400(erp: Erp, office: Office, item: int) -> None:
    erp.post(path_to(item), {"code": "ERP-1", "update_stock": False})
    before = office.state()

    assert_refused(erp.post(path_to(item), {"code": "ERP-2"}), "non_field_errors")
    assert office.state() == before
    assert [each["code"] for each in erp.read(f"order_items/{item}/get_mappings/")] == ["ERP-1"]


def test_the_code_of_another_item_is_400_on_code(
    erp: Erp, office: Office, item: int, other_item: int
) -> None:
    erp.post(path_to(item), {"code": "ERP-1"})
    before = office.state()

    answer = erp.post(path_to(other_item), {"code": "ERP-1"})

    assert_refused(answer, "code", says="Another order item")
    assert set(answer.json()) == {"code"}
    assert isinstance(answer.json()["code"], list)
    assert office.state() == before
    assert erp.read(f"order_items/{other_item}/get_mappings/") == []


def test_a_canceled_item_is_mapped_and_releases_nothing(
    erp: Erp, office: Office, item: int
) -> None:
    office.change({item: {"status": 100}})
    before = office.held()

    assert erp.post(path_to(item), {"code": "ERP-1"}).status_code == 201
    assert office.held() == before
    office.shop.assert_clean()


BAD_BODIES: list[tuple[Any, str]] = [
    ({}, "code"),
    ({"update_stock": True}, "code"),
    ({"code": None}, "code"),
    ({"code": ""}, "code"),
    ({"code": "   "}, "code"),
    ({"code": "x" * 129}, "code"),
    ({"code": []}, "code"),
    ({"code": {}}, "code"),
    ({"code": True}, "code"),
    ({"code": "a\0b"}, "code"),
    ({"code": "\ud800"}, "code"),
    ({"code": 10**30}, "code"),
    ({"code": "ERP-1", "update_stock": "perhaps"}, "update_stock"),
    ({"code": "ERP-1", "update_stock": None}, "update_stock"),
    ({"code": "ERP-1", "update_stock": []}, "update_stock"),
    ({"code": "ERP-1", "update_stock": 2}, "update_stock"),
    ([], "non_field_errors"),
    (None, "non_field_errors"),
    ("ERP-1", "non_field_errors"),
]


def test_a_body_that_cannot_be_taken_is_400_on_its_field(
    erp: Erp, item: int, nothing_moved: Callable[[], bool]
) -> None:
    for body, field in BAD_BODIES:
        assert_refused(erp.post(path_to(item), json.dumps(body)), field)
    for text in (b"", b"{", b"\xff", b'{"code": NaN}', b"[" * 9_000, b'{"code": 1e99999999999}'):
        assert erp.call("POST", path_to(item), text).status_code == 400, text[:20]
    assert nothing_moved()
    assert erp.read(f"order_items/{item}/get_mappings/") == []


def test_numbers_are_codes_too(erp: Erp, item: int) -> None:
    assert erp.post(path_to(item), {"code": 4711}).json()["code"] == "4711"


def test_an_unknown_item_is_404(erp: Erp, nothing_moved: Callable[[], bool]) -> None:
    for name in ("0", "10000000", "9" * 30, "x", "-1", "1.5", "%20", "1%00"):
        for path in (path_to(name), f"order_items/{name}/", f"order_items/{name}/get_mappings/"):
            method = "POST" if "create" in path else "GET"
            answer = erp.call(method, path, {"code": "ERP-1"})
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert nothing_moved()


def test_mappings_of_an_item(erp: Erp, item: int) -> None:
    assert erp.read(f"order_items/{item}/get_mappings/") == []

    made = erp.post(path_to(item), {"code": "ERP-1"}).json()

    assert erp.read(f"order_items/{item}/get_mappings/") == [made]


def test_kinds_of_mappings(erp: Erp) -> None:
    kinds = erp.read("order_items/get_integration_mapping_types/")
    assert [kind["value"] for kind in kinds] == ["external_company"]


def test_items_are_found_by_their_mapping(erp: Erp, item: int) -> None:
    erp.post(path_to(item), {"code": "ERP-1"})

    found = erp.rows(
        "order_items/", mapping__code__exact="ERP-1", mapping__integration_type="external_company"
    )

    assert [row["pk"] for row in found] == [item]
    assert erp.rows("order_items/", mapping__code__exact="ERP-2") == []


def test_content_types(erp: Erp) -> None:
    (row,) = erp.rows("content_types/")
    content_type = ContentType.objects.get(app_label="orders", model="orderitem")
    assert row == {"id": content_type.pk, "app_label": "orders", "model": "orderitem"}
    assert erp.rows("content_types/", model="orderitem") == [row]
    assert erp.rows("content_types/", model="user") == []
    assert erp.read(f"content_types/{row['id']}/") == row
    assert erp.get(f"content_types/{row['id'] + 1}/").status_code == 404
