"""The engine on the whole corpus: what leaks is found, what is clean is not accused, what runs is not disturbed.

Go 1.23 to 1.25 cannot prove, so that what is `proven` elsewhere has to be `likely` there; only of a deadlock does
their runtime itself say that nobody will ever wake.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_goleak.experiment import check
from jupyter_goleak.model import Run
from jupyter_goleak.toolchain import Toolchain, find
from tests.corpus import Case, clean_programs, deterministic_programs, end_cases, leaky_cases

pytestmark = pytest.mark.toolchain

# An address, a goroutine's number and the folder of the program are other ones in every run.
VARYING = re.compile(r"0x[0-9a-f]+|(?<=goroutine )\d+|/\S*/(?=main\.go)|(?<=\[signal ).*(?=\])")


@pytest.fixture
def toolchain(each_go: str | None) -> Toolchain:
    """Each Go that is to be tested with."""
    return find(each_go)


def needs(case: Case, toolchain: Toolchain) -> None:
    """Pass over a program that is written for a later Go."""
    release = tuple(map(int, case.expect.get("go", "1.23").split(".")))
    if toolchain.release < release:
        pytest.xfail(f"{case.name} is written for Go {case.expect['go']}")


def run(case: Case, toolchain: Toolchain, source: str | None = None, **options: Any) -> tuple[str, Run]:
    """The verdict and the run of the case's program, or of another one in its place."""
    chosen = options | case.expect.get("options", {}) | {"no_fix": True, "go": str(toolchain.command)}
    report = check(source or case.main, **chosen)
    assert report.error is None
    assert report.original is not None
    return report.verdict, report.original


def said_by(toolchain: Toolchain, group: Mapping[str, Any], verdict: str) -> dict[str, Any]:
    """The expected group in the words of that Go."""
    said = dict(group)
    if not toolchain.can_prove and said.get("evidence") == "proven" and verdict != "deadlock":
        said["evidence"] = "likely"
    if toolchain.release < (1, 24) and said.get("state") == "sync.WaitGroup.Wait":
        said["state"] = "semacquire"
    return said


def differences(wanted: Iterable[Mapping[str, Any]], found: Iterable[Mapping[str, Any]]) -> str:
    """The groups that are missing, and those that nobody expected; every found group answers for one wanted."""
    left = [{key: value for key, value in group.items() if key not in ("explanation", "stack")} for group in found]
    missing = []
    for group in wanted:
        answer = next((each for each in left if group.items() <= each.items()), None)
        if answer is None:
            missing.append(f"missing: {group}")
        else:
            left.remove(answer)
    return "\n".join(missing + [f"not expected: {group}" for group in left])


def groups_differ(case: Case, result: Run, toolchain: Toolchain) -> str:
    """How the run's groups differ from the case's; `alive` ones only where the case speaks of them."""
    groups = result.to_dict()
    wrong = []
    for kind in ("leaks", "alive"):
        if kind == "leaks" or kind in case.expect:
            expected = case.expect.get(kind, [])
            wanted = [said_by(toolchain, group, case.expect["verdict"]) for group in expected]
            wrong.append(differences(wanted, groups[kind]))
    return "\n".join(filter(None, wrong))


def left_unsaid(case: Case, result: Run) -> list[str]:
    """What should stand in the explanation of one of the run's groups, and does not."""
    told = [group.explanation for group in (*result.leaks, *result.alive)]
    return [fragment for fragment in case.expect.get("said", []) if not any(fragment in each for each in told)]


def main_goroutine(expected: Mapping[str, Any], toolchain: Toolchain) -> list[str]:
    """What the runtime's own report of a deadlock has to say of main."""
    return [f"goroutine 1 [{said_by(toolchain, expected, 'deadlock')['state']}", f"main.go:{expected['line']} "]


def test_the_corpus_is_whole() -> None:
    for case in leaky_cases():
        assert case.story and case.fixed and case.fixed != case.main, case.name
        assert case.expect["verdict"] == "deadlock" or case.expect["leaks"] or case.expect["alive"], case.name
    for case in (*clean_programs(), *deterministic_programs(), *end_cases()):
        assert case.story, case.name


@pytest.mark.parametrize("case", leaky_cases(), ids=str)
def test_leaks_are_found(case: Case, toolchain: Toolchain) -> None:
    needs(case, toolchain)
    # What stands still stands still: half of the usual time shows it where nothing can be proven.
    verdict, result = run(case, toolchain, settle=0.5)
    assert groups_differ(case, result, toolchain) == ""
    assert verdict == case.expect["verdict"]
    if "main" in case.expect:
        assert [each for each in main_goroutine(case.expect["main"], toolchain) if each not in result.stderr] == []
    elif "pattern" in case.expect:
        patterns = {leak.pattern for leak in (*result.leaks, *result.alive)}
        assert case.expect["pattern"] in patterns
    assert all(leak.explanation for leak in result.leaks)
    assert left_unsaid(case, result) == []


