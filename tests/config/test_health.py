"""The probes: what they ask, and that they answer JSON whatever happens."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from config import health
from config.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)  # the probe has a connection of its own


@pytest.fixture(autouse=True)
def _broker(settings, tmp_path, monkeypatch):
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path)}
    monkeypatch.setattr(health, "_migrated", False)


def _ready():
    answer = Client().get("/readyz")
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, json.loads(answer.content)


def test_livez_answers():
    answer = Client().get("/livez")

    assert (answer.status_code, json.loads(answer.content)) == (200, {"status": "ok"})


def test_readyz_tells_that_everything_works():
    Heartbeat.beat()

    status, body = _ready()

    assert status == 200
    assert body["status"] == "ok"
    assert set(body["checks"]) == {"database", "migrations", "broker", "beat"}
    assert 0 <= body["checks"]["beat"]["age_seconds"] < 10


def test_no_heartbeat_yet():
    status, body = _ready()

    assert status == 503
    assert body["status"] == "unavailable"
    assert body["checks"]["beat"] == {
        "ok": False,
        "reason": "no scheduled task has run yet",
        "age_seconds": None,
    }


def test_an_old_heartbeat(settings):
    hour = timedelta(hours=1)
    Heartbeat.objects.create(beaten_at=timezone.now() - hour)

    status, body = _ready()

    assert status == 503
    assert body["checks"]["beat"]["age_seconds"] == pytest.approx(3600, abs=60)


def test_a_broker_folder_that_is_gone(settings, tmp_path):
    Heartbeat.beat()
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}

    status, body = _ready()

    assert (status, body["checks"]["broker"]["ok"]) == (503, False)


def test_missing_migrations(monkeypatch):
    Heartbeat.beat()
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: ["0002"])

    status, body = _ready()

    assert (status, body["checks"]["migrations"]["ok"]) == (503, False)


def test_applied_migrations_are_not_asked_for_again(monkeypatch):
    Heartbeat.beat()
    _ready()
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: ["0002"])

    assert _ready()[0] == 200


def test_a_database_that_is_gone(monkeypatch):
    nowhere = {"host": "127.0.0.1", "port": 1, "dbname": "holdfast"}
    monkeypatch.setattr(health, "_parameters", lambda: nowhere)

    status, body = _ready()

    assert status == 503
    assert not body["checks"]["database"]["ok"]
    assert not body["checks"]["migrations"]["ok"]
    assert not body["checks"]["beat"]["ok"]


@pytest.mark.redis
def test_a_redis_that_answers(settings, redis_url):
    settings.REDIS_URL = redis_url
    Heartbeat.beat()

    assert _ready()[0] == 200


def test_a_redis_that_does_not_answer(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Heartbeat.beat()

    status, body = _ready()

    assert (status, body["checks"]["broker"]["ok"]) == (503, False)


def test_a_broken_redis_answer_is_no_error(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    def refuse(*_):
        raise RedisError

    monkeypatch.setattr(health.Redis, "ping", refuse)

    assert _ready()[0] == 503
