"""Paying for a plan: the first period, a dearer plan, or the next period by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.users import User
from services.money import Money
from services.notifications.message_ref import MessageRef
from services.payments.charging import Charging
from services.payments.closing import give_up
from services.payments.context import PaymentsContext, ProviderAccount
from services.payments.payment_row import PAYABLE_FOR, Description, NewRow, first_check, insert_payment
from services.payments.pricing import CurrencyNotTaken
from services.payments.providers.base import ProviderError
from services.payments.queries import PaymentNotFound, PaymentView, find_payment
from services.payments.topup import EmailNeeded, TopUp, only_one_in
from services.plans.consent import consent_row
from services.plans.locks import hold_terms, hold_user
from services.plans.methods import MethodView
from services.plans.next_payment import RenewalUnderWay
from services.plans.plans import OtherPrice, OtherTerms, PlanView
from services.plans.sale import PlanSale, keeps, sale_of
from services.plans.saved import check_none_under_way, check_saved, saved_for

log = structlog.get_logger()
_users = table_of(User)
BOUGHT: Final = {"ru": "Тариф «{title}»", "en": "Plan {title}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """`consent`: the way of paying may be kept and charged again, as `consent_text` says. `shown`: the price that its
    owner saw, `terms`: of the plan as they saw it, None where that was not told. `method_id`: of the saved way of
    paying that is charged at once, with a consent to the same. `id` is the same for every repeat of one decision; the
    others are as in a `TopUpRequest`."""

    user_id: int
    plan_id: int
    email: str | None
    return_url: str
    consent: bool = False
    provider: str | None = None
    shown: Money | None = None
    terms: str | None = None
    method_id: UUID | None = None
    shown_in: MessageRef | None = None
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWay:
    """What one way of paying would take. `renews`: it pays for the next period of the present subscription, which
    begins at `begins_at`, at once where that is None. `can_be_kept`: it can be charged again, where its owner agrees.
    `receipts`: it needs an e-mail address. `saved`: what can be charged at once."""

    provider: str
    price: Money
    renews: bool
    can_be_kept: bool
    receipts: bool
    begins_at: datetime | None = None
    saved: MethodView | None = None


class PlanCheckout:
    def __init__(self, ctx: PaymentsContext, topup: TopUp, charging: Charging) -> None:
        self._ctx = ctx
        self._topup = topup
        self._charging = charging

    async def ways(self, user_id: int, plan_id: int) -> list[PlanWay]:
        """In the shop's order the ways that take the plan's price. Reads only. Raises as `start`, save for the ways."""
        return await self._ctx.db.read(_ways, user_id, plan_id, list(self._ctx.accounts), self._ctx.clock())

    async def start(self, order: PlanOrder) -> PaymentView:
        """A payment with a link, or what came of the charge of a saved way of paying. The plan that is past due, or is
        not renewed by itself, is paid for its next period; another one begins when it is paid. A page at which the same
        period could be paid is given up. Raises `PlanGone`, `AlreadySubscribed`, `BeginsLater`, `RenewalUnderWay`,
        `RefundUnderWay`, `RestUnpriced`, `OtherPrice`, `OtherTerms`, `CurrencyNotTaken`, `WayNotOffered`, `MethodGone`,
        `ChargeUnderWay`, and as `TopUp.start`."""
        account = self._ctx.accounts.offered(order.provider)
        if account.merchant.receipts and order.email is None:
            raise EmailNeeded()
        payment, replaced = await self._ctx.db.write(_begin, order, account, self._ctx.clock())
        if replaced is not None:
            await self._withdraw(replaced)
        if payment.method_id is None:
            return await self._topup.go_on(payment)
        return await self._charged(payment)

    async def _charged(self, payment: PaymentView) -> PaymentView:
        """As it stands then. Where nothing is known yet the reconciler goes on."""
        if payment.is_open:
            await self._charging.charge(payment)
        found = await self._ctx.db.read(find_payment, payment.id)
        assert found is not None  # it was written
        return found

    async def _withdraw(self, page: PaymentView) -> None:
        """Nobody shall pay it any more; who does all the same gets the money back."""
        accounts = self._ctx.accounts
        if not accounts.reach(page.provider, page.provider_shop_id):
            return
        try:
            await accounts.of(page.provider).provider.withdraw(page.provider_payment_id or "", page.order_id)
        except ProviderError as error:
            log.warning("page_not_withdrawn", payment_id=str(page.id), code=error.code)


def _ways(
    session: Session, user_id: int, plan_id: int, accounts: Sequence[ProviderAccount], now: datetime
) -> list[PlanWay]:
    ways = []
    for account in accounts:
        try:
            sale = sale_of(session, user_id, plan_id, account, now)
        except CurrencyNotTaken:
            continue
        way = PlanWay(
            provider=account.merchant.provider,
            price=sale.price,
            renews=sale.renews is not None,
            can_be_kept=keeps(account, sale, now),
            receipts=account.merchant.receipts,
            begins_at=sale.renews.ends_at if sale.renews is not None and sale.is_ahead(now) else None,
            saved=saved_for(session, user_id, account, now),
        )
        ways.append(way)
    return ways


def _begin(
    session: Session, order: PlanOrder, account: ProviderAccount, now: datetime
) -> tuple[PaymentView, PaymentView | None]:
    """And the page that it takes the place of."""
    page = None
    hold_user(session, order.user_id)  # first: the same decision may be under way, and its page is no other one
    if find_payment(session, order.id) is None:
        hold_terms(session, order.plan_id)
        check_none_under_way(session, order.user_id)
        sale = sale_of(session, order.user_id, order.plan_id, account, now)
        if order.shown not in (None, sale.price):
            raise OtherPrice(plan_id=order.plan_id)
        if order.terms not in (None, sale.plan.terms):
            raise OtherTerms(plan_id=order.plan_id)
        if order.method_id is not None:
            check_saved(session, order.user_id, order.method_id, account, now)
        page, row = sale.page, _row(session, order, account, sale, now)
        if page is not None and not give_up(session, page, now):
            raise RenewalUnderWay(subscription_id=page.subscription_id)
        insert_payment(session, row, now)
        only_one_in(session, user_id=order.user_id, ref=order.shown_in, payment_id=order.id)
    payment = find_payment(session, order.id)
    if payment is None or payment.user_id != order.user_id:
        raise PaymentNotFound(payment_id=order.id)
    return payment, page


def _row(session: Session, order: PlanOrder, account: ProviderAccount, sale: PlanSale, now: datetime) -> NewRow:
    merchant, plan, live = account.merchant, sale.plan, sale.renews
    language = session.scalars(select(_users.c.language).where(_users.c.id == order.user_id)).one()
    charged = order.method_id is not None
    kept = charged or (order.consent and keeps(account, sale, now))
    return NewRow(
        id=order.id,
        user_id=order.user_id,
        plan_id=plan.id,
        subscription_id=None if live is None else live.id,
        period_number=None if live is None else live.number + 1,
        method_id=order.method_id,
        consent=consent_row(sale.price, plan.months, language, now) if kept else None,
        provider=merchant.provider,
        provider_shop_id=merchant.shop_id,
        test=merchant.test,
        amount=sale.price,
        credits=plan.credits,
        receipt_email=order.email if merchant.receipts else None,
        return_url=order.return_url,
        shown_in=order.shown_in,
        deadline_at=None if charged else now + PAYABLE_FOR,
        next_check_at=first_check(now),
        description=described(plan, language),
    )


def described(plan: PlanView, language: str) -> Description:
    """In Russian for the receipt, and in the customer's language for the page where they pay."""

    def fill(sentence: str, language: str) -> str:
        return sentence.format(title=plan.title.get(language) or plan.name)

    return Description.of(BOUGHT, language, fill)
