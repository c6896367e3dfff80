"""What the endpoints work with, in one typed place: each asks for `Web`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

from i18n.translator import Catalogues
from services.clock import Clock
from services.container import Services
from services.payments.providers.cloudpayments.question import LastQuestion
from services.payments.service import Payments
from web.kit.rate_limits import Cached, LogLimit
from web.kit.senders import Network
from web.readiness import HealthReport, Readiness

FRESH_SECONDS = 1.0  # so long an answer of /readyz serves all strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramWebhook:
    """`feed` handles one update and returns whether that ended well; Telegram proves itself with `secret`."""

    feed: Callable[[Any], Awaitable[bool]]  # Any: Telegram's JSON
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsWebhook:
    """`senders` may send notifications of `payments`."""

    payments: Payments
    senders: Sequence[Network]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPaymentsWebhook:
    """Who writes signs with `secret`; `question` answers whether an order may be paid now."""

    payments: Payments
    secret: str = field(repr=False)
    question: LastQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What pages and the API work with. `public_url`: how the world reaches them, without a slash at the end, None
    where only this machine does; `bot_username`: None until Telegram has told it; `telegram_links`: where links to bots
    begin; `framers`: origins of pages that may show ours in a frame; `api_requests_a_minute`: of one person or one key;
    `folder`: where files and a database of this machine lie, None where they lie elsewhere."""

    services: Services
    catalogues: Catalogues
    clock: Clock
    public_url: str | None = None
    bot_username: Callable[[], str | None] = lambda: None
    telegram_links: str = "https://t.me"
    framers: Sequence[str] = ()
    api_requests_a_minute: int = 600
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """`site`: pages and the API; without it there are webhooks and health alone.
    `telegram` is None where updates are polled, `yookassa` in a shop that takes no money,
    `cloudpayments` where it is not taken. Metrics and the words of
    /readyz are for this machine, `proxies`, whose forwarded addresses are believed, and who shows `metrics_token`."""

    health: HealthReport
    site: Site | None = None
    telegram: TelegramWebhook | None = None
    yookassa: PaymentsWebhook | None = None
    cloudpayments: CloudPaymentsWebhook | None = None
    proxies: Sequence[Network] = ()
    metrics_token: str = ""
    forged: LogLimit = field(default_factory=LogLimit)
    strangers: LogLimit = field(default_factory=LogLimit)
    for_strangers: Cached[Readiness] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "for_strangers", Cached(self.health.readiness, seconds=FRESH_SECONDS))


def provide(app: FastAPI, context: WebContext) -> None:
    app.state.web = context


async def _context(request: Request) -> WebContext:
    context: WebContext = request.app.state.web
    return context


Web = Annotated[WebContext, Depends(_context)]
