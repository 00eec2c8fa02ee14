"""Dropping old months of the ledger takes nothing from what is left, whatever has happened."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.moments import utc_text
from inventory.errors import InvalidRequestParameter
from inventory.models import Movement
from inventory.selectors.ledger_horizon import ledger_kept_since
from inventory.services import ledger_retention
from inventory.services.exports.event_log import EventWindow, event_pieces
from inventory.services.ledger_retention import drop_old_ledger
from tests.builders import NOON, SKU, Shop
from tests.property.test_exports import do, few, new_shop, steps

pytestmark = pytest.mark.django_db

# Requests may come with times that do not rise: a row keeps all that were written after it.
days = st.integers(0, 150)
TODAY = NOON + timedelta(days=160)


def event_log(shop: Shop, *, since: int) -> bytes:
    """Return the events of the item from so many days after the first on, of 30 days."""
    begin = NOON + timedelta(days=since)
    window = EventWindow(SKU, begin, begin + timedelta(days=30))
    return b"".join(piece.lines for piece in event_pieces(shop.id, window=window, is_csv=False))


@few
@given(
    history=st.lists(st.tuples(days, steps), min_size=4, max_size=14),
    months=st.integers(1, 5),
    page=st.sampled_from([1, 2, 200]),
)
def test_what_is_kept_stays_whole(
    history: list[tuple[int, tuple[Any, ...]]], months: int, page: int
) -> None:
    shop = new_shop()
    for number, (day, step) in enumerate(history):
        moment = shop.later(day * 86_400)
        do(moment, number, step)
        shop.groups = moment.groups
    shop.assert_clean()
    windows = {day: event_log(shop, since=day) for day in range(0, 160, 5)}
    rows = Movement.objects.filter(organization_id=shop.id)
    standing = rows.count()

    with patch.object(ledger_retention, "_ROWS", page):
        dropped = drop_old_ledger(months=months, now=TODAY)

    shop.assert_clean()
    assert rows.count() == standing - dropped
    kept_since = ledger_kept_since(shop.id)
    assert (kept_since is None) == (dropped == 0)
    for day, before in windows.items():
        if kept_since is None or NOON + timedelta(days=day) >= kept_since:
            assert event_log(shop, since=day) == before
        else:
            with pytest.raises(InvalidRequestParameter, match=utc_text(kept_since)):
                event_log(shop, since=day)
    # Life goes on, and the next month is dropped on top of this one.
    shop.later(161 * 86_400).put("l1", on_hand=7_000)
    drop_old_ledger(months=1, now=TODAY + timedelta(days=31))
    shop.assert_clean()
    assert drop_old_ledger(months=1, now=TODAY + timedelta(days=31)) == 0
