"""The page in a real Chromium: type, decide, train, slide, compare, filter, drop a file."""

from __future__ import annotations

import base64
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from accessibility import complaints
from chromium import PATIENCE

pytestmark = pytest.mark.needs("starlette", "uvicorn", "playwright")
HOSTILE = '"><img src=x onerror=alert(1)>'


def test_a_session_at_the_page(page: Any, address: str, folder: Path, ids: list[str]) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    origin, _, token = address.partition("/?token=")
    expect(page).to_have_url(re.compile(r"^[^?]*/(\?expression=.*)?$"))  # the token is out of the address
    assert page.evaluate("document.cookie") == ""  # scripts cannot read it
    decide(page, expect)
    run = train(page, expect)
    slide(page, expect)
    twins(page, origin, run)
    filter_and_compare(page, expect, origin)
    drop(page, expect, origin, sorted((folder / ids[0]).glob("weights-*.safetensors"))[-1])
    hostile_name(page, expect, origin, folder, ids[1])
    forged_requests(origin, token)


def decide(page: Any, expect: Any) -> None:
    page.get_by_label("Type a task").fill("y*x + 1")
    page.get_by_label("p", exact=True).fill("7")
    expect(page.locator("h1")).to_have_text("x*y + 1 mod 7")
    expect(page.get_by_text("A product of functions of the operands")).to_be_visible()
    expect(page.locator("canvas.map")).to_have_attribute("aria-label", re.compile("7 by 7 values"))
    expect(page.get_by_text("Checked on all 49 inputs: 0 errors")).to_be_visible()
    expect(page.get_by_text("None is known for x*y + 1 mod 7.")).to_be_visible()
    assert complaints(page) == []
    page.get_by_label("kind of task").select_option("table")
    table = {"name": "and.csv", "mimeType": "text/csv", "buffer": b"0,0\n0,1"}
    page.get_by_label("Choose a table").set_input_files(table)
    expect(page.locator("h1")).to_have_text(re.compile(r"table:\w+ on 0\.\.1"))
    expect(page.locator("canvas.map")).to_have_attribute("aria-label", re.compile("2 by 2 values"))
    page.get_by_label("kind of task").select_option("expression")
    page.get_by_label("Type a task").fill("y*x +")
    expect(page.get_by_role("alert").first).to_contain_text("expression")


def train(page: Any, expect: Any) -> str:
    """Train to grokking; return the run, whose page is open then."""
    page.get_by_label("Type a task").fill("x + y")
    page.get_by_label("p", exact=True).fill("23")
    page.get_by_text("All settings").click()
    for name, value in (("fraction", "0.8"), ("width", "128"), ("steps", "1500")):
        page.get_by_label(name, exact=True).fill(value)
    page.get_by_role("button", name="Train").click()
    page.get_by_label("Other seed").fill("41")
    expect(page.get_by_text(re.compile("memorised at .* grokked at"))).to_be_visible()
    expect(page.get_by_label("Other seed")).to_have_value("41")  # news of the training takes nothing away
    page.get_by_role("link", name="All of the run").click()
    page.get_by_label("Checkpoint").wait_for()
    return str(page.url.rpartition("/")[2])


def slide(page: Any, expect: Any) -> None:
    slider = page.get_by_label("Checkpoint")
    slider.focus()
    page.keyboard.press("Home")  # the keyboard alone moves it
    expect(page.get_by_text("step 0", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Step 0\. (A|No) formula in s = x \+ y"))).to_be_visible()
    circles = page.get_by_role("heading", name="The frequencies of the formula")
    expect(circles).to_be_hidden()  # the formula moves with the weights
    page.keyboard.press("End")
    expect(circles).to_be_visible()
    assert complaints(page) == []


def twins(page: Any, origin: str, run: str) -> None:
    """What a page says is what the JSON at its address says."""
    of_run = page.request.get(f"{origin}/runs/{run}.json").json()
    assert (of_run["expression"], of_run["p"], of_run["settings"]["width"]) == ("x + y", 23, 128)
    page_text = page.locator("main").inner_text()
    for step in (of_run["memorised_at"], of_run["grokked_at"]):
        assert f"{step:,}" in page_text
    page.goto(f"{origin}/runs")
    page.locator("tbody tr").nth(2).wait_for()
    entries = page.request.get(f"{origin}/runs.json").json()
    links = page.locator("tbody a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert links == [f"/runs/{row['id']}" for row in entries["runs"]]


def filter_and_compare(page: Any, expect: Any, origin: str) -> None:
    rows = page.locator("tbody tr")
    page.get_by_label("conditions").fill("seed=1")
    expect(rows).to_have_count(1)
    page.get_by_label("conditions").fill("")
    expect(rows).to_have_count(3)
    for box in rows.locator("input").all()[:2]:
        box.check()
    page.get_by_label("tag for the selected runs").fill("fig-3")
    page.get_by_role("button", name="Tag", exact=True).click()
    expect(page.get_by_role("button", name="fig-3")).to_have_count(2)
    page.get_by_role("button", name="Compare 2").click()
    expect(page.locator("h1")).to_have_text("2 runs")


def drop(page: Any, expect: Any, origin: str, weights: Path) -> None:
    page.goto(f"{origin}/explain")
    content = base64.b64encode(weights.read_bytes()).decode()
    transfer = page.evaluate_handle(
        """([content, name]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [content, weights.name],
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_text(re.compile("A formula in s = x \\+ y"))).to_be_visible()
    expect(page.get_by_role("heading", name="What the formula leaves out")).to_be_visible()
    assert complaints(page) == []


def hostile_name(page: Any, expect: Any, origin: str, folder: Path, run: str) -> None:
    """A name that would be markup is text."""
    with_name(folder, run)
    page.goto(f"{origin}/runs")
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    assert page.locator("img").count() == 0


def forged_requests(origin: str, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    for headers, body, status in (
        ({}, None, 401),
        ({**bearer, "Host": "evil.example"}, None, 403),
        ({**bearer, "Origin": "http://evil.example"}, None, 403),
        (bearer, b"{}", 403),  # a post without an origin
        ({**bearer, "Origin": origin}, b"{}", 400),  # a post that is allowed, and names no task
    ):
        address = f"{origin}/runs.json" if body is None else f"{origin}/training"
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(urllib.request.Request(address, body, headers))
        assert failure.value.code == status
        failure.value.close()


def with_name(folder: Path, run: str) -> None:
    """Let a run have a hostile name."""
    import sqlite3

    with sqlite3.connect(folder / "modgrok.sqlite") as connection:
        connection.execute("UPDATE runs SET expression = ? WHERE id = ?", (HOSTILE, run))
    connection.close()
