"""How the documentation becomes a site: `sphinx-build -W docs docs/_build`.

The pages are Markdown that is read on GitHub as well. What a site needs beyond it is in `_ext`, one idea a
file.
"""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # of the notebooks

project = "modgrok"
author = "The modgrok developers"
copyright = author
version_file = (HERE.parent / "src" / "modgrok" / "version.py").read_text(encoding="utf-8")
release = re.search(r'__version__ = "([^"]+)"', version_file)[1]

extensions = [
    "myst_parser",
    "contents",
    "example_store",
    "mathml",
    "name_links",
    "percent",
    "public_names",
    "verdicts",
]
exclude_patterns = ["_build", "_ext", "conf.py"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"modgrok {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2a5f9e", "color-brand-content": "#2a5f9e"},
    "dark_css_variables": {"color-brand-primary": "#8ab8ec", "color-brand-content": "#8ab8ec"},
}
