"""What a weight is for, by its name: the names that PyTorch code, TransformerLens and JAX code use.

Owns: the patterns. A role is TransformerLens's name of a weight without its place, such as `W_Q`; those of a
layer begin with `blocks.L.`, those of one head of it with `blocks.L.head.H.`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

ATTENTION = re.compile(
    r"attn|attention|\bmha\b|in_proj_(weight|bias)|(^|[._])w_?[qkv](\.|$)|[qkv]_proj|\bqkv\b|(^|[._])(query|key|value)s?(\.|$)"
)
"""Names of parts of attention."""
BARE_OUTPUT = re.compile(r"(^|[._])w_?o(\.|$)")
"""Name of the output of attention beside those; alone it may as well be the last layer of an MLP."""
LAYER = re.compile(
    r"^(?P<at>(?:.*?\.)?(?:blocks|layers|layer|h|resblocks|encoder_layers|decoder_layers|transformer_blocks))"
    r"\.(?P<number>\d+)\.(?P<rest>.+)$"
)
HEAD = re.compile(r"(?:^|\.)(?:attn_|attention_)?heads\.(?P<head>\d+)\.(?P<rest>.+)$")
END = r"(?:\.(?:weight|bias|kernel))?$"
FUSED = re.compile(r"in_proj_(weight|bias)$|(^|[._])(c_attn|qkv|to_qkv|w_qkv|qkv_proj|wqkv)" + END)
PROJECTION = re.compile(
    r"(?:^|[._])(?:(?:[wb]_?|to_|fc_|lin_|linear_|proj_)?(?P<letter>[qkvo])(?:_?(?:proj|linear|lin|fc))?s?"
    r"|(?P<word>query|key|value|queries|keys|values)(?:_?(?:proj|projection|linear|layer))?)" + END
)
OUTPUT = re.compile(
    r"(?:^|[._])(?:out_proj|to_out(?:\.0)?|c_proj|proj|projection|output|out|dense|fc|linear|unify_?heads)"
    + END
)
NORM = re.compile(
    r"(?:^|[._])(?:ln|norm|layernorm|layer_norm)|(?:norm|ln|layernorm)(?:_?\d|_f|_final)?\.(?:w|b|weight|bias|scale|shift)$"
)
FIRST_NORM = re.compile(
    r"(?:ln|norm|layernorm|layer_norm)_?1(?:\.|$)|(?:attn|attention)_?(?:ln|norm|layer_?norm)|(?:ln|norm)_?(?:attn|attention)"
    r"|input_layernorm"
)
SECOND_NORM = re.compile(
    r"(?:ln|norm|layernorm|layer_norm)_?2(?:\.|$)|(?:ffn|mlp|ff|feed_forward)_?(?:ln|norm|layer_?norm)"
    r"|(?:ln|norm)_?(?:ffn|mlp|ff)|post_attention_layernorm"
)
FIRST_MAP = re.compile(
    r"(?:^|[._])(?:[wb]_?in|c_fc|fc_?1|fc_in|linear_?1|lin_?1|up(?:_proj)?|in|[wb]_?1|l1|dense_?1)" + END
)
SECOND_MAP = re.compile(
    r"(?:^|[._])(?:[wb]_?out|c_proj|fc_?2|fc_out|linear_?2|lin_?2|down(?:_proj)?|out|proj|[wb]_?2|l2|dense_?2)"
    + END
)
UNEMBED = re.compile(
    r"un_?emb|u[mn]bed|(^|[._])[wb]_?u(\.|$)|lm_head|(^|[._])(head|readout|classifier|decoder|logits|output|out|fc_?out)"
    + END
)
POSITION = re.compile(r"pos|wpe")
EMBED = re.compile(r"emb|wte|tok|(^|[._])w_?e(\.|$)")


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return what sorts names with their numbers as numbers.

    Example:
        >>> sorted(["l10", "l9"], key=natural)
        ['l9', 'l10']
    """
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name) if part]


def shared_prefix(names: Iterable[str]) -> str:
    """Return the dotted beginning that all names share, such as `module.`.

    Example:
        >>> shared_prefix(["module.embed.weight", "module.out.weight"]), shared_prefix(["a.b", "c"])
        ('module.', '')
    """
    keys = list(names)
    places = [name.split(".")[:-1] for name in keys] if len(keys) > 1 else []
    shared = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*places, strict=False))
    return "".join(f"{parts[0]}." for parts in shared)


def is_bias(name: str) -> bool:
    """Say whether a name is that of a bias.

    Example:
        >>> [is_bias(name) for name in ("l1.bias", "b_in", "attn.b_Q", "blocks.0.attn.W_Q")]
        [True, True, True, False]
    """
    last = name.rpartition(".")[2].lower()
    return last.endswith("bias") or re.fullmatch(r"b_?[a-z0-9]*", last) is not None


def kind_of(name: str) -> str:
    """Return how a matrix of that name lies: `torch` (out, in), `flax` (in, out), or `bare`, unknown."""
    last = name.rpartition(".")[2]
    if last.endswith("weight"):
        return "torch"
    return "flax" if last == "kernel" else "bare"


def has_attention(names: Iterable[str]) -> bool:
    """Say whether the names are a transformer's."""
    return any(ATTENTION.search(name.lower()) for name in names)


