"""`manage.py up`, watched from outside on real processes."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.postgres import PrivatePostgres
from tests.config.running import Run, environment, manage, until
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("up")  # one run serves the tests of this module


@pytest.fixture(scope="module")
def whole_run() -> Iterator[Run]:
    state = Path(tempfile.mkdtemp(prefix="holdfast-up-"))
    state.chmod(0o711)  # the user nobody passes through
    run = Run(state)
    try:
        yield run
    finally:
        if not run.has_ended():
            run.end(signal.SIGTERM)
        PrivatePostgres(state).destroy()


@pytest.fixture
def run(whole_run: Run) -> Run:
    whole_run.ensure()
    return whole_run


@pytest.fixture
def state() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="holdfast-up-"))
    yield folder
    shutil.rmtree(folder)


def test_every_part_is_ready(run):
    status, body = run.get("/readyz")

    assert status == 200
    assert {name: check["ok"] for name, check in body["checks"].items()} == {
        "database": True,
        "migrations": True,
        "broker": True,
        "beat": True,
    }


def test_prints_commands_that_work_when_pasted(run):
    script = "\n".join(
        line for line in run.said().splitlines() if line.startswith(("TOKEN=", "curl "))
    )

    pasted = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=60)

    availability, reservation = _documents(pasted.stdout)
    assert availability["groups"][0]["records"][0]["sku"] == "SHIRT-001"
    assert reservation["success"] is True


def _documents(text):
    decoder, found = json.JSONDecoder(), []
    while text.strip():
        document, end = decoder.raw_decode(text.lstrip())
        found.append(document)
        text = text.lstrip()[end:]
    return found


def test_keeps_its_credentials_for_its_owner_only(run):
    file = run.state / "demo.json"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["admin_password"] in run.said()


def test_commands_in_the_same_checkout_work_on_the_same_state(run):
    printed = manage("load_demo", env=run.env)

    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout) == json.loads((run.state / "demo.json").read_text())


def test_a_second_start_in_the_same_state_is_refused(run):
    second = manage("up", env=run.env | {"PORT": str(free_port())})

    assert second.returncode == 1
    assert second.stderr == (
        f"Holdfast already runs in {run.state} (process {run.process.pid}): "
        f"stop it first, or set HOLDFAST_STATE and PORT for a second one.\n"
    )


@pytest.mark.parametrize("part", ["gunicorn", "celery", "postgres"])
def test_a_killed_part_is_started_again(run, part):
    killed = run.child(part)

    os.kill(killed, signal.SIGKILL)

    until(lambda: run.child(part) not in {0, killed}, f"{part} again")
    until(run.is_ready, "/readyz")


def test_a_killed_supervisor_takes_its_children_along_and_the_next_start_recovers(run):
    with psycopg.connect(PrivatePostgres(run.state).url) as database:
        database.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS value")
    before = (run.state / "demo.json").read_text()

    run.end(signal.SIGKILL)

    until(lambda: not [c for c in run.processes().values() if "config.leash" in c], "their end")
    run.ensure()
    with psycopg.connect(PrivatePostgres(run.state).url) as database:
        assert database.execute("SELECT value FROM kept").fetchone() == (42,)
    assert (run.state / "demo.json").read_text() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_leaves_no_process(run, number):
    assert len(run.processes()) > 3
    said_before = len(run.said())  # a part that another test has killed may have left traces

    assert run.end(number) == 0

    assert run.processes() == {}
    assert "Traceback" not in run.said()[said_before:]


def test_a_taken_port_is_told_before_anything_starts(state):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        refused = manage("up", env=environment(state, PORT=str(port)))

    assert refused.returncode == 1
    assert refused.stderr == (
        f"Port {port} of 127.0.0.1 is taken: stop what listens there, or set PORT to another.\n"
    )
    assert not (state / "postgres").exists()


def test_an_unreachable_database_is_told(state):
    url = f"postgresql://somebody:verysecret@127.0.0.1:{free_port()}/holdfast"

    refused = manage("up", env=environment(state, PORT=str(free_port()), DATABASE_URL=url))

    assert refused.returncode == 1
    assert refused.stderr.startswith("The database of DATABASE_URL cannot be reached: ")
    assert refused.stderr.count("\n") == 1
    assert "verysecret" not in refused.stderr


def test_a_data_folder_of_another_version_is_told(state):
    (state / "postgres").mkdir()
    (state / "postgres" / "PG_VERSION").write_text("12\n")

    refused = manage("up", env=environment(state, PORT=str(free_port())))

    assert refused.returncode == 1
    assert "was written by PostgreSQL 12" in refused.stderr
    assert refused.stderr.count("\n") == 1
