"""The program of the process that draws charts: a specification on each line, its SVG as JSON on each answer.

Owns: nothing but the loop. It is run as a file, so that nothing else of the package is imported; a
specification that Vega refuses ends it, and the process that asked draws it again and says why.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable

import vl_convert

EMPTY = {"data": {"values": []}, "mark": "point"}


def main(version: str, requests: Iterable[bytes], send: Callable[[bytes], object]) -> None:
    """Answer each request until there are no more.

    Arguments:
        version: of Vega-Lite.
        requests: a specification as JSON on each line.
        send: takes a JSON string on a line, the SVG document of the same request.
    """
    vl_convert.vegalite_to_svg(EMPTY, vl_version=version)  # loads Vega before the first request
    for line in requests:
        picture = vl_convert.vegalite_to_svg(json.loads(line), vl_version=version)
        send(json.dumps(picture).encode() + b"\n")


def write(line: bytes) -> None:
    """Write to stdout at once."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.buffer, write)
