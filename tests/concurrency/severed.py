"""Ending sessions from outside, as a restart of the database does."""

import time
from contextlib import closing
from typing import Any

import psycopg
from django.db import connection

from config.database.base import _has_something_to_say
from tests.concurrency.servers import SECONDS, address_of


def cut_off(*connections: "psycopg.Connection[Any]") -> None:
    """End sessions, and wait until they are gone."""
    with closing(psycopg.connect(**address_of(connection), autocommit=True)) as admin:
        for one in connections:
            admin.execute("SELECT pg_terminate_backend(%s)", [one.info.backend_pid])
    wait_for_word_of(*connections)


def wait_for_word_of(*connections: "psycopg.Connection[Any]") -> None:
    deadline = time.monotonic() + SECONDS
    while not all(map(_has_something_to_say, connections)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
