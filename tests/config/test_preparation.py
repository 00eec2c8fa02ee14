"""Waiting for a database that may be starting, or may never answer."""

import socket
import threading
import time

import pytest
from django.db import connection

from config import preparation
from config.refusal import CannotStart


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(preparation, "_REACH_SECONDS", 0.5)
    monkeypatch.setattr(preparation, "_PAUSE_SECONDS", 0.01)


def _point_at(monkeypatch, port, **more):
    there = {"host": "127.0.0.1", "port": port, "dbname": "holdfast", "user": "holdfast"} | more
    monkeypatch.setattr(preparation, "_parameters", lambda: there)


def test_a_database_that_answers_is_not_waited_for(db):
    preparation.await_database()


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        _point_at(monkeypatch, mute.getsockname()[1])
        before = time.monotonic()

        with pytest.raises(CannotStart, match=r"^The database of DATABASE_URL cannot be reached: "):
            preparation.await_database()

    assert time.monotonic() - before < 10


def test_a_database_that_does_not_exist_is_told_at_once(monkeypatch, db):
    monkeypatch.setattr(preparation, "_REACH_SECONDS", 3600.0)
    parameters = preparation._parameters() | {"dbname": "nowhere"}
    monkeypatch.setattr(preparation, "_parameters", lambda: parameters)

    with pytest.raises(CannotStart, match=r'database "nowhere" does not exist'):
        preparation.await_database()


def test_an_old_server_is_refused(monkeypatch, db):
    monkeypatch.setattr(preparation, "OLDEST_MAJOR", 99)

    with pytest.raises(CannotStart, match=r"but 99 or newer is needed"):
        preparation.await_database()


@pytest.mark.django_db(transaction=True)
def test_only_one_process_prepares_a_database_at_a_time():
    with preparation._alone():
        entered = threading.Event()
        rival = threading.Thread(target=_enter, args=(entered,))
        rival.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    rival.join()
    assert connection.connection is None or not connection.in_atomic_block


def _enter(entered):
    with preparation._alone():
        entered.set()
