"""The Celery application, and beat as a thread of the worker.

`celery -A config.celery worker` and `celery -A config.celery beat` work as everywhere;
`manage.py up` runs one worker `--with-beat`. Any number of beats does no harm: tasks are safe
to run twice.
"""

import logging.config
import os
import signal
import threading
import warnings
from typing import Any

import click
from celery import Celery, bootsteps
from celery.beat import Service
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # gap in the stubs
from celery.signals import setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_STOP_SECONDS = 3.0

# Root may run us (a container, a fresh machine), and tasks are JSON: nothing in them is executed.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("holdfast")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Log as the web does; with a receiver here Celery sets up no handlers of its own."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_ready.connect
def spare_the_garbage_collector(**_: object) -> None:
    """Set aside what is loaded: it was all looked at in the middle of an import."""
    from config.garbage import set_aside_what_is_loaded

    set_aside_what_is_loaded()


class BeatThread(bootsteps.StartStopStep):
    """Beat inside the worker, as a thread: unlike `-B`, no process that could be left behind.

    A beat that breaks takes the worker with it, so that whoever watches the worker starts both.
    """

    def __init__(self, worker: Any, *, with_beat: bool = False, **options: Any) -> None:
        super().__init__(worker, **options)
        self.enabled = with_beat
        self._thread: threading.Thread | None = None

    def start(self, worker: Any) -> None:
        """Start ticking."""
        # A short interval bounds how long a stop waits for the sleeping thread.
        self._service = Service(worker.app, max_interval=1)
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)
        self._thread.start()

    def stop(self, _worker: Any) -> None:
        """Stop ticking and write the schedule file."""
        if self._thread is not None:
            self._service.stop()
            self._thread.join(_STOP_SECONDS)

    def terminate(self, worker: Any) -> None:
        """Stop ticking, also at a cold shutdown."""
        self.stop(worker)

    def _run(self) -> None:
        try:
            self._service.start()
        except Exception:
            logging.getLogger(__name__).exception("Beat broke, the worker stops")
            os.kill(os.getpid(), signal.SIGTERM)


app.steps["worker"].add(BeatThread)
app.user_options["worker"].add(
    click.Option(["--with-beat"], is_flag=True, help="Run beat in a thread of this worker.")
)
