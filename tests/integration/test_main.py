"""The engine in a terminal: what a shell gets of it, whatever is asked, wherever it prints, and whenever it is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHECK = (sys.executable, "-m", "jupyter_goleak", "check")
LEAK = "package main\n\nfunc main() {\n\tgo func() { select {} }()\n}\n"
# Runs for ever where it finds the folder that it leaves behind else, and tells so.
SECOND_RUN_FOR_EVER = """\
package main

import (
	"os"
	"time"
)

func main() {
	go func() { select {} }()
	if os.Mkdir(os.Getenv("FIRST"), 0o700) == nil {
		return
	}
	os.WriteFile(os.Getenv("TOLD"), []byte("running"), 0o600)
	time.Sleep(time.Hour)
}
"""


def check(*arguments: object, shell: str = 'exec "$@"', **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a check to its end, from a shell that does with it what `shell` says."""
    command = ["sh", "-c", shell, "sh", *CHECK, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def error_of(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """The error in the one JSON object that was printed."""
    answer = json.loads(done.stdout)
    assert (answer["verdict"], answer["original"]) == ("build-error", None)
    error: dict[str, object] = answer["error"]
    return error


@pytest.fixture
def program(tmp_path: Path) -> Path:
    place = tmp_path / "main.go"
    place.write_text(LEAK, encoding="utf-8")
    return place


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Path]:
    """A named pipe, which something under way writes to."""
    pipe = tmp_path / "told"
    os.mkfifo(pipe)
    yield pipe


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Whoever runs the tests in the background of a shell has interrupts ignored, and so would what they start."""
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seed", "x", "main.go"], "argument --seed: 'x' is not a whole number."),
        (["--timeout", "soon", "main.go"], "argument --timeout: 'soon' is not a duration"),
        (["--stdin", "@~nobody-of-that-name/x", "main.go"], "~nobody-of-that-name/x cannot be read: No such file"),
        (["--settle", "-1s", "main.go"], "argument --settle: '-1s' is not a duration: it must not be negative"),
        (["--nonsense", "main.go"], "There is no option --nonsense here. See: python -m jupyter_goleak check --help"),
        (["--tim", "5s", "main.go"], "There is no option --tim here; did you mean --timeout?"),
        (["main.go", "other.go"], "Only one PATH can be given, and 'other.go' is one more."),
        ([""], "The PATH is empty"),
        ([], "the following arguments are required: PATH."),
        (["--fixes", "A", "main.go"], "--fixes A speaks of the program of another cell"),
        (["~nobody-of-that-name/x"], "There is no file or folder ~nobody-of-that-name/x."),
    ],
)
def test_wrong_usage_is_one_sentence_and_one_object(arguments: list[str], sentence: str) -> None:
    plain, structured = check(*arguments), check("--json", *arguments)
    assert (plain.returncode, plain.stdout, structured.returncode, structured.stderr) == (2, "", 2, "")
    assert plain.stderr.startswith(sentence) or f": {sentence}" in plain.stderr
    assert plain.stderr.count("\n") == 1
    assert error_of(structured) == {"kind": "usage", "message": plain.stderr.rstrip("\n"), "line": None}


@pytest.mark.toolchain
def test_a_seed_without_schedules_is_told_to_be_of_no_use(program: Path) -> None:
    done = check("--no-fix", "--seed", 3, program)
    assert (done.returncode, done.stderr) == (
        1,
        "--seed chooses the schedules of --explore, and is passed over without it.\n",
    )


@pytest.mark.toolchain
@pytest.mark.parametrize("shell", ['exec "$@"', 'PYTHONIOENCODING=ascii exec "$@"'])
def test_a_report_is_printed_in_whatever_letters_there_are(program: Path, shell: str) -> None:
    program.write_text('package main\n\nfunc main() { print("Grüße, 世界 🌍") }\n', encoding="utf-8")
    done = check("--json", "--no-fix", program, shell=shell)
    assert json.loads(done.stdout)["original"]["stderr"] == "Grüße, 世界 🌍"
    assert check("--no-fix", program, shell=shell).returncode == 0


@pytest.mark.parametrize(
    ("shell", "sentence"),
    [
        ('exec "$@" >&-', "Standard output is closed: there is nowhere to write a report to.\n"),
        ('exec "$@" >/dev/full', "Standard output cannot be written: No space left on device.\n"),
        ('exec "$@" 2>&-', ""),
        ('exec "$@" >&- 2>&-', ""),
    ],
)
def test_a_report_that_cannot_be_written_is_told_where_it_can(shell: str, sentence: str) -> None:
    done = check("--json", "nowhere.go", shell=shell)
    assert (done.returncode, done.stderr) == (2, sentence)


def test_without_standard_input_there_is_no_program() -> None:
    done = check("-", shell='exec "$@" <&-')
    assert done.stderr == "Standard input is closed: give the PATH of a program, or pipe one in.\n"


@pytest.mark.toolchain
def test_closed_streams_are_no_hindrance_to_the_program(program: Path) -> None:
    assert check("--no-fix", program, shell='exec "$@" <&- 2>&-').returncode == 1


@pytest.mark.toolchain
@pytest.mark.parametrize("path", ["/dev/stdin", "-"])
def test_a_program_comes_through_a_pipe(path: str) -> None:
    assert check("--no-fix", path, input=LEAK).returncode == 1


def test_a_working_folder_that_is_gone_is_told(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # With a relative path there Python itself would not start.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    done = check(program, shell='mkdir gone && cd gone && rmdir ../gone && exec "$@"')
    assert (done.returncode, done.stderr) == (2, "The working folder is gone: change to one that is still there.\n")


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_who_ends_the_build_has_nothing_to_be_shown(
    program: Path, told: Path, number: signal.Signals, exit_code: int
) -> None:
    compiler = program.with_name("compiler")
    compiler.write_text(f"#!/bin/sh\necho compiling >{told}\nexec sleep 3600\n", encoding="utf-8")
    compiler.chmod(0o700)
    with subprocess.Popen(
        [*CHECK, "--json", program],
        env={**os.environ, "GOFLAGS": f"-toolexec={compiler}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert told.read_text() == "compiling\n"
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, err) == (exit_code, "")
    message = "Interrupted before there was anything to show."
    assert error_of(subprocess.CompletedProcess([], exit_code, out)) == {
        "kind": "interrupt",
        "message": message,
        "line": None,
    }


@pytest.mark.toolchain
@pytest.mark.parametrize("first", [True, False], ids=["in the first run", "while exploring"])
@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_who_ends_the_program_gets_what_was_seen_and_nothing_more_is_run(
    program: Path, told: Path, number: signal.Signals, exit_code: int, first: bool
) -> None:
    program.write_text(SECOND_RUN_FOR_EVER, encoding="utf-8")
    folder = program.with_name("first")
    if first:
        folder.mkdir()
    with subprocess.Popen(
        [*CHECK, "--json", "--no-fix", "--explore", "50", program],
        env={**os.environ, "FIRST": str(folder), "TOLD": str(told)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert told.read_text().startswith("running")
        process.send_signal(number)
        out, _ = process.communicate()
    original = json.loads(out)["original"]
    assert process.returncode == exit_code
    assert original["verdict"] == ("timeout" if first else "leak")
    assert [leak["line"] for leak in original["leaks"]] == [9]
    assert original["explored"] == {"runs": 1, "leaking": 1, "seed": None if first else original["explored"]["seed"]}


@pytest.mark.toolchain
def test_a_program_that_was_not_seen_to_the_end_is_not_told_to_be_clean(program: Path, told: Path) -> None:
    program.write_text(SECOND_RUN_FOR_EVER.replace("go func() { select {} }()", ""), encoding="utf-8")
    with subprocess.Popen(
        [*CHECK, "--json", "--no-fix", "--explore", "50", program],
        env={**os.environ, "FIRST": str(program.with_name("first")), "TOLD": str(told)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert told.read_text().startswith("running")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert (json.loads(out)["verdict"], process.returncode) == ("clean", 130)
