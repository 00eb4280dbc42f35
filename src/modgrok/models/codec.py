"""Networks as named arrays and plain values, and back: the one codec of all kinds of networks.

Owns: how a record's fields are named. An array field is an array of that name; a field that holds records
is a prefix (`blocks.0.query`); a kernel is its name and its numbers; anything else is JSON. Fields that are
None are left out. Fields that were renamed keep their names in files (`STORED_NAMES`).
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, get_args, get_type_hints

import equinox as eqx
import jax
import numpy as np

from .kernels import KERNELS, Kernel
from .networks import NETWORKS, network_type
from .on_device import on_device

Arrays = dict[str, np.ndarray]
Form = dict[str, Any]
STORED_NAMES = {"feature_matrix": "metric"}
"""Names that fields renamed since 0.1.0 keep in files, so that all versions read each other's files."""


def stored_name(field: str) -> str:
    """Return the name of a field in files.

    Example:
        >>> stored_name("feature_matrix"), stored_name("alphas")
        ('metric', 'alphas')
    """
    return STORED_NAMES.get(field, field)


def pack(network: eqx.Module, prefix: str = "") -> tuple[Arrays, Form]:
    """Take a network apart.

    Arguments:
        network: of a kind in `NETWORKS`.
        prefix: put before the names of its arrays.

    Returns:
        (arrays by name, what rebuilds the network from them, as JSON has it).

    Raises:
        InputError: the network, or its kernel, is in no list.

    Example:
        >>> import jax.numpy as jnp
        >>> from modgrok.models import MLP
        >>> arrays, form = pack(MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3))))
        >>> sorted(arrays), form["kind"], form["activation"]
        (['embedding', 'readout'], 'mlp', 'power2')
    """
    arrays, form = _pack_fields(network, prefix)
    return arrays, {"kind": network_type(network).name, **form}


def unpack(arrays: Arrays, form: Form, prefix: str = "") -> Any:
    """Rebuild a network; the inverse of `pack`.

    Raises:
        InputError: it is of an unknown kind.
        KeyError, TypeError, ValueError: arrays or values are missing, or of another type.
    """
    entry = NETWORKS.named(str(form["kind"]))
    with jax.enable_x64(entry.double_precision):
        return _unpack_fields(entry.type, arrays, form, prefix)


def _pack_fields(record: eqx.Module, prefix: str) -> tuple[Arrays, Form]:
    arrays: Arrays = {}
    form: Form = {}
    for field in fields(record):
        name, value = stored_name(field.name), getattr(record, field.name)
        if value is None:
            continue
        if isinstance(value, Kernel):
            form |= {"kernel": _kernel_name(value), "parameters": _numbers(value)}
        elif eqx.is_array(value) or isinstance(value, np.ndarray):
            arrays[prefix + name] = np.asarray(value)
        elif isinstance(value, eqx.Module):
            inner, part = _pack_record(value, f"{prefix}{name}.")
            arrays |= inner
            form |= {name: part} if part else {}
        elif isinstance(value, tuple) and any(isinstance(item, eqx.Module) for item in value):
            items = [_pack_record(item, f"{prefix}{name}.{i}.") for i, item in enumerate(value)]
            for inner, _ in items:
                arrays |= inner
            parts = [part for _, part in items]
            form[name] = parts if any(parts) else len(parts)
        else:
            form[name] = value
    return arrays, form


def _pack_record(record: eqx.Module, prefix: str) -> tuple[Arrays, Form]:
    known = any(type(record) is entry.type for entry in NETWORKS)
    return pack(record, prefix) if known else _pack_fields(record, prefix)


def _unpack_fields(kind: type[eqx.Module], arrays: Arrays, form: Form, prefix: str) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        name = field.name
        array = next(
            (known for known in (prefix + stored_name(name), prefix + name) if known in arrays), None
        )
        inner = _record_type(hints[name])
        if inner is not None and issubclass(inner, Kernel):
            values[name] = KERNELS.named(str(form["kernel"])).type(**form["parameters"])
        elif array is not None:
            values[name] = on_device(arrays[array])
        elif isinstance(form.get(name), list) and inner is not None:
            parts = enumerate(form[name])
            values[name] = tuple(
                _unpack_record(inner, arrays, part, f"{prefix}{name}.{i}.") for i, part in parts
            )
        elif inner is not None and isinstance(form.get(name), int):
            if not 0 <= form[name] <= len(arrays):
                raise ValueError(f"{name}: {form[name]} records of {len(arrays)} arrays")
            places = [f"{prefix}{name}.{i}." for i in range(form[name])]
            values[name] = tuple(_unpack_record(inner, arrays, {}, place) for place in places)
        elif inner is not None and (
            name in form or any(key.startswith(f"{prefix}{name}.") for key in arrays)
        ):
            values[name] = _unpack_record(inner, arrays, form.get(name, {}), f"{prefix}{name}.")
        elif name in form:
            value = form[name]
            values[name] = tuple(value) if isinstance(value, list) else value
        elif _optional(hints[name]):
            values[name] = None
        elif field.default is MISSING and field.default_factory is MISSING:
            raise KeyError(prefix + name)
    return kind(**values)


def _unpack_record(kind: type[eqx.Module], arrays: Arrays, form: Form, prefix: str) -> Any:
    return unpack(arrays, form, prefix) if "kind" in form else _unpack_fields(kind, arrays, form, prefix)


def _record_type(hint: Any) -> type[eqx.Module] | None:
    """Return the record that a field holds, or holds several of; None if it holds arrays or plain values."""
    for part in (hint, *get_args(hint)):
        if isinstance(part, type) and issubclass(part, eqx.Module):
            return part
    return None


def _optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _kernel_name(kernel: Kernel) -> str:
    for entry in KERNELS:
        if type(kernel) is entry.type:
            return entry.name
    return KERNELS.named(type(kernel).__name__).name  # raises: the kernel is in no list


def _numbers(kernel: Kernel) -> Form:
    """Return a kernel's fields as JSON keeps them."""
    values = {field.name: getattr(kernel, field.name) for field in fields(kernel)}
    return {name: value.item() if hasattr(value, "item") else value for name, value in values.items()}
