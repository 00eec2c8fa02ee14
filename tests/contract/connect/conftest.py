"""What the Connect face's tests share; the shop is the contract tests' own."""

import pytest

from tests.builders import Shop
from tests.contract.connect.client import Connect


@pytest.fixture
def connect(shop: Shop) -> Connect:
    """A client with every scope."""
    return Connect(shop)
