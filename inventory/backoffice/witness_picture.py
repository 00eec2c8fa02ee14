"""The picture of an explanation: groups on the left, their locations on the right."""

from collections.abc import Collection, Mapping

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inventory.backoffice.formats import quantity_text
from inventory.backoffice.svg import picture
from inventory.domain.witness import Witness

_SHOWN = 12
_ROW, _BOX, _WIDTH = 46, 34, 860
_BOX_WIDTH = 330


def witness_picture(witness: Witness, *, members: Mapping[str, Collection[str]]) -> SafeString:
    """Draw who promises what, and the locations that all of them depend on.

    `members` are the locations of each group, by identifier.
    """
    groups = [(witness.asked, witness.own, True)] if _is_group(witness) else []
    groups += [(name, kept, False) for name, kept in witness.others]
    hidden = len(groups) - _SHOWN
    groups = groups[:_SHOWN]
    locations = list(witness.locations[:_SHOWN])
    more = len(witness.locations) - len(locations)
    rows = max(len(groups), len(locations) + (1 if more > 0 else 0), 1)
    height = rows * _ROW + 34
    right = _WIDTH - _BOX_WIDTH
    boxes = [
        _box(0, row, name, _("promises %s") % quantity_text(kept), "own" if asked else "others")
        for row, (name, kept, asked) in enumerate(groups)
    ]
    boxes += [
        _box(
            right,
            row,
            name,
            _("of %s") % witness.asked if name in witness.here else _("of the others"),
            "free" if name in witness.here else "safety",
        )
        for row, name in enumerate(locations)
    ]
    if more > 0:
        boxes.append(_box(right, len(locations), _("and %s more") % more, "", "safety"))
    lines = _lines([name for name, _kept, _asked in groups], locations, members, right)
    words = format_html(
        '<text x="0" y="{0}">{1}</text><text x="{2}" y="{0}">{3}</text>',
        height - 8,
        _("promised together: %s") % quantity_text(witness.promised)
        + (_(" (%s more groups)") % hidden if hidden > 0 else ""),
        right,
        _("free together: %s") % quantity_text(witness.free),
    )
    content = mark_safe("".join([lines, *boxes, words]))  # noqa: S308  # each part is escaped
    title = _("%(promised)s promised, %(free)s free, %(available)s available") % {
        "promised": quantity_text(witness.promised),
        "free": quantity_text(witness.free),
        "available": quantity_text(witness.available),
    }
    return picture(width=_WIDTH, height=height, title=title, content=content)


def _is_group(witness: Witness) -> bool:
    return witness.here != (witness.asked,)


def _box(x: int, row: int, name: str, words: str, kind: str) -> SafeString:
    y = row * _ROW
    return format_html(
        '<g><rect x="{0}" y="{1}" width="{2}" height="{3}" rx="5" class="hf-box hf-box-{4}"/>'
        '<text x="{5}" y="{6}" class="hf-strong">{7}</text>'
        '<text x="{8}" y="{6}" text-anchor="end">{9}</text></g>',
        x,
        y,
        _BOX_WIDTH,
        _BOX,
        kind,
        x + 10,
        y + 21,
        name if len(name) <= 26 else f"{name[:25]}…",  # noqa: PLR2004  # what fits into the box
        x + _BOX_WIDTH - 10,
        words,
    )


def _lines(
    groups: list[str], locations: list[str], members: Mapping[str, Collection[str]], right: int
) -> SafeString:
    """Join each group to its locations."""
    drawn = [
        (_BOX_WIDTH, row * _ROW + _BOX // 2, right, at * _ROW + _BOX // 2)
        for row, group in enumerate(groups)
        for at, location in enumerate(locations)
        if location in members.get(group, ())
    ]
    return format_html_join("", '<path class="hf-link" d="M{} {}L{} {}"/>', drawn)
