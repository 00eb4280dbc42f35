"""The page of a sweep while its runs land, in Chromium: what stays, what grows, how long a drawing takes."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from chromium import PATIENCE

from modgrok.web.sweep_content import cells, critical_fractions, progress

pytestmark = pytest.mark.needs("starlette", "uvicorn", "playwright")
FRACTIONS, SEEDS = 10, 20
FIELDS = ["fraction", "seed"]
LONGEST = 0.5
"""Seconds of processor time of the longest drawing at 200 runs; it takes 0.05."""
WATCH = """() => {
  const first = [...document.querySelectorAll("main svg")];
  window.kept = () => first.filter((svg) => svg.isConnected).length;
}"""


class LandingSweep:
    """Answers for a sweep of 200 runs, of which as many have ended as the test says."""

    def __init__(self) -> None:
        draw = random.Random(0)
        self.done = 20
        self.members = [
            {
                "run": f"{at:012x}",
                "point": {"fraction": round(0.3 + at % FRACTIONS / 20, 2), "seed": at // FRACTIONS},
                "error": None, "status": "finished", "expression": "x + y", "p": 97, "step": 1000,
                "memorised_at": 100, "grokked_at": draw.randrange(200, 900) if draw.random() < 0.6 else None,
                "seconds": 2.0, "train_accuracy": 1.0, "test_accuracy": draw.random(),
            }
            for at in range(FRACTIONS * SEEDS)
        ]  # fmt: skip

    def content(self) -> dict[str, Any]:
        """Return the sweep with so many runs that have ended."""
        waiting = {"status": "waiting", "grokked_at": None, "seconds": None, "test_accuracy": None}
        members = [one if at < self.done else {**one, **waiting} for at, one in enumerate(self.members)]
        values = {field: sorted({one["point"][field] for one in members}) for field in FIELDS}
        return {
            "name": "landing", "axes": [["fraction"], ["seed"]], "values": values,
            "command": "modgrok sweep landing.toml", "running": True, **progress(members),
            "across": "fraction", "up": "seed", "cells": cells(members, "fraction", "seed"),
            "critical_fractions": critical_fractions(members, FIELDS), "members": members, "damaged": [],
        }  # fmt: skip

    def answer(self, route: Any) -> None:
        """Answer a request of the page."""
        if "report" in route.request.url:
            route.fulfill(status=400, json={"error": "sweep: has no report yet"})
        else:
            route.fulfill(body=json.dumps(self.content()), content_type="application/json")


@pytest.mark.long
def test_runs_that_land_change_charts_without_new_ones(page: Any, address: str) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    sweep, origin = LandingSweep(), address.partition("/?")[0]
    page.route(re.compile(r"/sweeps/landing(/report)?\.json"), sweep.answer)
    page.goto(f"{origin}/sweeps/landing")
    status = page.locator("main p[role=status]")
    expect(status).to_contain_text("20 of 200")
    lines = page.locator("main svg").nth(1).locator(".mark-line path")
    expect(lines).to_have_count(20)
    inspector = page.context.new_cdp_session(page)
    inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(WATCH)
    for done in range(40, 201, 20):
        sweep.done = done
        before = metrics(inspector)
        expect(status).to_contain_text(f"{done} of 200")
        expect(lines).to_have_count(done)
        after = metrics(inspector)
        assert after["TaskDuration"] - before["TaskDuration"] < LONGEST, done
    assert page.evaluate("window.kept()") == 2  # the views of the beginning are those of the end
    sizes = []
    for turn in range(12):  # runs come and go: nothing may be left of them
        sweep.done = 200 - 20 * (turn % 2)
        expect(lines).to_have_count(sweep.done)
        if turn % 2:
            continue
        inspector.send("HeapProfiler.collectGarbage")
        sizes.append(metrics(inspector))
    assert sizes[-1]["Nodes"] <= sizes[1]["Nodes"]
    assert sizes[-1]["JSEventListeners"] <= sizes[1]["JSEventListeners"]
    assert sizes[-1]["JSHeapUsedSize"] < 1.2 * sizes[1]["JSHeapUsedSize"], [
        one["JSHeapUsedSize"] for one in sizes
    ]


def metrics(inspector: Any) -> dict[str, float]:
    """Return what the page holds and what it has computed."""
    return {one["name"]: one["value"] for one in inspector.send("Performance.getMetrics")["metrics"]}
