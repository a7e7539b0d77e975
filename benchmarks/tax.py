"""The observer's tax: how much longer a program takes with the probe in it than without.

Each program is built both ways and run in turns. Its time is the user's and the system's of the whole process, which a
busy machine disturbs less than the clock does, and the clock's beside it. Twice over: over the plain program, and over the very
same binary with nobody watching it. The first is what a reader waits longer; but it also holds what has nothing to do with
the probe: a binary with more packages in it has its code and data at other addresses. The plain prime sieve, with one more
import that it never uses, takes 0.93 to 1.12 times as long. The second is the probe's own work.

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
from dataclasses import asdict, dataclass
from pathlib import Path

from jupyter_goleak import toolchain
from jupyter_goleak.execution import Execution
from jupyter_goleak.options import Options
from jupyter_goleak.program import read_program
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.toolchain import Toolchain
from jupyter_goleak.workbench import Workbench

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Tax:
    """Ratios, turn by turn: watched over plain, and over the same binary unwatched."""

    cpu: list[float]
    clock: list[float]
    own_cpu: list[float]
    own_clock: list[float]


def tax(go: Toolchain, path: Path, pairs: int) -> Tax:
    """The tax on one program, in so many turns."""
    program = read_program(path)
    found = Tax([], [], [], [])
    with tempfile.TemporaryDirectory(prefix="goleak-tax-") as scratch, ExitStack() as builds:
        bench = Workbench(go, program, Path(scratch), Options(settle=0), builds)
        building = bench.start(Rewriter(go.helper()).prepare(program).original, "original", program.main)
        building.wait()
        plain = Path(scratch) / "plain"
        subprocess.run([go.command, "build", "-o", plain, path], env=go.environment(), check=True)
        for turn in range(pairs + 1):
            alone, unwatched = (
                _measured(lambda binary=binary: subprocess.run([binary], stdout=subprocess.DEVNULL, check=True))
                for binary in (plain, building.built.binary)
            )
            watched = _measured(lambda: list(Execution([bench.job("original", building.built)]).events()))
            if turn:  # the first one warms the caches
                found.cpu.append(watched[0] / alone[0])
                found.clock.append(watched[1] / alone[1])
                found.own_cpu.append(watched[0] / unwatched[0])
                found.own_clock.append(watched[1] / unwatched[1])
    return found


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
    print(f"{go.version}, {os.cpu_count()} processors, {given.pairs} turns; median (min–max)")
    for path in given.programs:
        found = tax(go, path, given.pairs)
        print(path.stem)
        for what, each in asdict(found).items():
            print(f"    {what:9} {statistics.median(each):.3f} ({min(each):.3f}–{max(each):.3f})", flush=True)


if __name__ == "__main__":
    main()
