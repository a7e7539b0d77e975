"""The observer's tax: how much longer a program takes with the probe in it than without.

Each program is built both ways and run in pairs, one after the other; its time is the user's and the system's of the
whole process, which a busy machine disturbs less than the clock does, and the clock's beside it.

    python benchmarks/tax.py [--go PATH] [--pairs N] [PROGRAM ...]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from jupyter_goleak import toolchain
from jupyter_goleak.execution import Execution
from jupyter_goleak.options import Options
from jupyter_goleak.program import read_program
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.toolchain import Toolchain
from jupyter_goleak.workbench import Workbench

PROGRAMS = Path(__file__).parent / "programs"


def tax(go: Toolchain, path: Path, pairs: int) -> tuple[list[float], list[float]]:
    """Ratios of processor time and of the clock's time, instrumented over plain, pair by pair."""
    program = read_program(path)
    cpu, clock = [], []
    with tempfile.TemporaryDirectory(prefix="goleak-tax-") as scratch, ExitStack() as builds:
        bench = Workbench(go, program, Path(scratch), Options(settle=0), builds)
        building = bench.start(Rewriter(go.helper()).prepare(program).original, "original", program.main)
        building.wait()
        plain = Path(scratch) / "plain"
        subprocess.run([go.command, "build", "-o", plain, path], env=go.environment(), check=True)
        for pair in range(pairs + 1):
            alone = _measured(lambda: subprocess.run([plain], stdout=subprocess.DEVNULL, check=True))
            watched = _measured(lambda: list(Execution([bench.job("original", building.built)]).events()))
            if pair:  # the first one warms the caches
                cpu.append(watched[0] / alone[0])
                clock.append(watched[1] / alone[1])
    return cpu, clock


def _measured(action: object) -> tuple[float, float]:
    """Processor time of the child processes of an action, and its time by the clock."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    action()  # type: ignore[operator]
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--go", help="the go command to use")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of runs (10)")
    parser.add_argument("programs", nargs="*", type=Path, default=sorted(PROGRAMS.glob("*.go")), metavar="PROGRAM")
    given = parser.parse_args()
    go = toolchain.find(given.go)
    print(f"{go.version}, {os.cpu_count()} processors, {given.pairs} pairs; instrumented over plain, median (min–max)")
    for path in given.programs:
        cpu, clock = tax(go, path, given.pairs)
        shown = [f"{statistics.median(each):.3f} ({min(each):.3f}–{max(each):.3f})" for each in (cpu, clock)]
        print(f"{path.stem:18} processor time {shown[0]}   clock {shown[1]}", flush=True)


if __name__ == "__main__":
    main()
