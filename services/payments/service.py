"""Everything that takes money, put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from db.engine import Database
from services.clock import Clock
from services.coordination.base import Coordination
from services.money import AmountOutOfBounds, Money
from services.payments.context import PaymentsContext, ProviderAccount, ProviderAccounts
from services.payments.events import Events
from services.payments.packages import PackageOffer, PackageView
from services.payments.pricing import CreditPrice, CurrencyNotTaken, Pricing, price_in
from services.payments.providers.base import Autopay
from services.payments.reconcile import Reconciler
from services.payments.refunds.service import Refunds
from services.payments.settlement import Settlement
from services.payments.topup import TopUp
from services.plans.checkout import PlanCheckout
from services.plans.renewals import Renewals
from services.plans.times import GRACE
from services.users.roles import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    ctx: PaymentsContext
    accounts: ProviderAccounts
    pricing: Pricing
    topup: TopUp
    plan_checkout: PlanCheckout
    renewals: Renewals
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
    owners: tuple[int, ...] = (),
    grace: timedelta = GRACE,
) -> Payments:
    """`on_news` is called when a message was put into the outbox. `owners`: Telegram ids. `grace`: for so long the next
    period of a plan is tried for."""
    everywhere = ProviderAccounts([_knowing(each, pricing) for each in accounts])
    ctx = PaymentsContext(
        db=db, clock=clock, accounts=everywhere, pricing=pricing, coordination=coordination, on_news=on_news
    )
    topup = TopUp(ctx)
    settlement = Settlement(ctx, topup)
    refunds = Refunds(ctx, settlement, Staff(owners))
    events = Events(ctx, settlement, refunds)
    return Payments(
        ctx=ctx,
        accounts=everywhere,
        pricing=pricing,
        topup=topup,
        plan_checkout=PlanCheckout(ctx, topup),
        renewals=Renewals(ctx, topup, grace=grace),
        settlement=settlement,
        events=events,
        refunds=refunds,
        reconciler=Reconciler(ctx, events, settlement, refunds, owners),
    )


def _knowing(account: ProviderAccount, pricing: Pricing) -> ProviderAccount:
    itself = account.provider.autopay is Autopay.BY_PROVIDER
    return replace(account, merchant=replace(account.merchant, pricing=pricing, charges_itself=itself))
