"""Times in the user's own zone, for as long as a page of the back office is made."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from inventory.selectors.members import time_zone_of


class TimeZoneMiddleware:
    """Must come after the user is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with times in the user's zone."""
        if not request.path_info.startswith("/admin/") or not isinstance(request.user, User):
            return self.get_response(request)
        with timezone.override(time_zone_of(request.user.pk)):
            return self.get_response(request)
