from django.apps import AppConfig


class OmnitronConfig(AppConfig):
    """Content types of the wire format are those of an app `orders`: (`orders`, `orderitem`)."""

    name = "integrations.omnitron"
    label = "orders"
    verbose_name = "Orders"
