"""How the back office writes figures."""

from inventory.domain.quantity import to_json_number


def quantity_text(thousandths: int | None) -> str:
    """Write a quantity of thousandths: thousands separated, trailing zeros stripped."""
    return "-" if thousandths is None else f"{to_json_number(thousandths):,}"
