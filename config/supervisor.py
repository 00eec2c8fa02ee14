"""`manage.py up`: database, web and worker under one process that watches and stops them.

One supervisor for a state folder (a lock file that the kernel frees with the process). It holds the
listening socket itself: a taken port is found before anything starts, and while the web restarts
its callers wait instead of being refused.
"""

import errno
import fcntl
import logging
import os
import select
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import preparation
from config.child import BackOff, Child
from config.env import env
from config.postgres import PostgresUnavailable, PrivatePostgres
from config.refusal import CannotStart
from config.welcome import welcome

logger = logging.getLogger("holdfast.up")

_TICK_SECONDS = 0.5
_FIRST_ANSWER_SECONDS = 60.0
_DEATHS_AT_START = 3  # before the first answer: it is no accident then
_SPARE_SECONDS = 3.0  # for a child to end after its own grace is over
_LAST_PORT = 65_535
_ANYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound


class _StopRequested(BaseException):
    """Ctrl-C or SIGTERM while starting."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the environment says about a run."""

    state: Path
    host: str
    port: int
    public_url: str
    has_own_database: bool
    has_demo: bool
    web_grace: int
    worker_threads: int
    worker_grace: int

    @classmethod
    def from_environment(cls) -> "Options":
        """Read the variables; a wrong one is told in a sentence."""
        try:
            return cls(
                state=settings.STATE_DIR,
                host=env.str("HOST", default="127.0.0.1"),
                port=env.int("PORT", default=8000),
                public_url=env.str("PUBLIC_URL", default="").rstrip("/"),
                has_own_database=not env.str("DATABASE_URL", default=""),
                has_demo=env.bool("DEMO", default=True),
                web_grace=env.int("WEB_GRACE_SECONDS", default=10),
                worker_threads=env.int("WORKER_THREADS", default=4),
                worker_grace=env.int("WORKER_GRACE_SECONDS", default=15),
            )
        except (ValueError, ImproperlyConfigured, environ.ImproperlyConfigured) as error:
            message = f"A setting cannot be read: {error}."
            raise CannotStart(message) from error


