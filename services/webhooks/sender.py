"""Sends what endpoints of customers are to be told, until each has taken it or a day and some have passed."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.abc import AbstractResolver

from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.webhooks import DeliveryStatus
from services.clock import Clock
from services.errors import one_line
from services.waiting import patiently, wait
from services.webhooks.addresses import BadEndpoint, PrivateAddress, check_url, connector
from services.webhooks.claims import (
    KEPT_ANSWER,
    ClaimedDelivery,
    EndpointAnswer,
    any_webhook_due,
    claim_webhooks,
    settle_webhook,
)
from services.webhooks.signatures import signature

log = structlog.get_logger()
POLL_SECONDS: Final = 1.0
AT_ONCE: Final = 64
TIMEOUT: Final = 10.0  # seconds, all in all
AGENT: Final = "Kassandra-Webhooks/1"


class WebhookSender:
    """`on_news` is called when a message was put into the outbox, `on_outcome` gets what became of each try.
    `resolver`: of names, where not the system's; `loopback`: as in `Webhooks`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        loopback: bool,
        on_news: Callable[[], None],
        on_outcome: Callable[[str], None] = lambda outcome: None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.came_round: float | None = None  # loop time of the latest look at what is due
        self._db, self._clock, self._loopback, self._resolver = db, clock, loopback, resolver
        self._on_news, self._on_outcome = on_news, on_outcome
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Who answers slowly holds up nobody else."""
        async with self._session() as session, asyncio.TaskGroup() as tasks:
            while True:
                self.came_round = asyncio.get_running_loop().time()
                self._wake.clear()
                try:
                    claimed = await self._claim(AT_ONCE - len(self._running))
                except DatabaseUnavailable as error:
                    log.warning("webhooks_wait_for_database", error=str(error))
                    claimed = []
                for each in claimed:
                    task = tasks.create_task(self._send(session, each), name=f"webhook-{each.id}")
                    self._running.add(task)
                    task.add_done_callback(self._ended)
                await wait(self._wake, POLL_SECONDS)

    async def send_due(self) -> int:
        """One try of what is due; how many."""
        claimed = await self._claim(AT_ONCE)
        async with self._session() as session, asyncio.TaskGroup() as tasks:
            for each in claimed:
                tasks.create_task(self._send(session, each), name=f"webhook-{each.id}")
        return len(claimed)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._wake.set()  # to the same endpoint there may be more

    async def _claim(self, most: int) -> list[ClaimedDelivery]:
        now = self._clock()
        if most <= 0 or not await self._db.read(any_webhook_due, now):
            return []  # an idle shop does not write
        return await self._db.write(claim_webhooks, most, now)

    async def _send(self, session: ClientSession, claimed: ClaimedDelivery) -> None:
        answered = await self._try(session, claimed)
        status = await patiently(lambda: self._db.write(settle_webhook, claimed, answered, self._clock()))
        if status is None:
            return
        self._on_outcome("retried" if status is DeliveryStatus.PENDING else status.value)
        if status is DeliveryStatus.FAILED:
            self._on_news()

    async def _try(self, session: ClientSession, claimed: ClaimedDelivery) -> EndpointAnswer:
        body = json.dumps(claimed.payload, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(self._clock().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": AGENT,
            "webhook-id": str(claimed.id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(claimed.secrets, str(claimed.id), timestamp, body),
        }
        try:
            url = check_url(claimed.url, loopback=self._loopback)
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return await self._read(response)
        except BadEndpoint:
            return EndpointAnswer(status=None, text="this address is not taken any more")
        except TimeoutError:
            return EndpointAnswer(status=None, text=f"no answer within {TIMEOUT:.0f} s")
        except (ClientError, OSError, ValueError) as error:
            return EndpointAnswer(status=None, text=_why(error))

    async def _read(self, response: ClientResponse) -> EndpointAnswer:
        """What comes beyond the first bytes is not waited for."""
        kept = bytearray()
        async for chunk in response.content.iter_chunked(KEPT_ANSWER):
            kept += chunk
            if len(kept) >= KEPT_ANSWER:
                break
        text = bytes(kept[:KEPT_ANSWER]).decode(errors="replace").replace("\x00", "")
        return EndpointAnswer(
            status=response.status,
            text=text,
            retry_after=_retry_after(response.headers.get("retry-after", ""), self._clock()),
        )

    def _session(self) -> ClientSession:
        return ClientSession(
            connector=connector(loopback=self._loopback, resolver=self._resolver),
            timeout=ClientTimeout(total=TIMEOUT),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )


def _why(error: Exception) -> str:
    """What a customer may read of it: not what a name leads to."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PrivateAddress):
            return "this address does not lead to the public internet"
        cause = cause.__cause__ or cause.__context__
    return one_line(error)[:255] or type(error).__name__


def _retry_after(told: str, now: datetime) -> timedelta | None:
    """Seconds, or a date of HTTP."""
    if told.isascii() and told.isdigit() and len(told) < 9:
        return timedelta(seconds=int(told))
    try:
        return parsedate_to_datetime(told) - now
    except (TypeError, ValueError, IndexError):
        return None
