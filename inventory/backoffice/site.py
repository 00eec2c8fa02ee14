"""The back office: Django's admin site with members instead of staff, and pages of its own."""

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest
from django.urls import path
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from inventory.backoffice.access import access_of, is_member
from inventory.backoffice.pages import PAGES


class LoginForm(AuthenticationForm):
    """Lets members in; Django's staff flag plays no part."""

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Refuse whoever is a member nowhere in the words of a wrong password."""
        if not (isinstance(user, User) and is_member(user)):
            raise forms.ValidationError(
                self.error_messages["invalid_login"],
                code="invalid_login",
                params={"username": self.username_field.verbose_name},
            )


class BackOfficeSite(UnfoldAdminSite):
    """Every address below /admin/."""

    login_form = LoginForm
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in whoever belongs to an organization, or works staff-wide."""
        access = access_of(request)
        return access.is_staff_wide or access.organization is not None

    def get_urls(self) -> list[Any]:
        """Put the pages before Django's own addresses, which match anything."""
        pages = [path(page.path, self.admin_view(page.as_view()), name=page.name) for page in PAGES]
        return [*pages, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Tell every page in which organization it works."""
        return {**super().each_context(request), "access": access_of(request)}
