"""The demo shop of a first start."""

from unittest.mock import patch

import pytest

from config import demo
from inventory.models import Item, LocationGroup, Movement
from reservations.models import Document
from reservations.selectors.audit import audit
from tests.builders import NOON

pytestmark = pytest.mark.django_db


def test_the_demo_is_made_once_and_its_books_are_clean() -> None:
    organization = demo.load_demo_organization(now=NOON)
    movements = Movement.objects.count()

    again = demo.load_demo_organization(now=NOON)

    assert again == organization
    assert Movement.objects.count() == movements
    assert Item.objects.filter(organization=organization).count() == 200
    assert LocationGroup.objects.filter(organization=organization).count() == 5
    assert audit(organization.pk).differences == []


def test_a_start_cut_short_goes_on_where_it_was() -> None:
    with (
        patch.object(demo, "reserve", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        demo.load_demo_organization(now=NOON)

    organization = demo.load_demo_organization(now=NOON)

    assert Document.objects.filter(organization=organization).count() == 30
    assert audit(organization.pk).differences == []
