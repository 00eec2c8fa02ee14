"""Two probes, plain JSON, open to everybody: `/livez` and `/readyz`.

`/livez` says that this process answers; restart it when it does not. `/readyz` says that a request
would be served and that the background work runs; send no traffic while it does not.
"""

import os
from typing import Any

import psycopg
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

Check = dict[str, Any]

_SECONDS = 2
_migrated = False


def livez(_request: HttpRequest) -> JsonResponse:
    """Answer; nothing else is asked."""
    return _answer({"status": "ok"}, 200)


def readyz(_request: HttpRequest) -> JsonResponse:
    """Tell of each part whether it works: 200 if all do, else 503."""
    database, beat = _database_and_beat()
    checks = {
        "database": database,
        "migrations": _migrations() if database["ok"] else _bad("the database does not answer"),
        "broker": _broker(),
        "beat": beat,
    }
    ready = all(check["ok"] for check in checks.values())
    body = {"status": "ok" if ready else "unavailable", "checks": checks}
    return _answer(body, 200 if ready else 503)


def _answer(body: dict[str, Any], status: int) -> JsonResponse:
    response = JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
    # A probe asks every few seconds: its 503 is an answer, not an error to log each time.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def _bad(reason: str, **more: object) -> Check:
    return {"ok": False, "reason": reason, **more}


def _database_and_beat() -> tuple[Check, Check]:
    """Ask over our own connection: a busy pool is no broken database, and waits longer."""
    try:
        with psycopg.connect(**_parameters(), connect_timeout=_SECONDS) as probe:
            # In the transaction, so that it also holds behind a pooler.
            probe.execute(f"SET LOCAL statement_timeout = '{_SECONDS}s'")
            return {"ok": True}, _beat(probe)
    except psycopg.Error:
        return _bad("the database does not answer"), _bad("unknown", age_seconds=None)


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    return parameters | {"cursor_factory": psycopg.Cursor, "context": None}


def _beat(probe: "psycopg.Connection[Any]") -> Check:
    """Tell how long ago the last scheduled task ran, by the database's clock."""
    try:
        row = probe.execute(
            "SELECT extract(epoch FROM statement_timestamp() - beaten_at)::float8"
            " FROM config_heartbeat"
        ).fetchone()
    except psycopg.errors.UndefinedTable:
        return _bad("no scheduled task has run yet", age_seconds=None)
    if row is None:
        return _bad("no scheduled task has run yet", age_seconds=None)
    age = round(max(row[0], 0.0), 1)
    if age > settings.HEARTBEAT_LIMIT_SECONDS:
        return _bad("no scheduled task ran lately", age_seconds=age)
    return {"ok": True, "age_seconds": age}


def _migrations() -> Check:
    """Tell whether every migration of this code is applied; once so, it is not asked again."""
    global _migrated  # noqa: PLW0603 - what this process has found out
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except Error:
            return _bad("the database does not answer")
    return {"ok": True} if _migrated else _bad("migrations are missing")


def _broker() -> Check:
    answers = _redis_answers() if settings.REDIS_URL else _folder_is_writable()
    return {"ok": True} if answers else _bad("the broker does not answer")


def _redis_answers() -> bool:
    try:
        with Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as redis:
            return bool(redis.ping())
    except (RedisError, OSError):
        return False


def _folder_is_writable() -> bool:
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]
    return os.access(str(folder), os.W_OK | os.X_OK)
