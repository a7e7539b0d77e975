"""The Bokeh figures of the view, without data: what is drawn, not what there is to draw.

For each variant three figures over one time axis: the count of goroutines, a lane for each, and the memory held. All
share one time range, so that panning one moves all; the two variants share their other axes too, so that what looks
higher is more. The page's script fills the sources and sets the colours of the notebook's theme; it finds the models by
their names, `<what>_<variant>`.

Every axis, grid and glyph costs the page time at each drawing, whatever `sparing.js` takes off it. So there are no more
of them than need be: time stands under the count alone, and the lanes' names, and the lines that cross all three figures,
are the page's own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jupyter_goleak.model import Variant
from jupyter_goleak.view.state import VARIANTS

LEFT, RIGHT = 142, 14
"""Pixels beside each frame, the same for all figures, so that time stands in one column."""


@cache
def figures() -> dict[str, Any]:
    """`{"doc": …, "roots": {name: id}}`, as BokehJS's `embed_items` wants it. The same for every view."""
    from bokeh.document import Document
    from bokeh.models import Range1d

    ranges = {
        "time": Range1d(start=0, end=1, name="time"),
        "count": Range1d(start=0, end=4, name="count"),
        "lanes": Range1d(start=1, end=0, name="lanes"),
        "memory": Range1d(start=0, end=1, name="memory"),
    }
    document = Document()
    roots = {}
    for variant in VARIANTS:
        for plot in (_count(ranges, variant), _lanes(ranges, variant), _memory(ranges, variant)):
            roots[plot.name] = plot.id
            document.add_root(plot)
    return {"doc": document.to_json(deferred=False), "roots": roots}


def _count(ranges: dict[str, Any], variant: Variant) -> Any:
    models = _models()
    plot = _frame(ranges, "count", variant, height=180, above=6, below=26)
    _add_axis(plot, "below", models.BasicTicker(desired_num_ticks=5), models.PrintfTickFormatter(format="%.6g s"))
    whole_numbers = models.BasicTicker(desired_num_ticks=4, mantissas=[1, 2, 5], min_interval=1, num_minor_ticks=0)
    _add_axis(plot, "left", whole_numbers, models.NumeralTickFormatter(format="0,0"))
    source = _source(f"count_source_{variant}", "t", "count")
    steps = {"x": "t", "y1": 0, "y2": "count"}
    area = _draw(plot, source, models.VArea(**steps, fill_alpha=0.16), "count_area", variant)
    leaked = models.VArea(**steps, fill_alpha=0.2, hatch_pattern="/", hatch_scale=22, hatch_weight=1, hatch_alpha=0.55)
    _draw(plot, _source(f"leaked_source_{variant}", "t", "count"), leaked, "leaked_area", variant)
    line = models.Line(x="t", y="count", line_width=2.6, line_join="round")
    _draw(plot, source, line, "count_line", variant)
    marks = _source(f"marks_source_{variant}", "t", "count", "label", "align", "shift")
    _draw(plot, marks, models.Scatter(x="t", y="count", marker="diamond", size=13, line_width=2), "marks", variant)
    labels = models.Text(
        x="t", y="count", text="label", text_align={"field": "align"}, x_offset={"field": "shift"}, y_offset=-9
    )
    labels.update(text_font_size="12px", text_font_style="bold", background_fill_alpha=0.65, padding=1)
    _draw(plot, marks, labels, "mark_labels", variant)
    plot.add_tools(models.HoverTool(renderers=[area], tooltips="@count{0,0} · @t{0.000} s"))
    return plot


def _lanes(ranges: dict[str, Any], variant: Variant) -> Any:
    models = _models()
    plot = _frame(ranges, "lanes", variant, height=120, above=6, below=4)
    plot.add_layout(models.Grid(dimension=0, ticker=models.BasicTicker(desired_num_ticks=5)))
    corners = {each: each for each in ("left", "right", "bottom", "top")}
    source = _source(f"bars_source_{variant}", *corners, "colour", "alpha", "name", "state", "line")
    bars = models.Quad(**corners, fill_color={"field": "colour"}, fill_alpha={"field": "alpha"}, line_color=None)
    drawn = _draw(plot, source, bars, "bars", variant)
    hatching = models.Quad(**corners, fill_color=None, line_color=None, hatch_pattern={"value": "/"})
    hatching.update(hatch_alpha={"field": "alpha"}, hatch_scale=20, hatch_weight=1.6)
    _draw(plot, _source(f"stuck_source_{variant}", *corners, "alpha"), hatching, "stuck", variant)
    plot.add_tools(
        models.HoverTool(renderers=[drawn], tooltips="@name · @state · @line · @left{0.000} – @right{0.000} s")
    )
    return plot


def _memory(ranges: dict[str, Any], variant: Variant) -> Any:
    models = _models()
    plot = _frame(ranges, "memory", variant, height=54, above=4, below=6)
    source = _source(f"memory_source_{variant}", "t", "memory")
    area = models.VArea(x="t", y1=0, y2="memory", fill_alpha=0.35)
    drawn = _draw(plot, source, area, "memory_area", variant)
    plot.add_tools(models.HoverTool(renderers=[drawn], tooltips="@memory{0.0 d} · @t{0.000} s"))
    return plot


def _frame(ranges: dict[str, Any], what: str, variant: Variant, *, height: int, above: int, below: int) -> Any:
    models = _models()
    plot = models.Plot(
        name=f"{what}_{variant}",
        x_range=ranges["time"],
        y_range=ranges[what],
        height=height,
        sizing_mode="stretch_width",
        min_border_left=LEFT,
        min_border_right=RIGHT,
        min_border_top=above,
        min_border_bottom=below,
        toolbar_location=None,
        lod_threshold=None,  # while it is dragged, too, a figure shows all: `sparing.js` lets nothing thinner be prepared
        outline_line_color=None,
        background_fill_color=None,
        border_fill_color=None,
    )
    # Scrolling the notebook must not zoom what happens to pass under the pointer.
    wheel = models.WheelZoomTool(dimensions="width", modifiers="ctrl")
    plot.add_tools(models.PanTool(dimensions="width"), wheel, models.ResetTool())
    plot.toolbar.active_scroll = wheel
    return plot


def _add_axis(plot: Any, place: str, ticker: Any, formatter: Any) -> None:
    models = _models()
    axis = models.LinearAxis(
        ticker=ticker,
        formatter=formatter,
        axis_line_color=None,
        major_tick_line_color=None,
        minor_tick_line_color=None,
        major_label_text_font_size="12px",
        major_label_standoff=8,
    )
    plot.add_layout(axis, place)
    plot.add_layout(models.Grid(dimension=0 if place == "below" else 1, ticker=ticker))


def _models() -> Any:
    """Bokeh's models. Untyped, since what a property takes is more than its annotations can say."""
    import bokeh.models

    return bokeh.models


def _draw(plot: Any, source: Any, glyph: Any, what: str, variant: Variant) -> Any:
    return plot.add_glyph(source, glyph, name=f"{what}_{variant}")


def _source(name: str, *columns: str) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({column: [] for column in columns}, name=name)
