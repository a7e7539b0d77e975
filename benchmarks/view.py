"""What the picture costs and how surely it comes: a real JupyterLab in a real Chromium, measured from outside of both.

- Fresh pages: each loads JupyterLab anew, with a kernel of its own, and runs all cells. Both plots have to change at
  least three times while the program runs (new data and other pixels), and to end with the right verdicts.
- Lag: from the moment when the kernel's view begins to pass on a state, to the frame in which the page draws the plot with
  it. By one clock, since both run on one machine.
- Processor: the time of all of Chromium's processes, and of the page's own (its renderer), while a program of about 20
  goroutines per variant runs and is drawn at 10 Hz.
- Memory: the page's heap after a garbage collection, every quarter of a minute of a long run of the same program. The slope is
  that of its second half, with its standard error: what is kept is bounded, but has to fill first.

    python benchmarks/view.py [--loads N] [--seconds S] [--minutes M]

Run it on a machine that has nothing else to do: programs, kernel, server and browser share its processors.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

import nbclient
import nbformat
import psutil
from playwright.sync_api import Browser, sync_playwright
from results import machine, publish

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jupyter_goleak import toolchain
from tests.browser.jupyter import LOAD, PATIENCE_MS, Server, Watched, launch, open_page, serve
from tests.browser.programs import lesson

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WATCH_LAG = (Path(__file__).parent / "watch_lag.js").read_text(encoding="utf-8")
VERDICTS = ("can never end", "Every goroutine ended")
LEAST_CHANGES = 3

PROGRAM = """%%goleak --args {length} --timeout 30m
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

func main() {{
	length, _ := time.ParseDuration(os.Args[1])
	jobs, forgotten := make(chan int), make(chan int)
	var lock sync.Mutex
	for range 8 {{
		go worker(jobs, &lock)
	}}
	begun, leaked := time.Now(), 0
	for n := 0; time.Since(begun) < length; n++ {{
		jobs <- n
		time.Sleep(25 * time.Millisecond)
		if time.Since(begun) > time.Duration(leaked)*length/12 {{
			go wait(forgotten)
			leaked++
			fmt.Println("waiting:", leaked)
		}}
	}}
	close(jobs)
	//goleak:fix close(forgotten)
	time.Sleep(100 * time.Millisecond)
}}

func worker(jobs <-chan int, lock *sync.Mutex) {{
	for range jobs {{
		lock.Lock()
		time.Sleep(10 * time.Millisecond)
		lock.Unlock()
		time.Sleep(100 * time.Millisecond)
	}}
}}

func wait(forgotten <-chan int) {{
	<-forgotten
}}
"""

NOTE_WHAT_IS_SENT = """import atexit, json, pathlib, time
from jupyter_goleak.view import live

sent, flush = [], live.LiveView.flush

def noting(view, **options):
    began = time.time()
    flush(view, **options)
    sent.extend((variant, column.t, began) for variant, column in view.scene.columns.items())

live.LiveView.flush = noting"""
WRITE_WHAT_WAS_SENT = 'pathlib.Path("sent.json").write_text(json.dumps(sent))'


class Total:
    """What all pages complained of and wanted from other hosts."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.foreign: list[str] = []

    def add(self, watched: Watched) -> None:
        self.complaints += watched.complaints
        self.foreign += watched.foreign


def loads(browser: Browser, server: Server, times: int, total: Total) -> tuple[int, int, list[int], int]:
    """How many fresh pages came alive, how many ended right, the fewest changes of each, and the saved notebook's bytes."""
    alive = right = 0
    fewest = []
    for n in range(times):
        with open_page(browser, server) as watched:
            notebook = server.write("fresh.ipynb", LOAD, lesson())
            watched.open(notebook)
            watched.watch()
            watched.run_all()
            changes = min(watched.steps().values())
            said = watched.page.locator(".gl-sentence").all_inner_texts()
            drawn = watched.page.locator(".goleak [data-drawn]").count()
            alive += changes >= LEAST_CHANGES
            right += drawn == 2 and len(said) == 2 and all(map(str.__contains__, said, VERDICTS))
            fewest.append(changes)
            total.add(watched)
            if n == times - 1:
                watched.save(notebook)
            print(f"load {n + 1}: {changes} changes, {said}, {watched.complaints}", flush=True)
    return alive, right, fewest, notebook.stat().st_size


