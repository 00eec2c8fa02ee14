"""Quantities that people type."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory.domain.quantity import QuantityError, parse_thousandths


class QuantityField(forms.CharField):
    """A decimal as people write it (1,234.5); the value is an integer of thousandths.

    With `signed`, a quantity may be below 0 or begin with a plus.
    """

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}))
        super().__init__(max_length=30, **kwargs)
        self.signed = signed

    def clean(self, value: Any) -> int | None:
        """Read the text, or tell what is wrong with it."""
        text = super().clean(value).replace(",", "").replace(" ", "")
        if not text:
            return None
        sign = 1
        if self.signed and text[0] in "+-":
            sign = -1 if text[0] == "-" else 1
            text = text[1:]
        try:
            return sign * parse_thousandths(text)
        except QuantityError as error:
            raise forms.ValidationError(_("This %s.") % error) from error
