"""Training: the form, the jobs, and what starts and stops them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...io.whole_numbers import MOST_SEED, digits
from ...runs.options import MOST_STEPS
from ...tasks.errors import InputError, shorten
from ..jobs import QueuedJob
from ..requests import answer, answer_json, form_of, instrument_of


async def learners(request: Request) -> Response:
    """Answer with the learners and the fields of their forms."""
    return answer_json(await instrument_of(request).learners())


async def jobs(request: Request) -> Response:
    """Answer with what is being trained and what waits."""
    return answer(_listed(instrument_of(request).jobs.jobs))


def _listed(all_jobs: list[QueuedJob]) -> dict[str, Any]:
    return {"jobs": [job.to_json() for job in all_jobs]}


async def train(request: Request) -> Response:
    """Start a training, or let it wait for its turn.

    The body has `learner`, `options`, `steps` and a task; or `repeat`, a run, and `seed`; or `resume`, a run,
    and `steps`.
    """
    instrument, form = instrument_of(request), await form_of(request)
    steps = _integer(form, "steps", 1, MOST_STEPS)
    if "resume" in form:
        run = _text(form, "resume")
        row = await instrument.read(lambda store: store.get(run or ""))
        await instrument.planner.call("check_resumable", learner=row.learner)
        words = ["runs", "resume", row.id, *([] if steps is None else [f"--steps={steps}"])]
        job = instrument.jobs.add(tuple(words), f"{row.expression} mod {row.p}", run=row.id)
        return answer(job.to_json(), 202)
    if "repeat" in form:
        seed, run = _integer(form, "seed", 0, MOST_SEED), _text(form, "repeat")
        if run is None:
            raise InputError("repeat: must be a run's id, got none")
        plan = await instrument.planner.call(
            "plan_again", folder=str(instrument.folder), run=run, seed=seed or 0
        )
    else:
        options = form.get("options", {})
        if not isinstance(options, dict):
            raise InputError(f"options: must be an object, got {shorten(options)}")
        digest = _text(form, "table")
        plan = await instrument.planner.call(
            "plan",
            learner=_text(form, "learner") or "",
            options=options,
            expression=_text(form, "expression"),
            p=_integer(form, "p", 2, 2**24),
            group=_text(form, "group"),
            table=None if digest is None else instrument.chosen_table(digest),
            table_path="" if digest is None else str(await instrument.table_file(digest)),
            steps=steps,
        )
    title = f"{plan['title']} · {plan['learner']}"
    job = instrument.jobs.add(tuple(plan["words"]), title, run=plan["run"])
    return answer(job.to_json(), 202)


async def stop(request: Request) -> Response:
    """Stop a job: what was trained so far is kept, and can be resumed."""
    number = _integer(await form_of(request), "number", 1, 2**31 - 1)
    return answer(instrument_of(request).jobs.stop(number or 0).to_json())


def _text(form: dict[str, Any], name: str) -> str | None:
    value = form.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 2000:
        raise InputError(f"{name}: must be text of at most 2000 characters, got {shorten(value)}")
    return value


def _integer(form: dict[str, Any], name: str, least: int, most: int) -> int | None:
    value = form.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        number = digits(value.strip())
        value = value if number is None else number
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(f"{name}: must be an integer in {least}..{most}, got {shorten(value)}")
    return value


ROUTES = [
    Route("/learners.json", learners),
    Route("/training.json", jobs),
    Route("/training", train, methods=["POST"]),
    Route("/training/stop", stop, methods=["POST"]),
]
