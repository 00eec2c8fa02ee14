"""A large file sent by a browser's form, to a real server: its memory stays flat."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.db import connection

from inventory.domain.roles import Role
from inventory.models import Job, JobState
from inventory.services.members import add_member
from tests.builders import a_shop
from tests.concurrency.servers import SECONDS, WebServer, address_of, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MEGABYTE = 1024 * 1024
SIZE = 64 * MEGABYTE
BOUNDARY = "a-boundary"


class Browser:
    """Sends forms as a browser does, the token of each page with it."""

    def __init__(self, server: WebServer) -> None:
        self.session = requests.Session()
        self.root = f"http://127.0.0.1:{server.port}"

    def token_of(self, path: str) -> str:
        page = self.session.get(f"{self.root}{path}", timeout=SECONDS)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found is not None, page.text
        return found[1]

    def sign_in(self, username: str, password: str) -> None:
        token = self.token_of("/admin/login/")
        said = {"username": username, "password": password, "csrfmiddlewaretoken": token}
        address = f"{self.root}/admin/login/?next=/admin/profile/"
        answer = self.session.post(address, said, timeout=SECONDS)
        assert answer.url.endswith("/admin/profile/"), answer.text

    def send_file(self, path: str) -> requests.Response:
        head = (
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=csrfmiddlewaretoken\r\n\r\n"
            f"{self.token_of(path)}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=file;"
            ' filename="stock.json"\r\n\r\n'
        ).encode()
        tail = f"\r\n--{BOUNDARY}--\r\n".encode()

        def body() -> Iterator[bytes]:
            yield head
            for _ in range(SIZE // MEGABYTE):
                yield b" " * MEGABYTE
            yield tail

        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(head) + SIZE + len(tail)),
        }
        request = requests.Request("POST", f"{self.root}{path}", headers=headers)
        prepared = self.session.prepare_request(request)
        prepared.body = body()
        return self.session.send(prepared, timeout=SECONDS)


def peak_of(server: WebServer) -> int:
    """Return the most memory that the server's one worker has had, in bytes."""
    (worker,) = server.workers()
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_a_large_file_does_not_fill_the_memory(tmp_path: Path) -> None:
    shop = a_shop(all=["l1"])
    member = add_member(
        organization_id=shop.id, username="uploader", role=Role.MERCHANDISER, asked_by=None
    )
    with serving(address_of(connection), tmp_path, processes=1) as server:
        browser = Browser(server)
        browser.sign_in("uploader", member.password or "")
        browser.token_of("/admin/jobs/import/stock/")
        before = peak_of(server)

        answer = browser.send_file("/admin/jobs/import/stock/")

        assert answer.status_code == 200, answer.text
        job = Job.objects.get()
        stored = next(tmp_path.rglob(job.upload), None)
        if stored is not None:  # pytest keeps what lies here for a while
            stored.unlink()
        assert answer.url.endswith(f"/admin/inventory/job/{job.pk}/change/")
        assert job.state in (JobState.SUBMITTED, JobState.PENDING)
        assert job.upload_size == SIZE
        assert peak_of(server) - before < SIZE // 2
