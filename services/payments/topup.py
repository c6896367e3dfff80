"""Starting a payment: our row first, then the provider, then its link."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.tables.payments import PaymentStatus
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.message_ref import MessageRef, message_columns, message_of
from services.payments.applied import Applied, Verdict
from services.payments.apply import apply
from services.payments.closing import cancel_unborn
from services.payments.context import PaymentsContext
from services.payments.fulfilment import Fulfilments
from services.payments.goods import BoughtCredits, amount_goods, described, package_goods
from services.payments.merchant import Merchant
from services.payments.news import tell_ready
from services.payments.order import buyer_of, order_of
from services.payments.payment_row import PAYABLE_FOR, NewRow, first_check, insert_payment
from services.payments.pricing import DiscountOf, Pricing
from services.payments.providers.base import NotAuthorized, NotFound, OtherShop, Refused, RemotePayment
from services.payments.queries import PaymentNotFound, PaymentView, find_payment, payments
from services.payments.refusal import refuse


class EmailNeeded(ShopError):
    """The law wants a receipt, and a receipt wants an address."""

    message = N_("An e-mail address for the receipt is needed first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpRequest:
    """What a customer wants to buy: an amount, or a package. `return_url`: where the checkout page leads back to.
    `shown_in`: the message that shows it, and no other payment any more. `provider`: None for the shop's
    first. `id` is the same for every repeat of one decision."""

    user_id: int
    email: str | None
    return_url: str
    amount: Money | None = None
    package_id: int | None = None
    shown_in: MessageRef | None = None
    provider: str | None = None
    id: UUID = field(default_factory=uuid4)


class TopUp:
    def __init__(self, ctx: PaymentsContext) -> None:
        self._ctx = ctx

    async def start(self, wish: TopUpRequest) -> PaymentView:
        """A payment with a link. Raises `AmountOutOfBounds`, `PackageGone`, `EmailNeeded`; `ResultUnknown` when the
        provider did not answer: the payment exists then, the reconciler goes on with it and the user gets the link in
        a message; other leaves of `ProviderError` when it refused. What lies in the shop its owners are told."""
        accounts = self._ctx.accounts
        merchant = accounts.offered(wish.provider).merchant
        if merchant.receipts and wish.email is None:
            raise EmailNeeded()
        ctx = self._ctx
        payment = await ctx.db.write(_begin, wish, merchant, ctx.pricing, ctx.clock(), discount_of=ctx.discount_of)
        return await self.go_on(payment)

    async def go_on(self, payment: PaymentView) -> PaymentView:
        """One that has its row: the provider makes it. Raises as `start`."""
        accounts = self._ctx.accounts
        if payment.provider_payment_id is not None or not payment.is_open:
            return payment
        if not accounts.reach(payment.provider, payment.provider_shop_id):
            raise OtherShop(code="other_shop", detail=payment.provider_shop_id or "")
        lives = accounts.of(payment.provider).provider.key_lives
        if self._ctx.clock() - payment.created_at > lives:  # lost, and a repeat could be a second one
            now, fulfilments = self._ctx.clock(), self._ctx.fulfilments
            await self._ctx.db.write(cancel_unborn, payment.id, "no_answer", now, fulfilments=fulfilments, tell=False)
            return replace(payment, status=PaymentStatus.CANCELED, cancel_reason="no_answer")
        try:
            return _born(await self._create(payment, apply))
        except (NotAuthorized, Refused, NotFound) as error:
            await refuse(self._ctx, payment, error, tell=False)
            raise

    async def repeat(self, payment: PaymentView) -> Applied:
        """A create call whose answer was lost, once more: the same key gets the same payment within its day. The user
        is told what comes of it. Raises `ProviderError` where nothing is known still."""
        try:
            applied = (await self._create(payment, _apply_late)).applied
        except (Refused, NotFound) as error:
            return await refuse(self._ctx, payment, error, tell=True)
        self._ctx.on_news()
        return applied

    async def shown_in(self, payment_id: UUID, ref: MessageRef) -> None:
        """Which message shows the payment and becomes "paid"; without one, none does any more."""
        await self._ctx.db.write(_shown_in, payment_id, ref)

    async def _create(self, payment: PaymentView, then: Callable[..., Verdict]) -> Verdict:
        account = self._ctx.accounts.of(payment.provider)
        buyer = await self._ctx.db.read(buyer_of, payment)
        remote = await account.provider.create(order_of(payment, buyer, account.merchant))
        return await self._ctx.db.write(
            then, remote, account.merchant, self._ctx.clock(), fulfilments=self._ctx.fulfilments
        )


def _born(verdict: Verdict) -> PaymentView:
    if verdict.payment is None or verdict.applied is Applied.MISMATCH:
        raise Refused(code="mismatch", detail=verdict.problem or "")
    return verdict.payment


def _apply_late(
    session: Session, remote: RemotePayment, merchant: Merchant, now: datetime, *, fulfilments: Fulfilments
) -> Verdict:
    """The user was told to wait, and gets the link in a message."""
    verdict = apply(session, remote, merchant, now, fulfilments=fulfilments)
    if verdict.payment is not None and verdict.applied is Applied.UNCHANGED:
        tell_ready(session, verdict.payment, now)
    return verdict


def _begin(
    session: Session,
    wish: TopUpRequest,
    merchant: Merchant,
    pricing: Pricing,
    now: datetime,
    *,
    discount_of: DiscountOf,
) -> PaymentView:
    if find_payment(session, wish.id) is None:
        currency = merchant.currency
        if wish.package_id is None:
            goods = amount_goods(wish.amount, pricing, currency)
        else:
            goods = package_goods(
                session,
                wish.package_id,
                wish.user_id,
                pricing=pricing,
                currency=currency,
                discount_of=discount_of,
                now=now,
            )
        insert_payment(session, _row(session, wish, goods, merchant, now), now)
        only_one_in(session, user_id=wish.user_id, ref=wish.shown_in, payment_id=wish.id)
    payment = find_payment(session, wish.id)
    if payment is None or payment.user_id != wish.user_id:
        raise PaymentNotFound(payment_id=wish.id)
    return payment


def _row(session: Session, wish: TopUpRequest, goods: BoughtCredits, merchant: Merchant, now: datetime) -> NewRow:
    return NewRow(
        id=wish.id,
        user_id=wish.user_id,
        package_id=wish.package_id,
        provider=merchant.provider,
        provider_shop_id=merchant.shop_id,
        test=merchant.test,
        amount=goods.amount,
        credits=goods.credits,
        valid_days=goods.valid_days,
        receipt_email=wish.email if merchant.receipts else None,
        return_url=wish.return_url,
        shown_in=wish.shown_in,
        deadline_at=now + PAYABLE_FOR,
        next_check_at=first_check(now),
        description=described(session, goods, wish.user_id),
    )


def only_one_in(session: Session, *, user_id: int, ref: MessageRef | None, payment_id: UUID) -> None:
    """What an older payment comes to is told in a message of its own."""
    if (message_id := message_of(ref)) is not None:
        same = (payments.c.user_id == user_id) & (payments.c.message_id == message_id)
        session.execute(update(payments).where(same, payments.c.id != payment_id).values(message_id=None))


def _shown_in(session: Session, payment_id: UUID, ref: MessageRef) -> None:
    session.execute(update(payments).where(payments.c.id == payment_id).values(**message_columns(ref)))