def flow(browser: Browser, server: Server, seconds: int, total: Total) -> tuple[list[float], list[float], float, float]:
    """Lag until the data is there and until it is drawn (seconds); shares of one core, of all of Chromium and of the page."""
    with open_page(browser, server) as watched:
        program = PROGRAM.format(length=f"{seconds}s")
        watched.open(server.write("flow.ipynb", LOAD, NOTE_WHAT_IS_SENT, program, WRITE_WHAT_WAS_SENT))
        watched.page.evaluate(WATCH_LAG)
        watched.choose("Run", "Run All Cells")
        _wait_until_shown(watched, 2)
        before = _cpu()
        began = watched.page.evaluate("() => performance.now()")
        _wait_until_shown(watched, seconds - 1)
        after = _cpu()
        took = (watched.page.evaluate("() => performance.now()") - began) / 1000
        watched.wait_until_run()
        seen = watched.page.evaluate("() => goleakLag")
        total.add(watched)
    sent: dict[str, dict[float, float]] = {"original": {}, "fixed": {}}
    for variant, t, at in json.loads((server.folder / "sent.json").read_text()):
        sent[variant].setdefault(round(t, 3), at)
    there, drawn = [], []
    for variant, t, got, painted in seen:
        moments = sorted(sent[variant])
        near = min(moments[max(0, (at := bisect_left(moments, t)) - 1) : at + 1], key=lambda each: abs(each - t))
        if abs(near - t) < 0.002 and t > 0.5:
            there.append(got - sent[variant][near])
            drawn.append(painted - sent[variant][near])
    spent = {pid: spent - before.get(pid, (0.0, ""))[0] for pid, (spent, _) in after.items()}
    page = max(spent[pid] for pid, (_, kind) in after.items() if kind == "renderer")
    return there, drawn, sum(spent.values()) / took, page / took


def memory(browser: Browser, server: Server, minutes: float, total: Total) -> list[tuple[float, float]]:
    """The page's heap after a garbage collection: (minutes of the run, megabytes)."""
    heap = []
    with open_page(browser, server) as watched:
        watched.open(server.write("long.ipynb", LOAD, PROGRAM.format(length=f"{60 * minutes:.0f}s")))
        watched.page.evaluate(WATCH_LAG)
        session = watched.page.context.new_cdp_session(watched.page)
        watched.choose("Run", "Run All Cells")
        for n in range(1, int(4 * minutes)):
            _wait_until_shown(watched, 15 * n)
            watched.page.evaluate("() => { goleakLag.length = 0 }")
            # Twice: what waits to be finalised is free only then.
            session.send("HeapProfiler.collectGarbage")
            session.send("HeapProfiler.collectGarbage")
            heap.append((n / 4, session.send("Runtime.getHeapUsage")["usedSize"] / 1e6))
            print(f"heap after {n / 4:g} min: {heap[-1][1]:.2f} MB", flush=True)
        _wait_until_shown(watched, 60 * minutes - 1)
        total.add(watched)
    return heap


