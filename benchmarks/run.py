"""The figures that README.md quotes: ratios, measured here and now, into benchmarks/results.md.

    python benchmarks/run.py [--pairs N] [--picture]

Run it on a machine that has nothing else to do. A ratio above its aim is shown as such; nothing fails.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from latency import latency, notebook_program
from results import machine, publish
from tax import PROGRAMS, ROUNDS, interval, tax

from jupyter_goleak import toolchain

LESSON = Path(__file__).resolve().parents[2] / "shared" / "lesson.md"


def row(what: str, ratios: list[float], aim: float) -> str:
    median = statistics.median(ratios)
    low, high = interval(ratios)
    verdict = "yes" if median <= aim else "**no**"
    return f"| {what} | **{median:.3f}** ({low:.3f}–{high:.3f}, {len(ratios)}) | ≤ {aim:.2f} | {verdict} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs behind each ratio (5)")
    parser.add_argument("--picture", action="store_true", help="measure the picture in a browser, too (25 minutes)")
    given = parser.parse_args()
    pairs = given.pairs
    go = toolchain.find()
    on = machine(go.version)
    rows = [
        row("waiting for both verdicts: warm cell over `go run`, notebook 01", latency(notebook_program(), pairs), 1.35)
    ]
    if LESSON.exists():
        lesson = LESSON.read_text(encoding="utf-8").partition("```go\n")[2].partition("```")[0]
        rows.append(row("the same, the original lesson's program", latency(lesson, pairs), 1.35))
    for path in sorted(PROGRAMS.glob("*.go")):
        found = tax(go, path)
        aim = 1.03 if path.stem == "short-goroutines" else 1.02
        rows.append(row(f"watched over plain, {path.stem}: processor time", found.cpu, aim))
        rows.append(row(f"watched over plain, {path.stem}: clock", found.clock, aim))
        rows.append(row(f"watched over the same binary unwatched, {path.stem}: processor time", found.own_cpu, aim))
    publish(
        "Waiting and processor time",
        "Ratios: median (the interval that holds the true one in 95 of 100 cases, and of how many pairs; where a program is watched, of "
        f"how many turns of {ROUNDS} pairs), on {on}. "
        "What the last rows mean, and why they differ, says `benchmarks/tax.py`. Written by `make bench`.\n\n"
        "| ratio | measured | aim | met |\n|---|---|---|---|\n" + "\n".join(rows),
    )
    if given.picture:
        import view

        view.measure()


if __name__ == "__main__":
    main()
