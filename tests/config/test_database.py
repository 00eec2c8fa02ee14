"""A pooled connection that the server has closed is replaced before anybody uses it."""

import time
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.database.base import _has_something_to_say, _is_cut_off
from tests.concurrency.servers import address_of

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE = 60.0


def backend() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def cut_off(*connections: "psycopg.Connection[Any]") -> None:
    """End sessions from outside, as a restart of the server does, and wait until they are gone."""
    with closing(psycopg.connect(**address_of(connection), autocommit=True)) as admin:
        for one in connections:
            admin.execute("SELECT pg_terminate_backend(%s)", [one.info.backend_pid])
    wait_for_word_of(*connections)


def wait_for_word_of(*connections: "psycopg.Connection[Any]") -> None:
    deadline = time.monotonic() + DEADLINE
    while not all(map(_has_something_to_say, connections)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_the_server_has_closed_is_replaced() -> None:
    connection.ensure_connection()
    pool = connection.pool
    connection.close()
    several = [pool.getconn() for _ in range(3)]
    for one in several:
        pool.putconn(one)
    cut_off(*several)

    ended = {one.info.backend_pid for one in several}
    # The pool hands out what was given back first: this goes round all it has.
    for _ in range(pool.get_stats()["pool_size"] + 1):
        assert backend() not in ended
        connection.close()


def test_a_connection_that_only_has_something_to_say_is_kept() -> None:
    connection.ensure_connection()
    talkative = connection.connection
    talkative.execute("LISTEN something")
    with closing(psycopg.connect(**address_of(connection), autocommit=True)) as other:
        other.execute("NOTIFY something")
    wait_for_word_of(talkative)

    assert not _is_cut_off(talkative)

    talkative.execute("UNLISTEN something")


def test_looking_costs_no_round_trip() -> None:
    connection.ensure_connection()
    connection.close()

    with CaptureQueriesContext(connection) as said:
        backend()

    assert len(said) == 1
