"""A user in front of a browser, and what is asked of every page they see."""

import os
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from config.env import BASE_DIR

WIDE = {"width": 1280, "height": 800}
TABLET = {"width": 820, "height": 1180}
MILLISECONDS = 60_000  # a busy machine is slow
ARTIFACTS = Path(os.environ.get("HOLDFAST_ARTIFACTS", BASE_DIR / "artifacts")) / "screenshots"
SHOWN = ("dashboard-light", "stock-light", "item-light", "explain-light", "graph-light", "job-dark")
"""What docs/back-office.md shows; taken by `make screenshots`, which says where to put it."""

expect.set_options(timeout=MILLISECONDS)

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_RUN_AXE = """() => axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then(found =>
  found.violations.filter(each => ["serious", "critical"].includes(each.impact)).map(each =>
    each.id + ": " + each.nodes.map(node => node.target.join(" ") + " " + node.html.slice(0, 120)
      + " " + (node.any[0] || {message: ""}).message).join("\\n    ")))"""
_WATCH = """
window.shifts = 0; window.violations = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation",
  event => window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


@dataclass(frozen=True)
class Site:
    """Where the back office is, and who may sign in."""

    url: str
    organization: str
    passwords: dict[str, str]
    manage: Callable[..., str]
    variables: dict[str, str]
    """The environment of its processes."""


@dataclass
class Desk:
    """One user's page."""

    site: Site
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, site: Site, browser: Browser, *, user: str, sessions: dict[str, Any], **options: Any
    ) -> "Desk":
        """Sit a user down, signed in."""
        context = browser.new_context(
            viewport=options.pop("viewport", WIDE),
            storage_state=sessions.get(user),
            base_url=site.url,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(MILLISECONDS)
        context.add_init_script(_WATCH)
        desk = cls(site, context.new_page())
        desk.page.on("console", desk._hear)
        desk.page.on("pageerror", lambda error: desk.complaints.append(f"page error: {error}"))
        if user not in sessions:
            desk.sign_in(user, site.passwords[user])
            sessions[user] = context.storage_state()
        return desk

    def sign_in(self, user: str, password: str) -> None:
        """Sign in as a user does."""
        self.page.goto("/admin/login/")
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.sees(self.page.locator("#nav-sidebar-inner"))

    def open(self, path: str) -> Page:
        """Go to a page that must be there."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def sees(self, what: Locator | str) -> None:
        """Wait until something, or a text, is to be seen."""
        where = self.page.get_by_text(what).first if isinstance(what, str) else what
        expect(where).to_be_visible(timeout=MILLISECONDS)

    def assert_sound(self, name: str) -> None:
        """Assert what is asked of every page, wide in light and tall in dark; keep pictures.

        No serious violation by axe-core, nothing that jumps (layout shift under 0.1), nothing
        wider than the screen, nothing that the page's own policy forbids.
        """
        page = self.page
        for viewport, theme in ((WIDE, "light"), (TABLET, "dark")):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.reload(wait_until="networkidle")
            self._assert_sound(f"{name}-{theme}", width=viewport["width"], theme=theme)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def assert_sound_as_it_stands(self, name: str) -> None:
        """Assert the same, wide in light, of what a form answered: it cannot be asked for again."""
        self._assert_sound(f"{name}-light", width=WIDE["width"], theme="light")

    def _assert_sound(self, name: str, *, width: int, theme: str) -> None:
        page = self.page
        expect(page.locator("html.dark")).to_have_count(1 if theme == "dark" else 0)
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}.png")
        if name in SHOWN:
            self._keep_for_docs(name)
        assert page.evaluate("window.shifts") < 0.1, f"{name} jumps"
        assert page.evaluate("window.violations") == []
        is_wide = page.evaluate("document.documentElement.scrollWidth")
        assert is_wide <= width, f"{name} is {is_wide} wide"
        page.evaluate(_AXE)
        found = page.evaluate(_RUN_AXE)
        assert found == [], f"{name}:\n  " + "\n  ".join(found)

    def _keep_for_docs(self, name: str) -> None:
        """Keep a small picture; Playwright itself writes no WebP."""
        folder = os.environ.get("HOLDFAST_DOCS_SCREENSHOTS")
        if folder is None:
            return
        session = self.page.context.new_cdp_session(self.page)
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
        (Path(folder) / f"{name}.webp").write_bytes(b64decode(taken["data"]))
        session.detach()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")
