"""Addresses of the headless Reservation API, below …/organizations/{organizationId}/."""

from django.urls import path

from reservations.api import views

urlpatterns = [
    path(
        "reservation-documents/<str:reservation_id>",
        views.DocumentsView.as_view(),
        name="reservation-document",
    ),
    path("transfers", views.TransfersView.as_view(), name="transfers"),
    path("releases", views.ReleasesView.as_view(), name="releases"),
    path("fulfillments", views.FulfilmentsView.as_view(), name="fulfillments"),
]
