"""Claims: the papers' claims with their verdicts, and a test of one of them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...tasks.errors import InputError, shorten
from ..requests import answer, answer_json, form_of, instrument_of

BUDGETS = ("laptop", "desktop", "paper", "tiny")


async def listing(request: Request) -> Response:
    """Answer with all claims."""
    instrument = instrument_of(request)
    budget = checked_budget(request.query_params.get("budget", "") or "laptop")
    content = await instrument.planner.call_json("claims", folder=str(instrument.folder), budget=budget)
    return answer_json(b'{"budget":"' + budget.encode() + b'","claims":' + content + b"}")


async def test(request: Request) -> Response:
    """Test a claim: its missing runs are trained, when it is its turn."""
    form = await form_of(request)
    instrument = instrument_of(request)
    claim, budget = form.get("claim"), checked_budget(form.get("budget") or "laptop")
    await instrument.planner.call("check_claim", claim=claim)
    words = ("reproduce", str(claim), f"--budget={budget}", "--workers=1")
    return answer(instrument.jobs.add(words, f"claim {claim}", claim=str(claim)).to_json(), 202)


def checked_budget(value: object) -> str:
    """Return the name of a budget.

    Raises:
        InputError: there is none of that name.
    """
    if value not in BUDGETS:
        raise InputError(f"budget: must be one of {', '.join(BUDGETS)}, got {shorten(value)}")
    return str(value)


ROUTES = [
    Route("/claims.json", listing),
    Route("/claims/test", test, methods=["POST"]),
]
