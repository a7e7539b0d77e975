"""JupyterLab on this machine alone, and the system's Chromium with a page of it open."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
PATIENCE_S = 120


@dataclass
class Lab:
    """A running JupyterLab whose files stand in `folder`."""

    url: str
    folder: Path

    def request(self, method: str, path: str) -> list[dict[str, str]]:
        with urllib.request.urlopen(
            urllib.request.Request(self.url + path, method=method), timeout=PATIENCE_S
        ) as answer:
            return json.loads(answer.read() or "null")

    def end_kernels(self) -> None:
        for session in self.request("GET", "api/sessions"):
            self.request("DELETE", f"api/sessions/{session['id']}")


@pytest.fixture(scope="session")
def lab(
    go: str, own_world: Path, tmp_path_factory: pytest.TempPathFactory, eventually: Callable[..., object]
) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    notifications = Path(os.environ["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab" / "apputils-extension"
    notifications.mkdir(parents=True)
    offline = {"fetchNews": "false", "checkForUpdates": False}
    (notifications / "notification.jupyterlab-settings").write_text(json.dumps(offline))
    settings = {
        "ServerApp.root_dir": folder,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.disable_check_xsrf": True,
        "IdentityProvider.token": "",
        "LabApp.extension_manager": "readonly",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in settings.items())]
    log = tmp_path_factory.mktemp("log") / "lab.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    try:
        runtime = Path(os.environ["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{server.pid}.json"

        def url() -> str | None:
            assert server.poll() is None, log.read_text()
            try:
                return json.loads(runtime.read_text())["url"]
            except (OSError, ValueError):  # not there, or not written to its end
                return None

        yield Lab(str(eventually(url, within=PATIENCE_S)), folder)
    finally:
        # Not terminate(): worker threads of the server then wait for a loop that is gone. Its kernels have ended already.
        server.kill()
        server.wait(PATIENCE_S)


@dataclass
class Watched:
    """A page, what it complained of, and what it wanted from other hosts (and did not get)."""

    page: Page
    lab: Lab
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, notebook: Path) -> None:
        """Open a copy of the notebook in JupyterLab and wait until its kernel is there to take cells."""
        shutil.copy(notebook, self.lab.folder / notebook.name)
        self.page.goto(f"{self.lab.url}lab/tree/{notebook.name}?reset")
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE_S * 1000)
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=PATIENCE_S * 1000)

    def wait_until_run(self) -> None:
        """Wait until no cell runs any more. (The status bar says "Idle" while one does, when another subshell is.)"""
        prompts = "[...document.querySelectorAll('.jp-InputPrompt')]"
        self.page.wait_for_function(
            f"() => !{prompts}.some((prompt) => prompt.textContent.includes('*'))", timeout=PATIENCE_S * 1000
        )

    def active_cell(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

    def look_at(self, part: Locator) -> None:
        """Bring a part of the notebook to the top of what is seen, with nothing beside the notebook."""
        sidebar = self.page.locator("#jp-left-stack")
        if sidebar.is_visible():
            self.page.keyboard.press("Control+b")
            sidebar.wait_for(state="hidden")
        part.evaluate("element => element.scrollIntoView({ block: 'start' })")

    def is_in_sight(self, part: Locator) -> bool:
        """Whether the reader sees all of a part without scrolling."""
        box, view = part.bounding_box(), self.page.locator(".jp-WindowedPanel-outer").bounding_box()
        assert box is not None and view is not None
        return view["y"] <= box["y"] and box["y"] + box["height"] <= view["y"] + view["height"]

    def screenshot(self, name: str) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / name
        self.page.screenshot(path=path)
        return path


@pytest.fixture
def watched(lab: Lab, chromium: str) -> Iterator[Watched]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        watched = Watched(page, lab)

        def complain(message: ConsoleMessage) -> None:
            if message.type == "error":
                watched.complaints.append(f"{message.text} ({message.location.get('url')})")

        def guard(route: Route) -> None:
            if urlsplit(route.request.url).hostname == "127.0.0.1":
                route.continue_()
            else:
                watched.foreign.append(route.request.url)
                route.abort()

        page.on("console", complain)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.route("**/*", guard)
        try:
            yield watched
        finally:
            browser.close()
            lab.end_kernels()
