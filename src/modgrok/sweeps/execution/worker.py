"""A worker process: ensembles come in as lines of JSON on stdin, events go out as lines on stdout.

Owns: the worker's side of the local executor. When stdin ends, the driver is gone, and the worker goes at
once: the store is safe at every moment, and a repeated sweep takes up what was unfinished.
"""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import sys
import threading
import time
from dataclasses import asdict
from typing import Any, TextIO

from ...installed_extensions import load_extensions
from ...runs import Store
from ...runs.store.store import StoreWriteError
from .ensemble import reason_of
from .events import event_of, run_with_events
from .executor import Event, unpack_ensemble

WAIT_FOR_LOCK = 10.0
"""Seconds given to a worker of a killed driver to let go of its run."""


def main() -> None:
    """Work until told to end."""
    load_extensions()
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no event
    stop = threading.Event()
    orders: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(orders, stop), daemon=True).start()
    while True:
        order = orders.get()
        if order.get("end"):
            return
        try:
            _work(order, out, stop)
        except Exception as error:  # the store cannot be written, say, which is no run's fault
            stores = isinstance(error, StoreWriteError | sqlite3.Error)
            out.write(json.dumps({"broken": reason_of(error), "stores": stores}) + "\n")
            return
        out.write(json.dumps({"idle": True}) + "\n")


def _listen(orders: queue.Queue[dict[str, Any]], stop: threading.Event) -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("stop"):
            stop.set()
        else:
            orders.put(order)
    os._exit(0)


def _work(order: dict[str, Any], out: TextIO, stop: threading.Event) -> None:
    ensemble, job = unpack_ensemble(order)
    with Store(job.folder) as store:
        for member in ensemble.members:
            _wait_for(store, member.experiment.id)
        for outcome in run_with_events(ensemble, job, store, lambda event: _send(out, event), stop.is_set):
            _send(out, event_of(outcome))


def _wait_for(store: Store, run: str) -> None:
    deadline = time.monotonic() + WAIT_FOR_LOCK
    while store.lock(run).held() and time.monotonic() < deadline:
        time.sleep(0.05)


def _send(out: TextIO, event: Event) -> None:
    out.write(json.dumps(asdict(event)) + "\n")


if __name__ == "__main__":
    main()
