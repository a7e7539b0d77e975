"""The Bokeh figures of the view, without data: what is drawn, not what there is to draw.

For each variant three figures over one time axis: the count of goroutines, a lane for each, and the memory held. All
share one time range, so that panning one moves all; the two variants share their other axes too, so that what looks
higher is more. The page's script fills the sources and sets the colours of the notebook's theme; it finds the models by
their names, `<what>_<variant>`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jupyter_goleak.view.state import VARIANTS

LEFT = 120
"""Pixels left of each frame, the same for all, so that time stands in one column."""

HEIGHTS = {"count": 180, "lanes": 120, "memory": 84}


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
    drawers = {"count": _count, "lanes": _lanes, "memory": _memory}
    roots = {}
    for variant in VARIANTS:
        for what, draw in drawers.items():
            plot = _frame(what, ranges)
            plot.name = f"{what}_{variant}"
            draw(plot, variant)
            roots[plot.name] = plot
    document = Document()
    for plot in roots.values():
        document.add_root(plot)
    return {"doc": document.to_json(deferred=False), "roots": {name: plot.id for name, plot in roots.items()}}


def _frame(what: str, ranges: dict[str, Any]) -> Any:
    from bokeh.models import PanTool, ResetTool, WheelZoomTool
    from bokeh.plotting import figure

    tools: list[Any] = [PanTool(dimensions="width"), WheelZoomTool(dimensions="width", modifiers="ctrl"), ResetTool()]
    plot: Any = figure(
        x_range=ranges["time"],
        y_range=ranges[what],
        height=HEIGHTS[what],
        sizing_mode="stretch_width",
        min_border_left=LEFT,
        min_border_right=14,
        min_border_top=6,
        min_border_bottom=26,
        tools=tools,
        toolbar_location=None,
        active_scroll=tools[1],
        output_backend="canvas",
        outline_line_color=None,
        background_fill_color=None,
        border_fill_color=None,
    )
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_line_color = axis.minor_tick_line_color = axis.major_tick_line_color = None
        axis.major_label_text_font_size = "12px"
        axis.major_label_standoff = 8
    plot.xaxis.formatter = _time_format()
    plot.xgrid.grid_line_alpha = plot.ygrid.grid_line_alpha = 1.0
    plot.xaxis.ticker.desired_num_ticks = 5
    return plot


def _time_format() -> Any:
    from bokeh.models import PrintfTickFormatter

    return PrintfTickFormatter(format="%.6g s")


def _source(name: str, *columns: str) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({column: [] for column in columns}, name=name)


def _area_source(name: str, *columns: str) -> Any:
    """A source with one point at zero: BokehJS never comes back from drawing a stepped area without any."""
    source = _source(name)
    source.data = {column: [0] for column in columns}
    return source


def _time_marks(plot: Any, what: str, variant: str) -> None:
    """Where `main` returned, and where the reader has put the time slider."""
    from bokeh.models.annotations import Span

    for name, dash in (("returned", "dashed"), ("now", "solid")):
        plot.add_layout(
            Span(name=f"{name}_{what}_{variant}", dimension="height", location=0, line_dash=dash, visible=False)
        )


def _count(plot: Any, variant: str) -> None:
    from bokeh.models import BasicTicker, HoverTool, NumeralTickFormatter

    source = _area_source(f"count_source_{variant}", "t", "count", "when")
    plot.varea_step("t", 0, "count", source=source, step_mode="after", fill_alpha=0.16, name=f"count_area_{variant}")
    leaked = _area_source(f"leaked_source_{variant}", "t", "count")
    plot.varea_step(
        "t",
        0,
        "count",
        source=leaked,
        step_mode="after",
        fill_alpha=0.2,
        hatch_pattern="/",
        hatch_scale=22,
        hatch_weight=1,
        hatch_alpha=0.55,
        name=f"leaked_area_{variant}",
    )
    plot.step(
        "t", "count", source=source, mode="after", line_width=2.6, line_join="round", name=f"count_line_{variant}"
    )
    points = plot.scatter(
        "t", "count", source=source, size=9, fill_alpha=0, line_alpha=0, name=f"count_points_{variant}"
    )
    points.hover_glyph = None
    marks = _source(f"marks_source_{variant}", "t", "count", "line", "label", "align", "shift")
    plot.scatter("t", "count", source=marks, marker="diamond", size=13, line_width=2, name=f"marks_{variant}")
    plot.text(
        "t",
        "count",
        "label",
        source=marks,
        text_align="align",
        x_offset="shift",
        y_offset=-9,
        text_font_size="12px",
        text_font_style="bold",
        name=f"mark_labels_{variant}",
    )
    plot.add_tools(
        HoverTool(
            renderers=[points],
            mode="vline",
            tooltips="@when",
            point_policy="snap_to_data",
            line_policy="prev",
            name=f"count_hover_{variant}",
        )
    )
    plot.yaxis.formatter = NumeralTickFormatter(format="0,0")
    plot.yaxis.ticker = BasicTicker(desired_num_ticks=4, mantissas=[1, 2, 5], min_interval=1)
    plot.yaxis.ticker.num_minor_ticks = 0
    _time_marks(plot, "count", variant)


def _lanes(plot: Any, variant: str) -> None:
    from bokeh.models import FixedTicker, HoverTool

    columns = ("left", "right", "bottom", "top", "colour", "alpha", "text")
    source = _source(f"bars_source_{variant}", *columns)
    bars = plot.quad(
        "left",
        "right",
        "top",
        "bottom",
        source=source,
        fill_color="colour",
        fill_alpha="alpha",
        line_color=None,
        name=f"bars_{variant}",
    )
    stuck = _source(f"stuck_source_{variant}", "left", "right", "bottom", "top", "alpha")
    plot.quad(
        "left",
        "right",
        "top",
        "bottom",
        source=stuck,
        fill_color=None,
        line_color=None,
        hatch_pattern="/",
        hatch_alpha="alpha",
        hatch_scale=20,
        hatch_weight=1.6,
        name=f"stuck_{variant}",
    )
    plot.add_tools(HoverTool(renderers=[bars], tooltips="@text", name=f"bars_hover_{variant}"))
    plot.yaxis.ticker = FixedTicker(ticks=[], tags=[f"lane_ticks_{variant}"])
    plot.yaxis.name = f"lane_axis_{variant}"
    plot.ygrid.grid_line_color = None
    plot.ygrid.tags = ["none"]
    plot.xaxis.visible = False
    plot.min_border_bottom = 4
    _time_marks(plot, "lanes", variant)


def _memory(plot: Any, variant: str) -> None:
    from bokeh.models import NumeralTickFormatter

    source = _area_source(f"memory_source_{variant}", "t", "memory")
    plot.varea_step("t", 0, "memory", source=source, step_mode="after", fill_alpha=0.2, name=f"memory_area_{variant}")
    plot.step("t", "memory", source=source, mode="after", line_width=1.6, name=f"memory_line_{variant}")
    plot.yaxis.formatter = NumeralTickFormatter(format="0.[0] d")
    plot.yaxis.ticker.desired_num_ticks = 2
    plot.yaxis.ticker.num_minor_ticks = 0
    _time_marks(plot, "memory", variant)
