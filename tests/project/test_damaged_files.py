"""Every kind of file that a command reads, damaged in every way: exit code 2 and one line, no more.

A damage is a change of the file's bytes, or something else in its place. A sample runs by default; all pairs
of kinds and damages with `-m long`.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaign import count
from modgrok.runs import Experiment, Store, run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and links are made by name")
Call = Callable[..., Any]
EXPERIMENT = Experiment.of("x + y", p=5, width=8)
DATA = Path(__file__).parents[1] / "interop" / "data"
SWEEP = 'name = "s"\n[base]\nexpression = "x + y"\np = 5\nsteps = 2\nwidth = 8\n[axes]\nseed = [0, 1]\n'
SECONDS = 120
"""After which a command counts as one that never ends, on a busy machine."""


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Arguments:
        path: of the file that is damaged.
        commands: that read it.
        strict: whether every change of its bytes must be noticed, for the file has a recorded hash.
    """

    path: str
    commands: tuple[tuple[str, ...], ...]
    strict: bool = False


TASK = ("x + y", "--p", "5")
KINDS = {
    "store": Kind(
        "runs/modgrok.sqlite", (("runs", "list"), ("runs", "show", "latest"), ("measure", "latest"))
    ),
    "checkpoint": Kind(
        f"runs/{EXPERIMENT.id}/weights-4.safetensors",
        (("measure", "latest"), ("explain", "latest"), ("export", "latest", "-o", "w.safetensors")),
        strict=True,
    ),
    "state": Kind(
        f"runs/{EXPERIMENT.id}/state-4.safetensors",
        (("runs", "resume", "latest", "--steps", "5"),),
        strict=True,
    ),
    "network": Kind(
        "net.safetensors",
        (("measure", "net.safetensors"), ("explain", "net.safetensors"), ("report", "net.safetensors"),
         ("import", "net.safetensors", *TASK), ("report", "latest", "--against", "net.safetensors")),
    ),
    "safetensors": Kind(
        "tl/model.safetensors", (("import", "tl", *TASK), ("measure", "tl", "--expression", *TASK))
    ),
    "config": Kind("tl/config.json", (("import", "tl", *TASK),)),
    "npz": Kind("net.npz", (("import", "net.npz", *TASK),)),
    "npy in a folder": Kind("arrays/embedding.npy", (("import", "arrays", *TASK),)),
    "torch archive": Kind("torch_archive.pt", (("import", "torch_archive.pt", *TASK),)),
    "torch stream": Kind("torch_stream.pt", (("import", "torch_stream.pt", *TASK),)),
    "table.npy": Kind("t.npy", (("decide", "--table", "t.npy"), ("construct", "--table", "t.npy"))),
    "table.csv": Kind("t.csv", (("decide", "--table", "t.csv"),)),
    "matrix": Kind(
        "m.npy", (("train", *TASK, "--learner", "rfm", "--feature-matrix", "m.npy", "--steps", "-1"),)
    ),
    "logits": Kind("l.npy", (("explain", "--logits", "l.npy", *TASK),)),
    "sweep": Kind("s.toml", (("sweep", "s.toml", "--weights", "none"),)),
}  # fmt: skip


def flipped(content: bytes, seed: int) -> bytes:
    """Change some bits: in the first hundred bytes, where headers are, and anywhere."""
    moments, changed = random.Random(seed), bytearray(content)
    for _ in range(moments.choice((1, 1, 2, 8))):
        end = len(changed) if moments.random() < 0.5 else min(100, len(changed))
        changed[moments.randrange(end)] ^= 1 << moments.randrange(8)
    return bytes(changed)


