"""A client of the Connect face: a token, then JSON, as a program of a Salesforce org calls."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.builders import SKU, Shop
from tests.contract.headless import token_for

VERSION = "v62.0"
ACTIONS = "commerce/oci/reservation/actions"
RELEASES, FULFILMENTS, TRANSFERS = (
    f"{ACTIONS}/releases",
    f"{ACTIONS}/fulfillments",
    f"{ACTIONS}/transfers",
)
CREATE, UPDATE = f"{ACTIONS}/reservations", f"{ACTIONS}/update"
NOTHING_WRONG = {"success": True, "errors": []}


@dataclass
class Connect:
    """Calls the Connect face for one organization."""

    shop: Shop
    token: str = ""
    version: str = VERSION
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __post_init__(self) -> None:
        self.token = self.token or token_for(self.shop.organization.identifier)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a JSON body, or bytes as they are."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method,
            f"/services/data/{self.version}/{path}",
            "" if body is None else data,
            content_type="application/json",
            headers={"authorization": f"Bearer {self.token}", **headers},
        )

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Return the answer's JSON, which came with 201."""
        answer = self.call("POST", path, body, **headers)
        assert answer.status_code == 201, answer.content
        assert answer["Content-Type"] == "application/json"
        return answer.json()


def codes(answer: Any) -> list[str]:
    """Return the error codes of an answer's body, in order."""
    assert answer["success"] is (not answer["errors"])
    return [error["errorCode"] for error in answer["errors"]]


def assert_array(answer: Any, status: int, code: str) -> str:
    """Assert an error of the whole request; return its message."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    (error,) = answer.json()
    assert set(error) == {"errorCode", "message"}
    assert error["errorCode"] == code
    assert 0 < len(error["message"]) <= 256
    return str(error["message"])


def a_release(quantity: Any, /, **more: Any) -> dict[str, Any]:
    """Return a release record: at l1 unless told otherwise."""
    record = {
        "actionRequestId": "5b0c1de2-0000-4000-8000-000000000001",
        "stockKeepingUnit": SKU,
        "quantity": quantity,
        **more,
    }
    if "locationGroupIdentifier" not in more:
        record.setdefault("locationIdentifier", "l1")
    return record


def releases(*records: Any, **more: Any) -> dict[str, Any]:
    """Return a release request."""
    return {"releaseRecords": list(records), **more}
