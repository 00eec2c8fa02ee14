"""API clients in the back office. The toolkit's own tables have no page: they are not for hands."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Its pages are registered by its admin module; whatever runs first, they must be there to be gone.
from oauth2_provider import admin as toolkit_admin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from integrations.accounts.models import IntegrationUser
from integrations.accounts.services import create_integration_user, revoke_integration_user
from integrations.oauth import scopes as known
from integrations.oauth import services
from integrations.oauth.models import ApiClient
from integrations.oauth.services import IssuedSecret
from inventory.backoffice.access import organization_of
from inventory.backoffice.base import OrganizationAdmin
from inventory.domain.roles import Power
from inventory.errors import Refusal

for _model in (
    toolkit_admin.application_model,
    toolkit_admin.access_token_model,
    toolkit_admin.grant_model,
    toolkit_admin.id_token_model,
    toolkit_admin.refresh_token_model,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class ApiClientForm(forms.ModelForm[ApiClient]):
    """Name and scopes; never the secret. The organization is the one worked in."""

    name = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget)

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in known.KNOWN],
        initial=list(known.PUBLISHED),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("A scope with .rw includes the one without."),
    )

    class Meta:
        model = ApiClient
        fields = ("name", "scopes")


@admin.register(ApiClient)
class ApiClientAdmin(OrganizationAdmin):
    """Add, rename, set scopes; rotate and revoke. Never deleted: the ledger names them."""

    reads = writes = Power.MANAGE_ACCESS
    empty_hint = gettext_lazy("A shop, an ERP or a connector needs a client to get tokens.")
    form = ApiClientForm
    list_display = ("name", "client_id", "is_active", "created")
    list_filter = ("is_active",)
    search_fields = ("name", "client_id")
    ordering = ("-created", "-pk")
    actions = ("rotate", "revoke")
    shown = ("client_id", "is_active", "created", "updated")

    def get_readonly_fields(
        self,
        request: HttpRequest,
        obj: ApiClient | None = None,
    ) -> tuple[str, ...]:
        """What a form shows; a client does not move to another organization."""
        return () if obj is None else self.shown

    def get_fields(
        self,
        request: HttpRequest,
        obj: ApiClient | None = None,
    ) -> tuple[str, ...]:
        """What can be set, then what is known."""
        return ("name", "scopes", *(() if obj is None else self.shown))

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:  # noqa: FBT001
        """Create or change through the service."""
        chosen = form.cleaned_data["scopes"]
        if change:
            services.change_api_client(client_id=obj.client_id, name=obj.name, scopes=chosen)
            return
        made = services.create_api_client(
            organization=organization_of(request).identifier, name=obj.name, scopes=chosen
        )
        # The page goes on with the object it made; let it be the one that was stored.
        obj.__dict__.update(made.client.__dict__)
        self._show(request, made)

    @admin.action(
        description=gettext_lazy("Rotate the secret of the selected API clients"),
        permissions=["change"],
    )
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiClient]) -> None:
        """New secrets, each shown once; the clients' tokens stop working."""
        for client_id in queryset.values_list("client_id", flat=True):
            try:
                made = services.rotate_api_client(client_id=client_id)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.log_change(request, made.client, "Rotated the secret.")
                self._show(request, made)

    @admin.action(
        description=gettext_lazy("Revoke the selected API clients for good"),
        permissions=["change"],
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiClient]) -> None:
        """Shut the clients out."""
        for client_id in queryset.values_list("client_id", flat=True):
            try:
                client = services.revoke_api_client(client_id=client_id)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.log_change(request, client, "Revoked.")
                self.message_user(request, _('"%s" is revoked.') % client)

    def _show(self, request: HttpRequest, made: IssuedSecret) -> None:
        told = _("%(client)s has the secret %(secret)s (shown only now).")
        text = told % {"client": made.client.client_id, "secret": made.secret}
        self.message_user(request, text, messages.WARNING)


class IntegrationUserForm(forms.ModelForm[IntegrationUser]):
    """A name; password and token are made, and shown once."""

    username = forms.CharField(max_length=150, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = IntegrationUser
        fields = ("username",)


@admin.register(IntegrationUser)
class IntegrationUserAdmin(OrganizationAdmin):
    """Users of ERP integrations: made and revoked, never changed or deleted."""

    reads = writes = Power.MANAGE_ACCESS
    empty_hint = gettext_lazy("An ERP that speaks Omnitron's API logs in as such a user.")
    form = IntegrationUserForm
    list_display = ("username", "is_active", "created_date")
    list_filter = ("is_active",)
    search_fields = ("username__startswith",)
    ordering = ("username",)
    actions = ("revoke",)

    def get_fields(
        self, request: HttpRequest, obj: IntegrationUser | None = None
    ) -> tuple[str, ...]:
        """A name to make one; what is known of one that is there. Never the password."""
        return ("username",) if obj is None else ("username", "is_active", "created_date")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the user may revoke; asked by the action."""
        return self.has_add_permission(request)

    def save_model(
        self,
        request: HttpRequest,
        obj: IntegrationUser,
        form: Any,
        change: bool,  # noqa: FBT001  # Django's signature
    ) -> None:
        """Make the user through the service, and show once what it logs in with."""
        made = create_integration_user(
            organization=organization_of(request).identifier,
            username=obj.username,
            now=timezone.now(),
        )
        # The page goes on with the object it made; let it be the one that was stored.
        obj.__dict__.update(made.user.__dict__)
        told = _("%(user)s has the password %(password)s and the token %(token)s (shown only now).")
        said = {"user": obj.username, "password": made.password, "token": made.token}
        self.message_user(request, told % said, messages.WARNING)

    @admin.action(
        description=gettext_lazy("Revoke the selected integration users"), permissions=["revoke"]
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[IntegrationUser]) -> None:
        """Shut the users out; their tokens stop working."""
        for username in queryset.values_list("username", flat=True):
            try:
                user = revoke_integration_user(username=username)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.log_change(request, user, "Revoked.")
                self.message_user(request, _('"%s" is revoked.') % user)
