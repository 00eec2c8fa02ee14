"""Addresses of the Connect face, below /services/."""

from django.urls import path, re_path, register_converter

from integrations.connect.api import (
    actions,
    availability,
    discovery,
    documents,
    operations,
    uploads,
)
from integrations.connect.api.tokens import OrgTokenView
from integrations.connect.api.versions import VersionConverter

register_converter(VersionConverter, "connect_version")

_VERSION = "data/<connect_version:version>"
_OCI = f"{_VERSION}/commerce/oci"
_ACTIONS = f"{_OCI}/reservation/actions"

urlpatterns = [
    path("oauth2/token", OrgTokenView.as_view(), name="token-org"),
    path("data", discovery.versions, name="connect-versions"),
    path("data/", discovery.versions),
    path(_VERSION, discovery.ResourcesView.as_view(), name="connect-resources"),
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
    path(
        f"{_OCI}/availability-records/uploads",
        uploads.AvailabilityUploadsView.as_view(),
        name="connect-availability-uploads",
    ),
    path(
        f"{_OCI}/availability-records/uploads/<str:upload_id>",
        uploads.AvailabilityUploadView.as_view(),
        name="connect-availability-upload",
    ),
    path(
        f"{_OCI}/location-graph/uploads",
        uploads.GraphUploadsView.as_view(),
        name="connect-graph-uploads",
    ),
    path(
        f"{_OCI}/location-graph/uploads/<str:upload_id>",
        uploads.GraphUploadView.as_view(),
        name="connect-graph-upload",
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
    path(f"{_VERSION}/actions", actions.ActionKindsView.as_view(), name="connect-action-kinds"),
    path(f"{_VERSION}/actions/standard", actions.ActionsView.as_view(), name="connect-actions"),
    *(
        path(
            f"{_VERSION}/actions/standard/{action.name}",
            actions.action_view(action).as_view(),
            name=f"connect-action-{action.name}",
        )
        for action in actions.ACTIONS
    ),
    re_path(r"^data/(?P<address>.+?)(?:/|\.(?P<suffix>json|xml))$", discovery.written_otherwise),
]
