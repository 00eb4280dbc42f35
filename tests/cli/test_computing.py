"""Memory of a command: its threads share one arena, and what compiling leaves is given back."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, sys, tempfile, threading
from modgrok.cli.shared.computing import use_one_arena
if sys.argv[1] == "one":
    assert use_one_arena()
library = ctypes.CDLL(None)
library.malloc.restype = library.fopen.restype = ctypes.c_void_p
library.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
library.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
library.fclose.argtypes = [ctypes.c_void_p]
together = threading.Barrier(4)
def allocate():
    together.wait()
    library.malloc(1000)
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with tempfile.NamedTemporaryFile() as file:
    stream = library.fopen(file.name.encode(), b"w")
    library.malloc_info(0, stream)
    library.fclose(stream)
    print(file.read().count(b"<heap nr="))
"""


LEFTOVERS = """
import ctypes, sys
from modgrok.cli.shared.computing import trim_after_compiling
if sys.argv[1] == "trimmed":
    assert trim_after_compiling()
import jax
import jax.numpy as jnp
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]
def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
blocks = [library.malloc(1000) for _ in range(100_000)]
for block in blocks:
    ctypes.memset(block, 1, 1000)
for block in blocks[:-1]:  # the last one keeps the heap from shrinking by itself
    library.free(block)
before = resident()
jax.jit(lambda x: x + 1)(jnp.zeros(3))
print(before - resident())
"""
"""Prints by how many KiB a compilation lowers the memory of a process that has freed 100 MB."""

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")


def printed(script: str, setting: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", script, setting], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@GLIBC
def test_threads_of_a_command_share_one_arena() -> None:
    assert printed(ARENAS, "default") > 1
    assert printed(ARENAS, "one") == 1


@GLIBC
def test_what_compiling_leaves_is_given_back() -> None:
    assert printed(LEFTOVERS, "default") < 20_000
    assert printed(LEFTOVERS, "trimmed") > 60_000
