"""Pictures as inline SVG: drawn here, coloured by `backoffice.css`, without any script.

Each picture says in words what it shows (`title`), for those who do not see it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: how much, and the class that colours it (`hf-free`)."""

    amount: int
    kind: str
    label: str


def picture(
    *,
    width: int,
    height: int,
    title: str,
    content: SafeString,
    aspect: str = "xMinYMin",
    role: str = "img",
) -> SafeString:
    """Frame a picture that shrinks with its column; `aspect` "none" lets it be stretched.

    One with links inside is no "img" but a "group".
    """
    return format_html(
        '<svg class="hf-picture" role="{5}" viewBox="0 0 {0} {1}" width="{0}" height="{1}"'
        ' preserveAspectRatio="{4}"><title>{2}</title>{3}</svg>',
        width,
        height,
        title,
        content,
        aspect,
        role,
    )


def stacked_bar(
    parts: Sequence[Part], *, whole: int, width: int = 320, height: int = 18
) -> SafeString:
    """Draw parts side by side; `whole` is what the full width stands for."""
    drawn = []
    x = 0.0
    for part in parts:
        if part.amount > 0 and whole > 0:
            long = part.amount / whole * width
            drawn.append((f"{x:.2f}", f"{long:.2f}", height, part.kind, part.label))
            x += long
    content = format_html_join(
        "",
        '<rect x="{}" y="0" width="{}" height="{}" class="{}"><title>{}</title></rect>',
        drawn,
    )
    said = ", ".join(part.label for part in parts if part.amount > 0)
    return picture(width=width, height=height, title=said or "0", content=content, aspect="none")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot: a class for its colour, and points as (x from 0 to 1, value)."""

    kind: str
    label: str
    points: Sequence[tuple[float, int]]


def step_plot(
    lines: Iterable[Line], *, title: str, labels: tuple[str, str], top_label: str, top: int
) -> SafeString:
    """Draw values that stay until they change, from 0 to `top`; `labels` name both ends of time."""
    width, height, left, bottom = 900, 240, 70, 24
    inner, tall = width - left - 10, height - bottom - 14

    def at(x: float, value: int) -> str:
        y = 14 + tall - (value / top * tall if top else 0)
        return f"{left + x * inner:.1f},{y:.1f}"

    drawn = []
    for line in lines:
        path = ""
        for index, (x, value) in enumerate(line.points):
            if index:
                path += f" {at(x, line.points[index - 1][1])}"
            path += f" {at(x, value)}"
        drawn.append((path.strip(), f"{line.kind}-line", line.label))
    frame = format_html(
        '<path class="hf-axis" d="M{0} 14V{1}H{2}"/><text x="{3}" y="18" text-anchor="end">{4}'
        '</text><text x="{3}" y="{1}" text-anchor="end">0</text><text x="{0}" y="{5}">{6}</text>'
        '<text x="{2}" y="{5}" text-anchor="end">{7}</text>',
        left,
        14 + tall,
        left + inner,
        left - 8,
        top_label,
        height - 6,
        *labels,
    )
    content = frame + format_html_join(
        "", '<polyline class="hf-step {1}" points="{0}"><title>{2}</title></polyline>', drawn
    )
    return picture(width=width, height=height, title=title, content=mark_safe(content))  # noqa: S308  # both parts are escaped above


_WIDEST = 120


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a plot: parts from the bottom up, what it says, and where it leads."""

    parts: Sequence[Part]
    title: str
    address: str
    label: str = ""
    """Below the column; empty for most."""


def column_plot(columns: Sequence[Column], *, title: str, top_label: str) -> SafeString:
    """Draw amounts in columns; the highest fills the height. The links leave out the tab key."""
    width, height, left, bottom, above = 900, 200, 60, 22, 14
    tall = height - bottom - above
    wide = min((width - left - 10) / max(len(columns), 1), _WIDEST)
    top = max((sum(part.amount for part in column.parts) for column in columns), default=0)
    drawn = []
    for number, column in enumerate(columns):
        x, y = left + number * wide, float(above + tall)
        bars = []
        for part in column.parts:
            high = part.amount / top * tall if top else 0
            y -= high
            bars.append((f"{x + 1:.1f}", f"{y:.1f}", f"{wide - 2:.1f}", f"{high:.1f}", part.kind))
        inside = format_html_join(
            "", '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', bars
        )
        drawn.append(
            (
                column.address,
                column.title,
                f"{x:.1f}",
                above,
                f"{wide:.1f}",
                tall,
                inside,
                height - 6,
                column.label,
            )
        )
    frame = format_html(
        '<path class="hf-axis" d="M{0} {4}V{1}H{2}"/><text x="{3}" y="18" text-anchor="end">{5}'
        '</text><text x="{3}" y="{1}" text-anchor="end">0</text>',
        left,
        above + tall,
        width - 10,
        left - 8,
        above,
        top_label,
    )
    content = frame + format_html_join(
        "",
        '<a href="{0}" tabindex="-1"><title>{1}</title><rect x="{2}" y="{3}" width="{4}"'
        ' height="{5}" class="hf-column"/>{6}</a><text x="{2}" y="{7}">{8}</text>',
        drawn,
    )
    return picture(
        width=width,
        height=height,
        title=title,
        content=mark_safe(content),  # noqa: S308  # both parts are escaped above
        role="group",
    )
