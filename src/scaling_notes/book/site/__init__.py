"""Sphinx extension of the book: charts, mathematics and search, all served by the site.

Nothing outside this sub-package imports it, so the package itself needs neither
Sphinx nor a chart renderer.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from . import assets, search
from .fold import fold

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to a Sphinx build.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Returns
    -------
    dict
        Version and what may run in parallel, as Sphinx expects.
    """
    # Late, because the theme and other extensions add their own files to a page, and
    # to the static folder, in the same events.
    app.connect("config-inited", assets.configure)
    app.connect("source-read", fold)
    app.connect("doctree-resolved", search.add_entries)
    app.connect("builder-inited", assets.write)
    app.connect("html-page-context", assets.add_to_page, priority=900)
    app.connect("build-finished", assets.remove_unused, priority=900)
    return {
        "version": metadata.version("scaling-notes"),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
