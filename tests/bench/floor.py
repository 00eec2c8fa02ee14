"""The floors: bare DRF views, served like everything else, that do the least there is to do."""

from typing import Any, ClassVar

from django.db import connection, transaction
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import urlpatterns as holdfast

TABLES = """
CREATE TABLE bench_counter (id bigint PRIMARY KEY, quantity bigint NOT NULL CHECK (quantity >= 0))
  WITH (fillfactor = 70);
CREATE TABLE bench_entry (id bigserial PRIMARY KEY, counter_id bigint NOT NULL);
CREATE TABLE bench_row (id bigint PRIMARY KEY, sku text NOT NULL, on_hand bigint NOT NULL,
  reserved bigint NOT NULL, safety_stock bigint NOT NULL, atf bigint NOT NULL,
  ato bigint NOT NULL, changed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO bench_counter SELECT n, 1000000000 FROM generate_series(0, 1000) n;
INSERT INTO bench_row (id, sku, on_hand, reserved, safety_stock, atf, ato)
  SELECT n, 'SKU-' || n, n, 1, 2, n, n FROM generate_series(1, 100) n;
"""


class _Floor(APIView):
    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []
    throttle_classes: ClassVar[list[Any]] = []


class TakeView(_Floor):
    """One transaction with one guarded UPDATE and one INSERT."""

    def put(self, _request: Any, counter: int) -> Response:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bench_counter SET quantity = quantity - 1"
                " WHERE id = %s AND quantity >= 1 RETURNING quantity",
                [counter],
            )
            (left,) = cursor.fetchone()
            cursor.execute("INSERT INTO bench_entry (counter_id) VALUES (%s)", [counter])
        return Response({"left": left})


class RowsView(_Floor):
    """Reads a hundred rows and renders them."""

    def post(self, _request: Any) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM bench_row ORDER BY id")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return Response({"records": rows})


urlpatterns = [
    path("inventory/bench/take/<int:counter>", TakeView.as_view()),
    path("inventory/bench/rows", RowsView.as_view()),
    *holdfast,
]
