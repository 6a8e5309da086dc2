"""The project's site, built from the pages of the repository and from the package's own objects: `make docs`.

Nothing is typed for the site: its pages are the repository's, its statements, formulas, reference and explorer are made
from objects, docstrings and recorded results.
"""
