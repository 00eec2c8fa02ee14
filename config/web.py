"""Settings of gunicorn: `gunicorn -c python:config.web config.wsgi`, as `manage.py up` runs it."""

import logging.config
from typing import Any

from gunicorn import glogging

from config.env import env
from config.garbage import set_aside_what_is_loaded
from config.leash import die_with_parent


class Logger(glogging.Logger):
    """Gunicorn's logger, writing as the rest of Holdfast does."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers by ours."""
        from config import settings

        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)


def pre_fork(_server: Any, _worker: Any) -> None:
    """Take what is loaded out of the garbage collector's way: nobody drops it any more.

    Looking through it would hold up a request of a worker by a tenth of a second now and then, and
    have the worker copy what it shares with the master.
    """
    set_aside_what_is_loaded()


def post_fork(_server: Any, worker: Any) -> None:
    """Let a worker end with its master, and free the port, even if the master is killed."""
    die_with_parent(worker.ppid)


logger_class = "config.web.Logger"
worker_class = "gthread"
workers = env.int("WEB_WORKERS", default=2)
threads = env.int("WEB_THREADS", default=8)
preload_app = True  # imported once and shared; a killed worker is replaced in milliseconds
graceful_timeout = env.int("WEB_GRACE_SECONDS", default=10)
keepalive = 5
control_socket_disable = True  # else a socket in the home folder