def transformer_roles(names: Iterable[str], rank: dict[str, int]) -> tuple[dict[str, str], list[str]]:
    """Say what each weight of a transformer is for.

    Arguments:
        names: without the prefix that all share.
        rank: number of axes of each.

    Returns:
        (name of each role, names without one). A name whose role is taken has none.

    Example:
        >>> inner = ["blocks.0.attn.W_Q", "blocks.0.mlp.0.weight", "blocks.0.mlp.2.weight"]
        >>> names = ["tok.weight", *inner, "head.weight"]
        >>> transformer_roles(names, dict.fromkeys(names, 2))[0]["blocks.0.W_in"]
        'blocks.0.mlp.0.weight'
    """
    layers: dict[tuple[str, int], dict[str, str]] = {}
    outside = []
    for name in names:
        match = LAYER.match(name.lower())
        if match:
            at = (match["at"], int(match["number"]))
            layers.setdefault(at, {})[name] = match["rest"]
        else:
            outside.append(name)
    blocks = {at: parts for at, parts in layers.items() if has_attention(parts.values())}
    outside += [name for at, parts in layers.items() if at not in blocks for name in parts]
    if not blocks:
        inner = {name: name.lower() for name in outside if _in_block(name.lower())}
        blocks = {("", 0): inner}
        outside = [name for name in outside if name not in inner]
    roles: dict[str, str] = {}
    unknown: list[str] = []
    for number, at in enumerate(sorted(blocks)):
        block_roles, left = _block_roles(blocks[at], rank)
        roles |= {f"blocks.{number}.{role}": name for role, name in block_roles.items()}
        unknown += left
    block_roles, left = _outer_roles(outside, rank)
    return {**block_roles, **roles}, [*unknown, *left]


def _in_block(name: str) -> bool:
    """Say whether a name outside numbered layers is of the only layer."""
    if ATTENTION.search(name) or BARE_OUTPUT.search(name):
        return True
    if NORM.search(name):
        return bool(FIRST_NORM.search(name) or SECOND_NORM.search(name))
    return bool(re.search(r"mlp|ffn|feed_?forward|(^|\.)ff\.|[wb]_in|[wb]_out|linear[12]", name))


def _block_roles(parts: dict[str, str], rank: dict[str, int]) -> tuple[dict[str, str], list[str]]:
    roles: dict[str, str] = {}
    rest: list[str] = []
    for name, short in parts.items():
        role = _attention_role(short) or _norm_role(short)
        if role is None or role in roles:
            rest.append(name)
        else:
            roles[role] = name
    matrices = sorted((name for name in rest if rank[name] == 2), key=natural)
    unknown = []
    for name in matrices:
        short = parts[name]
        named = "W_in" if FIRST_MAP.search(short) else "W_out" if SECOND_MAP.search(short) else None
        if named is None and len(matrices) == 2:
            named = ("W_in", "W_out")[matrices.index(name)]
        if named is None or named in roles:
            unknown.append(name)
        else:
            roles[named] = name
    for name in rest:
        if rank[name] == 2:
            continue
        owner = next(
            (role for role in ("W_in", "W_out") if role in roles and stem(roles[role]) == stem(name)), None
        )
        role = None if owner is None or not is_bias(name) else owner.replace("W", "b")
        if role is None or role in roles:
            unknown.append(name)
        else:
            roles[role] = name
    return roles, unknown


def _attention_role(short: str) -> str | None:
    letter = "b" if is_bias(short) else "W"
    head = HEAD.search(short)
    if head is not None:
        match = PROJECTION.search(head["rest"])
        return (
            None
            if match is None or match["letter"] == "o"
            else f"head.{int(head['head'])}.{letter}_{_letter(match)}"
        )
    if FUSED.search(short):
        return f"{letter}_QKV"
    inside = (ATTENTION.search(short) or BARE_OUTPUT.search(short)) is not None and not NORM.search(short)
    match = PROJECTION.search(short)
    if match is not None and inside:
        return f"{letter}_{_letter(match)}"
    return f"{letter}_O" if inside and OUTPUT.search(short) else None


def _letter(match: re.Match[str]) -> str:
    return (match["letter"] or match["word"][0]).upper()


def _norm_role(short: str) -> str | None:
    if not NORM.search(short):
        return None
    part = "b" if is_bias(short) or short.endswith(".shift") else "w"
    if FIRST_NORM.search(short):
        return f"ln1.{part}"
    return f"ln2.{part}" if SECOND_NORM.search(short) else None


def _outer_roles(names: list[str], rank: dict[str, int]) -> tuple[dict[str, str], list[str]]:
    roles: dict[str, str] = {}
    rest: list[str] = []
    for name in names:
        short = name.lower()
        if NORM.search(short) and rank[name] == 1:
            role = f"ln_final.{'b' if is_bias(short) else 'w'}"
        elif UNEMBED.search(short) and rank[name] <= 2:
            role = "b_U" if rank[name] == 1 else "W_U"
        elif POSITION.search(short) and rank[name] >= 2:
            role = "W_pos"
        elif EMBED.search(short) and rank[name] == 2:
            role = "W_E"
        else:
            role = ""
        if not role or role in roles:
            rest.append(name)
        else:
            roles[role] = name
    matrices = [name for name in rest if rank[name] == 2]
    if "W_U" not in roles and len(matrices) == 1:
        roles["W_U"] = matrices[0]
        rest.remove(matrices[0])
    for name in list(rest):
        owner = roles.get("W_U")
        if rank[name] == 1 and "b_U" not in roles and owner is not None and stem(owner) == stem(name):
            roles["b_U"] = name
            rest.remove(name)
    return roles, rest


def stem(name: str) -> str:
    """Return what a weight and its bias have in common: `fc1` of `fc1.weight`, `mlp._in` of `mlp.b_in`."""
    at, _, last = name.rpartition(".")
    rest = re.sub(r"^(?:weight|bias|kernel|[wb])(?=_|\d|$)", "", last, flags=re.IGNORECASE)
    rest = re.sub(r"_?(?:weight|bias)$", "", rest)
    return f"{at}.{rest.strip('_').lower()}".strip(".")
