"""The backend itself; Django looks for it in a module of this name."""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Looks at a connection's socket before it is used.

    After a restart of the database every pooled connection would fail one request before it is
    replaced. A server that has hung up has left its goodbye in the socket, so a system call tells;
    only what has something to say is asked, at a round trip.
    """

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
