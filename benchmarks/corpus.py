"""The Go project's own corpus of leaks, run through the engine as ordinary programs.

The corpus is the runtime's test data for its leak profile, in GOROOT of Go 1.26 and later; what each case should leak
stands in the test beside it. The cases' own calls of the profile do nothing here: their package is replaced by an empty
one of the same shape. A group's row tells how many cases showed all, some or none of the leaks that they should show,
and how many proven leaks nobody expected.

    python benchmarks/corpus.py [--go PATH] [--runs N] [--only REGEXP] [--publish]
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from results import machine, publish

from jupyter_goleak import check, toolchain

_CASE = re.compile(r'^\t\tmake(Flaky)?Test\("(\w+)",?((?:\s*(?://[^\n]*|`[^`]*`,?))*)\s*\)', re.M)
_GROUP = re.compile(r"^\t(\w+) := \[\]testCase\{$(.*?)^\t\}$", re.M | re.S)
_GROUP_NAMES = {
    "microTests": "simple",
    "stressTestCases": "stress",
    "patternTestCases": "patterns",
    "gokerTestCases": "GoKer",
}
EMPTY_PROFILE = """package pprof

import "io"

type Profile struct{}

func Lookup(string) *Profile { return nil }

func (*Profile) WriteTo(io.Writer, int) error { return nil }
"""


@dataclass(frozen=True)
class Case:
    """One program of the corpus, and the leaks expected of it as `function(…) [wait reason]` patterns."""

    group: str
    name: str
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    case: Case
    at_once: frozenset[str]
    found: frozenset[str]
    unexpected: tuple[str, ...]

    def shows(self, found: frozenset[str]) -> bool:
        """Whether any expected leak is among these; a GoKer bug often has several ways to block, one at a time."""
        return bool(found) or not self.case.expected


def cases(goroot: Path) -> Iterator[Case]:
    """The cases that the runtime's own test lists."""
    text = (goroot / "src/runtime/goroutineleakprofile_test.go").read_text()
    for name, body in _GROUP.findall(text):
        for _, case, leaks in _CASE.findall(body):
            yield Case(_GROUP_NAMES[name], case, tuple(re.findall(r"^\s*`([^`]*)`", leaks, re.M)))


def prepare(goroot: Path, folder: Path) -> None:
    """Copy the corpus to `folder` with the empty profile in it."""
    source = goroot / "src/runtime/testdata/testgoroutineleakprofile"
    shutil.copytree(source, folder, dirs_exist_ok=True)
    for file in folder.rglob("*.go"):
        file.write_text(file.read_text().replace('"runtime/pprof"', '"corpus/pprof"'))
    (folder / "pprof").mkdir()
    (folder / "pprof" / "pprof.go").write_text(EMPTY_PROFILE)
    (folder / "go.mod").write_text("module corpus\n\ngo 1.26\n")


def run(case: Case, folder: Path, runs: int, go: str | None) -> Result:
    """Run one case; where it does not show all that is expected, and more runs are allowed, explore schedules."""
    place = folder / "goker" if case.group == "GoKer" else folder
    found: list[set[str]] = []
    unexpected: set[str] = set()
    for explore in (None, runs) if runs > 1 else (None,):
        found.append(set(found[-1]) if found else set())
        report = check(place, args=case.name, no_fix=True, go=go, explore=explore, seed=1)
        if report.error:
            raise SystemExit(f"{case.name}: {report.error.message}")
        for leak in report.leaks:
            shown = f"{leak.stack[-1].function.removeprefix('main.')}() [{leak.state}]"
            matching = {pattern for pattern in case.expected if re.search(pattern, shown)}
            found[-1] |= matching
            if not matching and leak.evidence == "proven":
                unexpected.add(shown)
        if found[-1] == set(case.expected):
            break
    return Result(case, frozenset(found[0]), frozenset(found[-1]), tuple(sorted(unexpected)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--go", help="the go command to use; 1.26 or later")
    parser.add_argument(
        "--runs", type=int, default=1, help="schedules to explore where one run does not show all (1: none)"
    )
    parser.add_argument("--only", default="", help="regular expression for the cases' names")
    parser.add_argument("--publish", action="store_true", help="put the figures into results.md")
    given = parser.parse_args()
    go = toolchain.find(given.go)
    on = machine(go.version)
    print(f"{go.version}, at most {given.runs} run(s) of each case")
    with tempfile.TemporaryDirectory(prefix="goleak-corpus-") as scratch, ThreadPoolExecutor(2) as pool:
        folder = Path(scratch)
        prepare(go.goroot, folder)
        wanted = [case for case in cases(go.goroot) if re.search(given.only, case.name)]
        results = list(pool.map(lambda case: run(case, folder, given.runs, given.go), wanted))
    told = []
    for group in dict.fromkeys(case.group for case in wanted):
        own = [result for result in results if result.case.group == group]
        more = f", {sum(r.shows(r.found) for r in own)} within {given.runs} runs" if given.runs > 1 else ""
        complete = sum(result.at_once == set(result.case.expected) for result in own)
        leaks, found = sum(len(r.case.expected) for r in own), sum(len(r.found) for r in own)
        told.append(
            f"{group}: {sum(r.shows(r.at_once) for r in own)} of {len(own)} cases show in one run{more}, {complete} of them "
            f"completely at once; {found} of {leaks} leaks found, {sum(len(r.unexpected) for r in own)} proven leaks unexpected"
        )
        print(told[-1], flush=True)
        for result in own:
            if missing := set(result.case.expected) - result.found:
                print(f"    {result.case.name}: {'part' if result.found else 'none'} shown; missing {sorted(missing)}")
            if result.unexpected:
                print(f"    {result.case.name}: not expected {list(result.unexpected)}")
    if given.publish:
        publish(
            "The corpus of leaks",
            f"The Go project's own corpus of leaks; where one run does not show all, {given.runs} are explored; on {on}. Written by "
            "`make corpus`.\n\n" + "\n".join(f"- {each}" for each in told),
        )


if __name__ == "__main__":
    main()
