"""Addresses of the headless Availability API, below …/organizations/{organizationId}/."""

from django.urls import path

from inventory.api import availability as views
from inventory.api.segmentation import SegmentationUpdateView

urlpatterns = [
    path(
        "availability-records/actions/get-availability",
        views.GetAvailabilityView.as_view(),
        name="get-availability",
    ),
    path(
        "availability-records/actions/batch-update",
        views.BatchUpdateView.as_view(),
        name="batch-update",
    ),
    path("availability-records/actions/get-deltas", views.DeltasView.as_view(), name="get-deltas"),
    path("availability-records/delta-token", views.DeltaTokenView.as_view(), name="delta-token"),
    path(
        "availability-records/delta-token/actions/update",
        views.DeltaTokenUpdateView.as_view(),
        name="delta-token-update",
    ),
    path("availability-records/oversold", views.OversoldView.as_view(), name="oversold"),
    path(
        "locations/<str:location>/availability-records/skus/<str:sku>/<str:request_id>",
        views.RecordView.as_view(),
        name="record",
    ),
    path(
        "product-segmentation/actions/batch-update",
        SegmentationUpdateView.as_view(),
        name="product-segmentation",
    ),
]
