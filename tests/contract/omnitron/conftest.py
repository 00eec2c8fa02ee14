"""What the contract tests of the Omnitron API share."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Shop, a_shop
from tests.contract.omnitron.erp import PREFIXES, Erp, erp_of
from tests.integrations.omnitron.office import Office, an_office


@pytest.fixture
def shop(db: None) -> Shop:
    """Two locations, and a group of both."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=10, l2=10)
    shop.stock("blue-mug", l1=10, l2=10)
    return shop


@pytest.fixture
def office(shop: Shop) -> Office:
    """A list of a location, and one of the group; a channel that sells from the first."""
    return an_office(shop, lists={"main": "l1", "web": "all"})


@pytest.fixture
def caller(shop: Shop) -> Erp:
    """An ERP of the shop, on i1."""
    return erp_of(shop.organization.identifier)


@pytest.fixture(params=PREFIXES)
def erp(caller: Erp, request: pytest.FixtureRequest) -> Erp:
    """The ERP on each prefix."""
    return caller.on(request.param)


@pytest.fixture
def nothing_moved(office: Office) -> Callable[[], bool]:
    """Return a check that every order, claim, balance and movement is as it was."""
    before: Any = office.state()
    return lambda: bool(office.state() == before)
