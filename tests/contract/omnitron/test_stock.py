"""Product stocks and stock lists on the wire (spec: omnitron 4.5)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from integrations.omnitron.models import ProductInfo, ProductStock
from inventory.models import Item
from tests.contract.omnitron.erp import Erp, assert_refused
from tests.integrations.omnitron.office import Office

PATH = "product_stock/"


def a_push(office: Office, stock: Any = 7, **more: Any) -> dict[str, Any]:
    return {
        "product_sku": "red-mug",
        "stock_list": office.lists["main"].pk,
        "stock": stock,
        **more,
    }


def test_a_push_answers_201_and_then_200(erp: Erp, office: Office) -> None:
    first = erp.post(PATH, a_push(office))
    assert first.status_code == 201

    second = erp.post(PATH, a_push(office, 8, unit_type="kg", extra_field={"a": 1}))

    assert second.status_code == 200
    row = second.json()
    assert (row["stock"], row["sold_quantity_unreported"], row["unit_type"]) == (8, 0, "kg")
    assert row["extra_field"] == {"a": 1}
    assert office.shop.on_hand("l1") == 8
    assert office.shop.on_hand("l2") == 10
    key = "id" if erp.prefix == "i1" else "pk"
    assert row[key] == first.json()[key]
    assert erp.rows(PATH) == [row]
    office.shop.assert_clean()


def test_the_shapes_of_both_prefixes(caller: Erp, office: Office) -> None:
    caller.post(PATH, a_push(office))
    row = ProductStock.objects.get()

    assert caller.rows(PATH) == [
        {
            "id": row.pk,
            "product_sku": "red-mug",
            "stock": 7,
            "stock_list": office.lists["main"].pk,
            "unit_type": "qty",
            "sold_quantity_unreported": 0,
            "extra_field": {},
        }
    ]
    (flat,) = caller.on("v1").rows(PATH)
    assert set(flat) == {
        *("pk", "product", "unit_type", "stock", "sold_quantity_unreported"),
        *("extra_field", "stock_list", "created_date", "modified_date"),
    }
    assert (flat["pk"], flat["product"]) == (row.pk, office.shop.item().pk)


def test_a_push_sets_on_hand_and_touches_no_hold(erp: Erp, office: Office) -> None:
    office.order("1001", ("main", 3))
    held = office.held()

    row = erp.post(PATH, a_push(office, 2)).json()

    assert (row["stock"], row["sold_quantity_unreported"]) == (2, 3)
    assert office.held() == held
    office.shop.assert_clean()


def test_a_list_of_pushes_is_written_in_one_go(erp: Erp, office: Office) -> None:
    pushes = [
        a_push(office, 1),
        a_push(office, 2.5, product_sku="blue-mug"),
        a_push(office, "3", product_sku="new-mug"),
    ]

    answer = erp.post(PATH, pushes)

    assert answer.status_code == 201
    assert [row["stock"] for row in answer.json()] == [1, 2.5, 3]
    assert Item.objects.filter(sku="new-mug").exists()
    assert erp.post(PATH, pushes).status_code == 200
    office.shop.assert_clean()


def test_a_push_by_key_and_without_stock(erp: Erp, office: Office) -> None:
    push = {"product": office.shop.item().pk, "stock_list": office.lists["web"].pk}

    row = erp.post(PATH, {**push, "unit_type": "kg"}).json()

    assert row["stock"] == 20, "the list of a group tells the sum"
    assert row["unit_type"] == "kg"


BAD_PUSHES = [
    ({"stock": -1}, "stock"),
    ({"stock": 2_147_483_648}, "stock"),
    ({"stock": "x"}, "stock"),
    ({"stock": None}, "stock"),
    ({"stock": 1.0005}, "stock"),
    ({"stock": "NaN"}, "stock"),
    ({"stock": "Infinity"}, "stock"),
    ({"stock": True}, "stock"),
    ({"stock": []}, "stock"),
    ({"stock": 10**30}, "stock"),
    ({"stock_list": None}, "stock_list"),
    ({"stock_list": "x"}, "stock_list"),
    ({"stock_list": 0}, "stock_list"),
    ({"stock_list": 10**15}, "stock_list"),
    ({"product_sku": ""}, "product_sku"),
    ({"product_sku": None}, "product_sku"),
    ({"product_sku": "a b"}, "product_sku"),
    ({"product_sku": "a\0"}, "product_sku"),
    ({"product_sku": "x" * 251}, "product_sku"),
    ({"product": 1}, "product_sku"),
    ({"unit_type": "pound"}, "unit_type"),
    ({"extra_field": []}, "extra_field"),
]


@pytest.mark.parametrize("is_list", [False, True], ids=["object", "list"])
def test_a_push_that_cannot_be_taken_moves_nothing(
    erp: Erp, office: Office, nothing_moved: Callable[[], bool], is_list: object
) -> None:
    for wrong, field in BAD_PUSHES:
        bad = a_push(office, **wrong)
        body = [a_push(office, product_sku="blue-mug"), bad] if is_list else bad

        answer = erp.post(PATH, json.dumps(body))

        assert answer.status_code == 400, wrong
        said = answer.json()
        if is_list:
            assert said[0] == {}, wrong
            said = said[1]
        assert field in said, wrong
    assert nothing_moved()
    assert not ProductStock.objects.exists()


def test_a_push_names_a_product_and_a_list(erp: Erp, office: Office) -> None:
    push = a_push(office)
    assert_refused(erp.post(PATH, {"stock_list": push["stock_list"]}), "product_sku")
    assert_refused(erp.post(PATH, {"product_sku": "red-mug"}), "stock_list")
    unknown = {"product": 10**15, "stock_list": push["stock_list"]}
    assert_refused(erp.post(PATH, unknown), "product")


def test_the_stock_of_a_group_is_not_pushed(
    erp: Erp, office: Office, nothing_moved: Callable[[], bool]
) -> None:
    answer = erp.post(PATH, a_push(office, stock_list=office.lists["web"].pk))
    assert_refused(answer, "stock", says="group")
    assert nothing_moved()


def test_what_is_no_push_is_400(
    erp: Erp, office: Office, nothing_moved: Callable[[], bool]
) -> None:
    for body in ([], "x", 7, None, [[]], [7], [a_push(office)] * 1_001):
        assert erp.post(PATH, json.dumps(body)).status_code == 400, str(body)[:80]
    assert nothing_moved()


def test_the_same_product_twice_in_a_list_is_400(
    erp: Erp, office: Office, nothing_moved: Callable[[], bool]
) -> None:
    answer = erp.post(PATH, [a_push(office, 1), a_push(office, 2)])
    assert answer.status_code == 400
    assert answer.json()[0] == {}
    assert "twice" in str(answer.json()[1])
    assert nothing_moved()


def test_product_stocks_by_filter(erp: Erp, office: Office) -> None:
    erp.post(PATH, [a_push(office, 7), a_push(office, 3, product_sku="blue-mug")])
    web = office.lists["web"].pk
    erp.post(PATH, {"product_sku": "red-mug", "stock_list": web})
    office.order("1001", ("main", 2))

    def stocks(**parameters: object) -> list[float]:
        return [row["stock"] for row in erp.rows(PATH, **parameters)]

    assert stocks(stock_list=office.lists["main"].pk, sort="stock") == [3, 7]
    assert stocks(stock_list=office.lists["main"].pk, sort="-stock") == [7, 3]
    assert stocks(product_sku="blue-mug") == [3]
    assert stocks(stock__gt=6, stock_list__code="code-main") == [7]
    assert stocks(stock=17) == [17]
    assert stocks(sold_quantity_unreported=2) == [7]
    assert stocks(unit_type="kg") == []
    assert stocks(product__pk__in=office.shop.item("blue-mug").pk) == [3]
    for name, value in (("stock", "x"), ("stock", "1.0005"), ("product", "x")):
        assert_refused(erp.get(PATH, **{name: value}), name)


def test_stock_lists(erp: Erp, office: Office) -> None:
    main, web = erp.rows("stock_list/", sort="id")
    assert main == {
        "pk": office.lists["main"].pk,
        "name": "main",
        "code": "code-main",
        "is_auto_sync": False,
    }
    assert erp.rows("stock_list/", code="code-web") == [web]
    assert erp.rows("stock_list/", name__iexact="WEB") == [web]


def test_products(erp: Erp, office: Office) -> None:
    red = office.shop.item()
    ProductInfo.objects.create(item=red, name="A red mug", attributes={"color": "red"})

    (row,) = erp.rows("products/", sku="red-mug")

    assert row == {
        "pk": red.pk,
        "sku": "red-mug",
        "name": "A red mug",
        "attributes": {"color": "red"},
    }
    assert erp.read(f"products/{red.pk}/") == row
    (blue,) = erp.rows("products/", sku__in="blue-mug,green-mug")
    assert (blue["name"], blue["attributes"]) == ("blue-mug", {})
    assert erp.get("products/10000000/").status_code == 404
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        answer = erp.call(method, "products/", {})
        assert answer.status_code == 405
        assert answer.json()["code"] == "method_not_allowed"
        assert "GET" in answer["Allow"]


@pytest.mark.parametrize("size", [2, 6])
def test_lists_cost_a_fixed_number_of_queries(
    erp: Erp, office: Office, size: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    erp.post(PATH, [a_push(office, 1, product_sku=f"sku-{number}") for number in range(size)])

    with django_assert_num_queries(2):
        assert len(erp.rows(PATH)) == size
    with django_assert_num_queries(2):
        assert len(erp.rows("products/")) == size + 2
