"""What a user sets for themselves: the organization to work in, the zone to read times in."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from inventory.backoffice.access import SESSION_KEY, access_of, user_of
from inventory.backoffice.pages import Page, register_page
from inventory.selectors.members import organizations_to_choose, time_zone_of
from inventory.services.members import set_time_zone

_SHOWN = 100


@register_page
class ChooseOrganization(Page):
    """Lists the organizations a user may work in, and takes the one chosen."""

    path = "organization/"
    name = "choose_organization"
    title = gettext_lazy("Choose an organization")
    power = None
    template_name = "backoffice/choose_organization.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Find organizations by the beginning of their name."""
        query = self.request.GET.get("q", "").strip()
        return super().get_context_data(
            query=query, organizations=self._found(query), shown=_SHOWN, **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Work in another organization from now on, if the user belongs to it."""
        identifier = request.POST.get("organization", "")
        found = [each for each in self._found(identifier) if each.identifier == identifier]
        if not found:
            messages.error(request, _("There is no such organization for you."))
            return redirect("admin:choose_organization")
        request.session[SESSION_KEY] = found[0].pk
        messages.success(request, _("You work in %s now.") % found[0])
        return redirect("admin:index")

    def _found(self, beginning: str) -> list[Any]:
        is_staff_wide = access_of(self.request).is_staff_wide
        return organizations_to_choose(
            user_id=None if is_staff_wide else user_of(self.request).pk,
            starting_with=beginning,
            limit=_SHOWN,
        )


class ProfileForm(forms.Form):
    """The zone a user reads times in."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(name, name) for name in sorted(available_timezones())],
        widget=UnfoldAdminSelectWidget,
    )


@register_page
class ProfilePage(Page):
    """A user's own settings."""

    path = "profile/"
    name = "profile"
    title = gettext_lazy("Profile")
    power = None
    template_name = "backoffice/profile.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the form with the zone as kept."""
        zone = str(time_zone_of(user_of(self.request).pk))
        kwargs.setdefault("form", ProfileForm(initial={"time_zone": zone}))
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the zone."""
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        set_time_zone(user_id=user_of(request).pk, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, _("Your profile is saved."))
        return redirect("admin:profile")
