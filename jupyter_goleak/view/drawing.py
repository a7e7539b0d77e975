"""A drawing as a list of shapes, and two ways to put it on paper: SVG, and PNG where Pillow is there (bokeh brings it).

Lengths are pixels, y grows downwards, colours are `#rrggbb`. The SVG carries no style sheet and no script, so that it
shows the same in an `<img>` of a notebook nobody trusts.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

from jupyter_goleak.view.output import visible

FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK KR', 'DejaVu Sans', sans-serif"
HATCH = 9.0
"""Distance between the lines of a hatching."""


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon; `hatched` draws slanting lines over it in that colour."""

    points: tuple[tuple[float, float], ...]
    fill: str | None
    opacity: float = 1.0
    hatched: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    x: float
    y: float
    text: str
    size: float = 12.0
    colour: str = "#1f2328"
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle, or another regular polygon where `corners` is given."""

    x: float
    y: float
    radius: float
    fill: str
    edge: str | None = None
    corners: int = 0
    turned: float = 0.0


Shape = Area | Line | Text | Disc


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str = ""
    description: str = ""
    margin: float = 14.0


def box(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def corners_of(disc: Disc) -> list[tuple[float, float]]:
    from math import cos, pi, sin

    angles = [disc.turned + 2 * pi * n / disc.corners for n in range(disc.corners)]
    return [(disc.x + disc.radius * sin(angle), disc.y - disc.radius * cos(angle)) for angle in angles]


def to_svg(drawing: Drawing) -> str:
    """The drawing as an SVG document."""
    hatches = sorted({shape.hatched for shape in drawing.shapes if isinstance(shape, Area) and shape.hatched})
    patterns = "".join(
        f'<pattern id="h{index}" width="{HATCH:g}" height="{HATCH:g}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0V{HATCH:g}" stroke={quoteattr(colour)} stroke-width="2.4"/></pattern>'
        for index, colour in enumerate(hatches)
    )
    body = "\n".join(_svg_shape(shape, hatches) for shape in drawing.shapes)
    edge = drawing.margin
    width, height = drawing.width + 2 * edge, drawing.height + 2 * edge
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="{-edge:g} {-edge:g} {width:g} {height:g}" role="img" font-family={quoteattr(FONT)}>\n'
        f"<title>{escape(visible(drawing.title))}</title>\n<desc>{escape(visible(drawing.description))}</desc>\n"
        f"<defs>{patterns}</defs>\n"
        f'<rect x="{-edge:g}" y="{-edge:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _svg_shape(shape: Shape, hatches: list[str]) -> str:
    match shape:
        case Area(points, fill, opacity, hatched):
            where = _svg_points(points)
            base = f'<polygon points="{where}" fill="{fill or "none"}" fill-opacity="{opacity:g}"/>'
            return base + (f'<polygon points="{where}" fill="url(#h{hatches.index(hatched)})"/>' if hatched else "")
        case Line(points, colour, width, dashed):
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            return (
                f'<polyline points="{_svg_points(points)}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
                f'stroke-linejoin="round"{dash}/>'
            )
        case Text(x, y, text, size, colour, bold, anchor):
            weight = ' font-weight="600"' if bold else ""
            return (
                f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}" text-anchor="{anchor}"{weight}>'
                f"{escape(visible(text))}</text>"
            )
        case Disc(x, y, radius, fill, edge, corners):
            stroke = f' stroke="{edge}" stroke-width="2"' if edge else ""
            if corners:
                return f'<polygon points="{_svg_points(corners_of(shape))}" fill="{fill}"{stroke}/>'
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}"{stroke}/>'


def _svg_points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def to_png(drawing: Drawing, scale: float = 2.0) -> bytes:
    """The drawing as a PNG image. Raises ModuleNotFoundError where Pillow is missing.

    Pillow's own font has Latin letters only, so whoever calls should have the words in English.
    """
    from PIL import Image, ImageColor, ImageDraw, ImageFont

    edge = drawing.margin
    size = (round((drawing.width + 2 * edge) * scale), round((drawing.height + 2 * edge) * scale))
    image = Image.new("RGB", size, "#ffffff")

    def scaled(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        return [((x + edge) * scale, (y + edge) * scale) for x, y in points]

    def fill(points: list[tuple[float, float]], colour: str, opacity: float) -> None:
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).polygon(points, fill=round(255 * opacity))
        image.paste(ImageColor.getrgb(colour), (0, 0), mask)

    def hatch(points: list[tuple[float, float]], colour: str) -> None:
        inside, lines = Image.new("L", size, 0), Image.new("L", size, 0)
        ImageDraw.Draw(inside).polygon(points, fill=255)
        pen = ImageDraw.Draw(lines)
        for start in range(-size[1], size[0], round(HATCH * 1.41 * scale)):
            pen.line([(start, size[1]), (start + size[1], 0)], fill=255, width=round(1.6 * scale))
        image.paste(ImageColor.getrgb(colour), (0, 0), Image.composite(inside, Image.new("L", size, 0), lines))

    for shape in drawing.shapes:
        pen: Any = ImageDraw.Draw(image)
        match shape:
            case Area(points, colour, opacity, hatched):
                if colour and opacity < 1:
                    fill(scaled(points), colour, opacity)
                elif colour:
                    pen.polygon(scaled(points), fill=colour)
                if hatched:
                    hatch(scaled(points), hatched)
            case Line(points, colour, width, dashed):
                ends = scaled(points)
                if dashed and len(ends) == 2:
                    _dashes(pen, ends[0], ends[1], colour, scale)
                else:
                    pen.line(ends, fill=colour, width=max(1, round(width * scale)), joint="curve")
            case Text(x, y, text, height, colour, bold, anchor):
                font = ImageFont.load_default(height * scale)
                stroke = 0.018 * height * scale if bold else 0
                where = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
                pen.text(scaled([(x, y)])[0], text, fill=colour, font=font, anchor=where, stroke_width=stroke)
            case Disc(x, y, radius, colour, edge_colour, corners):
                if corners:
                    pen.polygon(scaled(corners_of(shape)), fill=colour, outline=edge_colour, width=round(2 * scale))
                else:
                    ends = scaled([(x - radius, y - radius), (x + radius, y + radius)])
                    pen.ellipse(ends, fill=colour, outline=edge_colour, width=round(2 * scale))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _dashes(pen: Any, start: tuple[float, float], end: tuple[float, float], colour: str, scale: float) -> None:
    (x, top), (_, bottom) = sorted((start, end), key=lambda point: point[1])
    y = top
    while y < bottom:
        pen.line([(x, y), (x, min(y + 5 * scale, bottom))], fill=colour, width=round(scale))
        y += 9 * scale
