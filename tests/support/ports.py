"""Ports that nobody listens on."""

import random
import socket
from contextlib import suppress
from typing import Final

LOW, HIGH = 15_000, 32_000
_chance: Final = random.SystemRandom()  # each process its own, whatever a test seeds


def free_port() -> int:
    """Below those that systems give to who calls: one of those may be taken by anybody's call before a server that
    starts slowly has it."""
    while True:
        port = _chance.randrange(LOW, HIGH)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
