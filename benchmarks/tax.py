"""The observer's tax: how much longer a program takes with the probe in it than without.

In each turn a program is built both ways, and run several times each way, by turns. Its time is the user's and the system's of the whole process, which a busy
machine disturbs less than the clock does, and the clock's beside it.

A binary with more packages in it has its functions at other addresses, and that alone makes it quicker or slower: the plain
prime sieve, with one more import that it never uses, takes 0.93 to 1.12 times as long. So every turn has an order of functions of its
own, drawn by lot for both binaries (`-randlayout` of Go's linker). Besides, one and the same binary takes a fifth more or less from one
run to the next, where goroutines come and go on two processors. Both are luck, of which single turns differ by up to a third, and
a hundredth can only be told from many. So beside each median stands the interval that holds the true one in 95 of 100 cases, and a
program takes as many turns as it needs until that is narrow: a pure computation few, one that allocates many.
Beside it stands the time over the very same binary with nobody watching: the probe's own work, without what its code brings with it.
By the clock there is more to it than work: a goroutine that waits in the kernel and wakes up changes which thread runs
which goroutine. Since the probe has a thread of its own, ping-pong takes 1.01 times as long and allocation 1.02, where it
was 1.03 and 1.05 (30 runs over the same binary unwatched). That thread itself takes 0.2 to 0.3 per cent of the program's processor
time, and 0.6 among a million goroutines a second, as the kernel accounts for it.

    python benchmarks/tax.py [--go PATH] [--turns N] [PROGRAM ...]
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from jupyter_goleak import toolchain
from jupyter_goleak.execution import Execution, Job
from jupyter_goleak.options import Options
from jupyter_goleak.program import read_program
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.toolchain import Toolchain
from jupyter_goleak.workbench import Workbench

PROGRAMS = Path(__file__).parent / "programs"
TURNS = 20  # at least
TURNS_MOST = 90
NARROW = 0.04  # how wide the interval may be before more turns are taken
ROUNDS = 3


@dataclass(frozen=True)
class Tax:
    """Ratios, turn by turn: watched over plain, and over the same binary unwatched."""

    cpu: list[float]
    clock: list[float]
    own_cpu: list[float]
    own_clock: list[float]


def tax(go: Toolchain, path: Path, turns: int | None = None) -> Tax:
    """The tax on one program, in so many turns; None: in as many as make the intervals of the first two narrow."""
    program, found = read_program(path), Tax([], [], [], [])
    variant = Rewriter(go.helper()).prepare(program).original
    for turn in range(turns or TURNS_MOST):
        if turns is None and turn >= TURNS and all(map(_narrow, (found.cpu, found.clock))):
            break
        shuffled = replace(go, link=f"{go.link} -randlayout={turn + 1}")
        with tempfile.TemporaryDirectory(prefix="goleak-tax-") as scratch, ExitStack() as builds:
            bench = Workbench(shuffled, program, Path(scratch), Options(settle=0), builds)
            building = bench.start(variant, "original", program.main)
            plain = Path(scratch) / "plain"
            build = [go.command, "build", f"-ldflags={shuffled.link}", "-o", plain, path]
            subprocess.run(build, env=go.environment(), check=True)
            building.wait()
            job = bench.job("original", building.built)
            ways = (partial(_run, plain), partial(_run, building.built.binary), partial(_watch, job))
            # Each comes first as often as the others: what waited for a while starts slowly, and what has just run goes on warm.
            times = [[0.0, 0.0] for _ in ways]
            for first in range(turn, turn + ROUNDS):
                for place in range(first, first + len(ways)):
                    which = place % len(ways)
                    times[which] = [sum(both) for both in zip(times[which], _measured(ways[which]), strict=True)]
        alone, unwatched, watched = times
        found.cpu.append(watched[0] / alone[0])
        found.clock.append(watched[1] / alone[1])
        found.own_cpu.append(watched[0] / unwatched[0])
        found.own_clock.append(watched[1] / unwatched[1])
    return found


def interval(ratios: list[float]) -> tuple[float, float]:
    """Where the true median lies in at least 95 of 100 cases, whatever the distribution: below the k-th smallest value it lies as
    often as fewer than k of so many coins show heads, and as often above the k-th largest.
    """
    ordered, outside, k = sorted(ratios), 2.0 ** (1 - len(ratios)), 1
    while 2 * k < len(ordered) and outside + 2.0 ** (1 - len(ratios)) * math.comb(len(ratios), k) <= 0.05:
        outside += 2.0 ** (1 - len(ratios)) * math.comb(len(ratios), k)
        k += 1
    return ordered[k - 1], ordered[-k]


def _narrow(ratios: list[float]) -> bool:
    low, high = interval(ratios)
    return high - low <= NARROW


def _run(binary: Path) -> None:
    subprocess.run([binary], stdout=subprocess.DEVNULL, check=True)


def _watch(job: Job) -> None:
    for _ in Execution([job]).events():
        pass


def _measured(action: Callable[[], object]) -> tuple[float, float]:
    """Processor time of the child processes of an action, and its time by the clock."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    action()
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--go", help="the go command to use")
    parser.add_argument(
        "--turns", type=int, help=f"how often each program is built and run (as needed, {TURNS} to {TURNS_MOST})"
    )
    parser.add_argument("programs", nargs="*", type=Path, default=sorted(PROGRAMS.glob("*.go")), metavar="PROGRAM")
    given = parser.parse_args()
    go = toolchain.find(given.go)
    print(f"{go.version}, {os.cpu_count()} processors, turns of {ROUNDS} runs; median (95 % interval)")
    for path in given.programs:
        found = tax(go, path, given.turns)
        print(f"{path.stem}, {len(found.cpu)} turns")
        for what, each in asdict(found).items():
            low, high = interval(each)
            print(f"    {what:9} {statistics.median(each):.3f} ({low:.3f}–{high:.3f})", flush=True)


if __name__ == "__main__":
    main()
