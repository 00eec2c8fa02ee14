"""Tasks, schedule and the broker of a run without Redis."""

from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest
from django.conf import settings
from kombu import Connection, Exchange, Queue

from config import broker
from config.celery import app
from config.models import Heartbeat
from config.tasks import heartbeat

MESSAGES = 200


def _connection(folder):
    return Connection(
        "filesystem://localhost",
        transport="config.broker:Transport",
        transport_options=broker.transport_options(folder),
    )


def _queue(connection):
    return connection.SimpleQueue(Queue("work", Exchange("work"), routing_key="work"))


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= set(app.tasks)


def test_messages_are_json_and_leave_no_results():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.result_backend is None


@pytest.mark.django_db
def test_a_heartbeat_is_one_row_that_moves():
    heartbeat()
    first = Heartbeat.objects.get()
    heartbeat()

    assert Heartbeat.objects.get().beaten_at >= first.beaten_at


def test_messages_come_in_the_order_they_were_sent(tmp_path):
    with _connection(tmp_path) as connection:
        queue = _queue(connection)
        queue.put({"n": 1})
        taken = queue.get(timeout=5)
        taken.ack()

        assert taken.payload == {"n": 1}
        with pytest.raises(Empty):
            queue.get(block=False)


def test_several_senders_and_readers_share_the_folder(tmp_path):
    """Each message is read once and whole, also while others are being written."""
    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(_read, tmp_path) for _ in range(2)]
        for sender in [pool.submit(_send, tmp_path, start) for start in (0, MESSAGES)]:
            sender.result()
        with _connection(tmp_path) as connection:
            for _ in readers:
                _queue(connection).put({"n": None})
        seen = [n for reader in readers for n in reader.result()]

    assert sorted(seen) == list(range(2 * MESSAGES))
    assert list((tmp_path / "taken").iterdir()) == []


def _send(folder, start):
    with _connection(folder) as connection:
        queue = _queue(connection)
        for n in range(start, start + MESSAGES):
            queue.put({"n": n, "padding": "x" * 5_000})


def _read(folder):
    """Read until told that there is no more."""
    seen = []
    with _connection(folder) as connection:
        queue = _queue(connection)
        while True:
            message = queue.get(timeout=30)
            message.ack()
            if message.payload["n"] is None:
                return seen
            seen.append(message.payload["n"])


def test_bindings_made_at_once_are_all_kept(tmp_path):
    def bind(n):
        with _connection(tmp_path) as connection:
            Queue(f"q{n}", Exchange("shared"), routing_key=f"q{n}").bind(connection).declare()

    with ThreadPoolExecutor() as pool:
        list(pool.map(bind, range(8)))

    with _connection(tmp_path) as connection:
        table = connection.default_channel.get_table("shared")
    assert {binding.queue for binding in table} == {f"q{n}" for n in range(8)}
