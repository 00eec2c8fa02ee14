"""Lists whose rows have a page of their own instead of a form."""

from typing import Any, ClassVar, cast

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from inventory.backoffice.base import ReadOnlyAdmin


class ShownAdmin(ReadOnlyAdmin):
    """A list that shows one of its rows by `page_template`, filled by `page_context`."""

    page_template: ClassVar[str]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the template is filled with; `title` is the page's."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one row; whatever is not a look at one is Django's to refuse."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row) or request.method != "GET":
            return cast(
                "HttpResponse", super().change_view(request, object_id, form_url, extra_context)
            )
        if row is None:
            return cast(
                "HttpResponse", self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            )
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "original": row}
        request.current_app = self.admin_site.name
        context = {**frame, **self.page_context(request, row)}
        return TemplateResponse(request, self.page_template, context)
