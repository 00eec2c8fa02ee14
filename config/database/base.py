"""The backend itself; Django looks for it in a module of this name."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg_pool import ConnectionPool


class _Cursor(CursorWrapper):
    """Raises Django's errors from a COPY too, which Django itself leaves to the driver.

    Whoever lives through a lost connection looks for Django's.
    """

    @contextmanager
    def copy(self, statement: Any) -> Iterator["psycopg.Copy"]:
        with self.db.wrap_database_errors, self._copy(statement) as copy:
            yield copy

    def _copy(self, statement: Any) -> Any:
        return self.cursor.copy(statement)


class _DebugCursor(_Cursor, base.CursorDebugWrapper):
    """The same, and remembers its statements."""

    def _copy(self, statement: Any) -> Any:
        return base.CursorDebugWrapper.copy(self, statement)


class DatabaseWrapper(base.DatabaseWrapper):
    """Looks at a connection's socket before it is used, and names every error as Django does.

    After a restart of the database every pooled connection would fail one request before it is
    replaced. A server that has hung up has left its goodbye in the socket, so a system call tells;
    only what has something to say is asked, at a round trip.
    """

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        """Return the cursor that others use."""
        return _Cursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> base.CursorDebugWrapper:
        """Return the cursor that others use where statements are remembered."""
        return _DebugCursor(cursor, self)

    def get_new_connection(self, conn_params: Any) -> Any:
        """Take a connection from the pool, or make one."""
        connection = super().get_new_connection(conn_params)
        while self.pool and _is_cut_off(connection):
            connection.close()
            self.pool.putconn(connection)  # makes room: the pool connects anew
            connection = super().get_new_connection(conn_params)
        return connection


def _is_cut_off(connection: "psycopg.Connection[Any]") -> bool:
    if connection.closed:
        return True
    if not _has_something_to_say(connection):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return True
    return False


def _has_something_to_say(connection: "psycopg.Connection[Any]") -> bool:
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    return bool(socket.poll(0))
