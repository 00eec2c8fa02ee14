"""Every list of the back office and every way of asking it, found in the site itself.

A list, a filter or a sortable column that is added is walked without a word: the tests count its
queries, the bench takes its time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user
from django.test import Client, RequestFactory
from django.urls import reverse

from inventory.backoffice.base import OrganizationAdmin

NOTHING = "nothing-is-called-so"


def lists() -> dict[type, OrganizationAdmin]:
    """Return the lists of an organization by model."""
    return {
        model: model_admin
        for model, model_admin in admin.site._registry.items()  # Django has no door
        if isinstance(model_admin, OrganizationAdmin)
    }


def address(model: Any, view: str, *arguments: Any) -> str:
    """Return the address of a view of a model's list."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{view}", args=arguments)


def change_list(model_admin: OrganizationAdmin, client: Client, asked: str = "") -> Any:
    """Return a list as a user gets it who asks with such a query, before it is made a page."""
    request: Any = RequestFactory().get(address(model_admin.model, "changelist") + asked)
    request.session = client.session
    request.user = get_user(request)
    return model_admin.get_changelist_instance(request)


def questions(
    model_admin: OrganizationAdmin, client: Client, *, samples: Mapping[str, str]
) -> Iterator[str]:
    """Yield the queries of all a list can be asked: plainly, each filter, each order, a search.

    Text filters and the search (`q`) get their sample by the name of the parameter, and something
    that nothing is called.
    """
    found = change_list(model_admin, client)
    yield ""
    for number, column in enumerate(found.list_display):
        if column in found.sortable_by and found.get_ordering_field(column):
            yield f"?o={number}"
            yield f"?o=-{number}"
    if found.search_fields:
        yield f"?q={samples['q']}"
        yield f"?q={NOTHING}"
    for spec in found.filter_specs:
        for choice in spec.choices(found):
            if "form" not in choice:
                if not choice["selected"]:
                    yield choice["query_string"]
                continue
            for parameter in spec.expected_parameters():
                for value in {samples.get(parameter, NOTHING), NOTHING}:
                    yield f"?{parameter}={value}"
