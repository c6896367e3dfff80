"""Starting a payment: our row first, then the provider, then its link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.payments import PaymentStatus
from db.tables.users import User
from db.upsert import insert_into
from services.billing.credits import format_credits
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.message_ref import MessageRef, message_columns, message_of
from services.payments.alerts import not_authorized, shop_refused
from services.payments.apply import Applied, Verdict, apply, cancel_unborn, declined_unborn, tell_ready
from services.payments.context import PaymentsContext
from services.payments.mark import Mark, Paid
from services.payments.merchant import Merchant
from services.payments.packages import package_on_sale
from services.payments.pricing import CurrencyNotTaken, Pricing, price_in
from services.payments.providers.base import (
    AmountRefused,
    Buyer,
    NewPayment,
    NotAuthorized,
    NotFound,
    OtherShop,
    ProviderError,
    Receipt,
    Refused,
    RemotePayment,
    SavedMethod,
    ShopRefused,
)
from services.payments.queries import PaymentNotFound, PaymentView, find_payment, parse_id, payments
from services.plans.chargeable import MethodTakenBack, chargeable, planned_at

_users = table_of(User)
_buyer = select(_users.c.telegram_id, _users.c.language).where(_users.c.id == bindparam("user"))
AMOUNT: Final = {"ru": "Кредиты для предсказаний: {credits}", "en": "Credits for predictions: {credits}"}
PACKAGE: Final = {"ru": "{title}: {credits} кредитов", "en": "{title}: {credits} credits"}
PAYABLE_FOR: Final = timedelta(hours=1)  # as YooKassa's own links
TITLE: Final = 32  # characters that an invoice's may have
FIRST_CHECK = timedelta(seconds=45)  # the call itself has ended by then
SOONER: Final = timedelta(hours=1)  # than planned, by the provider's clock


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
        merchant = (accounts.first if wish.provider is None else accounts.of(wish.provider)).merchant
        if merchant.receipts and wish.email is None:
            raise EmailNeeded()
        return await self.go_on(await self._ctx.db.write(_begin, wish, merchant, self._ctx.pricing, self._ctx.clock()))

    async def go_on(self, payment: PaymentView) -> PaymentView:
        """One that has its row: the provider makes it. Raises as `start`."""
        accounts = self._ctx.accounts
        if payment.provider_payment_id is not None or not payment.is_open:
            return payment
        if not accounts.reach(payment.provider, payment.provider_shop_id):
            raise OtherShop(code="other_shop", detail=payment.provider_shop_id or "")
        lives = accounts.of(payment.provider).provider.key_lives
        if self._ctx.clock() - payment.created_at > lives:  # lost, and a repeat could be a second one
            await self._ctx.db.write(cancel_unborn, payment.id, "no_answer", self._ctx.clock(), tell=False)
            return replace(payment, status=PaymentStatus.CANCELED, cancel_reason="no_answer")
        try:
            return _born(await self._create(payment, apply))
        except (NotAuthorized, Refused, NotFound) as error:
            await self._refuse(payment, error, tell=False)
            raise

    async def repeat(self, payment: PaymentView) -> Applied:
        """A create call whose answer was lost, once more: the same key gets the same payment within its day. The user
        is told what comes of it. Raises `ProviderError` where nothing is known still."""
        try:
            applied = (await self._create(payment, _apply_late)).applied
        except (Refused, NotFound) as error:
            return await self._refuse(payment, error, tell=True)
        self._ctx.on_news()
        return applied

    async def charge(self, payment: PaymentView) -> Applied:
        """The saved method of a renewal, without its owner. Raises `ProviderError` where nothing is known yet."""
        try:
            applied = (await self._charge(payment)).applied
        except NotAuthorized as error:
            return await self._refuse(payment, error, tell=False)
        except (Refused, NotFound) as error:
            if isinstance(error, ShopRefused | MethodTakenBack):
                return await self._refuse(payment, error, tell=False)
            return await self._ctx.db.write(declined_unborn, payment.id, error.code, self._ctx.clock())
        self._ctx.on_news()
        return applied

    async def shown_in(self, payment_id: UUID, ref: MessageRef) -> None:
        """Which message shows the payment and becomes "paid"; without one, none does any more."""
        await self._ctx.db.write(_shown_in, payment_id, ref)

    async def _create(self, payment: PaymentView, then: Callable[..., Verdict]) -> Verdict:
        account = self._ctx.accounts.of(payment.provider)
        buyer = await self._ctx.db.read(buyer_of, payment)
        remote = await account.provider.create(order_of(payment, buyer, account.merchant))
        return await self._ctx.db.write(then, remote, account.merchant, self._ctx.clock())

    async def _charge(self, payment: PaymentView) -> Verdict:
        account = self._ctx.accounts.of(payment.provider)
        buyer, method, planned = await self._ctx.db.read(_for_charge, payment)
        if (made := await self._charged_before(payment, planned)) is not None:
            return made
        if method is None:
            raise MethodTakenBack(code="taken_back")
        remote = await account.provider.charge(order_of(payment, buyer, account.merchant), method)
        return await self._ctx.db.write(apply, remote, account.merchant, self._ctx.clock())

    async def _charged_before(self, payment: PaymentView, planned: datetime) -> Verdict | None:
        """A renewal that comes late may have been paid already, and our books have lost it: its id is the same each
        time, and the key with it is safe for a while only."""
        account = self._ctx.accounts.of(payment.provider)
        if self._ctx.clock() - planned < account.provider.key_lives / 2:
            return None
        async for page in account.provider.payments_since(planned - SOONER):
            for remote in page:
                if parse_id(remote.our_id) == payment.id:
                    return await self._ctx.db.write(apply, remote, account.merchant, self._ctx.clock())
        return None

    async def _refuse(self, payment: PaymentView, error: ProviderError, *, tell: bool) -> Applied:
        """Nothing was made."""
        merchant = self._ctx.accounts.of(payment.provider).merchant
        applied = await self._ctx.db.write(_refuse, payment.id, error, merchant, self._ctx.clock(), tell=tell)
        self._ctx.on_news()
        return applied


def order_of(payment: PaymentView, buyer: Buyer, merchant: Merchant) -> NewPayment:
    """The same for every repeat."""
    mark = Mark(
        payment_id=payment.id,
        telegram_id=buyer.telegram_id,
        credits=payment.credits,
        valid_days=payment.valid_days,
        plan=None if payment.plan_id is None else str(payment.plan_id),
    )
    paid = Paid(account=merchant.shop_id, amount=payment.amount, test=payment.test)
    return NewPayment(
        id=payment.id,
        amount=payment.amount,
        description=payment.provider_text or payment.description,
        return_url=payment.return_url,
        receipt=receipt_for(payment, merchant),
        mark=merchant.signer.sign(mark, paid),
        buyer=buyer,
        title=cut_title(payment.provider_text or payment.description),
        deadline=payment.deadline_at,
        autopay=payment.consent is not None,
    )


def cut_title(text: str) -> str:
    """Of at most 32 characters."""
    return text if len(text) <= TITLE else f"{text[: TITLE - 1].rstrip()}…"


def receipt_for(payment: PaymentView, merchant: Merchant) -> Receipt | None:
    """Of the payment, and of refunds of it."""
    if not merchant.receipts or payment.receipt_email is None:
        return None
    return Receipt(email=payment.receipt_email, description=payment.description, vat_code=merchant.vat_code)


def _born(verdict: Verdict) -> PaymentView:
    if verdict.payment is None or verdict.applied is Applied.MISMATCH:
        raise Refused(code="mismatch", detail=verdict.problem or "")
    return verdict.payment


def _apply_late(session: Session, remote: RemotePayment, merchant: Merchant, now: datetime) -> Verdict:
    """The user was told to wait, and gets the link in a message."""
    verdict = apply(session, remote, merchant, now)
    if verdict.payment is not None and verdict.applied is Applied.UNCHANGED:
        tell_ready(session, verdict.payment, now)
    return verdict


def _begin(session: Session, wish: TopUpRequest, merchant: Merchant, pricing: Pricing, now: datetime) -> PaymentView:
    row = {
        "id": wish.id,
        "user_id": wish.user_id,
        "package_id": wish.package_id,
        "provider": merchant.provider,
        "provider_shop_id": merchant.shop_id,
        "status": PaymentStatus.PENDING,
        "test": merchant.test,
        "receipt_email": wish.email if merchant.receipts else None,
        "return_url": wish.return_url,
        "next_check_at": now + FIRST_CHECK,
        "checks": 0,
        "deadline_at": now + PAYABLE_FOR,
        "created_at": now,
        "updated_at": now,
        **message_columns(wish.shown_in),
    }
    if find_payment(session, wish.id) is None:
        new = insert_into(session, payments).on_conflict_do_nothing(index_elements=["id"])
        session.execute(new, row | _goods(session, wish, merchant, pricing, now))
        only_one_in(session, user_id=wish.user_id, ref=wish.shown_in, payment_id=wish.id)
    payment = find_payment(session, wish.id)
    if payment is None or payment.user_id != wish.user_id:
        raise PaymentNotFound(payment_id=wish.id)
    return payment


def only_one_in(session: Session, *, user_id: int, ref: MessageRef | None, payment_id: UUID) -> None:
    """What an older payment comes to is told in a message of its own."""
    if (message_id := message_of(ref)) is not None:
        same = (payments.c.user_id == user_id) & (payments.c.message_id == message_id)
        session.execute(update(payments).where(same, payments.c.id != payment_id).values(message_id=None))


def _goods(
    session: Session, wish: TopUpRequest, merchant: Merchant, pricing: Pricing, now: datetime
) -> dict[str, Any]:  # Any: the columns' values
    """What is paid and what it brings."""
    if wish.package_id is not None:
        package = package_on_sale(session, wish.package_id, wish.user_id, now)
        price = price_in(package.price, merchant.currency, pricing)
        return {
            "amount_kopecks": price.minor,
            "currency": price.currency,
            "credits": package.credits,
            "valid_days": package.valid_days,
            **_described(session, wish, PACKAGE, package.credits, package.title),
        }
    if (rate := pricing.get(merchant.currency)) is None:
        raise CurrencyNotTaken(given=merchant.currency)
    amount = rate.low.of(0) if wish.amount is None else wish.amount
    rate.check(amount)
    bought = rate.credits_for(amount)
    return {
        "amount_kopecks": amount.minor,
        "currency": amount.currency,
        "credits": bought,
        "valid_days": None,
        **_described(session, wish, AMOUNT, bought, {}),
    }


def _described(
    session: Session, wish: TopUpRequest, words: Mapping[str, str], bought: int, title: Mapping[str, str]
) -> dict[str, str]:
    """What it is for: in Russian for the receipt, as the law wants it, and in the customer's language for the page
    where they pay. `words` and the package's `title` by language; `bought` in hundredths."""
    language = session.scalars(select(_users.c.language).where(_users.c.id == wish.user_id)).one()
    shown = language if language in words else "en"

    def described(language: str) -> str:
        return words[language].format(title=title.get(language, ""), credits=format_credits(bought))[:128]

    return {"description": described("ru"), "provider_text": described(shown)}


