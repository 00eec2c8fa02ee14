"""What the types of the wire let through."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from inventory.api.bodies import decode
from inventory.api.wire import (
    ExternalRef,
    OpaqueId,
    PlaceId,
    Quantity,
    Sku,
    Timestamp,
    at_most,
    check_opaque_id,
    check_place_id,
    check_sku,
    positive_thousandths,
    thousandths,
    wire_date,
)
from inventory.errors import InvalidRequest, InvalidRequestParameter, MissingParameter, Refusal


class Line(msgspec.Struct, rename="camel", kw_only=True):
    quantity: Quantity
    item_sku: Sku = "x"
    place: PlaceId = "l1"
    id: OpaqueId = "1"
    external_ref: ExternalRef | None = None
    at: Timestamp | None = None
    count: int = 0


class Body(msgspec.Struct):
    records: list[Line]
    tags: list[str] = []


DECODER = msgspec.json.Decoder(Body)


def read(line: Any) -> Line:
    body: Body = decode(msgspec.json.encode({"records": [line]}), decoder=DECODER)
    return body.records[0]


def refused(line: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        read(line)
    return refusal.value


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


@pytest.mark.parametrize(
    ("text", "quantity"), [("1", 1_000), ("1.500", 1_500), ("1e1", 10_000), ("0", 0)]
)
def test_a_quantity_is_read_from_its_text(text: str, quantity: int) -> None:
    body = decode(f'{{"records": [{{"quantity":  {text}  }}]}}'.encode(), decoder=DECODER)
    assert thousandths(body.records[0].quantity, field="quantity") == quantity


@pytest.mark.parametrize(
    "text",
    ['"1"', "true", "null", "[]", "{}", "1.0005", "-1", "1e400", "10000000000", '"ä"'],
)
def test_what_is_no_quantity_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequestParameter) as refusal:
        thousandths(raw(text), field="records[3].quantity")
    assert refusal.value.parameter == "records[3].quantity"
    assert "'records[3].quantity' must" in refusal.value.message


def test_nothing_is_no_positive_quantity() -> None:
    assert positive_thousandths(raw("0.001"), field="quantity") == 1
    with pytest.raises(InvalidRequestParameter, match="'quantity' must be at least"):
        positive_thousandths(raw("0"), field="quantity")


@pytest.mark.parametrize(
    "sku", ["a", "x" * 250, "SKU-1_2.3$", "ä", "日本", "a:b", "'", '"', "a,b", "😀"]
)
def test_skus(sku: str) -> None:
    assert read({"quantity": 1, "itemSku": sku}).item_sku == sku
    check_sku(sku, field="sku")


@pytest.mark.parametrize(
    "sku",
    ["a b", "a\n", "\n", "a\t", "a\\b", "a<", "a>", "a;", "a%20", "a/b", "a\x00", "a\x1f", "a\xa0"],
)
def test_characters_that_no_sku_has(sku: str) -> None:
    refusal = refused({"quantity": 1, "itemSku": sku})
    assert isinstance(refusal, InvalidRequestParameter)
    assert refusal.parameter == "records[0].itemSku"
    assert refusal.message.startswith("Invalid characters in itemSku: ")
    with pytest.raises(InvalidRequestParameter, match="Invalid characters in sku: "):
        check_sku(sku, field="sku")


@pytest.mark.parametrize("sku", ["", "x" * 251])
def test_skus_have_1_to_250_characters(sku: str) -> None:
    assert "length" in refused({"quantity": 1, "itemSku": sku}).message
    with pytest.raises(InvalidRequestParameter):
        check_sku(sku, field="sku")


@pytest.mark.parametrize("place", ["", "a", "a b", "ab\n", "ä1", "a.b", "x" * 129])
def test_place_ids(place: str) -> None:
    assert refused({"quantity": 1, "place": place}).parameter == "records[0].place"
    with pytest.raises(InvalidRequestParameter):
        check_place_id(place, field="locationId")
    check_place_id("warehouse_5-A", field="locationId")


@pytest.mark.parametrize("opaque", ["", "x" * 129, "a\x00", "a\n", "\x7f"])
def test_opaque_ids(opaque: str) -> None:
    assert refused({"quantity": 1, "id": opaque}).parameter == "records[0].id"
    with pytest.raises(InvalidRequestParameter):
        check_opaque_id(opaque, field="requestId")
    check_opaque_id("2026-03-01T12:00:00.000Z / 1 ä", field="requestId")


def test_external_references() -> None:
    assert read({"quantity": 1, "externalRef": ""}).external_ref == ""
    assert read({"quantity": 1, "externalRef": "x" * 250}).external_ref == "x" * 250
    assert refused({"quantity": 1, "externalRef": "x" * 251}).parameter == "records[0].externalRef"
    assert refused({"quantity": 1, "externalRef": "a\x00"}).parameter == "records[0].externalRef"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-04-08T14:05:22Z", "2020-04-08T14:05:22Z"),
        ("2020-04-08T14:05:22.790896-07:00", "2020-04-08T21:05:22.790896Z"),
        ("2020-04-08T14:05:22.790896123456+05:30", "2020-04-08T08:35:22.790896Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_dates_come_with_any_offset_and_leave_in_utc(text: str, instant: str) -> None:
    at = read({"quantity": 1, "at": text}).at
    assert at is not None
    assert wire_date(at) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2020-04-08T14:05:22",
        "2020-04-08",
        "yesterday",
        "",
        1586354722,
        "2020-13-08T14:05:22Z",
        # Years 10000 and 0 in UTC: the database would take the one and never give it back.
        "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01",
    ],
)
def test_what_is_no_date(text: Any) -> None:
    refusal = refused({"quantity": 1, "at": text})
    assert isinstance(refusal, InvalidRequestParameter)
    assert refusal.parameter == "records[0].at"


def test_a_date_out_of_range_is_found_behind_escapes() -> None:
    body = rb'{"records": [{"quantity": 1, "at": "\u0039999-12-31T23:59:59-07:00"}]}'
    with pytest.raises(InvalidRequestParameter, match="out of range"):
        decode(body, decoder=DECODER)


def test_dates_are_written_to_the_microsecond_where_there_are_any() -> None:
    east = timezone(timedelta(hours=2))
    assert wire_date(datetime(2026, 3, 1, 12, tzinfo=UTC)) == "2026-03-01T12:00:00Z"
    assert wire_date(datetime(2026, 3, 1, 12, 0, 0, 5, east)) == "2026-03-01T10:00:00.000005Z"


def test_lists_have_limits() -> None:
    at_most(2, [1, 2], field="records")
    with pytest.raises(InvalidRequestParameter, match="at most 2, not 3"):
        at_most(2, [1, 2, 3], field="records")


def test_unknown_fields_are_ignored() -> None:
    assert read({"quantity": 1, "uniqueRequestId": "x", "deep": {"er": [1]}}).count == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'"x"',
        b"{}]",
        b"{'records': []}",
        b'{"records": [{"quantity": 01}]}',
        b'{"records": [{"quantity": NaN}]}',
        b'{"records": [], "x": "\xff"}',
        b'{"records": [], "tags": ["\xed\xa0\x80"]}',
        b'{"records": [], "tags": ["\\ud800"]}',
        b"\xff\xfe{\x00}\x00",
        b'{"x":' + b"[" * 100_000,
        b'{"records":[], "x":' + b'{"a":' * 100_000,
        b'{"records":[{"quantity":' + b"[" * 100_000,
    ],
)
def test_a_body_that_cannot_be_understood(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="The format of the message is incorrect"):
        decode(body, decoder=DECODER)


def test_a_number_beyond_all_types_hides_no_other_complaint() -> None:
    body = b'{"x": 1e400, "records": [{"quantity": 1, "itemSku": "a b"}]}'
    with pytest.raises(InvalidRequestParameter, match="Invalid characters in itemSku"):
        decode(body, decoder=DECODER)


def test_a_missing_field_is_named() -> None:
    refusal = refused({})
    assert isinstance(refusal, MissingParameter)
    assert refusal.message == "The field 'quantity' is missing from the request body."
    assert refusal.parameter == "records[0].quantity"
    with pytest.raises(MissingParameter) as top:
        decode(b"{}", decoder=DECODER)
    assert top.value.parameter == "records"


@pytest.mark.parametrize(
    ("body", "parameter", "message"),
    [
        (b'{"records": {}}', "records", "Invalid value of 'records': expected `array`"),
        (b'{"records": [1]}', "records[0]", "Invalid value of 'records[0]': expected `object`"),
        (b'{"records": [], "tags": ["a", 1]}', "tags[1]", "Invalid value of 'tags[1]'"),
        (
            b'{"records": [{"quantity": 1, "count": "1"}]}',
            "records[0].count",
            "Invalid value of 'records[0].count': expected `int`, got `str`.",
        ),
        (
            b'{"records": [{"quantity": 1, "count": 1e400}]}',
            "records[0].count",
            "Invalid value of 'records[0].count'",
        ),
    ],
)
def test_a_wrong_value_is_named(body: bytes, parameter: str, message: str) -> None:
    with pytest.raises(InvalidRequestParameter) as refusal:
        decode(body, decoder=DECODER)
    assert refusal.value.parameter == parameter
    assert refusal.value.message.startswith(message)
