"""All packages below a folder: each is run by itself, the reports are told as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_goleak.errors import BuildError, GoleakError, UsageError
from jupyter_goleak.model import Exploration, Failure, Leak, Run, Verdict
from jupyter_goleak.modules import in_module
from jupyter_goleak.toolchain import Toolchain

_LISTED = '{{if eq .Name "main"}}main {{.Dir}}{{else if or .TestGoFiles .XTestGoFiles}}test {{.Dir}}{{end}}'
_WORST_FIRST: tuple[Verdict, ...] = ("leak", "deadlock", "crash", "timeout", "clean")


def runnable(go: Toolchain, directory: Path, pattern: str, tags: str = "") -> list[Path]:
    """The folders of the libraries that have tests; where none has, of the programs. Raises UsageError for neither.

    Programs are left out beside tests, since a server among them would run for ever.
    """
    if not in_module(directory):
        raise UsageError(
            f"There is no go.mod in {directory} or above it, which says what belongs together: "
            "run `go mod init` there, or name one folder."
        )
    arguments = ["list", "-e", "-f", _LISTED, *(["-tags", tags] if tags else []), pattern]
    done = go.run(arguments, directory)
    if done.returncode:
        raise BuildError(done.stderr.strip())
    kinds = [line.partition(" ") for line in done.stdout.splitlines() if line]
    tests = [Path(folder) for kind, _, folder in kinds if kind == "test"]
    folders = tests or [Path(folder) for _, _, folder in kinds]
    if not folders:
        raise UsageError(f"No package in {pattern} has a test or a func main to run.")
    return folders


def together(runs: Sequence[tuple[str, Run]]) -> Run:
    """One run that tells of all: what each printed under its package's name, and the leaks of all."""
    first = runs[0][1]
    worst = min((run.verdict for _, run in runs), key=_WORST_FIRST.index)
    leaks = [leak for _, run in runs for leak in run.leaks]
    return replace(
        first,
        verdict=worst,
        exit_code=next((run.exit_code for _, run in runs if run.exit_code != 0), 0),
        duration_s=sum(run.duration_s for _, run in runs),
        stdout="".join(f"# {name}\n{run.stdout}" for name, run in runs),
        stderr="".join(run.stderr for _, run in runs),
        truncated=any(run.truncated for _, run in runs),
        samples=(),
        snapshots=(),
        marks=(),
        births=(),
        leaks=tuple(sorted(leaks, key=_order)),
        alive=tuple(sorted((leak for _, run in runs for leak in run.alive), key=_order)),
        peak=max(run.peak for _, run in runs),
        end=max(run.end for _, run in runs),
        created=sum(run.created for _, run in runs),
        explored=_explored([run.explored for _, run in runs]),
        ignored=sum(run.ignored for _, run in runs),
    )


def failure(problems: Sequence[tuple[str, GoleakError]]) -> Failure | None:
    """What keeps some packages from being run, each complaint from a line of its own on, None for none."""
    if not problems:
        return None
    kind = next((problem.kind for _, problem in problems if isinstance(problem, BuildError)), problems[0][1].kind)
    return Failure(
        kind, "\n".join(f"Package {name}: {told}" for name, problem in problems for told in _complaints(problem))
    )


def _complaints(problem: GoleakError) -> list[str]:
    messages = problem.messages if isinstance(problem, BuildError) else ()
    return list(map(str, messages)) or [str(problem)]


def _explored(each: Sequence[Exploration]) -> Exploration:
    """What was explored in all, or whether any leaked where each ran once."""
    leaking = sum(explored.leaking for explored in each)
    if all(explored.runs == 1 for explored in each):
        return Exploration(leaking=min(leaking, 1))
    return Exploration(sum(explored.runs for explored in each), leaking, each[0].seed)


def _order(leak: Leak) -> tuple[int, str, int]:
    return (-leak.count, leak.file, leak.line or 0)
