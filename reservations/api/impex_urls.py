"""Addresses of the reservations export, beside those of `inventory.api.impex_urls`."""

from django.urls import path

from reservations.api import exports

urlpatterns = [
    path("reservations/exports", exports.ReservationsExportsView.as_view()),
    path("reservations/exports/<str:identifier>", exports.ReservationsExportDetailView.as_view()),
    path(
        "reservations/exports/<str:identifier>/status",
        exports.ReservationsExportStatusView.as_view(),
    ),
    path(
        "reservations/exports/<str:identifier>/file-content",
        exports.ReservationsExportFileView.as_view(),
    ),
]
