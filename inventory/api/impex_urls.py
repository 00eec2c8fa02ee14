"""Addresses of the headless Impex API, below …/organizations/{organizationId}/."""

from django.urls import path

from inventory.api import (
    availability_exports,
    availability_imports,
    event_log_exports,
    location_graph,
    segmentation_files,
)

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
    path("availability-records/exports", availability_exports.AvailabilityExportsView.as_view()),
    path(
        "availability-records/exports/<str:identifier>",
        availability_exports.AvailabilityExportDetailView.as_view(),
    ),
    path(
        "availability-records/exports/<str:identifier>/status",
        availability_exports.AvailabilityExportStatusView.as_view(),
    ),
    path(
        "availability-records/exports/<str:identifier>/file-content",
        availability_exports.AvailabilityExportFileView.as_view(),
    ),
    path("location-graph/exports", location_graph.GraphExportsView.as_view()),
    path("location-graph/exports/<str:identifier>", location_graph.GraphExportDetailView.as_view()),
    path(
        "location-graph/exports/<str:identifier>/status",
        location_graph.GraphExportStatusView.as_view(),
    ),
    path(
        "location-graph/exports/<str:identifier>/file-content",
        location_graph.GraphExportFileView.as_view(),
    ),
    path("location-graph/imports", location_graph.GraphImportsView.as_view()),
    path(
        "location-graph/imports/uploadlink/<str:identifier>",
        location_graph.GraphImportUploadView.as_view(),
    ),
    path("location-graph/imports/<str:identifier>", location_graph.GraphImportDetailView.as_view()),
    path(
        "location-graph/imports/<str:identifier>/status",
        location_graph.GraphImportStatusView.as_view(),
    ),
    path(
        "location-graph/imports/<str:identifier>/file-content",
        location_graph.GraphImportFileView.as_view(),
    ),
    path("event-log/exports", event_log_exports.EventLogExportsView.as_view()),
    path(
        "event-log/exports/<str:identifier>/status",
        event_log_exports.EventLogExportStatusView.as_view(),
    ),
    path(
        "event-log/exports/<str:identifier>/file-content",
        event_log_exports.EventLogExportFileView.as_view(),
    ),
    path(
        "product-segmentation/exports",
        segmentation_files.SegmentationExportsView.as_view(),
    ),
    path(
        "product-segmentation/exports/<str:identifier>",
        segmentation_files.SegmentationExportDetailView.as_view(),
    ),
    path(
        "product-segmentation/exports/<str:identifier>/status",
        segmentation_files.SegmentationExportStatusView.as_view(),
    ),
    path(
        "product-segmentation/exports/<str:identifier>/file-content",
        segmentation_files.SegmentationExportFileView.as_view(),
    ),
    path(
        "product-segmentation/imports",
        segmentation_files.SegmentationImportsView.as_view(),
    ),
    path(
        "product-segmentation/imports/uploadlink/<str:identifier>",
        segmentation_files.SegmentationImportUploadView.as_view(),
    ),
    path(
        "product-segmentation/imports/<str:identifier>",
        segmentation_files.SegmentationImportDetailView.as_view(),
    ),
    path(
        "product-segmentation/imports/<str:identifier>/status",
        segmentation_files.SegmentationImportStatusView.as_view(),
    ),
    path(
        "product-segmentation/imports/<str:identifier>/file-content",
        segmentation_files.SegmentationImportFileView.as_view(),
    ),
]
