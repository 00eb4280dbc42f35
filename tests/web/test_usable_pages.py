"""Every page by keyboard alone, with names for a screen reader, at 390 pixels, in the dark, and printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from accessibility import complaints, tab_complaints

from modgrok.runs import Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing

pytestmark = [pytest.mark.long, pytest.mark.needs("starlette", "uvicorn", "playwright")]
DONE = """() => !document.querySelector(".busy:not([hidden])")
  && document.getElementById("status").textContent === ""
  && !/reading the claims|drawing the report/.test(document.body.innerText)"""
PAGES = (
    "/",
    "/runs",
    "/runs/{0}",
    "/compare?run={0}&run={1}",
    "/sweeps",
    "/sweeps/two",
    "/claims",
    "/explain?run={0}",
)
UNFILTERED = (
    "[...document.querySelectorAll('.chart')].every((one) => getComputedStyle(one).filter === 'none')"
)
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(23, 23, 23)"


@pytest.fixture
def with_sweep(folder: Path, ids: list[str]) -> list[str]:
    """The two runs as members of a sweep."""
    with Store(folder) as store:
        members = tuple(SweepMember(run, {"seed": at, "fraction": 0.5}) for at, run in enumerate(ids))
        write_listing(store, Listing("two", (("seed",), ("fraction",)), "modgrok sweep two.toml", members))
    return ids


def opened(page: Any, origin: str, path: str) -> None:
    """Open a page, and wait until nothing more is drawn."""
    page.goto(origin + path)
    page.locator("main h1").wait_for()
    for _ in range(2):  # what follows one drawing is marked as busy within the second
        page.wait_for_function(DONE)
        page.wait_for_timeout(1000)
    page.wait_for_function(DONE)


def test_every_page_has_names_contrast_and_order(page: Any, address: str, with_sweep: list[str]) -> None:
    origin = address.partition("/?")[0]
    results = {}
    for path in (path.format(*with_sweep) for path in PAGES):
        page.emulate_media(color_scheme="light")
        opened(page, origin, path)
        results[path, "light"] = complaints(page)
        results[path, "keyboard"] = tab_complaints(page)
        page.emulate_media(color_scheme="dark")
        results[path, "dark"] = complaints(page)
    assert {where: what for where, what in results.items() if what} == {}


def test_every_page_fits_a_phone_and_prints_on_white(page: Any, address: str, with_sweep: list[str]) -> None:
    origin = address.partition("/?")[0]
    page.emulate_media(color_scheme="dark")
    for path in (path.format(*with_sweep) for path in PAGES):
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            opened(page, origin, path)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == DARK
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == LIGHT, path
        assert not page.locator(".bar").is_visible()
        assert page.locator("th button").count() == page.locator("th button").filter(visible=True).count()
        assert page.evaluate(
            "[...document.querySelectorAll('.chart')].every((e) => getComputedStyle(e).filter === 'none')"
        )
        page.emulate_media(media="screen", color_scheme="dark")


def test_a_sweep_and_a_table_are_read_by_keyboard(page: Any, address: str, with_sweep: list[str]) -> None:
    origin = address.partition("/?")[0]
    opened(page, origin, "/sweeps/two")
    page.get_by_label("runs of a cell").select_option(index=2)
    assert page.get_by_role("link", name=with_sweep[1]).is_visible()
    opened(page, origin, "/?expression=x*y&p=7")
    table = page.locator("canvas.map")
    table.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.get_by_text("x = 2, y = 3: 6").is_visible()
    box = table.bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 2)  # above is y = 6, as in a report
    assert page.get_by_text("x = 6, y = 6: 1").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('[data-search]')")
