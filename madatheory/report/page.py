"""The frame of a page: one HTML file without a network, light and dark, on a phone and on paper.

Text and standard library only, so that whoever writes a page can use it.
"""

import html
import re
from collections.abc import Sequence

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --muted: #555555; --paper: #ffffff; --panel: #f4f5f7;
  --line: #c9ccd1; --link: #0b57a4; --good: #0b6a3c; --bad: #b3261e; --open: #7a4b00 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --muted: #b4b8be; --paper: #16181c; --panel: #22252b;
    --line: #474c55; --link: #8ab8ff; --good: #6fd39b; --bad: #ff9a90; --open: #f0b95a } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100% }
body { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink);
  background: var(--paper); margin: 0 auto; padding: 1rem 1rem 4rem; max-width: 62rem; overflow-wrap: break-word }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0 .25rem }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.5rem 0 .5rem; padding-top: .6rem;
  border-top: 1px solid var(--line) }
a { color: var(--link) }
p { margin: .6rem 0; max-width: 46rem }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem }
small, .remark, figcaption { color: var(--muted); font-size: .875rem }
code, pre { font: .875em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .8rem;
  margin: .6rem 0; overflow-x: auto }
nav ul { columns: 3 13rem; list-style: none; padding: 0; margin: 1rem 0 }
nav li { margin: .1rem 0 }
img, svg { max-width: 100%; height: auto }
img.picture { background: #ffffff; padding: .3rem; border-radius: 6px }
.scroll { overflow-x: auto; margin: .8rem 0 }
table { border-collapse: collapse; font-size: .9rem }
th, td { text-align: left; vertical-align: top; padding: .28rem .7rem .28rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; white-space: nowrap }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.wide { min-width: 16rem }
.good { color: var(--good) } .bad { color: var(--bad) } .open { color: var(--open) }
.warning { color: var(--bad) }
.mark { font-weight: 600; white-space: nowrap }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; margin: 1.2rem 0 }
dl.facts dt { color: var(--muted) } dl.facts dd { margin: 0 }
.formula { overflow-x: auto; padding: .6rem 0; margin: .4rem 0; font-size: 1.1rem }
.formula > math { display: block math; width: max-content; margin: 0 auto }
.formula mfrac > * { math-style: normal; math-depth: 0; padding: .12em .15em }
.formula table { font-size: 1rem; margin: .4rem 0 0 }
.formula td { border: 0; vertical-align: middle; white-space: nowrap }
.formula p { margin: .8rem 0 0; font-size: 1rem }
.absent { border-left: 3px solid var(--line); padding: .2rem .8rem; color: var(--muted) }
.absent.failed { border-color: var(--bad); color: var(--ink) }
figure { margin: 1rem 0 } figcaption { max-width: 46rem }
details { margin: .6rem 0 } summary { cursor: pointer; color: var(--link) }
sub, sup { line-height: 0 }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .6rem }
@media (max-width: 34rem) {
  body { padding: .5rem .75rem 3rem } h1 { font-size: 1.4rem }
  dl.facts { grid-template-columns: 1fr; gap: 0 } dl.facts dd { margin-bottom: .5rem }
  table { font-size: .82rem } td.wide { min-width: 7rem } th, td { padding-right: .5rem } }
@media print {
  :root { --ink: #000; --muted: #444; --paper: #fff; --panel: #fff; --line: #999; --link: #000; --good: #0b6a3c;
    --bad: #b3261e; --open: #7a4b00; color-scheme: light }
  body { max-width: none; font-size: 10.5pt; padding: 0 } nav { display: none }
  figure, tr, pre, .formula { break-inside: avoid } h2 { break-after: avoid }
  pre { white-space: pre-wrap } .scroll, .formula { overflow: visible }
  table { font-size: 8.5pt } th { white-space: normal } td.wide { min-width: 0 } td, th { padding-right: .5rem } }
"""
"""Colours keep a contrast of 4.5 to their background in light and in dark; what a colour says, a word says too."""
OPEN_ON_PAPER = """
addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details:not([open])")) {
  d.open = true; d.dataset.folded = "" } });
addEventListener("afterprint", () => { for (const d of document.querySelectorAll("details[data-folded]")) {
  d.open = false; delete d.dataset.folded } });
"""


def frame(title: str, body: str, *, head: str = "", footer: str = "", script: str = OPEN_ON_PAPER) -> str:
    """A whole page; `title` is plain text, everything else HTML or a script."""
    end = f"<footer><small>{footer}</small></footer>" if footer else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n{head}</head>\n<body>\n{body}\n{end}\n"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def anchor(title: str) -> str:
    """The id of a section: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"


def contents(titles: Sequence[str]) -> str:
    """Links to sections with these titles."""
    items = "".join(f'<li><a href="#{anchor(title)}">{html.escape(title)}</a></li>' for title in titles)
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def section(title: str, inner: str, name: str = "") -> str:
    """A section with its heading; `inner` is HTML."""
    return f'<section id="{name or anchor(title)}"><h2>{html.escape(title)}</h2>\n{inner}</section>'
