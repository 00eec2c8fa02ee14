"""Where is sold from: channels, stock lists and their places, products on lists."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import ManyToManyField, Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.omnitron.models import (
    Channel,
    MappingEffect,
    ProductStock,
    StockList,
)
from integrations.omnitron.services.setup import create_channel, create_stock_list
from inventory.backoffice.access import organization_of
from inventory.backoffice.base import OrganizationAdmin, ReadOnlyAdmin
from inventory.domain.roles import Power


@admin.register(ProductStock)
class ProductStockAdmin(ReadOnlyAdmin):
    empty_hint = _("Products come with the ERP's pushes and with orders.")
    list_display = ("product", "stock_list", "unit_type", "modified_date")
    list_select_related = ("product", "stock_list")
    search_fields = ("product__sku__startswith",)
    ordering = ("-pk",)


class _MadeAdmin(OrganizationAdmin):
    """Rows that people make and nobody changes: orders refer to them."""

    writes = Power.CONNECT_SYSTEMS
    asked: ClassVar[tuple[str, ...]]
    """The fields of the form that makes a row."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.asked if obj is None else super().get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Nothing: the service has stored it all."""


def _waiting_link(query: str) -> Any:
    address = reverse("admin:orders_orderitem_changelist")
    return format_html(
        '<a class="hf-tag" href="{}?{}">{}</a>', address, query, _("What waits for the ERP")
    )


class StockListForm(forms.ModelForm[StockList]):
    """A stock list and its one place."""

    place = forms.CharField(
        help_text=_("The ID of a location or of a location group. It stays so for good."),
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = StockList
        fields = ("name", "code", "is_auto_sync", "on_mapping")


@admin.register(StockList)
class StockListAdmin(_MadeAdmin):
    empty_hint = _("A stock list stands for one location or group, where orders hold stock.")
    list_display = ("name", "code", "place", "kind", "on_mapping", "holds")
    list_select_related = ("location", "group")
    search_fields = ("name", "code")
    ordering = ("name",)
    fields = ("name", "code", "is_auto_sync", "location", "group", "on_mapping", "created_date")
    asked = ("name", "place", "code", "is_auto_sync", "on_mapping")

    @admin.display(description=_("place"))
    def place(self, stock_list: StockList) -> str:
        """Name the one place."""
        return str(stock_list.location or stock_list.group)

    @admin.display(description=_("which is"))
    def kind(self, stock_list: StockList) -> Any:
        """Say what kind of place it is."""
        return _("a group") if stock_list.location is None else _("a location")

    @admin.display(description=_("orders"))
    def holds(self, stock_list: StockList) -> Any:
        """Lead to what waits for the ERP."""
        query = urlencode({"hold": "waiting", "stock_list": stock_list.name})
        return _waiting_link(query)

    def get_form(
        self,
        request: HttpRequest,
        obj: Model | None = None,
        change: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        **kwargs: Any,
    ) -> Any:
        """Ask for the place when a list is made; show the list as it is later."""
        if obj is None:
            kwargs["form"] = StockListForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Make the list through the service."""
        made = create_stock_list(
            organization_id=organization_of(request).pk,
            name=obj.name,
            place=form.cleaned_data["place"],
            code=obj.code,
            is_auto_sync=obj.is_auto_sync,
            on_mapping=MappingEffect(obj.on_mapping),
        )
        # The page goes on with the object it made; let it be the one that was stored.
        obj.__dict__.update(made.__dict__)


@admin.register(Channel)
class ChannelAdmin(_MadeAdmin):
    empty_hint = _("Orders come from a channel and hold stock on its list.")
    list_display = ("name", "stock_list", "further", "created_date", "holds")
    list_select_related = ("stock_list",)
    search_fields = ("name",)
    ordering = ("name",)
    asked = fields = ("name", "stock_list", "extra_stock_lists")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("extra_stock_lists")

    @admin.display(description=_("further stock lists"))
    def further(self, channel: Channel) -> str:
        """Name the lists that it sells from besides."""
        return ", ".join(sorted(each.name for each in channel.extra_stock_lists.all())) or "-"

    @admin.display(description=_("orders"))
    def holds(self, channel: Channel) -> Any:
        """Lead to what waits for the ERP."""
        return _waiting_link(urlencode({"hold": "waiting", "channel": channel.name}))

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the organization's own lists."""
        lists = StockList.objects.filter(organization=organization_of(request))
        return super().formfield_for_manytomany(db_field, request, queryset=lists, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Make the channel through the service."""
        made = create_channel(
            organization_id=organization_of(request).pk,
            name=obj.name,
            stock_list="" if obj.stock_list is None else obj.stock_list.name,
            extra_stock_lists=[each.name for each in form.cleaned_data["extra_stock_lists"]],
        )
        obj.__dict__.update(made.__dict__)
