"""An image that fills a plot area."""

from __future__ import annotations

from . import vega_lite as vl


def picture(uri: str) -> vl.Chart:
    """Draw an image over the whole plot area, whatever its size."""
    mark = vl.marks([{}]).mark(
        "image",
        url=uri,
        width=vl.expr("width"),
        height=vl.expr("height"),
        align="left",
        baseline="top",
        aspect=False,
        smooth=True,
    )
    return mark.encode(x=vl.value(0), y=vl.value(0))
