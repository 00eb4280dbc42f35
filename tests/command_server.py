"""Commands in processes of their own, forked from one that has imported modgrok: cheap, and really apart.

Streams are redirected, files limited and time bounded as a shell would, so that full disks, closed pipes and
readers that hang can be tried for every command.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE = """
import gc, importlib, json, os, resource, signal, sys, threading, time

from modgrok.cli import app
for name, target, _ in app.VERBS:
    importlib.import_module(target.partition(":")[0])
import modgrok.reports
gc.freeze()

def child(job):
    os.setsid()
    for descriptor, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if job[name] is None:
            os.close(descriptor)
            setattr(sys, name, None)
            continue
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        opened = os.open(job[name], flags, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    for name in job["unset"]:
        os.environ.pop(name, None)
    if job["largest_file"] is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"],) * 2)
    if job["memory"] is not None:
        resource.setrlimit(resource.RLIMIT_AS, (job["memory"],) * 2)
    sys.argv = ["modgrok", *job["arguments"]]
    app.main(job["arguments"])

commands = os.fdopen(os.dup(0), "r")
for line in commands:
    job = json.loads(line)
    process = os.fork()
    if process == 0:
        commands.close()
        child(job)  # which ends this process as Python ends a command
        sys.exit(0)
    deadline, late = time.monotonic() + job["seconds"], False
    while True:
        ended, status, used = os.wait4(process, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline and not late:
            late = True
            os.kill(process, signal.SIGKILL)
        time.sleep(0.005)
    code = None if late else os.waitstatus_to_exitcode(status)
    os.write(1, (json.dumps([code, used.ru_maxrss]) + chr(10)).encode())
"""


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Arguments:
        code: exit code, negative for a signal; None if it was still running at the end of its time.
        out, err: what it wrote, where that could be read.
        peak: memory at its peak, in KiB.
    """

    code: int | None
    out: str
    err: str
    peak: int

    @property
    def json(self) -> Any:
        """The last line of stdout."""
        return json.loads(self.out.strip().splitlines()[-1])

    def is_one_line(self, *codes: int) -> bool:
        """Say whether the command ended with one of these codes and one line of explanation."""
        lines = [line for line in self.err.splitlines() if line.startswith("modgrok: ")]
        return self.code in codes and len(lines) == 1 and "Traceback" not in self.err


class CommandServer:
    """Runs commands.

    Arguments:
        process: the server.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(
        self,
        folder: Path,
        *arguments: str,
        stdin: str | None = os.devnull,
        stdout: str | None = "",
        stderr: str | None = "",
        largest_file: int | None = None,
        memory: int | None = None,
        seconds: float = 120,
        unset: tuple[str, ...] = (),
        **environment: str,
    ) -> Outcome:
        """Run a command.

        Arguments:
            folder: in which it is called.
            arguments: its words.
            stdin, stdout, stderr: files; None for closed streams. Empty names capture what is written.
            largest_file: bytes up to which a file can be written, which fails as a full disk does.
            memory: bytes of address space.
            seconds: after which it is killed.
            unset: environment variables that it does not have.
            environment: those that it has beside the server's.
        """
        with tempfile.TemporaryDirectory() as captured:
            out, err = Path(captured) / "out", Path(captured) / "err"
            job = {
                "arguments": arguments,
                "folder": str(folder),
                "stdin": stdin,
                "stdout": str(out) if stdout == "" else stdout,
                "stderr": str(err) if stderr == "" else stderr,
                "largest_file": largest_file,
                "memory": memory,
                "seconds": seconds,
                "unset": unset,
                "environment": environment,
            }
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            assert line, "the server ended"
            code, peak = json.loads(line)
            written = [
                path.read_text(encoding="utf-8", errors="backslashreplace") if path.exists() else ""
                for path in (out, err)
            ]
            return Outcome(code, written[0], written[1], peak)


@contextlib.contextmanager
def command_server(folder: Path) -> Iterator[CommandServer]:
    """Run a server.

    Arguments:
        folder: where compiled steps are kept for all of its commands.
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
        yield CommandServer(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()
