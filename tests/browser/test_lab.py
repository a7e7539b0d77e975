"""The lesson's notebook as its reader meets it: in JupyterLab, cell by cell, the pictures moving while the program runs."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01-abandoned-receivers.ipynb"
PATIENCE_MS = 120_000

pytestmark = [pytest.mark.browser, pytest.mark.toolchain]

# Looks at every frame of the page, from now on until it is told to stop. A step is counted for a variant when its plot of counts
# got new data *and* other pixels; for each, whether the cell was still running is noted.
WATCH_THE_PLOTS = """() => {
  const seen = (window.goleakSeen = { original: [], fixed: [] });
  const last = { original: {}, fixed: {} };
  const canvases = (node) => [
    ...node.querySelectorAll("canvas"),
    ...[...node.querySelectorAll("*")].filter((each) => each.shadowRoot).flatMap((each) => canvases(each.shadowRoot)),
  ];
  const model = (Bokeh, name) => {
    for (const document of Bokeh.documents) {
      const found = document.get_model_by_name(name);
      if (found) return found;
    }
  };
  globalThis[Symbol.for("jupyter_goleak.bokeh")]?.promise.then((Bokeh) => (window.goleakBokeh = Bokeh));
  const look = () => {
    const shared = globalThis[Symbol.for("jupyter_goleak.bokeh")];
    if (shared && !window.goleakBokeh) shared.promise.then((Bokeh) => (window.goleakBokeh = Bokeh));
    for (const variant of ["original", "fixed"]) {
      const plot = document.querySelector(`.goleak [data-variant=${variant}] .gl-plot`);
      const source = plot && window.goleakBokeh && model(window.goleakBokeh, `count_source_${variant}`);
      if (!source) continue;
      const running = [...document.querySelectorAll(".jp-InputPrompt")].some((prompt) => prompt.textContent.includes("*"));
      const now = { data: [...source.data.t].join(), pixels: canvases(plot).map((each) => each.toDataURL()).join() };
      if (now.data !== last[variant].data && now.pixels !== last[variant].pixels) {
        seen[variant].push(running);
        last[variant] = now;
      }
    }
    if (!window.goleakDone) requestAnimationFrame(look);
  };
  look();
}"""


def steps(watched) -> dict[str, int]:
    """How often each plot changed while the cell ran."""
    return watched.page.evaluate(
        "() => Object.fromEntries(Object.entries(goleakSeen).map(([name, seen]) => [name, seen.filter(Boolean).length]))"
    )


def test_both_plots_live_while_the_lessons_cell_runs_and_end_with_the_verdicts(watched):
    watched.open(NOTEBOOK)
    page = watched.page
    page.evaluate(WATCH_THE_PLOTS)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    while "%%goleak" not in watched.active_cell().inner_text():
        page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    original = page.locator(".goleak [data-variant=original]")
    fixed = page.locator(".goleak [data-variant=fixed]")
    page.wait_for_function("() => goleakSeen.original.length > 4 && goleakSeen.fixed.length > 4", timeout=PATIENCE_MS)
    # Shift-Enter has gone on to the next cell; what runs is to be seen all the same.
    assert watched.is_in_sight(original.locator(".gl-plot").first)
    watched.screenshot("running.png")
    original.get_by_text("6 goroutines can never end").wait_for(timeout=PATIENCE_MS)
    fixed.get_by_text("Every goroutine ended").wait_for(timeout=PATIENCE_MS)
    watched.wait_until_run()
    page.evaluate("() => { window.goleakDone = true }")
    changes = steps(watched)
    assert changes["original"] >= 5, changes
    assert changes["fixed"] >= 5, changes
    watched.look_at(page.locator(".goleak"))
    watched.screenshot("lesson.png")
    assert watched.complaints == []
    assert watched.foreign == []
