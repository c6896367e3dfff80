"""A process that has one stranger's model and runs it: `python -m services.inference.runtimes.isolated.process FILE
SHA256 MEGABYTES IDLE FD`.

`FILE` is the model's and `SHA256` its own, `MEGABYTES` of memory it may take beyond the program, `IDLE` seconds it
waits for a request before it ends, `FD` is the shared memory (-1: none). The network and all other files are given up
before it is opened. The first message tells what the graph takes and gives; then each request {"outputs", "seconds"}
with tensors is answered with tensors, or with {"error": …, "problem": …}. It ends with the shop, which may kill it at
any moment.
"""

import os
import select
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from services.inference.runtimes.isolated.confinement import bound_memory, bound_processor, leave_files, leave_network

OPENING: Final = 60.0  # seconds of the processor's time that opening a model may take


def main() -> None:
    file, sha256, megabytes, idle, descriptor = sys.argv[1:]
    without_network = leave_network()  # before a library starts threads
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints garbles no answer
    from services.inference.runtimes.isolated.channel import SharedMemory, TensorChannel
    from services.inference.runtimes.isolated.session import answer, describe, open_model

    bound_memory(int(megabytes))
    bound_processor(OPENING)
    without_files = leave_files(readable=[Path(file)])  # all that is imported is there by now
    channel = TensorChannel(0, answers, None if descriptor == "-1" else SharedMemory(int(descriptor)))
    session = open_model(Path(file), sha256)
    channel.send(describe(session) | {"network": not without_network, "files": not without_files}, {})
    while select.select([0], [], [], float(idle))[0]:
        try:
            request, feeds = channel.receive()
        except EOFError:  # the shop has gone
            return
        bound_processor(request["seconds"])
        channel.send(*answer(session, request["outputs"], feeds))


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the shop has gone
        main()