def slope(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Of the second half, in megabytes a minute, and its standard error."""
    half = points[len(points) // 2 :]
    line = statistics.linear_regression(*zip(*half, strict=True))
    middle = statistics.fmean(x for x, _ in half)
    off = sum((y - line.slope * x - line.intercept) ** 2 for x, y in half) / (len(half) - 2)
    return line.slope, (off / sum((x - middle) ** 2 for x, _ in half)) ** 0.5


def executed(folder: Path) -> tuple[int, bool]:
    """Bytes of the lesson's notebook executed by nbclient, and whether its static form says both verdicts."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in (LOAD, lesson())])
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    path = folder / "executed.ipynb"
    nbformat.write(notebook, path)
    stills = [output.data.get("text/html", "") for output in notebook.cells[1].outputs if "data" in output]
    return path.stat().st_size, any(all(verdict in still for verdict in VERDICTS) for still in stills)


def _wait_until_shown(watched: Watched, t: float) -> None:
    """Until the plots show that second of the run. The page is asked once a second: asking costs it, too."""
    watched.page.wait_for_function(f"() => goleakNow >= {t}", timeout=1000 * t + PATIENCE_MS, polling=1000)


def _cpu() -> dict[int, tuple[float, str]]:
    """Processor time and kind of each of Chromium's processes, by their number."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        command = process.cmdline()
        if command and Path(command[0]).name.startswith("chrom"):
            kind = next((each.removeprefix("--type=") for each in command if each.startswith("--type=")), "browser")
            times = process.cpu_times()
            found[process.pid] = (times.user + times.system, kind)
    return found


def _row(what: str, measured: str, aim: str, met: bool) -> str:
    return f"| {what} | {measured} | {aim} | {'yes' if met else '**no**'} |"


def measure(times: int = 50, seconds: int = 60, minutes: float = 10) -> None:
    """Measure all that is not 0, and publish each part's figures when it is done."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)))
    with (
        tempfile.TemporaryDirectory(prefix="goleak-view-") as folder,
        serve(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright, chromium)
        if seconds:
            _part("lag and processor time", browser, lambda total: _flow_rows(browser, server, seconds, total))
        if times:
            _part("fresh pages", browser, lambda total: _load_rows(browser, server, times, total))
        if minutes:
            _part("memory", browser, lambda total: _memory_rows(browser, server, minutes, total))
        browser.close()


def _part(name: str, browser: Browser, rows: Callable[[Total], list[str]]) -> None:
    on, total = machine(toolchain.find().version), Total()
    lines = [
        *rows(total),
        _row("errors in the console", str(len(total.complaints)), "0", not total.complaints),
        _row("requests to any host but the server", str(len(total.foreign)), "0", not total.foreign),
    ]
    publish(
        f"The picture: {name}",
        f"JupyterLab in Chromium {browser.version}, without a window; {on}, when it ended: {os.getloadavg()[0]:.1f}. Written by "
        "`make bench-view`; `benchmarks/view.py` says what each row means.\n\n"
        "| what | measured | aim | met |\n|---|---|---|---|\n" + "\n".join(lines),
    )


def _flow_rows(browser: Browser, server: Server, seconds: int, total: Total) -> list[str]:
    there, drawn, share, page = flow(browser, server, seconds, total)
    rows = []
    for what, lag in (("until the page has the data", there), ("until it is drawn", drawn)):
        cut = statistics.quantiles(lag, n=20)
        told = f"{1000 * cut[9]:.0f} ms / {1000 * cut[18]:.0f} ms of {len(lag)} states"
        rows.append(_row(f"lag {what}, median / p95", told, "p95 ≤ 100 ms", cut[18] <= 0.1))
    return [
        *rows,
        _row("the page's share of one core, both variants with lanes", f"{page:.0%}", "≤ 25 %", page <= 0.25),
        _row("the share of all of Chromium's processes", f"{share:.0%}", "≤ 25 %", share <= 0.25),
    ]


def _load_rows(browser: Browser, server: Server, times: int, total: Total) -> list[str]:
    alive, right, fewest, saved = loads(browser, server, times, total)
    size, said = executed(server.folder)
    changes = f"{alive} of {times}; changes: fewest {min(fewest)}, median {statistics.median(fewest):.0f}"
    still = f"{size / 1000:.0f} KB, verdicts {'in' if said else 'missing from'} its static form"
    return [
        _row("fresh pages with Run All: both plots alive", changes, "all", alive == times),
        _row("the same: both verdicts right, both plots drawn", f"{right} of {times}", "all", right == times),
        _row("the lesson's notebook, saved", f"{saved / 1000:.0f} KB", "≤ 200 KB", saved <= 200_000),
        _row("the same, executed by nbclient", still, "≤ 200 KB", said and size <= 200_000),
    ]


def _memory_rows(browser: Browser, server: Server, minutes: float, total: Total) -> list[str]:
    heap = memory(browser, server, minutes, total)
    growth, error = slope(heap)
    at = ", ".join(f"{megabytes:.1f} MB after {t:g} min" for t, megabytes in (heap[3], heap[len(heap) // 2], heap[-1]))
    what = f"heap of the page over {minutes:g} minutes: {at}"
    told = f"{1000 * growth:+.0f} ± {1000 * error:.0f} KB a minute"
    return [_row(what, told, "no growth beyond twice the error", growth <= 2 * error)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--loads", type=int, default=50, help="fresh pages (50)")
    parser.add_argument("--seconds", type=int, default=60, help="length of the run behind lag and processor time (60)")
    parser.add_argument("--minutes", type=float, default=10, help="length of the run behind memory (10)")
    given = parser.parse_args()
    measure(given.loads, given.seconds, given.minutes)


if __name__ == "__main__":
    main()
