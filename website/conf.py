"""Sphinx's settings: strict, offline, one theme."""

from importlib.metadata import version as _version
from typing import Any

project = "madatheory"
author = "the authors of madatheory"
release = version = _version("madatheory")
root_doc = "index"
extensions = ["myst_parser", "website.mathematics"]
language = "en"
nitpicky = True
smartquotes = False  # T3' is a name
# the types in signatures are the package's own words and those of other libraries, not all of them public
nitpick_ignore_regex = [("py:class", ".*")]
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"
maximum_signature_line_length = 88

myst_enable_extensions = ["colon_fence", "dollarmath", "html_image"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 6
myst_dmath_double_inline = False

html_theme = "furo"
html_title = "madatheory"
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False
html_show_search_summary = False  # it is fetched, which browsers refuse to pages that are files
html_css_files = ["site.css"]
pygments_style = "default"
pygments_dark_style = "github-dark"


def _lazy(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Pictures are loaded when they come into sight."""
    context["body"] = context.get("body", "").replace("<img ", '<img loading="lazy" ')


def setup(app: Any) -> None:
    """For Sphinx."""
    app.connect("html-page-context", _lazy)
