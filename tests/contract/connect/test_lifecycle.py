"""docs/connect-lifecycle.md, run call by call: what it tells stays true."""

import json
import re
from typing import Any

import pytest

from config.env import BASE_DIR
from tests.builders import a_shop
from tests.contract.connect.client import Connect

pytestmark = pytest.mark.django_db

STORY = BASE_DIR / "docs" / "connect-lifecycle.md"
CALL = re.compile(
    r"^`(?P<action>oci\w+)`\n\n```json\n(?P<body>.+?)```\n\nanswers\n\n```json\n(?P<answer>.+?)```",
    re.MULTILINE | re.DOTALL,
)


def as_told(answer: Any, told: Any) -> Any:
    """Return the answer with `…` where the story leaves a text out."""
    if told == "…" and isinstance(answer, str):
        return told
    if isinstance(told, dict) and isinstance(answer, dict):
        return {name: as_told(value, told.get(name)) for name, value in answer.items()}
    if isinstance(told, list) and isinstance(answer, list) and len(told) == len(answer):
        return [as_told(*pair) for pair in zip(answer, told, strict=True)]
    return answer


def test_the_story_is_true() -> None:
    shop = a_shop(webshop=["store-1", "store-2"])
    shop.stock(**{"store-1": 5, "store-2": 3})
    connect = Connect(shop)
    calls = [match.groupdict() for match in CALL.finditer(STORY.read_text())]
    assert len(calls) == 8

    for call in calls:
        body, told = json.loads(call["body"]), json.loads(call["answer"])
        for _ in range(2):  # sent twice, it is answered the same and moves nothing
            answer = connect.call("POST", f"actions/standard/{call['action']}", body)
            assert answer.status_code == 200
            assert as_told(answer.json(), told) == told, call["action"]

    assert shop.held() == {}
    shop.assert_clean()