def _refuse(
    session: Session, payment_id: UUID, error: ProviderError, merchant: Merchant, now: datetime, *, tell: bool
) -> Applied:
    """The provider made nothing; the owners hear of it where the reason lies in their shop."""
    reason = error.code
    if isinstance(error, NotAuthorized):
        not_authorized(session, merchant, now, error=error)
    elif isinstance(error, ShopRefused):
        reason = "shop_refused"
        shop_refused(session, merchant, now, error=error)
    elif isinstance(error, AmountRefused):
        reason = "amount_refused"
    return cancel_unborn(session, payment_id, reason, now, tell=tell)


def buyer_of(session: Session, payment: PaymentView) -> Buyer:
    """As the provider has to know them."""
    user = session.connection().execute(_buyer, {"user": payment.user_id}).one()
    email = payment.receipt_email
    return Buyer(id=payment.user_id, telegram_id=user.telegram_id, email=email, language=user.language)


def _for_charge(session: Session, payment: PaymentView) -> tuple[Buyer, SavedMethod | None, datetime]:
    buyer = buyer_of(session, payment)
    return buyer, chargeable(session, payment, buyer), planned_at(session, payment)


def _shown_in(session: Session, payment_id: UUID, ref: MessageRef) -> None:
    session.execute(update(payments).where(payments.c.id == payment_id).values(**message_columns(ref)))
