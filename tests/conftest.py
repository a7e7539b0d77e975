"""What every test gets: a world of its own, and the proof that it leaves nothing behind.

No test may leave a process, a thread or a file: `nothing_left_behind` looks, after each. Processes are known by a
variable in their environment, so that one which has left its parent and its session is found too.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT.parent / "shared" / "lesson.md"
TRACE = "JUPYTER_GOLEAK_TEST_RUN"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

# What a test started may take that long to go, on a busy machine.
PATIENCE_S = float(os.environ.get("GOLEAK_TEST_PATIENCE") or 20)

os.environ[TRACE] = uuid.uuid4().hex
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(ROOT / ".hypothesis")
hypothesis.settings.register_profile("goleak", database=None, deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("goleak")

T = TypeVar("T")


def _eventually(observe: Callable[[], T], within: float = PATIENCE_S) -> T:
    deadline = time.monotonic() + within
    while not (value := observe()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


@pytest.fixture(scope="session")
def eventually() -> Callable[..., object]:
    """`eventually(observe)`: its first true value, or its last when the time is over. For what sends no event of its own."""
    return _eventually


def processes_since(before: set[int]) -> dict[int, str]:
    """The processes that these tests started, that were not there `before`, and that still live: pid and command."""
    found = {}
    for pid in set(psutil.pids()) - before:
        try:
            process = psutil.Process(pid)
            if process.ppid() == os.getpid() or process.environ().get(TRACE) == os.environ[TRACE]:
                zombie = process.status() == psutil.STATUS_ZOMBIE
                found[pid] = "never waited for" if zombie else " ".join(process.cmdline())
        except (psutil.Error, OSError):  # gone by now, or somebody else's
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Temporary files, and all that Jupyter and IPython keep, stand in a folder of this run. Yields the temporary one."""
    world = tmp_path_factory.mktemp("world")
    names = {
        "TMPDIR": "tmp",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
        "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in names.items():
            (world / folder).mkdir()
            patch.setenv(name, str(world / folder))
        # Kernels that these tests start run this checkout, keep no history, and build nothing unasked.
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
        profile = world / "ipython" / "profile_default"
        profile.mkdir()
        (profile / "ipython_config.py").write_text("c.HistoryManager.enabled = False\nc.GoLeak.warm_up = False\n")
        patch.setattr(tempfile, "tempdir", str(world / "tmp"))
        yield world / "tmp"


@pytest.fixture(autouse=True)
def nothing_left_behind(own_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the test in an empty folder; fail it where a process, a thread or a file of its making outlives it."""
    folder = tmp_path_factory.mktemp("here")
    processes, threads, files = set(psutil.pids()), set(threading.enumerate()), set(own_world.iterdir())

    def left() -> dict[str, object]:
        return {
            "processes": processes_since(processes),
            "threads": [thread for thread in threading.enumerate() if thread not in threads],
            "files": [*folder.iterdir(), *(path for path in own_world.iterdir() if path not in files)],
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield
    _eventually(lambda: not any(left().values()))
    assert not any(left().values()), f"left behind: {left()}"


@pytest.fixture(scope="session")
def go() -> str:
    """The go command that the package itself finds."""
    from jupyter_goleak.errors import ToolchainError
    from jupyter_goleak.toolchain import find

    try:
        return str(find().command)
    except ToolchainError as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's own Chromium."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    return path or pytest.skip(f"There is none of {', '.join(CHROMIUM)} on PATH.")


@pytest.fixture(scope="session")
def lesson() -> str:
    """The program of the lesson, where its text stands beside the checkout; it belongs to others and is not shipped."""
    if not LESSON.exists():
        pytest.skip(f"{LESSON} is not there.")
    return LESSON.read_text(encoding="utf-8").partition("```go\n")[2].partition("```")[0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `each_go` runs with every go command in GOLEAK_TEST_TOOLCHAINS, or with the one found."""
    if "each_go" in metafunc.fixturenames:
        named = os.environ.get("GOLEAK_TEST_TOOLCHAINS", "").split(os.pathsep)
        metafunc.parametrize("each_go", [path for path in named if path] or [None])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI mode a browser or toolchain test that is skipped has failed: there both have to be there."""
    report = yield
    needed = {"browser", "toolchain"} & {mark.name for mark in item.iter_markers()}
    if os.environ.get("CI") and needed and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"In CI mode a {' and '.join(sorted(needed))} test must not be skipped: {report.longrepr}"
    return report
