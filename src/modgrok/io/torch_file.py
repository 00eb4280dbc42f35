"""Tensors of files that `torch.save` wrote, read without PyTorch and without running the pickle in them.

A pickle is a program. Its opcodes are parsed by `pickletools`, and the few that a state dict needs are
carried out here on plain values: names of functions stay names, and only those of tensors are answered, by
the functions of this file. Owns: the two layouts (the archive of PyTorch 1.6 and later, and the stream before
it), the opcodes, and refusing everything else in one line.
"""

from __future__ import annotations

import io
import math
import pickletools
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .errors import InputError, shorten
from .whole_file import read_bytes

TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin")
"""Endings of files that `torch.save` writes."""
MOST_BYTES = 2**31
"""Largest file, and largest storage in it, that is read."""
MOST_OBJECTS, DEEPEST = 1_000_000, 64
"""Objects that a file may hold, each counted as often as it is named, and how deeply they are nested."""
MOST_SHARED = 8
"""Times its own size that the tensors of a file may take, for several may lie on the same storage."""
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""First object of the layout before PyTorch 1.6."""
STORAGES: dict[str, Any] = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype("<u2"),  # NumPy has no such type; see `_tensor`
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}
"""Type of storage in PyTorch -> type of its entries."""


class PickledName(NamedTuple):
    """A name of a function or class in a pickle; nothing is imported for it."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, eq=False)
class Storage:
    """A one-dimensional array whose bytes lie beside the pickle.

    Arguments:
        dtype: of its entries.
        read: returns them; called when a tensor needs them.
        count: number of entries.
        bfloat16: whether the entries are the upper halves of float32 numbers.
    """

    dtype: Any
    read: Callable[[], np.ndarray]
    count: int
    bfloat16: bool = False


def read_torch(path: Path) -> Any:
    """Return what `torch.save` wrote: dicts, lists, tuples, numbers, strings, and arrays for tensors.

    Arguments:
        path: of the file.

    Raises:
        InputError: no such file, another format, or an object that is neither plain nor a tensor, such as a
            whole module.
    """
    content = read_bytes(path, "path", MOST_BYTES)
    try:
        value = _archive(content) if content[:2] == b"PK" else _stream(content)
        _check_size(value, MOST_SHARED * len(content))
        return value
    except _Refused as error:
        reason = str(error)
    except (
        ArithmeticError, AttributeError, LookupError, MemoryError, NotImplementedError, RuntimeError,
        TypeError, ValueError, zipfile.BadZipFile, struct.error,
    ) as error:  # fmt: skip
        reason = f"damaged, or another format: {type(error).__name__}"
    raise InputError(
        f"path: must hold only tensors, as torch.save(model.state_dict(), path) writes them, got "
        f"{shorten(path)} ({shorten(reason, 140)})"
    )


class _Refused(Exception):
    """Something in a pickle that has no place in a state dict."""


def _check_size(root: Any, most: int) -> None:
    """Refuse objects that hold each other, or one another so often that walking them would not end."""
    left, size = [(root, 0)], 0
    for _ in range(MOST_OBJECTS):
        if not left:
            return
        value, depth = left.pop()
        if isinstance(value, dict):
            left += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list | tuple):
            left += [(item, depth + 1) for item in value]
        elif isinstance(value, np.ndarray):
            size += value.nbytes
        if depth > DEEPEST:
            raise _Refused("objects that are nested too deeply")
        if size > most or len(left) > MOST_OBJECTS:
            break
    if left:
        raise _Refused("objects that take far more memory than the file")


