"""Draws what the shop asks for: `python -m services.charts.painter_process SECONDS`. It ends with the shop, or when no
chart was wanted for so long. Requests are pickled charts, which the shop itself wrote."""

import os
import pickle
import sys
import threading
from typing import BinaryIO

from services.charts.drawing import draw
from services.charts.painter import LENGTH
from services.charts.specs import Bar, Bars
from services.children import end_with_reader


def main() -> None:
    end_with_reader()
    draw(Bars(title="0", bars=(Bar(label="0", share=0.5, text="0"),)))  # fonts are read by the first
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := _next(requests)) is not None:
        try:
            drawn, answer = True, draw(pickle.loads(request))  # noqa: S301 - as above
        except Exception as error:  # noqa: BLE001 - whatever it is, one chart fails and the next may not
            drawn, answer = False, f"{type(error).__name__}: {error}".encode()
        answers.write(LENGTH.pack(drawn, len(answer)) + answer)
        answers.flush()


def _next(requests: BinaryIO) -> bytes | None:
    """None where the shop has gone."""
    patience = threading.Timer(float(sys.argv[1]), os._exit, (0,))
    patience.daemon = True
    patience.start()
    head = requests.read(LENGTH.size)
    patience.cancel()
    if len(head) < LENGTH.size:
        return None
    request = requests.read(LENGTH.unpack(head)[1])
    return request if len(request) == LENGTH.unpack(head)[1] else None


if __name__ == "__main__":
    main()
