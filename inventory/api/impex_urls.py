"""Addresses of the headless Impex API, below …/organizations/{organizationId}/."""

from django.urls import path

from inventory.api import availability_imports

urlpatterns = [
    path("availability-records/imports", availability_imports.ImportsView.as_view()),
    path(
        "availability-records/imports/uploadlink/<str:identifier>",
        availability_imports.ImportUploadView.as_view(),
    ),
    path(
        "availability-records/imports/<str:identifier>",
        availability_imports.ImportDetailView.as_view(),
    ),
    path(
        "availability-records/imports/<str:identifier>/status",
        availability_imports.AvailabilityImportStatusView.as_view(),
    ),
    path(
        "availability-records/imports/<str:identifier>/file-content",
        availability_imports.ImportFileView.as_view(),
    ),
]
