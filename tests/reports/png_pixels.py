"""A plain PNG encoder and decoder of 8-bit pixels with transparency, after the specification's section 9."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    paeth = min((left, above, corner), key=lambda value: abs(guess - value))
    return (0, left, above, (left + above) // 2, paeth)[kind]


def encoded(pixels: np.ndarray, kind: int) -> bytes:
    """Write pixels of shape (rows, columns, 4) with one filter for all lines."""
    rows, columns, _ = pixels.shape
    padded = np.pad(pixels.astype(int), ((1, 0), (1, 0), (0, 0)))
    lines = bytearray()
    for y in range(1, rows + 1):
        lines.append(kind)
        for x in range(1, columns + 1):
            for c in range(4):
                near = padded[y, x - 1, c], padded[y - 1, x, c], padded[y - 1, x - 1, c]
                lines.append((padded[y, x, c] - _predicted(kind, *map(int, near))) % 256)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(lines))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def decoded(png: bytes) -> np.ndarray:
    """Read pixels of shape (rows, columns, 4), checking the sum of each chunk."""
    at, data, rows, columns = 8, b"", 0, 0
    while at < len(png):
        size = struct.unpack(">I", png[at : at + 4])[0]
        name, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + content)
        if name == b"IHDR":
            columns, rows = struct.unpack(">II", content[:8])
            assert content[8:] == bytes([8, 6, 0, 0, 0])
        data += content if name == b"IDAT" else b""
        at += 12 + size
    lines, above = zlib.decompress(data), bytearray(4 * columns)
    assert len(lines) == rows * (4 * columns + 1)
    pixels = []
    for y in range(rows):
        start = y * (4 * columns + 1)
        kind, line = lines[start], bytearray(lines[start + 1 : start + 1 + 4 * columns])
        for i, value in enumerate(line):
            left, corner = (line[i - 4], above[i - 4]) if i >= 4 else (0, 0)
            line[i] = (value + _predicted(kind, left, above[i], corner)) % 256
        pixels.append(line)
        above = line
    return np.frombuffer(b"".join(pixels), np.uint8).reshape(rows, columns, 4)
