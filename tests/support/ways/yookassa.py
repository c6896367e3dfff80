"""Cards at YooKassa, which the shop charges."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.payments.context import ProviderAccount
from services.payments.providers.base import Decline, NewPayment, RemotePayment, SavedMethod
from services.payments.providers.yookassa.notifications import NAME, read_notification
from services.payments.providers.yookassa.reasons import decline_of
from tests.support.faults import Fault
from tests.support.stars import GONE
from tests.support.tills import MERCHANT, notification
from tests.support.ways.base import Try, Way
from tests.support.yookassa import FakeYooKassa

PATIENCE = timedelta(days=1)  # of a bank with a charge
REASONS = {
    Decline.NEVER: "permission_revoked",
    Decline.ACT: "3d_secure_failed",
    Decline.TOMORROW: "insufficient_funds",
    Decline.HOURS: "issuer_unavailable",
}


@dataclass(slots=True, kw_only=True)
class _Hasty(FakeYooKassa):
    before_answer: Callable[[], Awaitable[None]]

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        answer = await FakeYooKassa.charge(self, payment, method)
        await self.before_answer()
        return answer


@dataclass(slots=True, kw_only=True)
class YooKassaWay(Way):
    name: str = field(default=NAME, init=False)
    there: FakeYooKassa = field(init=False)

    def __post_init__(self) -> None:
        self.there = _Hasty(clock=self.clock, before_answer=self._hurries)

    def account(self) -> ProviderAccount:
        return ProviderAccount(provider=self.there, merchant=MERCHANT)

    @property
    def faults(self) -> deque[Fault | None]:
        return self.there.faults

    def is_away(self, away: bool) -> None:
        self.there.away = GONE if away else None

    def will_decline(self, declines: Sequence[Decline]) -> None:
        self.there.declines.extend(REASONS[each] for each in declines)

    def pages(self) -> list[str]:
        """One that was given up can be paid late."""
        found = [each for each in self.there.payments.values() if each.status in ("pending", "canceled")]
        return [str(each.our_id) for each in found if each.id not in self.there.charged and not each.paid_at]

    async def pays(self, our_id: str) -> None:
        self.there.pay(next(each.id for each in self.there.payments.values() if each.our_id == our_id))

    def tries(self) -> list[Try]:
        return [self._try(each) for each in self.there.payments.values()]

    def _try(self, payment: RemotePayment) -> Try:
        assert payment.created_at is not None
        return Try(
            id=payment.id,
            our_id=str(payment.our_id),
            at=payment.created_at,
            amount=payment.amount.minor,
            is_taken=payment.status == "succeeded",
            sent_back=payment.refunded.minor,
            token=self.there.charged.get(payment.id),
            refused=decline_of(payment.cancel_reason) is Decline.NEVER and payment.status == "canceled",
        )

    def sends_back(self, charge: Try, *, part: int) -> None:
        if rest := (charge.amount - charge.sent_back) // part:
            self.there.refund_in_cabinet(charge.id, rest)

    async def tells(self) -> None:
        while self.there.notifications:
            event = notification(*self.there.notifications.pop(0))
            await self.till.events.keep(read_notification(event))
        await self.till.events.handle_due()

    def forgets_to_tell(self) -> None:
        self.there.notifications.clear()

    def takes_its_time(self) -> None:
        """The bank, with each charge; or has come to an end with them."""
        self.there.charges_wait = not self.there.charges_wait
        for payment_id in self.there.charged:
            self.there.finish_charge(payment_id)

    def next_moment(self) -> datetime | None:
        return min((each.at + PATIENCE for each in self._waiting()), default=None)

    def wakes(self) -> bool:
        over = [each for each in self._waiting() if each.at + PATIENCE <= self.clock()]
        for each in over:
            self.there.finish_charge(each.id)
        return bool(over)

    def _waiting(self) -> list[Try]:
        charged = [self.there.payments[payment_id] for payment_id in self.there.charged]
        return [self._try(each) for each in charged if each.status == "pending"]

    def calms_down(self) -> None:
        Way.calms_down(self)
        self.there.charges_wait = True
        self.takes_its_time()

    async def _hurries(self) -> None:
        if self.is_hasty:
            await self.tells()
