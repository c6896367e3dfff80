"""Cards at CloudPayments, which the shop charges. Before a page is paid there the shop is asked."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from services.money import Money
from services.payments.context import ProviderAccount
from services.payments.providers.base import Decline, NewPayment, RemotePayment, SavedMethod
from services.payments.providers.cloudpayments.notifications import NAME, CheckCall, event_of
from services.payments.providers.cloudpayments.provider import CloudPayments
from services.payments.providers.cloudpayments.question import CheckCode, LastQuestion
from services.payments.providers.cloudpayments.reasons import decline_of
from tests.support.cloudpayments_site import ASKS_ITS_OWNER, CloudPaymentsSite, Json, open_account
from tests.support.faults import Fault
from tests.support.stars import GONE
from tests.support.ways.base import Try, Way

CODES = {Decline.NEVER: 5005, Decline.ACT: ASKS_ITS_OWNER, Decline.TOMORROW: 5051, Decline.HOURS: 5091}


@dataclass(slots=True, kw_only=True)
class CloudPaymentsWay(Way):
    name: str = field(default=NAME, init=False)
    site: CloudPaymentsSite = field(init=False)

    def __post_init__(self) -> None:
        self.site = CloudPaymentsSite(clock=self.clock)

    def account(self) -> ProviderAccount:
        way = self

        class Hasty(CloudPayments):
            async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
                answer = await super().charge(payment, method)
                if way.is_hasty:
                    await way.tells()
                return answer

        return open_account(self.site, Hasty)

    @property
    def faults(self) -> deque[Fault | None]:
        return self.site.faults

    def is_away(self, away: bool) -> None:
        self.site.away = GONE if away else None

    def will_decline(self, declines: Sequence[Decline]) -> None:
        self.site.declines.extend(CODES[each] for each in declines)

    def pages(self) -> list[str]:
        return [our_id for our_id, order in self.site.orders.items() if order["Open"]]

    async def pays(self, our_id: str) -> None:
        order = self.site.orders[our_id]
        amount = Money.of_text(str(order["Amount"]), order["Currency"])
        asked = CheckCall(invoice=our_id, account=order["AccountId"], amount=amount)
        if await LastQuestion(self.till.ctx).answer(asked) is CheckCode.FINE:
            self.site.tries(our_id)

    def tries(self) -> list[Try]:
        return [self._try(each) for each in self.site.payments]

    def _try(self, payment: Json) -> Try:
        charged = "TrInitiatorCode" in payment
        return Try(
            id=str(payment["TransactionId"]),
            our_id=payment["InvoiceId"],
            at=datetime.fromisoformat(payment["CreatedDateIso"]).replace(tzinfo=UTC),
            amount=int(payment["Amount"] * 100),
            is_taken=payment["Status"] == "Completed",
            sent_back=int((payment["Amount"] - self.site.left(payment)) * 100),
            token=payment["Token"] if charged else None,
            refused=charged and decline_of(str(payment["ReasonCode"])) is Decline.NEVER,
        )

    def sends_back(self, charge: Try, *, part: int) -> None:
        payment = self.site.transactions[int(charge.id)]
        self.site.refund_in_cabinet(payment, (self.site.left(payment) / part).quantize(Decimal("0.01")))

    async def tells(self) -> None:
        while self.site.notifications:
            kind, number = self.site.notifications.pop(0)
            await self.till.events.keep(event_of(kind, {"TransactionId": str(number)}))
        await self.till.events.handle_due()

    def forgets_to_tell(self) -> None:
        self.site.notifications.clear()
