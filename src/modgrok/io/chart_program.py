"""The program of the process that draws charts: a specification on each line, its SVG as JSON on each answer.

Owns: nothing but the loop. It is run as a file, so that nothing else of the package is imported; a
specification that Vega refuses ends it, and the process that asked draws it again and says why.
"""

from __future__ import annotations

import json
import sys
from typing import BinaryIO

import vl_convert

EMPTY = {"data": {"values": []}, "mark": "point"}


def main(version: str, requests: BinaryIO, pictures: BinaryIO) -> None:
    """Answer each request until there are no more.

    Arguments:
        version: of Vega-Lite.
        requests: a specification as JSON on each line.
        pictures: a JSON string on each line, the SVG document of the same request.
    """
    vl_convert.vegalite_to_svg(EMPTY, vl_version=version)  # loads Vega before the first request
    for line in requests:
        pictures.write(json.dumps(vl_convert.vegalite_to_svg(json.loads(line), vl_version=version)).encode())
        pictures.write(b"\n")
        pictures.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
