"""The base of every view: who calls, for which tenant, and in which of the two shapes."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from integrations.accounts.authentication import TokenAuthentication
from integrations.oauth.grants import Access
from integrations.omnitron.api.pages import Pages, SortFilter
from integrations.omnitron.api.parsing import JsonOnly, JsonParser, JsonRenderer
from integrations.omnitron.api.schema import OmnitronSchema
from integrations.omnitron.api.wire import I1, Wire
from inventory.origin import Origin

Row = TypeVar("Row", bound=Model)


class OmnitronView(APIView):
    """A view of one organization's data: that of the token's user.

    A handler parses, makes one service call and renders; refusals become answers in
    `config.errors.omnitron`. `wire` is the shape of the prefix, set where the address is.
    """

    authentication_classes: Any = (TokenAuthentication,)
    permission_classes: Any = (IsAuthenticated,)
    throttle_classes: Any = ()
    parser_classes = (JsonParser,)
    renderer_classes = (JsonRenderer,)
    content_negotiation_class = JsonOnly
    metadata_class = None

    schema = OmnitronSchema()
    wire: Wire = I1
    now: datetime

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the caller and note the time."""
        super().initial(request, *args, **kwargs)
        self.now = timezone.now()

    @extend_schema(exclude=True)
    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Tell the methods; they stand in `Allow`, as in every answer."""
        return Response(status=HTTPStatus.NO_CONTENT)

    @property
    def caller(self) -> Access:
        """Whom the token speaks for."""
        return cast("Access", self.request.auth)

    @property
    def organization_id(self) -> int:
        """Whose data it is."""
        return self.caller.organization_id

    @property
    def origin(self) -> Origin:
        """Who asks, for the ledger."""
        return Origin(
            actor=f"user:{self.caller.client_id}",
            correlation_id=getattr(self.request, "correlation_id", ""),
        )

    def read(self, body: type[Serializer[Any]], **options: Any) -> Any:
        """Return the validated body; 400 with the complaints under their fields."""
        data = self.request.data
        if data is None:
            raise ValidationError({"non_field_errors": ["No data provided"]}, code="null")
        reader = body(**options) if options else _kept(body)
        return reader.run_validation(data)


class OmnitronList(OmnitronView, ListAPIView[Any]):
    """A list with `page`, `limit`, `sort` and filters; parameters it does not know are ignored.

    `sorts` are the fields it may be sorted by, with their columns.
    """

    filter_backends = (DjangoFilterBackend, SortFilter)
    pagination_class = Pages
    sorts: Mapping[str, str] = {"id": "pk", "pk": "pk"}


def rendered(serializer: type[BaseSerializer[Any]], row: Any) -> Any:
    """Return a row as the wire has it."""
    return _kept(serializer).to_representation(row)


_KEPT: dict[type[BaseSerializer[Any]], BaseSerializer[Any]] = {}


def _kept(serializer: type[BaseSerializer[Any]]) -> BaseSerializer[Any]:
    """Return one serializer for all calls: reading and writing leave nothing in it.

    Making one copies every field, which takes longer than using them.
    """
    kept = _KEPT.get(serializer)
    if kept is None:
        kept = _KEPT[serializer] = serializer()
    return kept


def found(rows: QuerySet[Row], **lookup: Any) -> Row:
    """Return the row; 404 when there is none, in this organization."""
    row = rows.filter(**lookup).first()
    if row is None:
        raise Http404
    return row
