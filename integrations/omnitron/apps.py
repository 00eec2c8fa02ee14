from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OmnitronConfig(AppConfig):
    """Content types of the wire format are those of an app `orders`: (`orders`, `orderitem`)."""

    name = "integrations.omnitron"
    label = "orders"
    verbose_name = _("Orders")
