"""A pooled connection that the server has closed is replaced before anybody uses it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from config.database.base import _is_cut_off
from tests.concurrency.servers import address_of
from tests.concurrency.severed import cut_off, wait_for_word_of

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


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


def write_cut_off() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE cut (id int)")
        with cursor.copy("COPY cut FROM STDIN") as copy:
            cut_off(connection.connection)
            copy.write("1\n")


def read_cut_off() -> None:
    every = "COPY (SELECT generate_series(1, 9999999)) TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(every) as copy:
        cut_off(connection.connection)
        list(copy)


@pytest.mark.parametrize("seen_by", [nullcontext, lambda: CaptureQueriesContext(connection)])
@pytest.mark.parametrize("copy", [write_cut_off, read_cut_off])
def test_a_copy_that_is_cut_off_fails_as_any_statement_does(
    copy: Callable[[], None], seen_by: Callable[[], AbstractContextManager[Any]]
) -> None:
    with seen_by(), pytest.raises(OperationalError):
        copy()

    connection.close()
