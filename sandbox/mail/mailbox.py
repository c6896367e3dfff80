"""All letters of one bot's world, and the set of these mailboxes."""

from collections import deque

from sandbox.clock import Clock, Signal
from sandbox.faults import Faults
from sandbox.mail.faults import MailFault
from sandbox.mail.letters import Letter, read_letter

KEPT_LETTERS = 500
KEPT_BYTES = 50 * 1024 * 1024


class Mailbox:
    """The newest letters, to whomever they are."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults = Faults[MailFault]()
        self.arrived = Signal()
        self.letters: deque[Letter] = deque()
        self.last_n = 0
        self._bytes = 0

    def put(self, raw: bytes, *, sender: str, to: tuple[str, ...], login: str | None) -> Letter:
        self.last_n += 1
        letter = read_letter(raw, n=self.last_n, at=self.clock.now(), sender=sender, to=to, login=login)
        self.letters.append(letter)
        self._bytes += len(raw)
        while len(self.letters) > KEPT_LETTERS or self._bytes > KEPT_BYTES:
            self._bytes -= len(self.letters.popleft().raw)
        self.arrived.notify()
        return letter

    def get(self, n: int) -> Letter | None:
        return next((each for each in self.letters if each.n == n), None)

    def newest(self, *, after: int = 0, to: str | None = None) -> list[Letter]:
        """Newest first."""
        wanted = to.lower() if to is not None else None
        return [
            each
            for each in reversed(self.letters)
            if each.n > after and (wanted is None or wanted in map(str.lower, each.to))
        ]

    def clear(self) -> None:
        self.letters.clear()
        self._bytes = 0


class Mailboxes:
    """By bot: who signs in as one has its world's. Anybody else's letters go to the world of the page."""

    def __init__(self, clock: Clock, default_bot: int) -> None:
        self._clock = clock
        self._default = default_bot
        self._by_bot: dict[int, Mailbox] = {}

    def of(self, bot_id: int) -> Mailbox:
        if bot_id not in self._by_bot:
            self._by_bot[bot_id] = Mailbox(self._clock)
        return self._by_bot[bot_id]

    def of_login(self, login: str | None) -> Mailbox:
        known = login is not None and login.isascii() and login.isdigit() and int(login) in self._by_bot
        return self._by_bot[int(login)] if known and login is not None else self.of(self._default)

    def remove(self, bot_id: int) -> None:
        self._by_bot.pop(bot_id, None)

    def close(self) -> None:
        for box in self._by_bot.values():
            box.arrived.notify()
