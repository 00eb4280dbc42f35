"""An image that fills a plot area."""

from __future__ import annotations

import altair as alt

from .chart import Marks, data


def picture(uri: str) -> alt.Chart:
    """Draw an image over the whole plot area, whatever its size."""
    mark = Marks(data([{}])).mark_image(
        url=uri,
        width=alt.ExprRef("width"),
        height=alt.ExprRef("height"),
        align="left",
        baseline="top",
        aspect=False,
        smooth=True,
    )
    return mark.encode(x=alt.XValue(0), y=alt.YValue(0))
