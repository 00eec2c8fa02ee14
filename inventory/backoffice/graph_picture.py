"""The picture of a location graph: groups on the left, the locations they share on the right."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inventory.backoffice.svg import picture
from inventory.domain.graph_edit import Shared

MAX_GROUPS = 30
MAX_NODES = 60
_ROW, _BOX, _WIDTH = 46, 36, 940
_LEFT_WIDTH, _RIGHT_WIDTH = 260, 420
_LETTERS = 30
_NAMED = 40


def graph_picture(shared: Sequence[Shared], *, about: str = "") -> SafeString:
    """Draw who shares what; one node for all locations of the same groups.

    The first groups and nodes are drawn; the caller says how many there are.
    """
    groups = sorted({group for each in shared for group in each.groups})[:MAX_GROUPS]
    rank = {group: n for n, group in enumerate(groups)}
    nodes = sorted(shared, key=lambda each: _middle(each, rank))[:MAX_NODES]
    height = max(len(groups), len(nodes), 1) * _ROW
    left = _spread(len(groups), height)
    right = _spread(len(nodes), height)
    links = [
        (left[rank[group]] + _BOX // 2, right[n] + _BOX // 2)
        for n, node in enumerate(nodes)
        for group in node.groups
        if group in rank
    ]
    middle = (_LEFT_WIDTH + _WIDTH - _RIGHT_WIDTH) // 2
    drawn = format_html_join(
        "",
        '<path class="hf-link" d="M{0} {1}C{2} {1} {2} {3} {4} {3}"/>',
        [(_LEFT_WIDTH, a, middle, b, _WIDTH - _RIGHT_WIDTH) for a, b in links],
    )
    boxes = [
        _box(0, left[n], _LEFT_WIDTH, "own" if group == about or not about else "others", group, "")
        for n, group in enumerate(groups)
    ]
    boxes += [_node(right[n], node) for n, node in enumerate(nodes)]
    content = mark_safe("".join([drawn, *boxes]))  # noqa: S308  # each part is escaped
    title = _("%(groups)s groups and the locations they share") % {"groups": len(groups)}
    return picture(width=_WIDTH, height=height, title=title, content=content)


def _middle(shared: Shared, rank: dict[str, int]) -> tuple[bool, float, tuple[str, ...]]:
    """Put nodes beside their groups, and what no group has below."""
    ranks = [rank[group] for group in shared.groups if group in rank]
    return not ranks, sum(ranks) / len(ranks) if ranks else 0.0, shared.groups


def _spread(count: int, height: int) -> list[int]:
    """Return the tops of so many boxes, spread over the height."""
    step = height / max(count, 1)
    return [int(n * step + (step - _BOX) / 2) for n in range(count)]


def _node(top: int, node: Shared) -> SafeString:
    kind = {0: "none", 1: "free"}.get(len(node.groups), "shared")
    words = {0: _("in no group"), 1: ""}.get(len(node.groups), _("shared"))
    text = _fitting(node.locations)
    title = ", ".join(node.locations[:_NAMED])
    box = _box(_WIDTH - _RIGHT_WIDTH, top, _RIGHT_WIDTH, kind, text, words)
    return format_html("<g><title>{}</title>{}</g>", title, box)


def _fitting(names: Sequence[str]) -> str:
    """Name as many locations as fit, and count the others."""
    text = _cut(names[0])
    for n, name in enumerate(names[1:], start=1):
        if len(text) + len(name) > _LETTERS:
            return _("%(names)s and %(more)s more") % {"names": text, "more": len(names) - n}
        text = f"{text}, {name}"
    return text


def _cut(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"


def _box(x: int, y: int, width: int, kind: str, name: str, words: str) -> SafeString:
    return format_html(
        '<rect x="{0}" y="{1}" width="{2}" height="{3}" rx="5" class="hf-box hf-box-{4}"/>'
        '<text x="{5}" y="{6}" class="hf-strong">{7}</text>'
        '<text x="{8}" y="{6}" text-anchor="end">{9}</text>',
        x + 1,
        y,
        width - 2,
        _BOX,
        kind,
        x + 12,
        y + 23,
        _cut(name) if not words else name,
        x + width - 12,
        words,
    )
