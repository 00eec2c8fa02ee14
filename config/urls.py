"""Addresses of Holdfast."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from config import health, openapi
from inventory.api.binding import OrganizationBindingView

_ORGANIZATION = "v1/organizations/<str:organization_id>"
_FIRST_DOCUMENT = "/api/schema/availability/"

urlpatterns = [
    path(f"inventory/availability/{_ORGANIZATION}/", include("inventory.api.urls")),
    path(f"inventory/reservation/{_ORGANIZATION}/", include("reservations.api.urls")),
    path(f"inventory/impex/{_ORGANIZATION}/", include("inventory.api.impex_urls")),
    path(f"inventory/impex/{_ORGANIZATION}/", include("reservations.api.impex_urls")),
    path(f"inventory/internal/{_ORGANIZATION}", OrganizationBindingView.as_view()),
    path("services/", include("integrations.connect.api.urls")),
    path("", include("integrations.oauth.urls")),
    path("", include("integrations.omnitron.api.urls")),
    *(
        path(
            f"api/schema/{family}/",
            SpectacularJSONAPIView.as_view(generator_class=generator, throttle_classes=()),
            name=f"schema-{family}",
        )
        for family, generator in openapi.family_generators().items()
    ),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(
            url=_FIRST_DOCUMENT, title="Holdfast", template_name="api/docs.html"
        ),
        name="docs",
    ),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
