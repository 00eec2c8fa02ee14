"""What holds for every resource: formats, errors of a whole request, entities, tenants."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.builders import Shop, a_shop
from tests.contract.connect.client import (
    NOTHING_WRONG,
    RELEASES,
    VERSION,
    Connect,
    a_release,
    assert_array,
    codes,
    releases,
)

pytestmark = pytest.mark.django_db

HERE = f"/services/data/{VERSION}/{RELEASES}"
BODY = releases(a_release(1))


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Four reserved at l1."""
    shop.reserve("order-1", "l1", 4)
    return shop


class TestFormats:
    @pytest.mark.parametrize(
        "accept",
        ["application/xml", "text/xml", "application/atom+xml;q=0.9", "text/xml, application/xml"],
    )
    def test_there_is_no_xml_to_be_had(
        self, connect: Connect, nothing_moved: Callable[[], bool], accept: str
    ) -> None:
        answer = connect.call("POST", RELEASES, BODY, accept=accept)

        assert_array(answer, 406, "NOT_ACCEPTABLE")
        assert nothing_moved()

    @pytest.mark.parametrize(
        "accept", ["", "*/*", "text/html", "application/xml, application/json", "text/xml, */*"]
    )
    def test_whoever_does_not_insist_gets_json(self, connect: Connect, accept: str) -> None:
        assert connect.post(RELEASES, BODY, accept=accept) == NOTHING_WRONG

    def test_a_suffix_says_it_too(self, connect: Connect, shop: Shop) -> None:
        assert connect.post(f"{RELEASES}.json", BODY) == NOTHING_WRONG
        assert_array(connect.call("POST", f"{RELEASES}.xml", BODY), 406, "NOT_ACCEPTABLE")
        assert shop.reserved("l1") == 3

    def test_a_slash_at_the_end_says_nothing(self, connect: Connect) -> None:
        assert connect.post(f"{RELEASES}/", BODY) == NOTHING_WRONG

    @pytest.mark.parametrize("suffix", [".json" * 300, ".json/", ".jsonx", ".", ".json/x"])
    def test_odd_suffixes_lead_nowhere(self, connect: Connect, suffix: str) -> None:
        assert_array(connect.call("POST", f"{RELEASES}{suffix}", BODY), 404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/xml",
            "application/x-www-form-urlencoded",
            "text/plain",
            "multipart/form-data",
        ],
    )
    def test_there_is_no_other_body(
        self, connect: Connect, nothing_moved: Callable[[], bool], content_type: str
    ) -> None:
        answer = connect.client.post(
            HERE,
            "{}",
            content_type=content_type,
            headers={"authorization": f"Bearer {connect.token}"},
        )

        assert_array(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
        assert nothing_moved()

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"releaseRecords":1}'])
    def test_what_is_no_message_is_400(
        self, connect: Connect, nothing_moved: Callable[[], bool], body: bytes
    ) -> None:
        assert_array(connect.call("POST", RELEASES, body), 400, "JSON_PARSER_ERROR")
        assert nothing_moved()

    def test_too_large_is_413(self, connect: Connect) -> None:
        body = b'{"x":"' + b"x" * 3_000_000 + b'"}'

        assert_array(connect.call("POST", RELEASES, body), 413, "REQUEST_TOO_LARGE")


class TestAddresses:
    @pytest.mark.parametrize("version", ["v51.0", "v58.0", "v67.0"])
    def test_every_version_is_alike(self, connect: Connect, version: str) -> None:
        assert Connect(connect.shop, connect.token, version).post(RELEASES, BODY) == NOTHING_WRONG

    @pytest.mark.parametrize("version", ["v50.0", "v68.0", "v62.1", "v62", "62.0", "V62.0", "vX"])
    def test_beyond_them_is_404(self, connect: Connect, version: str) -> None:
        other = Connect(connect.shop, connect.token, version)

        assert_array(other.call("POST", RELEASES, BODY), 404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "address",
        ["/services/", "/services/x", "/services/data/x", "/services/data/v62.0/nothing",
         "/services/oauth2/nothing", "/services/data/v62.0/commerce/oci/%00"],
    )  # fmt: skip
    def test_nowhere_is_json(self, client: Client, address: str) -> None:
        for method in (client.get, client.post):
            assert_array(method(address, headers={"accept": "text/html"}), 404, "NOT_FOUND")

    def test_other_methods_are_405(self, connect: Connect) -> None:
        answer = connect.call("PUT", RELEASES, BODY)

        assert_array(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"] == "POST, OPTIONS"


class TestCallers:
    @pytest.mark.parametrize("header", [{}, {"authorization": "Bearer nonsense"}])
    def test_without_a_good_token_it_is_401(
        self, client: Client, shop: Shop, header: dict[str, str]
    ) -> None:
        answer = client.post(HERE, "{}", content_type="application/json", headers=header)

        assert_array(answer, 401, "INVALID_SESSION_ID")
        assert answer["WWW-Authenticate"].startswith("Bearer ")

    def test_beyond_the_limit_it_is_429(self, connect: Connect, settings: Any) -> None:
        settings.OCI_RATE_LIMIT_PER_MINUTE = 1
        first, second = (connect.call("POST", RELEASES, BODY) for _ in range(2))

        assert first["X-RateLimit-Limit"] == "1"
        assert_array(second, 429, "REQUEST_LIMIT_EXCEEDED")
        assert int(second["Retry-After"]) >= 1

    def test_a_tenant_sees_and_moves_its_own_only(
        self, connect: Connect, nothing_moved: Callable[[], bool]
    ) -> None:
        stranger = Connect(a_shop(north=["n1"]))

        at_ours = stranger.post(RELEASES, BODY)
        of_ours = stranger.post(
            RELEASES, releases(a_release(1, locationIdentifier="n1", reservationId="order-1"))
        )

        assert codes(at_ours) == ["LocationDoesNotExist"]
        assert codes(of_ours) == ["EntityNotFound"]
        assert nothing_moved()


class TestEntities:
    GIVEN = """<b>&"'\\ü"""
    ESCAPED = "&lt;b&gt;&amp;&quot;&#39;&#92;ü"

    def body(self) -> dict[str, Any]:
        return releases(a_release(9, externalRefId=self.GIVEN, stockKeepingUnit="a&b"))

    @pytest.mark.parametrize("header", [{}, {"x-chatter-entity-encoding": "true"}])
    def test_strings_are_escaped(self, connect: Connect, header: dict[str, str]) -> None:
        answer = connect.call("POST", RELEASES, self.body(), **header)

        (error,) = answer.json()["errors"]
        assert error["details"]["externalRefId"] == self.ESCAPED
        assert error["details"]["stockKeepingUnit"] == "a&amp;b"
        assert b"<" not in answer.content

    @pytest.mark.parametrize("value", ["false", "False", " false "])
    def test_unless_the_client_says_no(self, connect: Connect, value: str) -> None:
        answer = connect.post(RELEASES, self.body(), **{"x-chatter-entity-encoding": value})

        details = answer["errors"][0]["details"]
        assert details["externalRefId"] == self.GIVEN
        assert details["stockKeepingUnit"] == "a&b"

    def test_also_in_errors_of_the_whole_request(self, connect: Connect) -> None:
        body = b'{"releaseRecords":[{"quantity":"<"}]}'
        escaped = connect.call("POST", RELEASES, body)
        plain = connect.call("POST", RELEASES, body, **{"x-chatter-entity-encoding": "false"})

        assert b"&#39;" in escaped.content
        assert b"'" in plain.content
