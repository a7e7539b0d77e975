"""Words: every verdict has its sentence, in every language that there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_goleak.model import Exploration
from jupyter_goleak.view.words import (
    Words,
    last_words,
    notes,
    preferred_language,
    seconds,
    verdict_sentence,
    verdict_word,
)
from tests.view.examples import LEAK, original

ENGLISH = Words("en")
RACE = """\
==================
WARNING: DATA RACE
Write at 0x00c000094038 by main goroutine:
  main.count()
      /home/ann/count/main.go:14 +0x644
  main.main()
      /home/ann/count/main.go:21 +0x21d

Previous read at 0x00c000094038 by goroutine 14:
  main.count.func1()
      /home/ann/count/main.go:9 +0x51

Goroutine 14 (running) created at:
  main.count()
      /home/ann/count/main.go:8 +0x3e8
==================
"""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_GB"}, "en"),
        ({"LANGUAGE": "ko:en", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "c"),
    ],
)
def test_the_locale_says_the_language(environment, language):
    assert preferred_language(environment) == language


def test_an_unknown_language_speaks_english():
    assert Words("xx")("leak") == Words("c")("leak") == "leak"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "2 goroutines can never end."),
        ({"leaks": (replace(LEAK, count=1),)}, "1 goroutine can never end."),
        ({"leaks": (replace(LEAK, count=12_345),)}, "12,345 goroutines can never end."),
        ({"leaks": (replace(LEAK, evidence="likely"),)}, "2 goroutines seem stuck for good."),
        ({"leaks": (), "verdict": "clean"}, "Every goroutine ended."),
        ({"leaks": (), "verdict": "clean", "explored": Exploration(20)}, "Every goroutine ended, in each of 20 runs."),
        (
            {"leaks": (), "verdict": "clean", "alive": (replace(LEAK, evidence="alive", count=1),)},
            "No leak; 1 goroutine was still at work.",
        ),
        (
            {"leaks": (), "verdict": "clean", "end_seen": False},
            "No leak was seen, but nobody could look at what it left.",
        ),
        ({"leaks": (), "verdict": "clean", "ignored": 1}, "No leak but 1 that is ignored."),
        ({"leaks": (), "verdict": "clean", "ignored": 2}, "No leak but 2 that are ignored."),
        (
            {"leaks": (), "verdict": "clean", "stopped": "user", "duration_s": 3.0},
            "You stopped it after 3.00 s; no leak was seen until then.",
        ),
        (
            {"leaks": (), "verdict": "timeout", "stopped": "timeout", "duration_s": 60.0},
            "Stopped after 60.0 s: it did not end by itself.",
        ),
        ({"verdict": "deadlock"}, "All goroutines are asleep: the program waits for itself."),
        (
            {"verdict": "crash", "exit_code": 2, "stderr": "panic: boom\n\ngoroutine 1"},
            "It crashed: panic: boom (exit code 2). 2 goroutines can never end.",
        ),
        (
            {"leaks": (), "verdict": "crash", "exit_code": 1, "stdout": "--- FAIL: TestA (0.00s)\nok\n--- FAIL: TestB"},
            "Failed: TestA, TestB (exit code 1).",
        ),
        (
            {
                "leaks": (),
                "verdict": "crash",
                "exit_code": 1,
                "stdout": "--- FAIL: TestA (0.00s)",
                "stderr": "a log line",
            },
            "Failed: TestA (exit code 1).",
        ),
        ({"leaks": (), "verdict": "crash", "exit_code": 3}, "It ended with exit code 3."),
        (
            {"leaks": (), "verdict": "crash", "exit_code": 66, "stderr": RACE},
            "The race detector reported a data race: main.go:14, main.go:9.",
        ),
        (
            {"leaks": (), "verdict": "crash", "exit_code": 1, "stdout": "--- FAIL: TestA (0.00s)", "stderr": RACE},
            "The race detector reported a data race: main.go:14, main.go:9.",
        ),
        ({"leaks": (), "verdict": "crash", "exit_code": -9, "stderr": "busy"}, "The signal SIGKILL ended it."),
        ({"leaks": (), "verdict": "crash", "exit_code": -99}, "The signal 99 ended it."),
        (
            {"leaks": (), "verdict": "crash", "exit_code": -6, "stderr": "panic: core\n"},
            "It crashed: panic: core (exit code -6).",
        ),
        ({"verdict": "build-error"}, "The program does not compile."),
    ],
)
def test_what_became_of_a_run(changes, sentence):
    assert verdict_sentence(original(**changes), ENGLISH) == sentence


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"leaks": (), "verdict": "clean", "stopped": "for"}, True),
        ({"leaks": (), "verdict": "deadlock", "exit_code": 2}, True),
        ({"leaks": (), "verdict": "crash", "exit_code": 66}, False),
        ({"leaks": (), "verdict": "crash", "exit_code": 1}, False),
    ],
)
def test_a_race_is_noted_where_the_verdict_tells_of_something_else(changes, told):
    race = "The race detector reported a data race: main.go:14, main.go:9."
    assert notes(original(stderr=RACE, **changes), ENGLISH) == [race] * told


@pytest.mark.parametrize("verdict", ["clean", "leak", "deadlock", "crash", "timeout", "build-error"])
def test_every_verdict_has_a_word(verdict):
    assert verdict_word(original(verdict=verdict), ENGLISH)


def test_who_stopped_a_run_is_not_told_that_it_took_too_long():
    stopped = original(verdict="timeout", stopped="user", leaks=(), duration_s=2.0)
    assert verdict_word(stopped, ENGLISH) == "stopped"
    assert verdict_sentence(stopped, ENGLISH) == "You stopped it after 2.00 s; no leak was seen until then."
    asked = original(verdict="timeout", stopped="for", leaks=(), duration_s=5.0)
    assert verdict_sentence(asked, ENGLISH) == "It ran for 5.00 s, as asked; no leak was seen."


@pytest.mark.parametrize(
    ("stderr", "why"),
    [
        ("SIGABRT: abort\nPC=0x47 m=0\n\ngoroutine 1\n\ngs     0x0\n", "SIGABRT: abort"),
        (
            "flag provided but not defined: -run\nUsage of x:\n  -v\n    \tverbose\n",
            "flag provided but not defined: -run",
        ),
        ('invalid value "x" for flag -n: parse error\nUsage of x:\n', 'invalid value "x" for flag -n: parse error'),
        ("==================\nWARNING: DATA RACE\nRead at\n==================\n", "WARNING: DATA RACE"),
        ("first\n\tlast\n", "last"),
    ],
)
def test_last_words_say_why_and_not_what_comes_after(stderr, why):
    assert last_words(original(stderr=stderr)) == why


def test_last_words_are_the_panic_and_never_long():
    assert last_words(original(stderr="warning\npanic: no\n\ngoroutine 1 [running]:\n")) == "panic: no"
    assert last_words(original(stderr="exit status 3\n")) == "exit status 3"
    assert last_words(original(stderr="")) == ""
    assert len(last_words(original(stderr="x" * 5000))) == 120


@pytest.mark.parametrize(
    ("time", "text"), [(0.0, "0.00 s"), (9.994, "9.99 s"), (12.34, "12.3 s"), (200.0, "3 min 20 s")]
)
def test_times_are_read_at_a_glance(time, text):
    assert seconds(time) == text