class Supervisor:
    """Starts everything, keeps it running, stops it."""

    def __init__(
        self, options: Options, *, say: Callable[[str], None], clock: Callable[[], datetime]
    ) -> None:
        self._options = options
        self._say = say
        self._clock = clock
        self._children: list[Child] = []
        self._postgres: PrivatePostgres | None = None
        self._postgres_back_off = BackOff()
        self._stopping = False
        self._starting = True

    def run(self) -> None:
        """Run until Ctrl-C or SIGTERM; raise `CannotStart` or `PostgresUnavailable`."""
        with ExitStack() as stack:
            stack.enter_context(_only_one(self._options.state))
            listener = stack.enter_context(_listen(self._options.host, self._options.port))
            stack.enter_context(self._signals())
            try:
                self._start(listener)
                self._watch()
            except _StopRequested:
                pass
            finally:
                self._starting = False
                self._stopping = True
                self._stop()

    def _start(self, listener: socket.socket) -> None:
        if self._options.has_own_database:
            self._postgres = PrivatePostgres(self._options.state)
            self._postgres.start()
            preparation.use_database_at(self._postgres.socket_folder)
        else:
            preparation.await_database()
        access = preparation.prepare(
            self._options.state, has_demo=self._options.has_demo, now=self._clock()
        )
        self._children = [self._web(listener), self._worker()]
        for child in self._children:
            child.start()
        local = _address(listener)
        self._await_answer(f"{local}/livez")
        self._say(welcome(url=self._options.public_url or local, demo=access))
        self._starting = False

    def _web(self, listener: socket.socket) -> Child:
        descriptor = listener.fileno()
        command = ["gunicorn", "-c", "python:config.web", "--bind", f"fd://{descriptor}"]
        return Child(
            "web",
            [*command, "config.wsgi"],
            grace=self._options.web_grace + _SPARE_SECONDS,
            descriptors=(descriptor,),
        )

    def _worker(self) -> Child:
        command = ["celery", "--app", "config.celery", "--quiet", "worker", "--with-beat"]
        command += ["--pool", "threads", "--concurrency", str(self._options.worker_threads)]
        command += ["--without-gossip", "--without-mingle"]
        return Child("worker", command, grace=self._options.worker_grace)

    def _await_answer(self, url: str) -> None:
        """Wait until the web answers, restarting what dies meanwhile."""
        deadline = time.monotonic() + _FIRST_ANSWER_SECONDS
        while time.monotonic() < deadline:
            if _answers(url):
                return
            self._revive()
            if any(child.deaths >= _DEATHS_AT_START for child in self._children):
                break
            self._wait(0.05)
        message = "Holdfast does not start: the log above tells why."
        raise CannotStart(message)

    def _watch(self) -> None:
        while not self._stopping:
            self._revive()
            self._wait(_TICK_SECONDS)

    def _revive(self) -> None:
        """Start again what has ended."""
        if self._postgres is not None and not self._postgres.is_running():
            self._revive_postgres(self._postgres)
        for child in self._children:
            child.revive()

    def _revive_postgres(self, postgres: PrivatePostgres) -> None:
        if not self._postgres_back_off.is_over():
            return
        self._postgres_back_off.grow()
        logger.warning("PostgreSQL has ended, starting it again")
        try:
            postgres.start()
        except PostgresUnavailable as error:
            logger.error("%s", error)  # noqa: TRY400 - a sentence for the operator

    def _stop(self) -> None:
        """Stop web and worker together, then the database they need to finish."""
        for child in self._children:
            child.terminate()
        while any(child.is_ending() for child in self._children):
            self._wait(0.1)
        if self._postgres is not None:
            self._postgres.stop()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn Ctrl-C, SIGTERM and a closed terminal into a stop; wake up when a child ends."""
        handlers: dict[int, Callable[[int, FrameType | None], None]] = {
            signal.SIGINT: self._on_stop,
            signal.SIGTERM: self._on_stop,
            signal.SIGHUP: self._on_stop,
            signal.SIGCHLD: lambda *_: None,
        }
        self._wake, alarm = socket.socketpair()
        with self._wake, alarm:
            self._wake.setblocking(False)
            alarm.setblocking(False)
            signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
            before = {number: signal.signal(number, do) for number, do in handlers.items()}
            try:
                yield
            finally:
                signal.set_wakeup_fd(-1)
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Stop; asked a second time, wait for nobody."""
        if self._stopping:
            for child in self._children:
                child.kill()
        self._stopping = True
        if self._starting:
            self._starting = False
            raise _StopRequested

    def _wait(self, seconds: float) -> None:
        """Sleep until a signal comes or the time is over."""
        if select.select([self._wake], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                self._wake.recv(4096)


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Hold the state folder; the kernel frees it with the process, however that ends."""
    file = state / "up.lock"
    try:
        state.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"{state} cannot be used: {error.strerror}; set HOLDFAST_STATE to another folder."
        raise CannotStart(message) from error
    with os.fdopen(handle, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = (
                f"Holdfast already runs in {state} (process {lock.read().strip() or 'unknown'}): "
                f"stop it first, or set HOLDFAST_STATE and PORT for a second one."
            )
            raise CannotStart(message) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    if not 0 <= port <= _LAST_PORT:  # a larger number would wrap around
        message = f"PORT={port} is not a port."
        raise CannotStart(message)
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        message = f"HOST={host} and PORT={port} are not an address to listen at."
        raise CannotStart(message) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(2048)
        except OSError as error:
            raise CannotStart(_why_not(error, host, port)) from error
        yield listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken: stop what listens there, or set PORT to another."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root: set PORT to 1024 or above."
    return f"HOST={host} and PORT={port} are not an address to listen at."


def _address(listener: socket.socket) -> str:
    """Address at which a client on this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    if host in _ANYWHERE:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _answers(url: str) -> bool:
    """Tell whether the web answers, whatever it says: a host not allowed is an answer too."""
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        no_proxy.open(url, timeout=1).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, ValueError):
        return False
    return True
