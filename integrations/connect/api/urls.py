"""Addresses of the Connect face, below /services/."""

from django.urls import path, re_path, register_converter

from integrations.connect.api import availability, discovery, documents, operations
from integrations.connect.api.tokens import OrgTokenView
from integrations.connect.api.versions import VersionConverter

register_converter(VersionConverter, "connect_version")

_OCI = "data/<connect_version:version>/commerce/oci"
_ACTIONS = f"{_OCI}/reservation/actions"

urlpatterns = [
    path("oauth2/token", OrgTokenView.as_view(), name="token-org"),
    path("data", discovery.versions, name="connect-versions"),
    path("data/", discovery.versions),
    path(
        "data/<connect_version:version>",
        discovery.ResourcesView.as_view(),
        name="connect-resources",
    ),
    path(
        f"{_OCI}/availability/availability-records/actions/get-availability",
        availability.GetAvailabilityView.as_view(),
        name="connect-get-availability",
    ),
    path(
        f"{_OCI}/availability-records/actions/batch-update",
        availability.BatchUpdateView.as_view(),
        name="connect-batch-update",
    ),
    path(f"{_ACTIONS}/reservations", documents.CreateView.as_view(), name="connect-create"),
    path(f"{_ACTIONS}/update", documents.UpdateView.as_view(), name="connect-update"),
    path(f"{_ACTIONS}/releases", operations.ReleasesView.as_view(), name="connect-releases"),
    path(
        f"{_ACTIONS}/fulfillments",
        operations.FulfilmentsView.as_view(),
        name="connect-fulfillments",
    ),
    path(f"{_ACTIONS}/transfers", operations.TransfersView.as_view(), name="connect-transfers"),
    re_path(r"^data/(?P<address>.+)\.(?P<suffix>json|xml)$", discovery.with_suffix),
]
