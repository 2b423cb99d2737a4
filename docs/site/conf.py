"""Sphinx's configuration of the site; `python -m docs.site` gathers the sources and starts it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import ptyspec

project, author = "ptyspec", "the ptyspec authors"
copyright = author
version = release = ptyspec.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "docs.site.extension"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the notebook holds its results; a test executes it
highlight_language = "none"
default_role = "code"
autodoc_member_order = "bysource"
autodoc_default_options = {"exclude-members": "model_config, model_post_init"}
autodoc_preserve_defaults = True
toc_object_entries = False
suppress_warnings = ["ref.python"]  # a type hint that two modules define stays plain text

html_theme = "furo"
html_title = "ptyspec"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_last_updated_fmt = None
