"""SVG from outside: shapes and text alone, or refused.

Owns: which elements and attributes a stored picture may have before it becomes part of a page.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

ELEMENTS = frozenset(
    (
        "svg", "g", "path", "text", "tspan", "rect", "title", "desc", "defs", "clipPath", "image", "line",
        "polyline", "polygon", "circle", "ellipse", "use", "linearGradient", "radialGradient", "stop", "mask",
    )
)  # fmt: skip


def is_plain_svg(text: str) -> bool:
    """Say whether an SVG document has nothing that runs, loads or restyles.

    Example:
        >>> is_plain_svg('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0,0"/></svg>')
        True
        >>> is_plain_svg('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')
        False
    """
    if "<!" in text or "<?" in text:
        return False
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError):
        return False
    return _local(root.tag) == "svg" and all(_is_plain(element) for element in root.iter())


def _is_plain(element: ElementTree.Element) -> bool:
    if _local(element.tag) not in ELEMENTS:
        return False
    for name, value in element.attrib.items():
        local = _local(name).lower()
        if local.startswith("on"):
            return False
        if local == "href" and not re.match(r"#|data:image/png;base64,", value):
            return False
        if re.search(r"url\((?!\s*['\"]?#)", value):
            return False
    return True


def _local(name: str) -> str:
    return name.rpartition("}")[2]
