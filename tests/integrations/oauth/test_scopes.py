"""Names, spellings and inclusion of scopes."""

import pytest

from integrations.oauth import scopes
from integrations.oauth.errors import UnknownScope


def test_both_spellings_mean_the_same() -> None:
    assert (
        scopes.canonical("sfcc.inventory.impex-inventory.rw") == "sfcc.inventory.impex-inventory.rw"
    )
    assert (
        scopes.canonical("sfcc_inventory_impex_inventory_rw") == "sfcc.inventory.impex-inventory.rw"
    )
    assert scopes.canonical("sfcc.inventory.impex_inventory.rw") is None


def test_no_two_scopes_share_a_spelling() -> None:
    spellings = {s for scope in scopes.KNOWN for s in (scope, scopes.with_underscores(scope))}

    assert len(spellings) == 2 * len(scopes.KNOWN)


def test_writing_includes_reading() -> None:
    assert scopes.expand(["sfcc_inventory_availability_rw", "unknown"]) == {
        "sfcc.inventory.availability",
        "sfcc.inventory.availability.rw",
    }
    assert scopes.expand(["sfcc.inventory.availability"]) == {"sfcc.inventory.availability"}
    assert scopes.expand(["sfcc.inventory.admin.rw"]) == {"sfcc.inventory.admin.rw"}


def test_a_list_is_made_canonical_once_each() -> None:
    asked = ["sfcc_inventory_availability", "sfcc.inventory.availability"]

    assert scopes.canonical_list(asked) == ["sfcc.inventory.availability"]
    with pytest.raises(UnknownScope, match="nonsense"):
        scopes.canonical_list(["nonsense"])
