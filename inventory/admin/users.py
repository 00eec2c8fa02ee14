"""Users and members."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from inventory.backoffice.access import organization_of, user_of
from inventory.backoffice.base import OrganizationAdmin, StaffAdmin
from inventory.domain.roles import Power, Role
from inventory.errors import Refusal
from inventory.models import Membership
from inventory.models.members import ROLES
from inventory.services import members

admin.site.unregister(Group)  # powers come from roles
admin.site.unregister(User)


@admin.register(User)
class UsersAdmin(UserAdmin, StaffAdmin):  # type: ignore[misc,type-arg]
    """Users of the whole installation, for staff: who may sign in, and who works staff-wide."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_superuser", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (None, {"fields": ("first_name", "last_name", "email")}),
        (None, {"fields": ("is_active", "is_superuser", "last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")


class MemberForm(forms.ModelForm[Membership]):
    """A name and a role; nothing that reaches beyond the organization."""

    username = forms.CharField(
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("A new user gets a password, shown once."),
    )
    role = forms.ChoiceField(choices=ROLES, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Membership
        fields = ("role",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["username"]


@admin.register(Membership)
class MembershipAdmin(OrganizationAdmin):
    """Members of the chosen organization, for its administrators."""

    reads = writes = Power.MANAGE_ACCESS
    form = MemberForm
    list_display = ("user", "role", "last_login", "created_at")
    list_select_related = ("user",)
    list_filter = ("role",)
    search_fields = ("user__username__istartswith",)
    ordering = ("user__username",)
    actions = ("reset_passwords", "remove")

    @admin.display(description="last login", ordering="user__last_login")
    def last_login(self, membership: Membership) -> Any:
        return membership.user.last_login

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("username", "role") if obj is None else ("user", "role")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return () if obj is None else ("user",)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        """Add a member or change the role, through the service."""
        role = Role(form.cleaned_data["role"])
        if change:
            members.change_role(membership_id=obj.pk, role=role)
            return
        invited = members.add_member(
            organization_id=organization_of(request).pk,
            username=form.cleaned_data["username"],
            role=role,
            asked_by=user_of(request),
        )
        # The page goes on with the object it made; let it be the one that was stored.
        obj.__dict__.update(invited.membership.__dict__)
        if invited.password is not None:
            self._show(request, obj, invited.password)

    @admin.action(description="Give the selected members new passwords", permissions=["change"])
    def reset_passwords(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Show each new password once."""
        for membership in queryset.select_related("user"):
            try:
                password = members.reset_password(membership_id=membership.pk)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.log_change(request, membership, "Reset the password.")
                self._show(request, membership, password)

    @admin.action(description="Remove the selected members", permissions=["change"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Take memberships away; users stay."""
        for membership in queryset.select_related("user"):
            try:
                members.remove_member(membership_id=membership.pk)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
            else:
                self.log_change(request, membership, f"Removed {membership}.")
                self.message_user(request, _("%s is a member no more.") % membership.user)

    def _show(self, request: HttpRequest, membership: Membership, password: str) -> None:
        text = _("%(user)s has the password %(password)s (shown only now).")
        told = {"user": membership.user, "password": password}
        self.message_user(request, text % told, messages.WARNING)
