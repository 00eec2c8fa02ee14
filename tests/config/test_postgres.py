"""The launcher of the private PostgreSQL, on real servers."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import postgres
from config.env import BASE_DIR
from config.postgres import PostgresUnavailable, PrivatePostgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def state() -> Iterator[Path]:
    """An empty state folder that the server's user can reach, as in a checkout."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-launcher-"))
    folder.chmod(0o755)
    yield folder
    PrivatePostgres(folder).destroy()


@pytest.fixture
def server(state: Path) -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(state)
    server.start(durable=False)
    yield server
    server.stop()


def ask(server: PrivatePostgres, question: str) -> str:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(question)
        return str(cursor.fetchone()[0]) if cursor.description else ""


def server_pid(server: PrivatePostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def wait_until_ended(server: PrivatePostgres) -> None:
    deadline = time.monotonic() + 10
    while server.is_running():
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.01)


def test_data_outlives_a_restart_and_a_run_is_durable(state: Path) -> None:
    server = PrivatePostgres(state)
    server.start()
    assert server.is_running()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert not server.is_running()
    assert not server.socket_folder.exists()

    server.start()
    assert ask(server, "SELECT n FROM kept") == "7"
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(server, f"SHOW {setting}") == "on"
    server.stop()
    server.stop()  # again is no error


def test_nobody_else_can_connect(server: PrivatePostgres) -> None:
    assert ask(server, "SHOW listen_addresses") == ""
    folder = server.socket_folder.stat()
    assert stat.S_IMODE(folder.st_mode) == 0o700
    assert folder.st_uid == server.data.stat().st_uid


def test_a_server_that_outlived_its_starter_is_adopted(server: PrivatePostgres) -> None:
    found = PrivatePostgres(server.state)
    pid = server_pid(found)
    found.start()
    assert server_pid(found) == pid
    assert found.is_running()
    assert ask(found, "SELECT 1") == "1"


def test_an_orphan_without_socket_is_replaced(server: PrivatePostgres) -> None:
    pid = server_pid(server)
    shutil.rmtree(server.socket_folder)
    found = PrivatePostgres(server.state)
    found.start(durable=False)
    assert server_pid(found) != pid
    assert ask(found, "SELECT 1") == "1"
    found.stop()


def test_a_killed_server_recovers(server: PrivatePostgres) -> None:
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    ask(server, "CHECKPOINT")
    killed = server_pid(server)
    os.kill(killed, signal.SIGKILL)
    wait_until_ended(server)
    server.start(durable=False)
    assert ask(server, "SELECT n FROM kept") == "7"
    with pytest.raises(ProcessLookupError):  # not even a zombie stays
        os.kill(killed, 0)


def test_a_stale_number_that_is_another_process_by_now_is_not_believed(
    server: PrivatePostgres,
) -> None:
    pidfile = server.data / "postmaster.pid"
    lines = pidfile.read_text().splitlines()
    server.stop()
    other = subprocess.Popen(["sleep", "60"])
    try:
        pidfile.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        assert not server.is_running()
        server.start(durable=False)
        assert ask(server, "SELECT 1") == "1"
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_broken_off_creation_is_begun_anew(state: Path) -> None:
    (state / "postgres.new").mkdir()
    (state / "postgres.new" / "half").touch()
    server = PrivatePostgres(state)
    server.start(durable=False)
    assert ask(server, "SELECT 1") == "1"
    assert not (state / "postgres.new").exists()
    server.stop()


@pytest.mark.parametrize(("version", "told"), [("9", "written by PostgreSQL 9"), ("", "is not a")])
def test_data_of_another_version_is_told_in_one_sentence(
    state: Path, version: str, told: str
) -> None:
    (state / "postgres").mkdir()
    (state / "postgres" / "PG_VERSION").write_text(version + "\n")
    with pytest.raises(PostgresUnavailable, match=told) as refusal:
        PrivatePostgres(state).start()
    assert "\n" not in str(refusal.value)
    assert "DATABASE_URL" in str(refusal.value)


