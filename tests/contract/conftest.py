"""What contract tests share."""

from collections.abc import Callable
from typing import Any

import pytest

from inventory.models import Movement, Promise, StockRecord
from reservations.models import Claim, Document
from tests.builders import Shop, a_shop
from tests.contract.headless import Api


@pytest.fixture
def shop(db: None) -> Shop:
    """East and west share l2; l9 is in no group."""
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=15)
    return shop


@pytest.fixture
def availability(shop: Shop) -> Api:
    """A client of the Availability API."""
    return Api(shop, "availability")


@pytest.fixture
def reservation(shop: Shop, availability: Api) -> Api:
    """A client of the Reservation API with the same token."""
    return Api(shop, "reservation", token=availability.token)


@pytest.fixture
def nothing_moved(shop: Shop) -> Callable[[], bool]:
    """Return a check that every balance, claim, document and movement is as it was."""

    def state() -> list[Any]:
        return [
            list(model.objects.order_by("pk").values())
            for model in (StockRecord, Promise, Claim, Document, Movement)
        ]

    before = state()
    return lambda: state() == before
