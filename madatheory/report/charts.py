"""Charts that hover, zoom and switch, from a file without a network: `Chart` data drawn by Bokeh.

Colours stay apart for colour-blind readers (Okabe and Ito's, each in a form for light and for dark paper), and what a
colour tells, a dash or a marker tells too.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from madatheory.errors import needs
from madatheory.report.document import Chart, Series


class DrawnCharts(NamedTuple):
    """What the page needs: the library, one element for each chart, and the script that fills them."""

    head: str
    elements: tuple[str, ...]
    script: str


INK, MUTED, GRID = "#1b1b1b", "#555555", "#dcdfe3"
PAPER = "#FFFFFF"  # in small letters it were Bokeh's default, which its json leaves out
COLOURS = ("#0072b2", "#c44e00", "#007a5a", "#a8457f", "#8a6000", "#4b5563", "#5b3fd0", "#117a8b")
_DARK = ("#56b4e9", "#ff8a3d", "#3cc8a0", "#e89ac7", "#e6b422", "#b6bdc8", "#a895ff", "#5fd0e0")
IN_THE_DARK = {
    INK: "#e8e8e8",
    MUTED: "#b4b8be",
    GRID: "#3a3e46",
    PAPER: "#16181c",
    **dict(zip(COLOURS, _DARK, strict=True)),
}
"""Every colour of a chart on light paper, and what it is on dark."""
_DASHES = {"measured": "solid", "bound": "dashed", "other": "dotdash", "limit": "solid"}
_MARKED = 60  # a line with more points has no markers
_MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "hex", "plus", "x")
_PROPERTIES = [
    *("line_color", "fill_color", "text_color", "background_fill_color", "border_fill_color", "grid_line_color"),
    *("axis_line_color", "axis_label_text_color", "major_label_text_color", "major_tick_line_color"),
    *("minor_tick_line_color", "outline_line_color", "label_text_color", "inactive_fill_color"),
]
_THEME = """
(() => {
  const pairs = new Map(Object.entries(PAIRS)), back = new Map([...pairs].map(([a, b]) => [b, a]));
  const properties = PROPERTIES, query = matchMedia("(prefers-color-scheme: dark)");
  // on dark paper from the first: what was painted white shows at the edges
  const dressed = (item) =>
    query.matches ? JSON.parse(JSON.stringify(item), (_, value) => pairs.get(value) ?? value) : item;
  const paint = (dark) => {
    const map = dark ? pairs : back;
    for (const doc of Bokeh.documents) for (const model of doc.all_models) for (const name of properties) {
      const value = model[name], text = typeof value === "string" ? value : value?.value;
      if (map.has(text)) model[name] = typeof value === "string" ? map.get(text) : { ...value, value: map.get(text) };
    }
  };
  query.addEventListener("change", () => paint(query.matches));
  addEventListener("beforeprint", () => paint(false));
  addEventListener("afterprint", () => paint(query.matches));
  Promise.all([ITEMS].map(([item, at]) => Bokeh.embed.embed_item(dressed(item), at))).then(() => paint(query.matches));
})();
"""


def library() -> None:
    """`Missing`, which names the extra, where the plotting library is not installed."""
    with needs("a report"):
        import bokeh  # noqa: F401
        import sympy  # noqa: F401


def drawn(charts: Sequence[Chart]) -> DrawnCharts:
    """All charts of a page, which share one copy of the library."""
    library()
    from bokeh.resources import Resources

    if not charts:
        return DrawnCharts("", (), "")
    elements = tuple(
        f'<div id="chart-{number}" style="height: {_height(chart)}px"></div>' for number, chart in enumerate(charts)
    )
    items = ",\n".join(f"[{_item(chart)}, 'chart-{number}']" for number, chart in enumerate(charts))
    script = _THEME.replace("PAIRS", json.dumps(IN_THE_DARK)).replace("PROPERTIES", json.dumps(_PROPERTIES))
    head = Resources(mode="inline", components=["bokeh"]).render_js()
    return DrawnCharts(head, elements, script.replace("ITEMS", items))


@cache
def _item(chart: Chart) -> str:
    """A chart as the script that embeds it takes it; a page is written often, so each is made once."""
    from bokeh.embed import json_item

    return json.dumps(json_item(_figure(chart))).replace("</", "<\\/")


def _figure(chart: Chart) -> Any:
    from bokeh.models import DataRange1d, FactorRange, HoverTool, Legend
    from bokeh.plotting import figure

    rows = list(reversed(chart.categories))
    plot: Any = figure(
        height=_height(chart),
        sizing_mode="stretch_width",
        x_axis_type="log" if chart.log_x else "linear",
        y_axis_type="auto" if rows else "log" if chart.log_y else "linear",
        tools="pan,box_zoom,wheel_zoom,reset,save",
        active_drag=None,  # a finger scrolls the page
        active_scroll=None,
        toolbar_location="right",
        x_axis_label=chart.x,
        y_axis_label=None if rows else chart.y,
        y_range=FactorRange(factors=rows) if rows else DataRange1d(),
        background_fill_color=PAPER,
        border_fill_color=PAPER,
        outline_line_color=GRID,
        border_line_color=None,
        min_border_right=12,
    )
    plot.toolbar.logo = None
    for axis in plot.axis:
        axis.axis_label_text_color, axis.major_label_text_color = INK, INK
        axis.axis_label_text_font_style, axis.axis_label_text_font_size = "normal", "13px"
        axis.major_label_text_font_size = "12px"
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = MUTED
    plot.grid.grid_line_color = GRID
    items, shown = [], []
    for number, one in enumerate(chart.series):
        glyphs = _bars(plot, one, chart) if rows else _curve(plot, one, number, chart)
        shown += glyphs[:1]
        items.append((one.name, glyphs))
    tips = [("", "@name"), (chart.x, "@x_text"), (chart.y, "@y_text")]
    plot.add_tools(HoverTool(renderers=shown, tooltips=tips, mode="mouse"))
    if not rows and len(items) > 1:
        legend: Any = Legend(items=items, click_policy="hide", ncols=_columns(chart), border_line_color=None)
        legend.orientation, legend.location = "vertical", "left"
        legend.label_text_color, legend.background_fill_color = INK, PAPER
        legend.label_text_font_size, legend.spacing, legend.padding, legend.margin = "13px", 2, 2, 2
        legend.inactive_fill_color, legend.inactive_fill_alpha = GRID, 0.6
        plot.add_layout(legend, "below")
    return plot


def _height(chart: Chart) -> int:
    """In pixels, the legend included; the page keeps the room free while the chart is made."""
    return chart.height + (0 if chart.categories or len(chart.series) < 2 else 20 * _rows(chart) + 20)


def _columns(chart: Chart) -> int:
    """Of the legend: two where names are many and short enough for a phone."""
    return 2 if len(chart.series) > 4 and max(len(one.name) for one in chart.series) < 20 else 1


def _rows(chart: Chart) -> int:
    return -(-len(chart.series) // _columns(chart))


def _text(value: float) -> str:
    return f"{value:.4g}"


def _curve(plot: Any, one: Series, number: int, chart: Chart) -> list[Any]:
    """The line with its points, which carry the hover text, and the band below it."""
    from bokeh.models import ColumnDataSource, Whisker

    tint = COLOURS[number % len(COLOURS)]
    dash = _DASHES[one.role] if number < len(COLOURS) else "dotted"
    marker = _MARKERS[number % len(_MARKERS)]
    usable = [i for i, y in enumerate(one.y) if y == y and (y > 0 or not chart.log_y)]
    data: dict[str, Any] = {"x": [one.x[i] for i in usable], "y": [one.y[i] for i in usable]}
    data["name"] = [one.name] * len(usable)
    data["x_text"] = [_text(x) for x in data["x"]]
    data["y_text"] = [_text(y) for y in data["y"]]
    if one.low:
        floor = min((v for v in (*one.low, *one.y) if v > 0), default=0.0) / 2 if chart.log_y else float("-inf")
        data["low"] = [max(one.low[i], floor) for i in usable]
        data["high"] = [one.high[i] for i in usable]
        data["y_text"] = [f"{_text(one.y[i])} [{_text(one.low[i])}, {_text(one.high[i])}]" for i in usable]
    source = ColumnDataSource(data)
    size = 0 if len(usable) > _MARKED else 4 if one.role == "bound" else 6
    glyphs = [plot.scatter("x", "y", source=source, color=tint, marker=marker, size=size, hit_dilation=4)]
    if one.role == "limit":
        if one.low:
            whisker = Whisker(base="x", lower="low", upper="high", source=source, line_color=tint, level="annotation")
            whisker.upper_head.line_color = whisker.lower_head.line_color = tint  # type: ignore[union-attr]
            plot.add_layout(whisker)
        return glyphs
    if size == 0:
        glyphs[0].glyph.size, glyphs[0].glyph.fill_alpha, glyphs[0].glyph.line_alpha = 6, 0, 0
    if one.low:
        glyphs.append(plot.varea("x", "low", "high", source=source, fill_color=tint, fill_alpha=0.2))
    glyphs.append(plot.line("x", "y", source=source, color=tint, line_width=2, line_dash=dash))
    return glyphs


def _bars(plot: Any, one: Series, chart: Chart) -> list[Any]:
    """One bar for each category from `low` to `high`; `y` is what the hover text says."""
    from bokeh.models import ColumnDataSource

    said = [_text(value) for value in one.y]
    spans = [f"{_text(low)} to {_text(high)}" for low, high in zip(one.low, one.high, strict=True)]
    data = {
        "row": list(chart.categories),
        "low": list(one.low),
        "high": list(one.high),
        "name": list(chart.categories),
        "x_text": spans,
        "y_text": said,
    }
    return [
        plot.hbar(
            "row",
            left="low",
            right="high",
            height=0.6,
            source=ColumnDataSource(data),
            fill_color=COLOURS[0],
            line_color=INK,
        )
    ]