def _archive(content: bytes) -> Any:
    """Read the archive of PyTorch 1.6 and later: `X/data.pkl`, `X/data/KEY`, `X/byteorder`."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        pickles = [name for name in entries if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise _Refused("an archive without data.pkl")
        if any(name.endswith("constants.pkl") for name in entries):
            raise _Refused("a TorchScript archive")
        root = pickles[0].removesuffix("data.pkl")

        def read(name: str) -> bytes:
            entry = entries[name]
            if entry.compress_type != zipfile.ZIP_STORED:
                raise _Refused("a compressed archive")
            return archive.read(entry)

        remaining = len(content)
        order = read(f"{root}byteorder").strip() if f"{root}byteorder" in entries else b"little"

        def storage(dtype: Any, key: Any, count: int) -> Storage:
            nonlocal remaining
            name = f"{root}data/{key}"
            if name not in entries or entries[name].file_size < count * dtype.itemsize:
                raise _Refused(f"storage {shorten(key)} is missing or truncated")
            remaining -= entries[name].file_size  # entries may lie on the same bytes
            if remaining < 0:
                raise _Refused("storages larger than the file")
            stored = dtype.newbyteorder(">") if order == b"big" else dtype
            array = np.frombuffer(read(name), dtype=stored, count=count)  # once for each storage
            return Storage(dtype, lambda: array, count)

        return _Machine(storage).run(read(pickles[0]))


def _stream(content: bytes) -> Any:
    """Read the layout before PyTorch 1.6: five pickles one after the other, then the storages' bytes."""
    stream = io.BytesIO(content)
    arrays: dict[Any, np.ndarray] = {}
    remaining = len(content)

    def storage(dtype: Any, key: Any, count: int) -> Storage:
        nonlocal remaining
        if key not in arrays:
            remaining -= count * dtype.itemsize
            if remaining < 0:
                raise _Refused("storages larger than the file")
            arrays[key] = np.zeros(count, dtype)
        elif (arrays[key].dtype, len(arrays[key])) != (dtype, count):
            raise _Refused("a storage of two sizes")
        return Storage(dtype, lambda: arrays[key], count)

    if _Machine(storage).run(stream) != LEGACY_MAGIC:
        raise _Refused("not written by torch.save")
    for _ in range(2):  # version and description of the system
        _Machine(storage).run(stream)
    start = stream.tell()
    _Machine(storage).run(stream)  # says which storages follow, and of which types
    for key in _of_type(_Machine(storage).run(stream), list):
        count, size = len(arrays[key]), arrays[key].dtype.itemsize
        (stored,) = struct.unpack("<q", stream.read(8))
        data = stream.read(count * size)
        if stored != count or len(data) < count * size:
            raise _Refused("a storage is truncated")
        arrays[key] = np.frombuffer(data, arrays[key].dtype)
    stream.seek(start)
    return _Machine(storage).run(stream)


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> np.ndarray:
    """Lay a tensor over its storage; `torch._utils._rebuild_tensor_v2`."""
    if not isinstance(storage, Storage):
        raise _Refused("a tensor without storage")
    shape, strides = tuple(map(int, size)), tuple(map(int, stride))
    if len(shape) != len(strides) or min((*shape, *strides, offset), default=0) < 0:
        raise _Refused(f"a tensor of shape {shape}")
    if 0 not in shape:
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if last >= storage.count or math.prod(shape) > storage.count:
            raise _Refused(f"a tensor of shape {shape} on a storage of {storage.count}")
    else:
        return np.zeros(shape, storage.dtype)  # shapes that NumPy cannot hold raise
    array = storage.read()[offset:]
    steps = tuple(step * storage.dtype.itemsize for step in strides)
    laid = np.lib.stride_tricks.as_strided(array, shape, steps, writeable=False)
    return (laid.astype(np.uint32) << 16).view(np.float32) if storage.bfloat16 else laid


FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): lambda *pairs: _table(pairs[0] if pairs else ()),
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
    ("torch._utils", "_rebuild_parameter_with_state"): lambda data, *_: data,
    ("torch", "Size"): lambda *sizes: tuple(*sizes),
    ("torch", "device"): lambda *words: ":".join(str(word) for word in words if isinstance(word, str | int)),
}
"""What a pickle may call, and what is done instead."""
EXTRAS = {
    ("argparse", "Namespace"),
    ("_codecs", "encode"),
    *((module, name) for module in ("builtins", "__builtin__") for name in ("complex", "bytearray")),
    *(
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("scalar", "_reconstruct")
    ),
    ("numpy", "dtype"), ("numpy", "ndarray"),
    *(("datetime", name) for name in ("datetime", "date", "time", "timedelta", "timezone")),
    *(("pathlib", name) for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    *(("pathlib._local", name) for name in ("Path", "PosixPath", "WindowsPath")),
}  # fmt: skip
"""What training code keeps beside weights. It is read over: None stands for whatever these make."""
FUNCTIONS |= {(module, name): lambda *_: None for module, name in EXTRAS}
FUNCTIONS |= {
    ("collections", "defaultdict"): lambda *_: {},
    ("collections", "Counter"): lambda *pairs: _of_type(pairs[0], dict) if pairs else {},
    ("builtins", "set"): lambda *items: list(*items),
    ("builtins", "frozenset"): lambda *items: list(*items),
    ("__builtin__", "set"): lambda *items: list(*items),
    ("__builtin__", "frozenset"): lambda *items: list(*items),
}
TYPES = ("bool", "int", "float", "str", "list", "dict", "tuple")
NAMES = {
    *(("torch", name) for name in STORAGES),
    *(("torch", name) for name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "bool")),
    *((module, name) for module in ("builtins", "__builtin__") for name in TYPES),
}
"""What a pickle may name without calling it."""
MARK = object()


