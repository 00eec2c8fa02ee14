"""Pages that are no list or form of a model: inside the same frame, under the same permissions.

@register_page
class ExplainPage(Page):
    path = "explain/"
    name = "explain"           # reverse("admin:explain")
    title = _("Explain")
    power = Power.SEE
    template_name = "backoffice/explain.html"
"""

from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView

from inventory.backoffice.access import Access, access_of
from inventory.domain.roles import Power


class Page(TemplateView):
    """A view inside the back office's frame; templates extend `backoffice/page.html`.

    `power` is what it takes to open the page; `None`: every member may. A page that asks for a
    power is shown in an organization; without one to work in, it says how to make one.
    """

    path: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[Any]
    power: ClassVar[Power | None] = Power.SEE
    http_method_names = ["get", "head", "post"]

    @classmethod
    def is_open_to(cls, access: Access) -> bool:
        """Tell whether somebody may open the page; the navigation asks too."""
        return cls.power is None or access.may(cls.power)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, if the user may ask."""
        access = access_of(request)
        if not self.is_open_to(access):
            raise PermissionDenied
        request.current_app = admin.site.name
        if self.power is not None and access.organization is None:
            self.template_name = "backoffice/no_organization.html"
            context = TemplateView.get_context_data(self, **self._frame())
            return self.render_to_response(context, status=HTTPStatus.OK)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the template the frame's words and the page's title."""
        return super().get_context_data(**{**self._frame(), **kwargs})

    def _frame(self) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), "title": self.title}


_Page = TypeVar("_Page", bound=type[Page])

PAGES: list[type[Page]] = []
"""Every registered page; the site makes addresses of them."""


def register_page(page: _Page) -> _Page:
    """Give the page an address below /admin/."""
    PAGES.append(page)
    return page
