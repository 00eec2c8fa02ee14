"""Lists of any length: pages are capped, what is told of them is true, and the rest is in reach."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

from inventory.backoffice.keyset import after
from inventory.backoffice.named import key_of
from inventory.selectors.row_counts import roughly, rows_expected

PAGE_DEPTH = 10_000
_AFTER = "after"


class CappedPaginator(Paginator[Any]):
    """Counts, and goes, no deeper than 10,000 rows."""

    template_name = "backoffice/pagination.html"

    @cached_property
    def count(self) -> int:
        return min(PAGE_DEPTH, self._counted)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self._counted > PAGE_DEPTH

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[: PAGE_DEPTH + 1].count()
        return counted


class List(ChangeList):
    """A page of a list, completed by its admin.

    `?after=` and a row's key begins the list behind that row: the last page of a capped list leads
    there, so that each row can be reached.
    """

    def get_filters_params(self, params: Any = None) -> Any:
        """Leave out what is no filter."""
        found = super().get_filters_params(params)
        found.pop(_AFTER, None)
        return found

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        """Begin behind the row that the address names."""
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        key = key_of(str(self.params.get(_AFTER, "")))
        if key is None:
            return rows
        ordering = self.get_ordering(request, rows)
        return after(rows, self.root_queryset.filter(pk=key), ordering=ordering)

    def get_results(self, request: HttpRequest) -> None:
        """Find the page, then what its columns need."""
        super().get_results(request)
        if self.paginator.is_capped:
            # The frame's own "10,000 results" would not be true; below the list stands what is.
            self.full_result_count = self.result_count
        self.model_admin.complete(request, self.result_list)

    @cached_property
    def about(self) -> int | None:
        """How long a whole list is, roughly; None where statistics would not tell the truth.

        They know how much of a table is an organization's, but not how filters go together.
        """
        if self.query or self.params.get(_AFTER) or self.get_filters_params():
            return None
        if "__" in self.model_admin.organization_path:
            return None
        expected = roughly(rows_expected(self.queryset))
        return expected if expected > PAGE_DEPTH else None

    @property
    def goes_on(self) -> str:
        """The address of what comes after the last page of a capped list; empty elsewhere."""
        paginator = self.paginator
        if not paginator.is_capped or self.page_num != paginator.num_pages:
            return ""
        rows = list(self.result_list)
        return str(self.get_query_string({_AFTER: rows[-1].pk})) if rows else ""

    @property
    def from_the_beginning(self) -> str:
        """The address of the list from its first row; empty where it stands there."""
        if not self.params.get(_AFTER):
            return ""
        return str(self.get_query_string(remove=[_AFTER]))
