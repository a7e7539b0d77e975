"""The lesson's notebook as its reader meets it: in JupyterLab, cell by cell, the pictures moving while the program runs."""

from __future__ import annotations

import pytest

from tests.browser.jupyter import PATIENCE_MS
from tests.browser.programs import LESSON

pytestmark = [pytest.mark.browser, pytest.mark.toolchain]


def test_both_plots_live_while_the_lessons_cell_runs_and_end_with_the_verdicts(watched):
    watched.open(LESSON)
    page = watched.page
    watched.watch()
    page.locator(".jp-Notebook .jp-Cell").first.click()
    while "%%goleak" not in watched.active_cell().inner_text():
        page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    original = page.locator(".goleak [data-variant=original]")
    fixed = page.locator(".goleak [data-variant=fixed]")
    page.wait_for_function("() => goleakSeen.original.length > 4 && goleakSeen.fixed.length > 4", timeout=PATIENCE_MS)
    watched.screenshot("running.png")
    # Shift-Enter has gone on to the next cell; what runs is to be seen all the same.
    assert watched.is_in_sight(original.locator(".gl-plot").first)
    original.get_by_text("goroutines can never end").wait_for(timeout=PATIENCE_MS)
    fixed.get_by_text("Every goroutine ended").wait_for(timeout=PATIENCE_MS)
    page.evaluate("() => { window.goleakDone = true }")
    changes = watched.steps()
    assert changes["original"] >= 5, changes
    assert changes["fixed"] >= 5, changes
    watched.look_at(page.locator(".goleak"))
    watched.screenshot("lesson.png")
    watched.look_at(page.locator(".gl-clock"))
    watched.screenshot("findings.png")
