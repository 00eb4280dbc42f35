"""Files of torch.save are read without PyTorch, and nothing in them is run."""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.io.torch_file import read_torch
from modgrok.tasks import InputError

DATA = Path(__file__).parent / "data"
LAYOUTS = ("torch_archive.pt", "torch_stream.pt")


def checked(path: Path, arrays: Path) -> None:
    content, expected = read_torch(path), np.load(arrays)
    weight = expected["0.weight"]
    assert list(content["model"]) == ["0.weight", "0.bias", "2.weight"]
    for name, value in content["model"].items():
        assert value.dtype == np.float32
        assert np.array_equal(value, expected[name])
    assert content["step"] == 3
    assert content["optimizer"]["param_groups"][0]["lr"] == 0.001
    assert np.array_equal(content["turned"], weight.T)
    assert np.array_equal(content["part"], weight[2:4, 1:9:3])
    assert np.array_equal(content["half"], weight.astype(np.float16))
    assert np.array_equal(content["integers"], np.arange(5))
    assert np.array_equal(content["parameter"], expected["0.bias"])
    assert content["empty"].shape == (0, 3)
    assert content["bfloat16"].dtype == np.float32
    assert np.abs(content["bfloat16"] - weight).max() <= 2.0**-8 * np.abs(weight).max()


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_kind_of_tensor_is_read(name: str) -> None:
    checked(DATA / name, DATA / "torch_arrays.npz")


@pytest.mark.needs("torch")
@pytest.mark.torch
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_pytorch_at_hand_is_read(tmp_path: Path, name: str) -> None:
    from make_torch_files import write_files

    write_files(tmp_path)
    checked(tmp_path / name, tmp_path / "torch_arrays.npz")


def archive(
    pickled: bytes, storages: dict[str, bytes] | None = None, compress: int = zipfile.ZIP_STORED
) -> bytes:
    """An archive as torch.save lays it out."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compress) as file:
        file.writestr("archive/data.pkl", pickled)
        for key, content in (storages or {}).items():
            file.writestr(f"archive/data/{key}", content)
    return written.getvalue()


def tensor(shape: tuple[int, ...], stride: tuple[int, ...], count: int, kind: str = "FloatStorage") -> bytes:
    """The pickle of {"w": tensor}, by hand: no code of PyTorch is at hand to write it."""

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(b"I%d\n" % value for value in values) + b"t"

    storage = b"(Vstorage\nctorch\n" + kind.encode() + b"\nV0\nVcpu\nI%d\ntQ" % count
    return (
        b"\x80\x02}Vw\nctorch._utils\n_rebuild_tensor_v2\n("
        + storage + b"I0\n" + numbers(shape) + numbers(stride) + b"\x89ccollections\nOrderedDict\n)RtRs."
    )  # fmt: skip


def test_the_helper_writes_what_is_read(tmp_path: Path) -> None:
    data = np.arange(6, dtype="<f4")
    (tmp_path / "a.pt").write_bytes(archive(tensor((2, 3), (3, 1), 6), {"0": data.tobytes()}))
    assert np.array_equal(read_torch(tmp_path / "a.pt")["w"], data.reshape(2, 3))


class Dangerous:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('this ran')",)


LAUGHS = b"\x80\x02}q\x00" + b"".join(
    b"}q%c(" % (n + 1) + b"".join(b"V%d\nh%c" % (key, n) for key in range(40)) + b"u" for n in range(8)
) + b"."  # fmt: skip
"""Nine dicts, each of which names the one before it forty times."""
NESTED = b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 64
"""A tuple of two times a tuple of two times …: 2^64 entries for whoever walks through it."""
FOUR = {"0": np.zeros(4, "<f4").tobytes()}
BAD = {
    "code": (archive(pickle.dumps({"w": Dangerous()}, protocol=2)), "names '(__builtin__|builtins).exec'"),
    "a class": (archive(pickle.dumps(Decimal(1), protocol=2)), "names 'decimal"),
    "a bare pickle": (pickle.dumps({"w": Dangerous()}), "got"),
    "more than its storage": (archive(tensor((5,), (1,), 4), FOUR), "shape"),
    "a repeated view": (archive(tensor((2**40,), (0,), 4), FOUR), "shape"),
    "a negative stride": (archive(tensor((2,), (-1,), 4), FOUR), "shape"),
    "a storage that claims too much": (archive(tensor((4,), (1,), 2**60), FOUR), "missing or truncated"),
    "a storage that is missing": (archive(tensor((4,), (1,), 4)), "missing or truncated"),
    "an unknown type": (archive(tensor((4,), (1,), 4, "QInt8Storage"), FOUR), "QInt8Storage"),
    "compression": (archive(tensor((4,), (1,), 4), FOUR, zipfile.ZIP_DEFLATED), "compressed"),
    "an opcode that no state dict has": (archive(b"\x80\x04\x96" + b"\xff" * 7 + b"\x7f."), "got"),
    "a place in memory far away": (archive(b"\x80\x02}r\xff\xff\xff\x7f(Va\nh\x01s."), "got"),
    "dicts that hold each other": (archive(b"\x80\x02}q\x00Vmodel\nh\x00s."), "nested too deeply"),
    "a dict that is named again and again": (archive(LAUGHS), "far more memory"),
    "a key that takes for ever to hash": (archive(NESTED + b"}h\x00K\x01s."), "keys of type tuple"),
    "a name that takes for ever to hash": (archive(b"\x80\x04" + NESTED[2:] + b"Vx\n\x93."), "no text"),
    "a call of what takes for ever to print": (archive(NESTED + b")R."), "a call of tuple"),
    "no archive": (b"PK\x03\x04 nothing", "BadZipFile"),
    "nothing": (b"", "got"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_everything_else_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / "bad.pt").write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_torch(tmp_path / "bad.pt")
    assert "\n" not in str(caught.value)
    assert "only tensors" in str(caught.value)


def test_a_whole_module_is_refused() -> None:
    with pytest.raises(InputError, match=r"names 'torch\.nn\.modules\.container\.Sequential'"):
        read_torch(DATA / "torch_module.pt")


@pytest.mark.parametrize("name", LAYOUTS)
def test_damaged_files_are_refused_or_read(tmp_path: Path, name: str) -> None:
    whole = (DATA / name).read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.pt"
    for _ in range(150):
        damaged = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        with contextlib.suppress(InputError):
            read_torch(path)


def test_pytorch_is_never_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would fail
    network = modgrok.import_network(DATA / "torch_archive.pt", "x + y", p=7, activation="relu")
    assert network.kind == "mlp"
    assert set(network.ignored) >= {"step", "optimizer", "turned"}
    inputs = np.stack(np.indices((7, 7)), -1).reshape(-1, 2).astype(np.int32)
    expected = np.load(DATA / "torch_arrays.npz")["logits"]
    assert np.allclose(network.network(jnp.asarray(inputs)), expected, atol=1e-5)
