"""How many leaks the search for a fix cures, and how often its edit is the one made by hand.

    python benchmarks/repair.py [SET ...] [--only REGEXP] [--budget 20s] [--json PATH] [--publish]

`corpus` takes the corpus's leaky programs (`tests/corpus/leaky`) without the cures that stand in their comments, so that the
search has to find each. A fix has the *same text* where the repaired program is the one by hand, and the *same shape* where
the same strategy was at work. `simple`, `patterns` and `goker` take the Go project's own cases, as `corpus.py` does, each as a
program of its own, without the panics that tell that a goroutine has ended its wait; one that does not leak at once is run
under several schedules. `lesson` is the lesson's program, where it is at hand, with its hint deleted.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import corpus
from results import machine, publish

from jupyter_goleak import check, toolchain
from jupyter_goleak.model import Report
from tests.corpus import leaky_cases

SETS = ("corpus", "simple", "patterns", "goker", "lesson")
LESSON = ROOT.parent / "shared" / "lesson.md"
SCHEDULES = 12
_REGISTER = re.compile(r'register\("(\w+)"')
_TRAP = re.compile(r'^\s*panic\("should not be reached"\)\n', re.M)
_MAIN = """package main

import "os"

const yieldCount = 10

var cmds = map[string]func(){}

func register(name string, f func()) { cmds[name] = f }

func main() { cmds[os.Args[1]]() }
"""


@dataclass(frozen=True)
class Program:
    """One program to repair; `strategy` and `by_hand` are those of the fix by hand, where there is one."""

    name: str
    source: str
    options: dict[str, Any] = field(default_factory=dict)
    strategy: str = ""
    by_hand: str = ""


@dataclass(frozen=True)
class Result:
    """What came of one program. `expected` and `strategy` are the strategies by hand and of the search."""

    name: str
    verdict: str
    expected: str
    strategy: str
    title: str
    verified: bool
    same_shape: bool
    same_text: bool
    seconds: float
    attempts: tuple[tuple[str, str, str], ...]


def programs(name: str) -> Iterator[Program]:
    """The programs of one of the `SETS`."""
    if name == "corpus":
        for case in leaky_cases():
            yield Program(
                case.name,
                without_comments(case.main),
                case.expect.get("options", {}),
                case.expect.get("strategy", ""),
                without_comments(case.fixed or ""),
            )
        return
    if name == "lesson":
        if LESSON.exists():
            code = LESSON.read_text(encoding="utf-8").partition("```go\n")[2].partition("```")[0]
            yield Program(name, re.sub(r"(?m)^\s*// close\(input\).*\n", "", code))
        return
    goroot = toolchain.find().goroot
    folder = goroot / "src/runtime/testdata/testgoroutineleakprofile"
    files = [folder / "simple.go", folder / "commonpatterns.go", *sorted((folder / "goker").glob("*.go"))]
    texts = {case: text for text in (file.read_text() for file in files) for case in _REGISTER.findall(text)}
    for each in corpus.cases(goroot):
        if each.group.lower() == name and each.name in texts:
            yield Program(each.name, _alone(texts[each.name]), {"args": each.name})


def _alone(text: str) -> str:
    """A file of the Go project's cases as a module of its own, with a profile that does nothing."""
    files = {
        "go.mod": "module corpus\n\ngo 1.26\n",
        "main.go": _MAIN,
        "cases.go": _TRAP.sub("", text.replace('"runtime/pprof"', '"corpus/pprof"')),
        "pprof/pprof.go": corpus.EMPTY_PROFILE,
    }
    return "".join(f"-- {name} --\n{content}\n" for name, content in files.items())


def without_comments(source: str) -> str:
    """The program without lines that are only a comment: no cure is left to be found there."""
    return "".join(line for line in source.splitlines(keepends=True) if not line.lstrip().startswith("//"))


def repair(program: Program, budget: str) -> Result:
    """Search for the fix of one program."""
    started = time.perf_counter()
    report = check(program.source, repair_budget=budget, **program.options)
    if report.verdict == "clean" and not program.strategy:
        started = time.perf_counter()
        report = check(program.source, repair_budget=budget, explore=SCHEDULES, seed=1, **program.options)
    return _result(program, report, time.perf_counter() - started)


def _result(program: Program, report: Report, seconds: float) -> Result:
    fix = report.fix
    same_text = fix is not None and _code(fix.source) == _code(program.by_hand)
    return Result(
        name=program.name,
        verdict=report.verdict,
        expected=program.strategy,
        strategy=fix.strategy if fix else "",
        title=fix.title if fix else "",
        verified=fix is not None and fix.verified,
        same_shape=fix is not None and (fix.strategy == program.strategy or same_text),
        same_text=same_text,
        seconds=seconds,
        attempts=tuple((each.title, each.outcome, each.detail) for each in report.attempts),
    )


def _code(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def summary(name: str, results: list[Result]) -> str:
    """One line on a set: how many are cured, how alike to the fix by hand, and in which time."""
    count = len(results)
    told = [f"{name}: verified {sum(each.verified for each in results)} of {count}"]
    if any(each.expected for each in results):
        told.append(f"same shape {sum(each.same_shape for each in results)}")
        told.append(f"same text {sum(each.same_text for each in results)}")
    if hidden := sum(each.verdict == "clean" and not each.verified for each in results):
        told.append(f"{hidden} did not leak")
    times = [each.seconds for each in results]
    told.append(f"median {statistics.median(times):.1f} s, longest {max(times):.1f} s")
    return ", ".join(told)


def measure(name: str, budget: str, only: str = "", *, quiet: bool = False) -> list[Result]:
    """Repair a whole set, one program after the other."""
    results = []
    for program in programs(name):
        if not re.search(only, program.name):
            continue
        results.append(repair(program, budget))
        if not quiet:
            _show(results[-1])
    return results


def _show(result: Result) -> None:
    sign = "verified" if result.verified else result.verdict if result.verdict == "clean" else "NONE"
    shape = "same text" if result.same_text else "same shape" if result.same_shape else "other"
    print(
        f"{result.name:42} {result.expected:22} {sign:9} {shape if result.verified and result.expected else '':11} "
        f"{result.seconds:5.1f} s  {result.strategy}: {result.title}",
        flush=True,
    )
    if not result.verified:
        for title, outcome, detail in result.attempts:
            print(f"    {outcome:17} {title}  {detail.splitlines()[0] if detail else ''}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=["corpus"], metavar="SET", help=f"{', '.join(SETS)} (corpus)")
    parser.add_argument("--only", default="", metavar="REGEXP", help="cases whose name matches")
    parser.add_argument("--budget", default="20s", help="time for the search, for each program")
    parser.add_argument("--publish", action="store_true", help="put the figures into results.md")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results there, too")
    asked = parser.parse_args()
    if unknown := set(asked.sets) - set(SETS):
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    go = toolchain.find()
    go.helper()
    on = machine(go.version)
    by_set = {name: measure(name, asked.budget, asked.only) for name in asked.sets}
    told = [summary(name, results) for name, results in by_set.items() if results]
    print("\n".join(told))
    if asked.publish:
        publish(
            "Repair",
            "Leaks whose fix was searched for and verified by running it, each program with its comments removed and alone,"
            f" on {on}. Times are from the source to the report. Written by `make bench-repair`.\n\n"
            + "\n".join(f"- {each}" for each in told),
        )
    if asked.json:
        found = {name: [asdict(each) for each in results] for name, results in by_set.items()}
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
