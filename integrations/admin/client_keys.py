"""Public keys of API clients in the back office: pasted, listed, taken away."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from integrations.connect.assertions import read_public_key
from integrations.connect.models import ClientKey
from integrations.connect.services.access import add_client_key, remove_client_key
from integrations.oauth.models import ApiClient
from inventory.backoffice.base import OrganizationAdmin
from inventory.domain.roles import Power
from inventory.errors import Refusal

_MAX_KEY = 20_000


class ClientKeyForm(forms.ModelForm[ClientKey]):
    """A client, and the public key of whoever may sign in its name."""

    key = forms.CharField(
        label=gettext_lazy("Public key"),
        max_length=_MAX_KEY,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "PEM (public key or certificate) or JWK; RSA of 2048 bits or more, or P-256."
            " Never a private key."
        ),
    )

    class Meta:
        model = ClientKey
        fields = ("client",)

    def clean_key(self) -> str:
        """Refuse at the field what cannot be read."""
        text: str = self.cleaned_data["key"]
        try:
            read_public_key(text)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return text


@admin.register(ClientKey)
class ClientKeyAdmin(OrganizationAdmin):
    """Keys for signed assertions (JWT bearer): added and taken away, never changed."""

    empty_hint = gettext_lazy("Only clients that sign assertions (JWT bearer) need a key.")
    organization_path = "client__organization"
    reads = writes = Power.MANAGE_ACCESS
    form = ClientKeyForm
    list_display = ("fingerprint", "client", "algorithm", "created_at")
    list_select_related = ("client",)
    list_filter = ("algorithm",)
    search_fields = ("fingerprint__startswith", "client__client_id__startswith", "client__name")
    search_help_text = gettext_lazy("fingerprint or client id, or how it begins; or client name")
    ordering = ("-pk",)
    actions = ("take_away",)

    def get_fields(self, request: HttpRequest, obj: ClientKey | None = None) -> tuple[str, ...]:
        """What makes a key; what is known of one that is there."""
        if obj is None:
            return ("client", "key")
        return ("client", "algorithm", "fingerprint", "pem", "created_at")

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the organization's own clients, unless they were revoked."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "client":
            field.queryset = field.queryset.filter(is_active=True)
        return field

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_take_away_permission(self, request: HttpRequest) -> bool:
        """Whether the user may take keys away; asked by the action."""
        return self.has_add_permission(request)

    def save_model(
        self,
        request: HttpRequest,
        obj: ClientKey,
        form: Any,
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        """Add the key through the service."""
        made = add_client_key(
            client_id=obj.client.client_id, pem=form.cleaned_data["key"], now=timezone.now()
        )
        # The page goes on with the object it made; let it be the one that was stored.
        obj.__dict__.update(made.__dict__)
        self._note(request, obj.client, f"Added the key {obj.fingerprint}.")

    @admin.action(
        description=gettext_lazy("Take the selected keys away"), permissions=["take_away"]
    )
    def take_away(self, request: HttpRequest, queryset: QuerySet[ClientKey]) -> None:
        """Let nobody sign with them any more; tokens that they gave live on until they end."""
        for key in queryset.select_related("client"):
            try:
                remove_client_key(client_id=key.client.client_id, fingerprint=key.fingerprint)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self._note(request, key.client, f"Took the key {key.fingerprint} away.")
                told = _("The key %(key)s of %(client)s is taken away.")
                self.message_user(request, told % {"key": key, "client": key.client})

    def _note(self, request: HttpRequest, client: ApiClient, text: str) -> None:
        """Keep it with the client: the key itself may be gone tomorrow."""
        self.admin_site.get_model_admin(ApiClient).log_change(request, client, text)
