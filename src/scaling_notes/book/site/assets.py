"""What the site loads: everything from its own folder, and only what a page uses."""

from __future__ import annotations

import json
import re
import shutil
from html import escape
from importlib import resources
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from docutils import nodes

from ...charts._theme import DARK
from ...corpus import descriptor
from . import vegalite
from .charts import PAGE_CLASS

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

__all__ = ["add_to_page", "configure", "remove_unused", "write"]

HERE = Path(__file__).parent
DATA = resources.files(__package__.partition(".")[0]) / "corpus" / "data"
DOWNLOADS = "_downloads/data"

# The components that TeX in HTML needs. The combined ones add a menu, which is as
# large as all of these and fetches more.
MATHJAX_COMPONENTS = ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]
MATHJAX_FOLDERS = ["input/tex/extensions", "output/chtml/fonts"]
MATHJAX_PRIORITY = 900

# Loads code from a third party at a reader's click; Jupyter Book brings it along.
UNWANTED_EXTENSION = "sphinx_thebe"

# What Jupyter Book would load on every page, with the mark of the pages that use it:
# part of a file's name, or of a script within the page, and a pattern of the body.
USES = {
    "clipboard.min.js": r'class="highlight',
    "copybutton.": r'class="highlight',
    "design-tabs.js": r'class="[^"]*\bsd-tab-set\b',
    "mathjax/": r'class="math ',
    "mystnb.": r'class="[^"]*\bcell\b',
    "pygments.css": r'class="[^"]*\bhighlight\b',
    "sphinx-design.": r'class="[^"]*\bsd-',
    "togglebutton": r'class="[^"]*\b(?:toggle|admonition [^"]*dropdown)\b',
    "toggleHint": r'class="[^"]*\b(?:toggle|admonition [^"]*dropdown)\b',
    "toggleOpenOnPrint": r'class="[^"]*\b(?:toggle|admonition [^"]*dropdown)\b',
    "window.MathJax": r'class="math ',
}


def configure(app: Sphinx, config: Config) -> None:
    """Point the configuration at the site's own files.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.
    """
    # Holds static/webpack-macros.html, which goes before the theme's.
    config.templates_path.append(str(HERE))
    config.html_search_scorer = str(HERE / "static/search.js")
    config.mathjax_path = "mathjax/startup.js"
    # After the charts, which readers wait for longer.
    config.mathjax_options = {"priority": MATHJAX_PRIORITY}
    # A new dict: a changed default would be seen as the user's, and the next build
    # of the same process would start from it.
    config.mathjax3_config = {
        **(config.mathjax3_config or {}),
        "loader": {"load": MATHJAX_COMPONENTS},
    }
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            module = getattr(listener.handler, "__module__", "")
            if module.partition(".")[0] == UNWANTED_EXTENSION:
                app.disconnect(listener.id)
    app.registry.css_files[:] = [
        (name, attributes)
        for name, attributes in app.registry.css_files
        if name != "sphinx-thebe.css"
    ]


def write(app: Sphinx) -> None:
    """Write the scripts and styles of charts and mathematics into the output.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    static.joinpath("vega.js").write_text(vegalite.script(), encoding="utf-8")
    for name in ("charts.css", "math.js", "tables.js"):
        shutil.copyfile(HERE / "static" / name, static / name)
    drawing = HERE.joinpath("static/charts.js").read_text(encoding="utf-8")
    static.joinpath("charts.js").write_text(
        f"window.darkCharts = {json.dumps(DARK)};\n{drawing}", encoding="utf-8"
    )
    _copy_mathjax(static / "mathjax")


def _copy_mathjax(target: Path) -> None:
    """Copy what the pages need of the installed package that carries MathJax."""
    with resources.as_file(resources.files("mathjax") / "static/mathjax") as package:
        names = ["startup", *MATHJAX_COMPONENTS]
        for name in names:
            path = target / f"{name}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package / "es5" / f"{name}.js", path)
        for folder in MATHJAX_FOLDERS:
            shutil.copytree(
                package / "es5" / folder, target / folder, dirs_exist_ok=True
            )
        shutil.copyfile(package / "LICENSE", target / "LICENSE")


def add_to_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Load the scripts of a page, and put in what only the site has.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        Names of the page and of its template.
    context : dict
        The variables of the template.
    doctree : docutils.nodes.document or None
        The page; None if it is made from no document.
    """
    if doctree is None:
        _drop_unused(context, "")
        return
    # Docutils calls the bibliography a list, but its entries are not list items.
    context["body"] = context["body"].replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )
    context["body"] = _offer_downloads(app, pagename, context["body"])
    context["body"] += _source(app, pagename)
    # Notebooks link to each other; on the site they are pages.
    context["body"] = re.sub(
        r'href="(\.\./[\w/]+)\.ipynb(#[\w-]+)?"', r'href="\1.html\2"', context["body"]
    )
    if 'class="filterable"' in context["body"]:
        app.add_js_file("tables.js", loading_method="defer")
    if 'class="math ' in context["body"]:
        priority = MATHJAX_PRIORITY + 1
        app.add_js_file("math.js", priority=priority, loading_method="defer")
    if any(PAGE_CLASS in node["classes"] for node in doctree.findall(nodes.raw)):
        app.add_css_file("charts.css")
        app.add_js_file("vega.js", loading_method="defer")
        app.add_js_file("charts.js", loading_method="defer")
    _drop_unused(context, context["body"])
    _defer(context)


