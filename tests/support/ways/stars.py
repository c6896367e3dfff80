"""Stars, which Telegram charges by itself every thirty days until it is told to stop."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from db.tables.currencies import Currency
from services.money import Money
from services.payments.context import ProviderAccount
from services.payments.providers.base import Decline, ProviderWord
from services.payments.providers.stars.gateway import NAME, StarTransaction
from services.payments.providers.stars.provider import Stars
from services.payments.providers.stars.question import (
    InvoiceChanged,
    InvoiceOfAnother,
    InvoiceOver,
    InvoiceOvertaken,
    InvoicePaid,
    PreCheckout,
)
from services.payments.providers.stars.service import StarsPayments, StarsReceived
from tests.support.faults import Fault
from tests.support.stars import GONE, FakeStars
from tests.support.stars_till import BOT
from tests.support.tills import MERCHANT
from tests.support.ways.base import Try, Way

MONTH = timedelta(days=30)
NOT_PAYABLE = (InvoiceChanged, InvoiceOfAnother, InvoiceOver, InvoiceOvertaken, InvoicePaid)
THERE = replace(MERCHANT, provider=NAME, shop_id=BOT, currency=Currency.XTR, test=False, keeps_strays=True)


@dataclass(slots=True, kw_only=True)
class Months:
    """A subscription there: `payload` of the invoice that began it, `until` it is paid, `is_over` where its owner has
    ended it, `has_failed` where there were no Stars."""

    payload: str
    stars: int
    until: datetime
    is_over: bool = False
    has_failed: bool = False


@dataclass(slots=True, kw_only=True)
class StarsWay(Way):
    person: int
    name: str = field(default=NAME, init=False)
    currency: Currency = field(default=Currency.XTR, init=False)
    charges_itself: bool = field(default=True, init=False)
    telegram: FakeStars = field(init=False)
    months: dict[str, Months] = field(default_factory=dict, init=False)
    """By the charge that began it."""
    renewed: dict[str, str] = field(default_factory=dict, init=False)
    """By charge: what was renewed with it."""
    news: "list[Callable[[StarsPayments], Awaitable[object]]]" = field(default_factory=list, init=False)
    has_stars: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.telegram = FakeStars(clock=self.clock)

    def account(self) -> ProviderAccount:
        return ProviderAccount(provider=Stars(self.telegram, self.clock, shop_id=BOT), merchant=THERE)

    @property
    def faults(self) -> deque[Fault | None]:
        return self.telegram.faults

    def is_away(self, away: bool) -> None:
        self.telegram.away = GONE if away else None

    def will_decline(self, declines: Sequence[Decline]) -> None:
        self.has_stars = not declines

    def pages(self) -> list[str]:
        """A link works for ever."""
        return [each.payload for each in self.telegram.invoices]

    async def pays(self, our_id: str) -> None:
        invoice = next(each for each in self.telegram.invoices if each.payload == our_id)
        asked = PreCheckout(payload=our_id, payer_id=self.person, amount=Money(invoice.stars, Currency.XTR))
        with suppress(*NOT_PAYABLE):
            await self._stars.may_pay(asked)
            money = self.telegram.pays(self.person, our_id, invoice.stars, month=invoice.subscription)
            self.news.append(partial(_received, money))
            if money.paid_until is not None:
                begun = Months(payload=our_id, stars=invoice.stars, until=money.paid_until)
                self.months[money.charge_id] = begun

    def tries(self) -> list[Try]:
        back = {each.id for each in self.telegram.ledger if not each.incoming}
        return [self._try(each, each.id in back) for each in self.telegram.ledger if each.incoming]

    def _try(self, charge: StarTransaction, is_back: bool) -> Try:
        return Try(
            id=charge.id,
            our_id=charge.payload or "",
            at=charge.at,
            amount=charge.stars,
            is_taken=True,
            sent_back=charge.stars if is_back else 0,
            token=self.renewed.get(charge.id),
        )

    def sends_back(self, charge: Try, *, part: int) -> None:
        if charge.sent_back:
            return
        self.telegram.sends_back(charge.id)
        amount = Money(charge.amount, Currency.XTR)
        money = StarsReceived(
            charge_id=charge.id, payload=charge.our_id, payer_id=self.person, amount=amount, at=self.clock()
        )
        self.news.append(partial(_went_back, money))

    async def tells(self) -> None:
        while self.news:
            await self.news[0](self._stars)
            self.news.pop(0)  # Telegram tells again until it was heard

    def forgets_to_tell(self) -> None:
        self.news.clear()

    # What Telegram and the owner of the Stars do.

    def runs(self, charge_id: str) -> bool:
        """Whether it will be renewed."""
        return not self.months[charge_id].is_over and not self._is_stopped(charge_id)

    def next_moment(self) -> datetime | None:
        due = [each.until for key, each in self.months.items() if self.runs(key) and self._can_pay(each)]
        return min(due, default=None)

    def wakes(self) -> bool:
        due = [
            (key, each)
            for key, each in self.months.items()
            if self.runs(key) and self._can_pay(each) and each.until <= self.clock()
        ]
        for key, each in due:
            if self.has_stars:
                money = self.telegram.pays(self.person, each.payload, each.stars, month=True, again=True)
                each.until, each.has_failed = money.paid_until or each.until, False
                self.renewed[money.charge_id] = key
                self.news.append(partial(_received, money))
            else:
                each.has_failed = True
                self._says(each, ProviderWord.FAILED)
        return bool(due)

    def ends(self, which: int) -> None:
        """Its owner, in Telegram's settings; or begins it again."""
        now = self.clock()
        living = [each for key, each in self.months.items() if not self._is_stopped(key) and each.until > now]
        if living:
            each = living[which % len(living)]
            each.is_over = not each.is_over
            self._says(each, ProviderWord.CANCELED if each.is_over else ProviderWord.ACTIVE)

    def _says(self, months: Months, word: ProviderWord) -> None:
        self.news.append(partial(_said, months.payload, word))

    def _can_pay(self, months: Months) -> bool:
        """What failed waits for Stars."""
        return self.has_stars or not months.has_failed

    def _is_stopped(self, charge_id: str) -> bool:
        return (self.person, charge_id) in self.telegram.canceled

    def calms_down(self) -> None:
        Way.calms_down(self)
        self.has_stars = True

    @property
    def _stars(self) -> StarsPayments:
        return StarsPayments(self.till, self.till.accounts.of(NAME), self.clock)


async def _received(money: StarsReceived, stars: StarsPayments) -> None:
    await stars.received(money)


async def _went_back(money: StarsReceived, stars: StarsPayments) -> None:
    await stars.went_back(money)


async def _said(payload: str, word: ProviderWord, stars: StarsPayments) -> None:
    await stars.subscription_said(payload, word)
