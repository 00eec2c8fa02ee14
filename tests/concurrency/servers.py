"""Real web servers on the test database, and real HTTP clients."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import psycopg

from config.env import BASE_DIR
from integrations.oauth.services import create_api_client
from tests.builders import Shop
from tests.ports import free_port

T = TypeVar("T")

SECONDS = 90.0  # a busy machine is slow
APPLICATION = "holdfast-test-web"


def address_of(connection: Any) -> dict[str, Any]:
    """Return what psycopg needs to reach a connection's database."""
    settings = connection.settings_dict
    address = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "dbname": settings["NAME"],
    }
    return {name: value for name, value in address.items() if value}


def database_url(address: dict[str, Any], **options: str) -> str:
    """Write an address as a `DATABASE_URL`."""
    user = quote(address["user"], safe="")
    if "password" in address:
        user += ":" + quote(address["password"], safe="")
    host, port = str(address.get("host", "")), address.get("port")
    if host.startswith("/"):
        options["host"], host = host, ""
    elif port:
        host = f"{host}:{port}"
    query = f"?{urlencode(options)}" if options else ""
    return f"postgresql://{user}@{host}/{quote(address['dbname'], safe='')}{query}"


class WebServer:
    """Gunicorn with so many worker processes; its port stays the same from start to start."""

    def __init__(self, address: dict[str, Any], state: Path, *, processes: int) -> None:
        self.processes = processes
        self.address = address
        self._state = state
        self.port = free_port()
        self._log = state / "web.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve; return when every worker is there and the first request is answered."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        descriptor = listener.fileno()
        command = ["gunicorn", "-c", "python:config.web", "--bind", f"fd://{descriptor}"]
        variables = {
            "DATABASE_URL": database_url(self.address, application_name=APPLICATION),
            "DB_POOL_MAX": "10",
            "HOLDFAST_STATE": str(self._state),
            "LOG_LEVEL": "WARNING",
            "OCI_RATE_LIMIT_PER_MINUTE": "0",
            "REDIS_URL": "",
            "WEB_WORKERS": str(self.processes),
        }
        # Nobody else holds the socket: when the server is killed, whoever waits in line knows.
        with self._log.open("ab") as log, listener:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command, "config.wsgi"],
                cwd=BASE_DIR,
                env=os.environ | variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[descriptor],
                start_new_session=True,
            )
        deadline = time.monotonic() + SECONDS
        while len(self.workers()) < self.processes or not self._answers():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            self._process = None

    def kill(self) -> None:
        """End master and workers at once, in the middle of what they do."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=SECONDS)
        self._process = None

    def workers(self) -> dict[int, float]:
        """Return the worker processes with the seconds of computing each has used."""
        assert self._process is not None
        pid = self._process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            stats = {int(child): Path(f"/proc/{child}/stat").read_text() for child in children}
        except OSError:
            return {}
        fields = {child: stat.rpartition(")")[2].split() for child, stat in stats.items()}
        return {child: (int(f[11]) + int(f[12])) / 100 for child, f in fields.items()}

    def said(self) -> str:
        """Return what the server has logged."""
        return self._log.read_text()

    def wait_until_forgotten(self) -> None:
        """Wait until the database has ended the sessions of a killed server."""
        deadline = time.monotonic() + SECONDS
        with psycopg.connect(**self.address, autocommit=True) as watcher:
            while watcher.execute(
                "SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = %s",
                [APPLICATION],
            ).fetchone():
                assert time.monotonic() < deadline, "sessions of a killed server are still there"
                time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def serving(address: dict[str, Any], state: Path, *, processes: int) -> Iterator[WebServer]:
    """Serve with so many processes."""
    server = WebServer(address, state, processes=processes)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Unanswered(Exception):  # noqa: N818 - not an error of the client's
    """The server was gone before it answered: nobody knows whether the request was applied."""


@dataclass(frozen=True)
class Answered:
    """A status and a JSON body; None where there is none."""

    status: int
    body: Any


@dataclass
class HttpClient:
    """A shop's client: one token, a connection for each call."""

    port: int
    organization: str
    token: str = ""
    statuses: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, server: WebServer, shop: Shop) -> "HttpClient":
        """Return a new API client of the shop, with its token."""
        identifier = shop.organization.identifier
        issued = create_api_client(organization=identifier, name="a test's client")
        client = cls(server.port, identifier)
        secret = f"{issued.client.client_id}:{issued.secret}".encode()
        answer = client._send(
            "POST",
            "/dwsso/oauth2/access_token",
            b"grant_type=client_credentials",
            {
                "Authorization": f"Basic {base64.b64encode(secret).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        assert answer.status == 200, answer.body
        client.token = answer.body["access_token"]
        return client

    def copy(self) -> "HttpClient":
        """Return the same caller for another thread."""
        return HttpClient(self.port, self.organization, self.token)

    def call(self, method: str, path: str, body: Any = None) -> Answered:
        """Send JSON to a path of the Reservation API, or of the Availability API."""
        is_stock = path.startswith(("availability-records", "locations"))
        family = "availability" if is_stock else "reservation"
        answer = self._send(
            method,
            f"/inventory/{family}/v1/organizations/{self.organization}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        self.statuses.append(answer.status)
        return answer

    def reserve(self, identifier: str, place: str, *lines: tuple[str, float], **more: Any) -> Any:
        """Put a document with lines at one place; `l1` and the like are locations."""
        kind = "locations" if is_location(place) else "groups"
        reservations = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        body = {kind: [{"id": place, "reservations": reservations}], **more}
        return self.call("PUT", f"reservation-documents/{identifier}", body)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answered:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered from error
        finally:
            connection.close()
        return Answered(answer.status, json.loads(text) if text else None)


def is_location(place: str) -> bool:
    """Tell a location of these tests from a group: l1, l2, ..."""
    return place[0] == "l" and place[1:].isdigit()


def end_of(place: str) -> dict[str, str]:
    """Name a place as the ends of a transfer do."""
    return {"location" if is_location(place) else "group": place}


def at_once(works: Iterable[Callable[[], T]]) -> list[T]:
    """Run works in threads that start together; return what they return, or raise."""
    listed = list(works)
    start = Barrier(len(listed))

    def run(work: Callable[[], T]) -> T:
        start.wait(timeout=SECONDS)
        return work()

    with ThreadPoolExecutor(len(listed)) as pool:
        return [future.result() for future in [pool.submit(run, work) for work in listed]]
