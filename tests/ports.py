"""Ports for the servers of the tests.

The system hands out its own ephemeral ports to every connection that is opened, so a port that was
free a moment ago, or that a killed server has left, may be somebody's by the time it is bound.
These lie below that range, each is given once in a process, and no two processes begin together.
"""

import os
import socket
from itertools import count

_FIRST, _LAST = 12_000, 31_999
_steps = count(os.getpid() * 37)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on and no connection is given."""
    for step in _steps:
        port = _FIRST + step % (_LAST - _FIRST)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError
