"""A finished experiment to look at."""

from __future__ import annotations

import pytest

from jupyter_goleak.events import Event, Finished, Progress
from jupyter_goleak.model import Report
from tests.view.examples import DIFF, FIXED, SOURCE, report, run_events


@pytest.fixture
def leaky_report() -> Report:
    """A program that leaks two workers, and its fixed variant."""
    return report()


@pytest.fixture
def leaky_events(leaky_report: Report) -> list[Event]:
    """The events that end with that report."""
    assert leaky_report.original and leaky_report.fixed
    return [
        Progress("Building …"),
        *run_events(leaky_report.original, SOURCE),
        *run_events(leaky_report.fixed, FIXED, DIFF),
        Finished(leaky_report),
    ]
