"""What a page owes to people who use the keyboard alone, a screen reader, or a browser with few colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def complaints(page: Any) -> list[str]:
    """List what a page lacks: names of controls and pictures, heads of tables, headings, contrast."""
    lacking: list[str] = page.evaluate(f"{SCRIPT}.complaints()")
    return lacking


def tab_complaints(page: Any) -> list[str]:
    """Go through a page by the Tab key; list what is not reached, not seen, or out of order."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    expected = page.evaluate(f"{SCRIPT}.number()")
    lacking, order = [], []
    for _ in range(len(expected) + 5):
        page.keyboard.press("Tab")
        at, ring, inside, text = page.evaluate(f"{SCRIPT}.focused()")
        if at is None or at in order:
            break
        order.append(at)
        lacking += [] if ring else [f"focus is not shown: {text}"]
        lacking += [] if inside else [f"focus is out of sight: {text}"]
    if order != expected:
        lacking.append(f"reached {order}, not {expected}")
    return lacking
