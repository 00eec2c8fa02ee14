"""Products and content types: what keys in other answers stand for (spec: omnitron 4.6)."""

from collections.abc import Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.omnitron.api.base import OmnitronList, OmnitronView, found, rendered
from integrations.omnitron.api.filters import filter_set
from integrations.omnitron.api.wire_orders import Product
from integrations.omnitron.selectors.orders import products
from integrations.omnitron.selectors.relations import content_types
from inventory.models import Item

ProductFilters = filter_set(
    "ProductFilters",
    numbers={"pk": "pk", "id": "pk"},
    texts={"sku": "sku", "name": "product_info__name"},
)
ContentTypeFilters = filter_set(
    "ContentTypeFilters",
    numbers={"pk": "pk", "id": "pk"},
    texts={"app_label": "app_label", "model": "model"},
)


class ProductsView(OmnitronList):
    """GET products/: products."""

    filterset_class = ProductFilters
    serializer_class = Product
    sorts: Mapping[str, str] = {"id": "pk", "pk": "pk", "sku": "sku"}

    def get_queryset(self) -> QuerySet[Item]:
        """Return the organization's products."""
        return products(self.organization_id)


class ProductView(OmnitronView):
    """GET products/{pk}/."""

    @extend_schema(responses=Product)
    def get(self, _request: Request, product_id: int) -> Response:
        """Read a product."""
        return Response(rendered(Product, found(products(self.organization_id), pk=product_id)))


class ContentTypeOut(serializers.Serializer[Any]):
    """A table, by the name that mappings refer to it with."""

    id = serializers.IntegerField()
    app_label = serializers.CharField()
    model = serializers.CharField()


class ContentTypesView(OmnitronList):
    """GET content_types/: the tables whose rows can be mapped."""

    filterset_class = ContentTypeFilters
    serializer_class = ContentTypeOut

    def get_queryset(self) -> QuerySet[ContentType]:
        """Return the tables whose rows can be mapped."""
        return content_types()


class ContentTypeView(OmnitronView):
    """GET content_types/{id}/."""

    @extend_schema(responses=ContentTypeOut)
    def get(self, _request: Request, content_type_id: int) -> Response:
        """Read a content type."""
        return Response(rendered(ContentTypeOut, found(content_types(), pk=content_type_id)))
