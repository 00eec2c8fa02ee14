"""A server, a browser and a signed-in user."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from playwright.sync_api import Browser, expect, sync_playwright

from config.env import BASE_DIR
from tests.browser.desk import MILLISECONDS, Desk, Site
from tests.concurrency.servers import address_of, database_url, serving

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
_MAKE_MEMBERS = """
import json
from inventory.domain.roles import Role
from inventory.models import Organization
from inventory.services.members import add_member

organization = Organization.objects.get().pk
print(json.dumps({
    role.value: add_member(
        organization_id=organization, username=role.value, role=role, asked_by=None
    ).password
    for role in Role
}))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests in one process: they share a server and a browser."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def chromium() -> str:
    """Path of an installed Chromium; nothing is ever downloaded."""
    for name in CHROMIUMS:
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium is installed (apt-get install chromium)")


@pytest.fixture(scope="package")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a database of its own that holds the demo, with a member of each role."""
    state = tmp_path_factory.mktemp("browser")
    address = address_of(connection)
    name = f"holdfast_browser_{os.getpid()}"
    with psycopg.connect(**{**address, "dbname": "postgres"}, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    address["dbname"] = name
    variables = os.environ | {
        "DATABASE_URL": database_url(address),
        "HOLDFAST_STATE": str(state),
        "REDIS_URL": "",
    }

    def manage(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        manage("migrate", "--verbosity", "0")
        demo = json.loads(manage("load_demo"))
        passwords = {demo["admin_user"]: demo["admin_password"]}
        passwords |= json.loads(manage("shell", "--no-imports", "-c", _MAKE_MEMBERS))
        with serving(address, state, processes=1) as web:
            yield Site(
                f"http://127.0.0.1:{web.port}", demo["organization"], passwords, manage, variables
            )
    finally:
        with psycopg.connect(**{**address, "dbname": "postgres"}, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Run Chromium without a window.

    Playwright's event loop makes Django's ORM refuse to work in this thread: what a test wants to
    know it asks the pages, or `site.manage`.
    """
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sessions() -> dict[str, Any]:
    """Cookies of who has signed in: signing in hashes a password, which takes a while."""
    return {}


@pytest.fixture
def desk(site: Site, browser: Browser, sessions: dict[str, Any]) -> Iterator[Callable[..., Desk]]:
    """Return a function that sits a user down: `desk()` for staff, `desk("viewer")` for a role.

    When the test ends, every page must have been free of console errors and policy violations.
    """
    desks: list[Desk] = []

    def sit_down(user: str = "admin", **options: Any) -> Desk:
        made = Desk.of(site, browser, user=user, sessions=sessions, **options)
        desks.append(made)
        return made

    yield sit_down
    complaints = [complaint for each in desks for complaint in each.complaints]
    for each in desks:
        each.page.context.close()
    assert complaints == []
