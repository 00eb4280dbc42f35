"""What is computed for pages, in processes of their own: no function here knows of requests.

Every function takes plain values and returns what JSON can hold. `JOBS` names them.
"""

from __future__ import annotations

JOBS: dict[str, str] = {
    "ready": "modgrok.web.work.drawing:ready",
    "decide": "modgrok.web.work.deciding:decide",
    "table": "modgrok.web.work.deciding:table",
    "take_table": "modgrok.web.work.task_request:take_table",
    "leakage": "modgrok.web.work.splitting:leakage",
    "critical_fractions": "modgrok.web.work.splitting:critical_fractions",
    "construct": "modgrok.web.work.drawing:construct",
    "run_report": "modgrok.web.work.drawing:run_report",
    "checkpoint": "modgrok.web.work.drawing:checkpoint",
    "panel": "modgrok.web.work.drawing:panel",
    "sweep_report": "modgrok.web.work.drawing:sweep_report",
    "chart_library": "modgrok.web.work.drawing:chart_library",
    "learners": "modgrok.web.work.forms:learners",
    "plan": "modgrok.web.work.forms:plan",
    "check_resumable": "modgrok.web.work.forms:check_resumable",
    "plan_again": "modgrok.web.work.forms:plan_again",
    "explain_run": "modgrok.web.work.explaining:explain_run",
    "explain_file": "modgrok.web.work.explaining:explain_file",
    "claims": "modgrok.web.work.claims:claims",
    "check_claim": "modgrok.web.work.claims:check_claim",
}
"""Name of a job -> module and function; imported in the worker, when first asked for."""
