"""What every part of payments works with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from db.engine import Database
from services.clock import Clock
from services.coordination.base import Coordination
from services.payments.fulfilment import Fulfilments
from services.payments.merchant import Merchant
from services.payments.pricing import DiscountOf, Pricing, WayNotOffered
from services.payments.providers.base import OtherShop, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccount:
    """A provider, and the shop there."""

    provider: Provider
    merchant: Merchant


class ProviderAccounts:
    """Where the shop takes money. Every payment remembers the one that it was begun with. `retired`: where nothing is
    begun any more, and what was begun is seen to its end."""

    def __init__(self, offered: Sequence[ProviderAccount], retired: Sequence[ProviderAccount] = ()) -> None:
        self._offered = {each.merchant.provider: each for each in offered}
        self._accounts = {each.merchant.provider: each for each in retired} | self._offered

    def __iter__(self) -> Iterator[ProviderAccount]:
        """Those that are offered."""
        return iter(self._offered.values())

    @property
    def all(self) -> Sequence[ProviderAccount]:
        return list(self._accounts.values())

    @property
    def first(self) -> ProviderAccount:
        """Where a payment is begun if nobody chose another one."""
        return next(iter(self))

    @property
    def shops(self) -> Mapping[str, str]:
        """The shop's id at each provider: the payments that can be asked for."""
        return {name: each.merchant.shop_id for name, each in self._accounts.items()}

    def of(self, provider: str) -> ProviderAccount:
        """Raises `OtherShop` where the settings do not know the provider any more."""
        if (account := self._accounts.get(provider)) is None:
            raise OtherShop(code="other_shop", detail=provider)
        return account

    def offered(self, provider: str | None) -> ProviderAccount:
        """As a buyer chose, or the first. Raises `WayNotOffered`."""
        if provider is None:
            return self.first
        if (account := self._offered.get(provider)) is None:
            raise WayNotOffered(provider=provider)
        return account

    def reach(self, provider: str, shop_id: str | None) -> bool:
        """Whether a payment of this provider's shop can be asked for; of one without a shop nobody has heard yet."""
        account = self._accounts.get(provider)
        return account is not None and shop_id in (None, account.merchant.shop_id)

    def close(self) -> None:
        for each in self.all:
            each.provider.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsContext:
    """`fulfilments`: what money buys; `discount_of`: what packages cost less, by customer. `on_news` is called when a
    message was put into the outbox."""

    db: Database
    clock: Clock
    accounts: ProviderAccounts
    pricing: Pricing
    fulfilments: Fulfilments
    discount_of: DiscountOf
    coordination: Coordination
    on_news: Callable[[], None]
