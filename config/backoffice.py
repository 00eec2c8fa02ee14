"""The look of the back office, and its navigation: one line for each page."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

LOOK: dict[str, Any] = {
    "SITE_TITLE": "Holdfast",
    "SITE_HEADER": "Holdfast",
    "SITE_SYMBOL": "inventory_2",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _r: static("backoffice/icon.svg")}
    ],
    "STYLES": [lambda _request: static("backoffice/backoffice.css")],
    "SHOW_VIEW_ON_SITE": False,
    # The theme's own violet, lighter where it is text on a dark page: it must be legible.
    "COLORS": {"primary": {"500": "oklch(71% .2 305)"}},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Profile"), "link": lambda _request: reverse("admin:profile")},
            {
                "title": _("Change password"),
                "link": lambda _request: reverse("admin:password_change"),
            },
        ]
    },
    "SIDEBAR": {"navigation": "config.backoffice.navigation"},
}

_Link = tuple[Any, str, str]

# Title, icon (Material Symbols), name of the address. Whoever may not open a page sees no link.
_NAVIGATION: tuple[tuple[Any, tuple[_Link, ...]], ...] = (
    (None, ((_("Dashboard"), "dashboard", "admin:index"),)),
    (
        _("Stock"),
        (
            (_("Stock"), "inventory_2", "admin:inventory_item_changelist"),
            (_("Correct stock"), "edit_square", "admin:correct_stock"),
            (_("Import counts"), "upload_file", "admin:import_sheet"),
            (_("Explain"), "help", "admin:explain"),
            (_("Stock records"), "shelves", "admin:inventory_stockrecord_changelist"),
            (_("Ledger"), "receipt_long", "admin:inventory_movement_changelist"),
        ),
    ),
    (
        _("Reservations"),
        (
            (_("Documents"), "bookmark", "admin:reservations_document_changelist"),
            (_("Claims"), "pan_tool", "admin:reservations_claim_changelist"),
            (_("Refusals"), "block", "admin:reservations_refusaltally_changelist"),
        ),
    ),
    (
        _("Orders"),
        (
            (_("Orders"), "shopping_cart", "admin:orders_order_changelist"),
            (_("Order items"), "receipt", "admin:orders_orderitem_changelist"),
            (_("Mappings"), "link", "admin:orders_integrationmapping_changelist"),
            (_("Cancellations"), "cancel", "admin:orders_cancellationplan_changelist"),
            (_("Product stocks"), "list_alt", "admin:orders_productstock_changelist"),
            (_("Stock lists"), "warehouse", "admin:orders_stocklist_changelist"),
            (_("Channels"), "storefront", "admin:orders_channel_changelist"),
        ),
    ),
    (
        _("Places"),
        (
            (_("Location graph"), "account_tree", "admin:graph"),
            (_("Locations"), "store", "admin:inventory_location_changelist"),
            (_("Groups"), "hub", "admin:inventory_locationgroup_changelist"),
        ),
    ),
    (
        _("Jobs"),
        (
            (_("Jobs"), "pending_actions", "admin:inventory_job_changelist"),
            (_("Import and export"), "swap_vert", "admin:start_jobs"),
        ),
    ),
    (
        _("Access"),
        (
            (_("Members"), "group", "admin:inventory_membership_changelist"),
            (_("API clients"), "key", "admin:integrations_apiclient_changelist"),
            (_("Client keys"), "vpn_key", "admin:integrations_clientkey_changelist"),
            (_("ERP users"), "passkey", "admin:integrations_integrationuser_changelist"),
        ),
    ),
    (
        _("Installation"),
        (
            (_("Organizations"), "domain", "admin:inventory_organization_changelist"),
            (_("Users"), "manage_accounts", "admin:auth_user_changelist"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar of a user: the pages they may open."""
    groups = []
    for title, links in _NAVIGATION:
        items = [
            {"title": text, "icon": icon, "link": reverse(name)}
            for text, icon, name in links
            if _is_open(request, name)
        ]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def _is_open(request: HttpRequest, name: str) -> bool:
    """Ask the page itself whether the user may open it."""
    from django.contrib import admin

    from inventory.backoffice.access import access_of
    from inventory.backoffice.pages import PAGES

    short = name.removeprefix("admin:")
    for page in PAGES:
        if page.name == short:
            return page.is_open_to(access_of(request))
    for model, model_admin in admin.site._registry.items():  # noqa: SLF001  # Django has no door
        if short == f"{model._meta.app_label}_{model._meta.model_name}_changelist":  # noqa: SLF001
            return model_admin.has_view_permission(request)
    return False
