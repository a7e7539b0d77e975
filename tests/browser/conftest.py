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
SCREENSHOTS = Path(os.environ.get("GOLEAK_SCREENSHOTS") or ROOT / "build" / "screenshots")
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
    with open(folder.parent / "lab.log", "wb") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        runtime = Path(os.environ["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{server.pid}.json"
        assert eventually(lambda: server.poll() is not None or runtime.exists(), within=PATIENCE_S)
        yield Lab(json.loads(runtime.read_text())["url"], folder)
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
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.locator(".jp-StatusBar-Widget, #jp-main-statusbar").get_by_text("| Idle").wait_for(
            timeout=PATIENCE_S * 1000
        )

    def active_cell(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

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