def test_no_installation_is_told_in_one_sentence(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_major", lambda folder: None)
    with pytest.raises(PostgresUnavailable, match="No PostgreSQL is installed"):
        PrivatePostgres(state).start()


def test_a_long_state_path_keeps_the_socket_short(state: Path) -> None:
    deep = state.joinpath(*["a-folder-with-a-long-name"] * 6)
    server = PrivatePostgres(deep)
    server.start(durable=False)
    try:
        assert len(str(server.socket_folder / ".s.PGSQL.5432")) < 104
        assert ask(server, "SELECT 1") == "1"
    finally:
        server.stop()


def test_a_name_taken_in_the_shared_folder_is_avoided(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap"
    trap.symlink_to(state)
    monkeypatch.setattr(postgres, "_usual_socket_folder", lambda state: trap)
    server = PrivatePostgres(state)
    monkeypatch.setattr(tempfile, "mkdtemp", _short_folder)  # pytest's own paths are long
    server.start(durable=False)
    try:
        assert server.socket_folder != trap
        assert ask(server, "SELECT 1") == "1"
    finally:
        server.stop()


def _short_folder(**_: object) -> str:
    folder = Path(f"/tmp/holdfast-other-{os.getpid()}")
    folder.mkdir(mode=0o700)
    return str(folder)


@as_root
def test_root_closes_no_gap_when_the_state_is_private(state: Path) -> None:
    """Under a folder only root may enter, the server runs in a user namespace, as root's own."""
    state.chmod(0o700)
    server = PrivatePostgres(state)
    try:
        server.start(durable=False)
    except PostgresUnavailable as error:
        pytest.skip(f"no user namespace here: {error}")
    assert ask(server, "SELECT 1") == "1"
    assert server.data.stat().st_uid == 0
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    server.stop()
    state.chmod(0o755)  # reachable again: the same data, now as nobody
    server.start(durable=False)
    assert server.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    server.stop()


@as_root
def test_root_leaves_data_to_the_user_who_made_it(state: Path) -> None:
    """A single start by root must not lock a plain user out of the checkout's own data."""
    server = PrivatePostgres(state)
    server.start(durable=False)
    server.stop()
    postgres.ServerUser("other", 1, 1).own(server.data)
    server.start(durable=False)
    assert ask(server, "SELECT 1") == "1"
    assert {path.stat().st_uid for path in (server.data, server.data / "PG_VERSION")} == {1}
    server.stop()


@as_root
def test_a_namespace_maps_root_to_a_user_this_machine_knows() -> None:
    """initdb looks its user up; a fresh machine has nobody with the number 1000."""
    inside = postgres.ServerUser("namespace", 0, 0).prefix[2].removeprefix("--map-user=")
    assert int(inside) != 0
    assert pwd.getpwuid(int(inside))


_AS_PLAIN_USER = """
import os, sys
from pathlib import Path
import psycopg
sys.path.insert(0, sys.argv[1])
from config.postgres import PostgresUnavailable, PrivatePostgres
nobody, foreign = Path(sys.argv[2]), Path(sys.argv[3])
os.setgroups([]); os.setgid(65534); os.setuid(int(sys.argv[4])); os.chdir("/")
server = PrivatePostgres(nobody)
server.start(durable=False)
with psycopg.connect(server.url) as connection:
    assert connection.execute("SELECT 1").fetchone() == (1,)
server.stop()
assert not server.is_running()
try:
    PrivatePostgres(foreign).start()
except PostgresUnavailable as error:
    assert "belongs to another user" in str(error), error
else:
    raise AssertionError("started in a folder of root")
"""


@as_root
def test_a_plain_user_starts_its_own_and_not_anothers(state: Path) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    own = state / "own"
    own.mkdir()
    os.chown(own, uid, -1)
    foreign = state / "foreign"
    foreign.mkdir(mode=0o755)
    # The modules are loaded as root, before the process becomes the plain user: the interpreter
    # may lie where only root may look.
    done = subprocess.run(
        [sys.executable, "-c", _AS_PLAIN_USER, BASE_DIR, own, foreign, str(uid)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_command_without_database_says_so(state: Path) -> None:
    environment = os.environ | {"HOLDFAST_STATE": str(state), "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, BASE_DIR / "manage.py", "showmigrations"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "The database is not running: start it with `make run`, or set DATABASE_URL."
    ]


def test_database_url_wins_and_suits_a_transaction_pooler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p%40ss@db.example:6432/shop?sslmode=require")
    monkeypatch.setenv("DB_POOL_MIN", "2")
    monkeypatch.setenv("DB_POOL_MAX", "5")
    database = postgres.django_database(tmp_path)
    named = {key: database[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    assert named == {
        "USER": "u",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": 6432,
        "NAME": "shop",
    }
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["OPTIONS"]["pool"] == {"min_size": 2, "max_size": 5, "timeout": 10}
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True
    # Django's own default: a statement is never prepared, so any connection serves any transaction.
    assert "prepare_threshold" not in database["OPTIONS"]


def test_the_private_server_is_the_default(
    server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    database = postgres.django_database(server.state)
    assert database["HOST"] == str(server.socket_folder)
    assert "pool" in database["OPTIONS"]
    server.stop()
    # Without a server a pool would wait for one; a plain connection fails at once.
    assert "pool" not in postgres.django_database(server.state)["OPTIONS"]
