"""How the list of jobs is narrowed down; every filter stands in the address."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import TextFilter

from inventory.backoffice.job_words import all_job_words
from inventory.models import Job, JobState
from inventory.models.jobs import ACTIVE, ENDED

_ACTIVE = "active"


class StateFilter(admin.SimpleListFilter):
    """Where jobs stand."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        shown = (JobState.WAITING, *ENDED)
        return [
            (_ACTIVE, gettext_lazy("queued or running")),
            *((state.value, state.label) for state in shown),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        state = self.value()
        if state == _ACTIVE:
            return queryset.filter(state__in=ACTIVE)
        return queryset.filter(state=state) if state in JobState.values else queryset


class KindFilter(admin.SimpleListFilter):
    """What jobs do."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(words.kind, words.label) for words in all_job_words()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class MadeFilter(admin.SimpleListFilter):
    """When jobs were asked for."""

    title = gettext_lazy("made")
    parameter_name = "made"
    spans: ClassVar[Mapping[str, tuple[Any, timedelta]]] = {
        "hour": (gettext_lazy("in the last hour"), timedelta(hours=1)),
        "day": (gettext_lazy("in the last day"), timedelta(days=1)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, title) for name, (title, _span) in self.spans.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        if self.value() not in self.spans:
            return queryset
        return queryset.filter(created_at__gt=timezone.now() - self.spans[str(self.value())][1])


class ActorFilter(TextFilter):
    """Who asked for jobs."""

    title = gettext_lazy("by whom")
    parameter_name = "by"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        """Find a user by name, and anybody else by how the ledger calls them."""
        if not self.value():
            return queryset
        return queryset.filter(actor__in=[self.value(), f"user:{self.value()}"])
