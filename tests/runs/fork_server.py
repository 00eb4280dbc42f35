"""Processes that train and can be killed, forked from one that has imported everything already."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CODE = """
import json, os, signal, sys
import numpy as np
import modgrok
from modgrok.learners import catalogue
from modgrok.runs import Experiment, Store, log, recorder, run

recorder.COMMIT_EVERY = 0.0  # every observation, so that more kills meet a commit
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def say(text):
    os.write(1, (text + chr(10)).encode())

def train(folder, options, steps, every):
    ready = []
    def tell(progress):
        if not ready:
            ready.append(say("ready"))
    with Store(folder) as store:
        run(Experiment.of(**options), store=store, steps=steps, observe_every=every, early_stop=False,
            on_observation=tell)

def record(folder, options, steps, every):
    with log(**options, existing="continue", runs=folder) as own:
        began = own.records[-1].step + every if own.records else 0
        for step in range(began, steps, every):
            logits = np.random.default_rng(step).normal(size=own.data.labels.shape + (own.task.p,))
            own.observe(step, logits=logits)
            own.keep(step, {"a": logits[:3]})
            if step == began:
                say("ready")

for line in sys.stdin:
    work, *given = json.loads(line)
    process = os.fork()
    if process == 0:
        code = 1
        try:
            {"train": train, "record": record}[work](*given)
            code = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        say(f"end {code}")
        os._exit(code)
    say(f"pid {process}")
"""


class ForkServer:
    """Starts processes that work in a store.

    Arguments:
        process: the server.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self, work: str, *arguments: Any) -> int:
        """Start a process; return its id.

        Arguments:
            work: `train` an experiment, or `record` one with `modgrok.log`.
            given: folder, options, steps, and steps between observations.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([work, *arguments]) + "\n")
        self.process.stdin.flush()
        word, _, number = self.line().partition(" ")
        while word != "pid":  # the last words of a process that was killed too late
            word, _, number = self.line().partition(" ")
        return int(number)

    def line(self) -> str:
        """Wait for a line of the server or the process."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server ended"
        return line.strip()

    def kill(self, process: int) -> None:
        """End a process at once, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while Path(f"/proc/{process}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.002)


@contextlib.contextmanager
def fork_server(folder: Path) -> Iterator[ForkServer]:
    """Run a server.

    Arguments:
        folder: where compiled steps are kept for all of its processes.
    """
    environment = {
        **os.environ,
        "JAX_ENABLE_COMPILATION_CACHE": "1",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield ForkServer(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()
