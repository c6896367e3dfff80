"""Everything that takes money, put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from db.engine import Database
from services.clock import Clock
from services.coordination.base import Coordination
from services.money import AmountOutOfBounds, Money
from services.payments.charging import Charging
from services.payments.context import PaymentsContext, ProviderAccount, ProviderAccounts
from services.payments.credits import CreditFulfilment
from services.payments.events import Events
from services.payments.fulfilment import Fulfilment, Fulfilments, Purpose
from services.payments.packages import PackageOffer, PackageView
from services.payments.pricing import CreditPrice, CurrencyNotTaken, DiscountOf, Pricing, price_in
from services.payments.providers.base import Autopay
from services.payments.reconcile import Reconciler
from services.payments.refunds.service import Refunds
from services.payments.settlement import Settlement
from services.payments.topup import TopUp
from services.users.roles import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    ctx: PaymentsContext
    accounts: ProviderAccounts
    pricing: Pricing
    topup: TopUp
    charging: Charging
    settlement: Settlement
    events: Events
    refunds: Refunds
    reconciler: Reconciler

    @property
    def credit_price(self) -> CreditPrice:
        """Where a payment is begun if nobody chose another way."""
        return self.pricing[self.accounts.first.merchant.currency]

    def price_of(self, package: PackageOffer, provider: str | None = None) -> Money | None:
        """What a package costs by that way of paying; None where it cannot be bought so. Raises `WayNotOffered`."""
        try:
            return price_in(package.price, self.accounts.offered(provider).merchant.currency, self.pricing)
        except (CurrencyNotTaken, AmountOutOfBounds):
            return None

    def priced(self, packages: Sequence[PackageView], provider: str | None = None) -> list[PackageView]:
        """As they are sold by that way of paying, the first if none is named. Raises `WayNotOffered`."""
        prices = [(package, self.price_of(package, provider)) for package in packages]
        return [replace(package, price=price) for package, price in prices if price is not None]

    @property
    def receipts(self) -> bool:
        """Whether a payment needs an e-mail address."""
        return self.accounts.first.merchant.receipts

    def close(self) -> None:
        self.accounts.close()


def make_payments(
    db: Database,
    clock: Clock,
    accounts: Sequence[ProviderAccount],
    pricing: Pricing,
    on_news: Callable[[], None],
    *,
    coordination: Coordination,
    fulfilments: Mapping[Purpose, Fulfilment],
    discount_of: DiscountOf,
    owners: tuple[int, ...] = (),
    retired: Sequence[ProviderAccount] = (),
) -> Payments:
    """`on_news` is called when a message was put into the outbox. `fulfilments`: of what is sold beside credits.
    `retired`: as in `ProviderAccounts`. `discount_of`: packages. `owners`: Telegram ids."""
    everywhere = ProviderAccounts(*([_knowing(each, pricing) for each in some] for some in (accounts, retired)))
    ctx = PaymentsContext(
        db=db,
        clock=clock,
        accounts=everywhere,
        pricing=pricing,
        fulfilments=Fulfilments({Purpose.CREDITS: CreditFulfilment(discount_of), **fulfilments}),
        discount_of=discount_of,
        coordination=coordination,
        on_news=on_news,
    )
    topup, charging = TopUp(ctx), Charging(ctx)
    settlement = Settlement(ctx, topup, charging)
    refunds = Refunds(ctx, settlement, Staff(owners))
    events = Events(ctx, settlement, refunds)
    return Payments(
        ctx=ctx,
        accounts=everywhere,
        pricing=pricing,
        topup=topup,
        charging=charging,
        settlement=settlement,
        events=events,
        refunds=refunds,
        reconciler=Reconciler(ctx, events, settlement, refunds, owners),
    )


def _knowing(account: ProviderAccount, pricing: Pricing) -> ProviderAccount:
    itself = account.provider.autopay is Autopay.BY_PROVIDER
    return replace(account, merchant=replace(account.merchant, pricing=pricing, charges_itself=itself))