def _source(app: Sphinx, pagename: str) -> str:
    """Return the line that names the file of a page in the repository."""
    path = app.env.doc2path(pagename, base=False)
    file = escape(path)
    options = app.config.html_theme_options
    if repository := options.get("repository_url"):
        branch = options.get("repository_branch") or "main"
        address = escape(f"{repository.rstrip('/')}/blob/{branch}/{path}")
        file = f'<a href="{address}">{file}</a>'
    return f'<p class="page-source">Source: {file}</p>'


def _drop_unused(context: dict[str, Any], body: str) -> None:
    """Take from a page the scripts and styles that nothing in its body uses."""
    unused = [name for name, mark in USES.items() if not re.search(mark, body)]
    for key in ("script_files", "css_files"):
        files = context.get(key, [])
        files[:] = [
            file for file in files if not any(name in _told(file) for name in unused)
        ]


def _defer(context: dict[str, Any]) -> None:
    """Let the scripts of a page, in their order, wait until its text is there."""
    scripts = context.get("script_files", [])
    for i, script in enumerate(scripts):
        waits = {}
        if script.filename:
            waits = {"defer": "defer"}
        elif "DOCUMENTATION_OPTIONS" in _told(script):
            # Needs a script that waits now. Within a page, only modules wait.
            waits = {"type": "module"}
        # A new one: pages share them, and the page of results loads its own at once.
        attributes = {**script.attributes, **waits}
        scripts[i] = type(script)(
            script.filename, priority=script.priority, **attributes
        )


def _told(file: Any) -> str:
    """Return the name of a script or style, or its text if it has no file."""
    attributes = getattr(file, "attributes", {})
    return str(file.filename or attributes.get("body") or "")


def _offer_downloads(app: Sphinx, pagename: str, body: str) -> str:
    """Put the file of each described table, and its terms, beside the description."""
    top = "../" * pagename.count("/") if app.builder.name == "html" else ""
    tables = {r["name"]: r["path"] for r in descriptor()["resources"]}

    def offer(match: re.Match[str]) -> str:
        path = PurePosixPath(tables[match[1]])
        names = {path: path.name}
        # A folder with terms of its own takes them along.
        if path.parent.name:
            names[path.parent / "NOTICE.md"] = "its license"
        links = []
        for file, name in names.items():
            target = Path(app.outdir, DOWNLOADS, file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(DATA.joinpath(*file.parts).read_bytes())
            address = f"{top}{DOWNLOADS}/{file}"
            links.append(f'<a href="{address}" download>{name}</a>')
        return f'<p class="table-file">Download {", ".join(links)}</p>'

    return re.sub(r'<p class="table-file" data-table="(\w+)"></p>', offer, body)


def remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Remove static files that no page of the output refers to.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    exception : Exception or None
        What ended the build early, if anything did.
    """
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    used = _used_files(out)
    for path in sorted(static.rglob("*"), reverse=True):
        name = path.relative_to(static)
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif name.parts[0] != "mathjax" and name.as_posix() not in used:
            path.unlink()
    # sphinx-design leaves here the files that it has copied into the static folder.
    shutil.rmtree(out / "_sphinx_design_static", ignore_errors=True)


def _used_files(out: Path) -> set[str]:
    """Return the names below `_static` that pages, and their styles, refer to."""
    used = set()
    for page in out.rglob("*.html"):
        if "_static" not in page.relative_to(out).parts:
            text = page.read_text(encoding="utf-8")
            used |= set(re.findall(r"""["'/]_static/([^"'?#)\s]+)""", text))
    for style in [name for name in used if name.endswith(".css")]:
        path = out / "_static" / style
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        links = re.findall(r"""(?:url\(["']?|@import ["'])([^"')?#]+)""", text)
        for link in links:
            # Browsers take the first format that they know, and all know woff2.
            if not link.startswith("data:") and not link.endswith(".ttf"):
                used.add(normpath(PurePosixPath(style).parent / link))
    return used | {f"{name}.LICENSE.txt" for name in used}
