"""Sends the letters of the outbox one after the other, until each has arrived or nobody is there to read it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from prometheus_client import Counter

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind, OutboxStatus
from i18n.translator import Catalogues, Translator
from mail.client import MailClient
from mail.messages import Envelope, Words, compose
from mail.refusals import LetterPostponed, LetterRefused, MailAway
from mail.server import MailSender
from services.clock import Clock
from services.files.store import StoreAway
from services.notifications.kinds.letters import LinkLetter
from services.notifications.letter import Letter
from services.notifications.letters import Letters

log = structlog.get_logger()

OK: Final = "ok"
POLL_SECONDS: Final = 1.0
OWN_PAUSE: Final = timedelta(seconds=5)  # for parts of ours that are away
FIRST_PAUSE: Final = 5.0  # seconds, for a mail server that is away
MAX_PAUSE: Final = 300.0
LOGIN_PAUSE: Final = 300.0  # a server that is shown a wrong password again and again locks the mailbox
BUG_ATTEMPTS: Final = 3  # of a letter that cannot be presented

Present = Callable[[Letter, Translator], Awaitable[Words | None]]  # None: there is nothing to tell by mail
Settle = Callable[[], Awaitable[OutboxStatus]]  # writes down what became of a letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """From whom letters come, and `site`, the address that the shop has in the world."""

    sender: MailSender
    site: str


class LetterDelivery:
    """`presenters`: who words each kind of message. While the mail server is away one letter is tried after each
    pause, which grow. `state`: `ok`, or what is wrong."""

    def __init__(
        self,
        letters: Letters,
        client: MailClient,
        post: Post,
        catalogues: Catalogues,
        presenters: Mapping[str, Present],
        *,
        clock: Clock,
    ) -> None:
        self.came_round: float | None = None  # loop time of the latest look at what is due
        self.state = OK
        self._letters, self._client, self._post = letters, client, post
        self._catalogues, self._presenters, self._clock = catalogues, presenters, clock
        self._wake = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._pause, self._until = 0.0, 0.0  # seconds; loop time
        self.outcomes = Counter("kassandra_mails", "Letters by what became of them", ["outcome"], registry=None)
        for status in (OutboxStatus.SENT, OutboxStatus.SKIPPED, OutboxStatus.FAILED):
            self.outcomes.labels(outcome=status.value)

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self.came_round = self._now()
                self._wake.clear()
                if not await self.send_next():
                    await self._sleep()
        finally:
            await self._client.close()

    async def send_next(self) -> bool:
        """Whether there was a letter, and there may be more."""
        if self._now() < self._until:
            return False
        try:
            letter = await self._letters.claim()
        except DatabaseUnavailable as error:
            log.warning("letters_wait_for_database", error=str(error))
            return False
        if letter is None:
            await self._client.rest()
            return False
        await self._record(letter, await self._try(letter))
        return True

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _record(self, letter: Letter, settle: Settle) -> None:
        """What was sent and not written down would be sent again: it is worth some patience, as long as the claim."""
        while True:
            try:
                outcome = await settle()
            except DatabaseUnavailable as error:
                log.warning("letter_waits_for_database", letter_id=letter.id, error=str(error))
                if self._clock() >= letter.lease:
                    return
                await asyncio.sleep(POLL_SECONDS)
                continue
            if outcome is not OutboxStatus.PENDING:
                self.outcomes.labels(outcome=outcome.value).inc()
            return

    async def _try(self, letter: Letter) -> Settle:
        if reason := self._needless(letter):
            return partial(self._letters.skip, letter, reason)
        try:
            await self._client.connect()  # first: a link's token is made for a letter that is about to go
            words = await self._words(letter)
        except MailAway as error:
            return self._away(letter, error)
        except (DatabaseUnavailable, OSError, StoreAway) as error:
            log.warning("letter_waits_for_part", letter_id=letter.id, kind=letter.kind, error=str(error))
            return partial(self._letters.put_back, letter, str(error), after=OWN_PAUSE)
        except Exception as error:  # a letter that cannot be presented must not stop the others
            log.exception("letter_not_presented", letter_id=letter.id, kind=letter.kind)
            reason = f"{type(error).__name__}: {error}"
            end = self._letters.fail if letter.attempts >= BUG_ATTEMPTS else self._letters.retry
            return partial(end, letter, reason)
        if words is None:
            self._found()
            return partial(self._letters.skip, letter, "nothing to tell")
        return await self._send(letter, words)

    def _needless(self, letter: Letter) -> str:
        """Why nobody gets it; empty where somebody does."""
        if not letter.address:
            return "there is no address any more"
        if letter.refused and not letter.own:
            return "the address was refused lately"
        if letter.kind not in self._presenters and letter.kind in set(OutboxKind):
            return "told in chats alone"
        return ""

    async def _words(self, letter: Letter) -> Words | None:
        present = self._presenters.get(letter.kind)
        if present is None:
            raise LookupError(f"nobody presents {letter.kind}")
        return await present(letter, self._catalogues[letter.language])

    async def _send(self, letter: Letter, words: Words) -> Settle:
        sender = self._post.sender
        try:
            envelope = Envelope(
                sender=sender,
                recipient=letter.address,
                message_id=f"{_name(letter)}@{sender.domain}",
                at=self._clock(),
            )
            content = compose(words, envelope, self._catalogues[letter.language], site=self._post.site)
        except (ValueError, UnicodeError) as error:  # an address that is none
            return partial(self._letters.fail, letter, f"{type(error).__name__}: {error}")
        try:
            await self._client.send(content, sender=sender.address, recipient=letter.address)
        except MailAway as error:
            return self._away(letter, error)
        except LetterRefused as error:
            self._found()
            return partial(self._letters.fail, letter, str(error), nobody=error.nobody)
        except LetterPostponed as error:
            if error.answered:
                self._found()
            else:
                self.state = str(error)
            log.info("letter_postponed", letter_id=letter.id, kind=letter.kind, error=str(error))
            return partial(self._letters.retry, letter, str(error))
        self._found()
        return partial(self._letters.sent, letter)

    def _away(self, letter: Letter, error: MailAway) -> Settle:
        if self.state != str(error):
            log.warning("mail_away", error=str(error))
        self.state = str(error)
        self._pause = min(max(self._pause * 2, LOGIN_PAUSE if error.login else FIRST_PAUSE), MAX_PAUSE)
        self._until = self._now() + self._pause
        return partial(self._letters.put_back, letter, str(error), after=timedelta(seconds=self._pause))

    def _found(self) -> None:
        """A refusal is an answer, too: the server is there."""
        if self.state != OK:
            log.info("mail_reached")
        self.state, self._pause, self._until = OK, 0.0, 0.0


def _name(letter: Letter) -> str:
    """The same whenever this letter is sent, so that a mailbox which got it twice shows it once. A letter with a link
    has another link each time, of which the last is valid: that one must be shown."""
    name = hashlib.sha256(f"{letter.id}:{letter.key}".encode()).hexdigest()[:32]
    return f"{name}.{letter.attempts}" if letter.kind in _LINKS else name


_LINKS: Final = frozenset(str(kind.kind) for kind in LinkLetter.__subclasses__())