class _Machine:
    """Carries the opcodes of a state dict out, and no others.

    Arguments:
        storage: (type of entries, key, number of entries) -> the storage of that key.
    """

    def __init__(self, storage: Callable[[Any, Any, int], Storage]) -> None:
        self.storage = storage
        self.storages: dict[Any, Storage] = {}

    def run(self, pickle: bytes | io.BytesIO) -> Any:
        """Return what one pickle builds."""
        stack: list[Any] = []
        memo: dict[Any, Any] = {}
        argument: Any
        for opcode, argument, _ in pickletools.genops(pickle):
            name = opcode.name
            if name == "STOP":
                return stack.pop()
            if name in ("PROTO", "FRAME"):
                continue
            if name in CONSTANTS:
                stack.append(CONSTANTS[name]())
            elif name in LITERALS:
                stack.append(argument)
            elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
                memo[argument] = stack[-1]
            elif name == "MEMOIZE":
                memo[len(memo)] = stack[-1]
            elif name in ("BINGET", "LONG_BINGET", "GET"):
                stack.append(memo[argument])
            elif name == "MARK":
                stack.append(MARK)
            elif name == "TUPLE":
                stack.append(tuple(_marked(stack)))
            elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
                count = int(name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            elif name in ("APPEND", "APPENDS"):
                items = [stack.pop()] if name == "APPEND" else _marked(stack)
                _of_type(stack[-1], list).extend(items)
            elif name in ("SETITEM", "SETITEMS"):
                items = [stack.pop(-2), stack.pop()] if name == "SETITEM" else _marked(stack)
                _of_type(stack[-1], dict).update(_table(zip(items[::2], items[1::2], strict=True)))
            elif name == "GLOBAL":
                stack.append(_named(*argument.split(" ", 1)))
            elif name == "STACK_GLOBAL":
                word = stack.pop()
                stack.append(_named(stack.pop(), word))
            elif name == "REDUCE":
                arguments = _of_type(stack.pop(), tuple)
                function = stack.pop()
                if not isinstance(function, PickledName) or function not in FUNCTIONS:
                    known = isinstance(function, PickledName)
                    raise _Refused(f"a call of {function if known else type(function).__name__}")
                stack.append(FUNCTIONS[function](*arguments))
            elif name == "BUILD":
                stack.pop()  # attributes of a state dict, such as versions; they hold no weights
                if stack[-1] is not None:
                    _of_type(stack[-1], dict)
            elif name == "NEWOBJ":
                _of_type(stack.pop(), tuple)
                if stack[-1] not in EXTRAS:
                    raise _Refused(f"an object of type {shorten(str(stack[-1]))}")
                stack[-1] = None
            elif name == "BINPERSID":
                stack.append(self._stored(stack.pop()))
            else:
                raise _Refused(f"the opcode {name}")
        raise _Refused("a pickle without end")

    def _stored(self, identity: Any) -> Storage:
        """Return the storage that a persistent id means: ("storage", type, key, place, count)."""
        if not (isinstance(identity, tuple) and len(identity) in (5, 6) and identity[0] == "storage"):
            raise _Refused("an object outside the pickle")
        kind, key, count = identity[1], identity[2], identity[4]
        if len(identity) == 6 and identity[5] is not None:
            raise _Refused("a view of a storage")
        if not (isinstance(kind, PickledName) and isinstance(count, int) and count >= 0):
            raise _Refused("a storage of unknown type")
        dtype = STORAGES[kind.name]
        if not isinstance(key, str | int):
            raise _Refused("a storage of unknown name")
        if key not in self.storages:
            self.storages[key] = replace(
                self.storage(dtype, key, count), bfloat16=kind.name == "BFloat16Storage"
            )
        if self.storages[key].dtype != dtype:
            raise _Refused("a storage of two types")
        return self.storages[key]


CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
NUMBERS = ("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT")
STRINGS = (
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "UNICODE",
    "BINSTRING",
    "SHORT_BINSTRING",
    "STRING",
)
LITERALS = frozenset((*NUMBERS, *STRINGS))


def _named(module: Any, name: Any) -> PickledName:
    """Return a name that the pickle may use."""
    if not (isinstance(module, str) and isinstance(name, str)):
        raise _Refused("a name that is no text")
    function = PickledName(module, name)
    if function not in FUNCTIONS and function not in NAMES:
        raise _Refused(f"it names {shorten(str(function))}, which is no part of a state dict")
    return function


def _marked(stack: list[Any]) -> list[Any]:
    """Pop what lies above the last mark, and the mark."""
    place = next(i for i in range(len(stack) - 1, -1, -1) if stack[i] is MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return items


def _table(pairs: Iterable[Any]) -> dict[Any, Any]:
    """Return a dict; keys of other types are refused, for hashing nested ones need not end."""
    table = {}
    for key, value in pairs:
        if not isinstance(key, str | int | float | None):
            raise _Refused(f"a dict with keys of type {type(key).__name__}")
        table[key] = value
    return table


def _of_type(value: Any, kind: type) -> Any:
    """Return a value that must be of a type."""
    if type(value) is not kind:
        raise _Refused(f"a {type(value).__name__} where a {kind.__name__} belongs")
    return value