OBJECTS = b"{'descr': '|O', 'fortran_order': False, 'shape': (5, 5), }".ljust(117) + b"\n"
OBJECTS += b"\x80\x04cos\nsystem\n(Vecho\ntR."
"""Header and content of an array of objects."""
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "a quarter": lambda content: content[: len(content) // 4],
    "half": lambda content: content[: len(content) // 2],
    "a byte less": lambda content: content[:-1],
    "zeros": lambda content: bytes(len(content)),
    "noise": lambda content: random.Random(1).randbytes(len(content)),
    "another beginning": lambda content: b"\x80\x04\x95\x00" + content[4:],
    "largest sizes": lambda content: b"\xff" * 8 + content[8:],
    "deep": lambda content: b"[" * 100_000,
    "pickle": lambda content: b"\x93NUMPY\x01\x00v\x00" + OBJECTS,
    "text": lambda content: b"nan,inf\n-1,1e999\n",
}  # fmt: skip


def is_fifo(path: Path) -> None:
    os.mkfifo(path)


PLACES: dict[str, Callable[[Path], None]] = {
    "a folder": lambda path: path.mkdir(),
    "nothing": lambda path: None,
    "a dangling link": lambda path: path.symlink_to(path.with_name("nowhere")),
    "a link to itself": lambda path: path.symlink_to(path),
    "a pipe": is_fifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}
SAMPLE = [
    ("store", "half"), ("store", "a pipe"), ("checkpoint", "a byte less"), ("checkpoint", "a pipe"),
    ("state", "flipped"), ("state", "a pipe"), ("network", "largest sizes"), ("network", "a pipe"),
    ("safetensors", "a quarter"), ("config", "deep"), ("config", "a pipe"), ("npz", "half"),
    ("npz", "a device"), ("npz", "flipped"), ("npy in a folder", "pickle"), ("npy in a folder", "a pipe"),
    ("torch archive", "half"), ("torch archive", "a pipe"), ("torch stream", "flipped"),
    ("table.npy", "pickle"), ("table.npy", "a link to itself"), ("table.csv", "text"),
    ("table.csv", "a pipe"), ("matrix", "a byte less"), ("matrix", "a pipe"), ("logits", "pickle"),
    ("logits", "deep"), ("logits", "a device"), ("sweep", "deep"), ("sweep", "a pipe"),
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of each kind."""
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("whole")
    with Store(folder / "runs") as store:
        run(EXPERIMENT, store=store, steps=4, early_stop=False)
        weights_file = store.checkpoints(EXPERIMENT.id)[-1].path
    shutil.copy(weights_file, folder / "net.safetensors")
    random_numbers = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return random_numbers.normal(size=shape).astype(np.float32)

    names = {"embed.W_E": (6, 4), "pos_embed.W_pos": (3, 4), "unembed.W_U": (4, 5)}
    names |= {f"blocks.0.attn.W_{letter}": (1, 4, 4) for letter in "QKVO"}
    names |= {"blocks.0.mlp.W_in": (4, 8), "blocks.0.mlp.W_out": (8, 4)}
    (folder / "tl").mkdir()
    save_file({name: draw(*shape) for name, shape in names.items()}, folder / "tl" / "model.safetensors")
    (folder / "tl" / "config.json").write_text('{"n_heads": 1, "n_ctx": 3, "act_fn": "relu"}')
    arrays = {"embedding": draw(2, 5, 8), "readout": draw(5, 8)}
    np.savez_compressed(folder / "net.npz", **arrays)
    (folder / "arrays").mkdir()
    for name, array in arrays.items():
        np.save(folder / "arrays" / f"{name}.npy", array)
    for name in ("torch_archive.pt", "torch_stream.pt"):
        shutil.copy(DATA / name, folder / name)
    table = np.add.outer(np.arange(5), np.arange(5)) % 5
    np.save(folder / "t.npy", table)
    np.savetxt(folder / "t.csv", table, fmt="%d", delimiter=",")
    np.save(folder / "m.npy", np.eye(10))
    np.save(folder / "l.npy", np.eye(5)[table.ravel()])
    (folder / "s.toml").write_text(SWEEP)
    return folder


@contextlib.contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Fail where something takes too long."""

    def late(*_: object) -> None:
        raise AssertionError("it never ends")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(call: Call, commands: tuple[tuple[str, ...], ...], *, may_hold: bool) -> None:
    """Call the commands that read a file; one that is whole by chance may be read."""
    for command in commands:
        with bounded(SECONDS):
            result = call(*command)
        lines = [line for line in result.err.splitlines() if line.startswith("modgrok: ")]
        neither = may_hold and "is of neither form" in result.err  # another table, which has no network
        assert result.code in ((0, 1 if neither else 0, 2) if may_hold else (2,)), (command, result)
        assert result.code == 0 or len(lines) == 1, (command, result.err)
        assert "Traceback" not in result.err + result.out
        assert not result.code or ": " in lines[0].removeprefix("modgrok: ")


def damaged(
    call: Call, whole: Path, folder: Path, name: str, damage: str, *, seed: int = 0, most: int = 9
) -> None:
    """Damage a file, and call so many of the commands that read it."""
    kind = KINDS[name]
    if kind.path.partition("/")[0] != "runs" and any("latest" in command for command in kind.commands):
        shutil.copytree(whole / "runs", folder / "runs", dirs_exist_ok=True)
    top = kind.path.partition("/")[0]
    (shutil.copytree if (whole / top).is_dir() else shutil.copy)(whole / top, folder / top)
    path = folder / kind.path
    if damage in PLACES:
        path.unlink()
        PLACES[damage](path)
    else:
        content = path.read_bytes()
        changed = flipped(content, seed) if damage == "flipped" else CHANGES[damage](content)
        if changed == content:
            return
        path.write_bytes(changed)
    harmless = {"flipped", "a byte less", "largest sizes", "another beginning"}
    optional = name == "config" and damage in ("nothing", "a dangling link", "a folder", "a link to itself")
    check(call, kind.commands[:most], may_hold=(damage in harmless and not kind.strict) or optional)


@pytest.mark.parametrize(("name", "damage"), SAMPLE)
def test_a_damaged_file_is_refused(call: Call, whole: Path, tmp_path: Path, name: str, damage: str) -> None:
    damaged(call, whole, tmp_path, name, damage, seed=zlib.crc32(name.encode()), most=1)


@pytest.mark.long
@pytest.mark.parametrize("damage", [*CHANGES, *PLACES])
@pytest.mark.parametrize("name", KINDS)
def test_every_damaged_file_is_refused(
    call: Call, whole: Path, tmp_path: Path, name: str, damage: str
) -> None:
    damaged(call, whole, tmp_path, name, damage)


@pytest.mark.long
@pytest.mark.parametrize("name", KINDS)
def test_flipped_bits_are_refused_or_harmless(call: Call, whole: Path, tmp_path: Path, name: str) -> None:
    for seed in range(count("FLIPS", 30)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        os.chdir(folder)
        damaged(call, whole, folder, name, "flipped", seed=seed)


# Files built to take more memory than they have ------------------------------------------------------------


def test_an_archive_that_expands_a_thousandfold_is_refused(call: Call, tmp_path: Path) -> None:
    np.savez_compressed("big.npz", embedding=np.zeros((2, 5, 900_000)))
    assert (tmp_path / "big.npz").stat().st_size < 2**20
    result = call("import", "big.npz", *TASK)
    assert result.code == 2
    assert "arrays of more than" in result.err


def test_settings_with_keys_twice_or_numbers_beyond_json_are_bounded(call: Call, whole: Path) -> None:
    shutil.copytree(whole / "tl", "tl")
    for text in ('{"n_ctx": NaN}', '{"n_heads": 1e999}', '{"n_heads": 1, "n_heads": "a"}', '{"d_model": -1}',
                 '{"n_heads": ' + "9" * 19 + "}", json.dumps({"act_fn": ["relu"] * 9})):  # fmt: skip
        Path("tl/config.json").write_text(text)
        result = call("import", "tl", *TASK)
        assert result.code in (0, 2), result
        assert result.err.count("modgrok: ") <= 1