@pytest.mark.parametrize("case", leaky_cases(), ids=str)
def test_the_fix_by_hand_leaves_nothing(case: Case, go: str) -> None:
    needs(case, find(go))
    verdict, result = run(case, find(go), case.fixed)
    assert differences([], [group.to_dict() for group in (*result.leaks, *result.alive)]) == ""
    assert (verdict, result.exit_code, result.stderr) == ("clean", 0, "")


@pytest.mark.parametrize("case", clean_programs(), ids=str)
def test_clean_programs_are_not_accused(case: Case, toolchain: Toolchain) -> None:
    needs(case, toolchain)
    report = check(case.main, **case.expect.get("options", {}), go=str(toolchain.command))
    assert report.original is not None
    assert groups_differ(case, report.original, toolchain) == ""
    assert left_unsaid(case, report.original) == []
    assert (report.verdict, report.original.exit_code) == ("clean", 0)
    assert (report.fix, report.fixed, report.attempts) == (None, None, ())


@pytest.mark.parametrize("case", end_cases(), ids=str)
def test_every_end_is_reported(case: Case, toolchain: Toolchain) -> None:
    needs(case, toolchain)
    verdict, result = run(case, toolchain)
    expect = case.expect
    if "leaks" in expect:
        assert groups_differ(case, result, toolchain) == ""
    assert verdict == expect["verdict"]
    for name in ("exit_code", "truncated", "stdout", "stderr", "note"):
        assert getattr(result, name) == expect.get(name, getattr(result, name)), name
    assert result.stdout.startswith(expect.get("stdout_starts", ""))
    assert result.stdout.endswith(expect.get("stdout_ends", ""))
    on_stderr = [
        *expect.get("stderr_has", []),
        *(main_goroutine(expect["main"], toolchain) if "main" in expect else []),
    ]
    assert [text for text in on_stderr if text not in result.stderr] == []
    assert left_unsaid(case, result) == []


@pytest.mark.parametrize("case", deterministic_programs(), ids=str)
def test_the_probe_changes_no_byte(case: Case, toolchain: Toolchain, tmp_path: Path) -> None:
    needs(case, toolchain)
    plain = run_plainly(case, toolchain, tmp_path)
    verdict, result = run(case, toolchain)
    assert result.stdout == plain.stdout.decode()
    assert VARYING.sub("…", result.stderr) == VARYING.sub("…", plain.stderr.decode())
    assert result.exit_code == plain.returncode == case.expect.get("exit_code", 0)
    assert verdict == case.expect["verdict"]


def run_plainly(case: Case, toolchain: Toolchain, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """The program built and run by nothing but the go command."""
    (folder / "main.go").write_text(case.main, encoding="utf-8")
    (folder / "go.mod").write_text("module program\n\ngo {}.{}\n".format(*toolchain.release), encoding="utf-8")
    binary = folder / "program"
    build = [str(toolchain.command), "build", "-o", str(binary), "."]
    subprocess.run(build, cwd=folder, env=toolchain.environment(), check=True)
    options = case.expect.get("options", {})
    environment = {**os.environ, **options.get("env", {})}
    if "gomaxprocs" in options:
        environment["GOMAXPROCS"] = str(options["gomaxprocs"])
    return subprocess.run(
        [str(binary), *options.get("args", [])],
        input=options.get("stdin", "").encode(),
        env=environment,
        capture_output=True,
        check=False,
    )


GROWTH = """\
import resource, sys
from jupyter_goleak.experiment import check
source = sys.stdin.read()
check("package main\\n\\nfunc main() {}\\n", no_fix=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = check(source, no_fix=True)
unit = 1 if sys.platform == "darwin" else 1 << 10
print(report.verdict, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit >> 20)
"""


@pytest.mark.parametrize("name", ["prints-one-gigabyte", "leaks-100-000", "leaks-a-million"])
def test_the_kernels_memory_is_bounded(name: str) -> None:
    case = next(case for case in end_cases() if case.name == name)
    done = subprocess.run([sys.executable, "-c", GROWTH], input=case.main, capture_output=True, text=True, check=True)
    verdict, megabytes = done.stdout.split()
    assert verdict == case.expect["verdict"]
    assert int(megabytes) < 200
