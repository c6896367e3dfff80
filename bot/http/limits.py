"""How many connections the HTTP port holds, whose, and for how long."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network

import structlog

from web.kit.forwarded import Address
from web.kit.senders import Network, is_in

log = structlog.get_logger()

TELL_SECONDS = 60.0
SPARE = "spare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds that a connection may take, and how many there may be. All of them together leave room among the 1,024
    files that most systems let a process open."""

    head: float = 10.0  # until a request's head has come, from the connection or from its first byte
    body: float = 30.0  # until more of a body comes that is asked for
    leftover: float = 5.0  # a body that nobody asked for, once the answer is given
    answer: float = 30.0  # until a reader takes some of the answer
    closing: float = 5.0  # until the last bytes are taken
    idle: int = 75  # between two requests: longer than a proxy keeps a connection, which must not find it closed
    near: int = 500  # connections from this machine and from trusted proxies
    far: int = 200  # all others together
    per_address: int = 64  # of the others; Telegram opens up to 40
    spare: int = 16  # more from this machine, for /healthz alone


class ConnectionSlots:
    """Counts who is in. `trusted` and this machine are near: strangers cannot take their places."""

    def __init__(self, limits: Limits, trusted: Sequence[Network]) -> None:
        self._limits = limits
        self._trusted = trusted
        self._open: Counter[Hashable] = Counter()

    def enter(self, address: Address | None) -> tuple[Hashable, ...]:
        """What to give back to `leave`; nothing where there is no place. `SPARE`: this machine, which may still ask for
        /healthz; those are not counted here."""
        places = self._places(address)
        if any(self._open[place] >= limit for place, limit in places.items()):
            return (SPARE,) if address is not None and address.is_loopback else ()
        self._open.update(places.keys())
        return tuple(places)

    def leave(self, places: Sequence[Hashable]) -> None:
        for place in places:
            self._open[place] -= 1
            if self._open[place] <= 0:
                del self._open[place]

    def _places(self, address: Address | None) -> dict[Hashable, int]:
        if address is not None and (address.is_loopback or is_in(address, self._trusted)):
            return {"near": self._limits.near}
        return {"far": self._limits.far, _household(address): self._limits.per_address}


def _household(address: Address | None) -> Hashable:
    """Whoever has one IPv6 address has the 64 bits after it too."""
    return ip_network((address, 64), strict=False) if isinstance(address, IPv6Address) else address


class RefusalLog:
    """What was turned away, told at most once a minute: a flood of callers must not be a flood of lines."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._peer: str | None = None
        self._told: float | None = None

    def add(self, reason: str, peer: str | None) -> None:
        self._counts[reason] += 1
        self._peer = peer

    def tell(self, now: float) -> None:
        if self._counts and (self._told is None or now - self._told >= TELL_SECONDS):
            log.warning("http_turned_away", last_peer=self._peer, **self._counts)
            self._counts.clear()
            self._told = now
