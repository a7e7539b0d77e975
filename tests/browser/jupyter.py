"""JupyterLab or Notebook on this machine alone, and pages of it in the system's Chromium: for tests and measurements.

`serve` starts a server that keeps all it knows in a folder of its own; `open_page` gives a fresh page, as a reader who has never
been there has it. A page may talk to the server alone: whatever it wants from elsewhere is refused and noted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Route

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
WATCH = (Path(__file__).parent / "watch.js").read_text(encoding="utf-8")
PATIENCE_S = float(os.environ.get("GOLEAK_BROWSER_PATIENCE") or 120)
PATIENCE_MS = 1000 * PATIENCE_S
LOAD = "%load_ext jupyter_goleak"

_SETTINGS = {
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.open_browser": False,
    "ServerApp.allow_root": True,
    "ServerApp.disable_check_xsrf": True,
    "IdentityProvider.token": "",
    "LabApp.extension_manager": "readonly",
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
}
_AT = re.compile(rb"(http://127\.0\.0\.1:\d+/)")


@dataclass
class Server:
    """A running Jupyter server whose files stand in `folder`; `application` is `lab` or `notebook`."""

    url: str
    folder: Path
    application: str = "lab"

    def request(self, method: str, path: str) -> list[dict[str, str]]:
        with urllib.request.urlopen(
            urllib.request.Request(self.url + path, method=method), timeout=PATIENCE_S
        ) as answer:
            return json.loads(answer.read() or "null")

    def end_kernels(self) -> None:
        for session in self.request("GET", "api/sessions"):
            self.request("DELETE", f"api/sessions/{session['id']}")

    def address(self, name: str) -> str:
        return self.url + (f"lab/tree/{name}?reset" if self.application == "lab" else f"notebooks/{name}")

    def write(self, name: str, *cells: str, **metadata: Any) -> Path:
        """A new notebook of these code cells, which nobody has run."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        content = [{**empty, "id": f"cell-{index}", "source": cell} for index, cell in enumerate(cells)]
        path = self.folder / name
        whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {**kernel, **metadata}, "cells": content}
        path.write_text(json.dumps(whole), encoding="utf-8")
        return path


@contextmanager
def serve(folder: Path, application: str = "lab") -> Iterator[Server]:
    """A server, from when it answers on; it and what it kept in memory are gone afterwards."""
    homes = {
        "IPYTHONDIR": folder / "ipython",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
    }
    profile = folder / "ipython" / "profile_default"
    notifications = folder / "settings" / "@jupyterlab" / "apputils-extension"
    files = folder / "files"
    for each in (*homes.values(), profile, notifications, files):
        each.mkdir(parents=True, exist_ok=True)
    # Kernels run this checkout, keep no history, and build nothing unasked; and nobody asks for news.
    (profile / "ipython_config.py").write_text("c.HistoryManager.enabled = False\nc.GoLeak.warm_up = False\n")
    offline = {"fetchNews": "false", "checkForUpdates": False}
    (notifications / "notification.jupyterlab-settings").write_text(json.dumps(offline))
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **{name: str(home) for name, home in homes.items()}, "PYTHONPATH": paths}
    module = {"lab": "jupyterlab", "notebook": "notebook"}[application]
    settings = {**_SETTINGS, "ServerApp.root_dir": files}
    command = [sys.executable, "-m", module, *(f"--{name}={value}" for name, value in settings.items())]
    log = folder / f"{application}.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.PIPE, env=environment
        )
    try:
        assert server.stderr is not None
        told = b""
        while not (at := _AT.search(told)):
            line = server.stderr.readline()
            assert line, f"The server has ended:\n{told.decode(errors='replace')}"
            told += line
        yield Server(at[1].decode(), files, application)
    finally:
        # Not terminate(): worker threads of the server then wait for a loop that is gone. Its kernels have ended already.
        server.kill()
        server.communicate(timeout=PATIENCE_S)


@dataclass
class Watched:
    """A page, what it complained of, and what it wanted from other hosts (and did not get)."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, notebook: Path) -> None:
        """Open the notebook (a copy, where it stands elsewhere) and wait until its kernel is there to take cells."""
        if notebook.parent != self.server.folder:
            shutil.copy(notebook, self.server.folder / notebook.name)
        with self.page.expect_websocket(
            lambda socket: socket.url.partition("?")[0].endswith("/channels"), timeout=PATIENCE_MS
        ) as channels:
            self.page.goto(self.server.address(notebook.name))
        if self.server.application == "notebook":  # its status says "idle" before there is a kernel, too
            channels.value.wait_for_event("framereceived", timeout=PATIENCE_MS)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE_MS)
        if self.server.application == "lab":
            self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=PATIENCE_MS)
        else:
            self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(
                state="attached", timeout=PATIENCE_MS
            )

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of a menu by its name."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}")).first.click()

    def watch(self) -> None:
        """Count, from now on, how often each variant's plot of counts changes; `steps` tells."""
        self.page.evaluate(WATCH)

    def steps(self) -> dict[str, int]:
        """How often each variant's plot of counts got new data and other pixels while a cell ran."""
        return self.page.evaluate(
            "() => Object.fromEntries(Object.entries(goleakSeen).map(([name, seen]) => [name, seen.filter(Boolean).length]))"
        )

    def run_all(self) -> None:
        """Run every cell; returns when all have their number."""
        self.choose("Run", "Run All Cells")
        self.wait_until_run()

    def wait_until_run(self) -> None:
        """Wait until no cell runs any more, and all have. (The status may be "idle" while one does: another subshell is.)"""
        prompts = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
        self.page.wait_for_function(
            f"() => {prompts}.length && {prompts}.every((each) => /\\[\\d+\\]/.test(each.textContent))",
            timeout=PATIENCE_MS,
        )

    def save(self, notebook: Path) -> dict[str, Any]:
        """Save the notebook from the page, and read what was written."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and f"/api/contents/{notebook.name}" in answer.url
        ):
            self.page.keyboard.press("Control+s")
        return json.loads((self.server.folder / notebook.name).read_text(encoding="utf-8"))

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


def launch(playwright: Playwright, chromium: str, arguments: Sequence[str] = ()) -> Browser:
    """The system's Chromium, without a window."""
    as_root = ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium, args=[*as_root, *arguments])


@contextmanager
def open_page(browser: Browser, server: Server, **options: Any) -> Iterator[Watched]:
    """A page without a past; afterwards it is gone, and so are all kernels. `options` are those of a browser context."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **options})
    watched = Watched(context.new_page(), server)

    def complain(message: ConsoleMessage) -> None:
        # JupyterLab itself complains where a page is left while it still asks the kernel about its debugger.
        if message.type == "error" and not message.text.startswith("Could not restore the debugger state"):
            watched.complaints.append(f"{message.text} ({message.location.get('url')})")

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            watched.foreign.append(route.request.url)
            route.abort()

    watched.page.on("console", complain)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.route("**/*", guard)
    try:
        yield watched
    finally:
        context.close()
        server.end_kernels()
