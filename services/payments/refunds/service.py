"""Money sent back: our row first, then the provider; a success takes the credits back in the same transaction."""

from uuid import UUID, uuid4

import structlog

from db.errors import DatabaseUnavailable
from db.tables.payments import PaymentStatus, RefundStatus
from services.payments import strays
from services.payments.alerts import not_authorized, shop_refused
from services.payments.context import PaymentsContext, ProviderAccount
from services.payments.merchant import Merchant
from services.payments.order import receipt_for
from services.payments.providers.base import (
    NewRefund,
    NotAuthorized,
    NotFound,
    NotSentBack,
    ProviderError,
    Refused,
    RemoteRefund,
    ShopRefused,
)
from services.payments.queries import PaymentView, RefundView, find_payment, parse_id, payment_sent_back
from services.payments.refunds.apply import learn, refuse, sent_back, settle, tell_unknown
from services.payments.refunds.begin import RefundQuote, RefundRequest, begin, known_refund, quote
from services.payments.refunds.claims import claim
from services.payments.refunds.money_back import to_try_again, try_again
from services.payments.settlement import Settlement, TooEarly, together
from services.users.roles import Staff

log = structlog.get_logger()

AT_ONCE = 20


class Refunds:
    def __init__(self, ctx: PaymentsContext, settlement: Settlement, staff: Staff) -> None:
        self._ctx = ctx
        self._settlement = settlement
        self._staff = staff

    async def quote(self, payment_id: UUID) -> RefundQuote:
        """Raises `PaymentNotFound`, `NotRefundable`."""
        return await self._ctx.db.read(quote, payment_id, self._ctx.clock(), shops=self._ctx.accounts.shops)

    async def start(self, wish: RefundRequest) -> RefundView:
        """Raises `NotAllowed`, `PaymentNotFound`, `NotRefundable`, `AlreadyRefunded`, `RefundTooLarge`,
        `RefundNeedsConfirmation`; leaves of `ProviderError` when the provider refused, `ResultUnknown` when it did not
        answer: then the reconciler goes on, as with one that comes back pending."""
        refund, is_new = await self._ctx.db.write(
            begin, wish, self._staff, self._ctx.clock(), shops=self._ctx.accounts.shops
        )
        if refund.status is not RefundStatus.PENDING:
            return refund
        try:
            return await self._go_on(refund, seen=True, first=is_new)
        except NotAuthorized as error:
            if is_new:  # else the first try, whose answer was lost, may have gone through
                await self._ctx.db.write(refuse, refund.id, error.code, self._ctx.clock(), seen=True)
            await self._tell_not_authorized(error, await self._account_of(refund))
            raise

    async def learn(self, provider_refund_id: str, account: ProviderAccount) -> str | None:
        """Follow a hint about a refund, one made in the provider's own cabinet too. Returns why nothing followed, or
        None. Raises `TooEarly` and `ProviderError`."""
        remote = await account.provider.get_refund(provider_refund_id)
        if remote.status != RefundStatus.SUCCEEDED:
            raise TooEarly(remote.status)
        note = await self._meet_payment(remote, account)
        if note is None:
            await self._book(remote, account)
        return note

    async def follow(self, remote: RemoteRefund, account: ProviderAccount) -> RefundView | None:
        """Book a refund that succeeded or is under way; None where its payment is not ours. Raises `TooEarly` and
        `ProviderError`."""
        return await self._book(remote, account) if await self._meet_payment(remote, account) is None else None

    async def _meet_payment(self, remote: RemoteRefund, account: ProviderAccount) -> str | None:
        """See to it that our books have the payment as paid. Returns why they have not, or None."""
        db, provider = self._ctx.db, account.merchant.provider
        payment = await db.read(payment_sent_back, provider, remote)
        if payment is None and await db.write(strays.sent_back, provider, remote, self._ctx.clock()):
            return "money that was kept as a stray"
        if payment is None or payment.status is not PaymentStatus.SUCCEEDED:  # it overtook the payment's notification
            note = await self._settlement.learn(remote.charge_id or remote.payment_id, account)
            if note is not None:
                return note
            payment = await db.read(payment_sent_back, provider, remote)
            if payment is None or payment.status is not PaymentStatus.SUCCEEDED:
                raise TooEarly("the payment has not succeeded")
        return None

    async def _book(self, remote: RemoteRefund, account: ProviderAccount) -> RefundView | None:
        booked = await self._ctx.db.write(
            learn, remote, uuid4(), account.merchant, self._ctx.clock(), fulfilments=self._ctx.fulfilments
        )
        self._ctx.on_news()
        return booked

    async def check_due(self, *, everything: bool = False) -> list[RefundView]:
        """Ask for the unfinished refunds whose time has come, or for all of them; returns those that ended."""
        for payment_id in await self._ctx.db.read(to_try_again, self._ctx.clock()):
            await self._ctx.db.write(try_again, payment_id, self._ctx.clock())
        limit = 1000 if everything else AT_ONCE
        batch = await self._ctx.db.write(
            claim, self._ctx.clock(), limit, shops=self._ctx.accounts.shops, everything=everything
        )
        found = await together(self._look(refund) for refund in batch)
        return [refund for refund in found if refund is not None and refund.status is not RefundStatus.PENDING]

    async def _look(self, refund: RefundView) -> RefundView | None:
        try:
            return await self._go_on(refund, seen=False)
        except (Refused, NotFound) as error:
            log.warning("refund_refused", refund_id=str(refund.id), code=error.code)
            return await self._ctx.db.read(known_refund, refund.id)
        except NotAuthorized as error:
            await self._tell_not_authorized(error, await self._account_of(refund))
        except ProviderError as error:
            log.warning("refund_not_checked", refund_id=str(refund.id), code=error.code)
        except DatabaseUnavailable:
            raise
        except Exception:  # one that we cannot handle must not stop the others
            log.exception("refund_look_failed", refund_id=str(refund.id))
        return None

    async def _go_on(self, refund: RefundView, *, seen: bool, first: bool = False) -> RefundView:
        if refund.provider_refund_id is not None:
            return await self._ask(refund, seen=seen)
        lives = (await self._account_of(refund)).provider.key_lives
        if self._ctx.clock() - refund.created_at > lives:
            return await self._find_out(refund)
        return await self._send(refund, seen=seen, first=first)

    async def _send(self, refund: RefundView, *, seen: bool, first: bool) -> RefundView:
        """Ask the provider to do our refund; with the same key, so repeating is safe within its day. A repeat that is
        refused (its receipt is another one since the settings changed, say) does not tell what became of the first."""
        payment = await self._payment_of(refund)
        account = self._ctx.accounts.of(payment.provider)
        try:
            remote = await account.provider.refund(_order(refund, payment, account.merchant))
        except (Refused, NotFound) as error:
            if isinstance(error, ShopRefused):
                await self._ctx.db.write(shop_refused, account.merchant, self._ctx.clock(), error=error)
                self._ctx.on_news()
            if not first and not isinstance(error, NotSentBack):
                log.warning("refund_repeat_refused", refund_id=str(refund.id), code=error.code)
                return await self._find_out(refund, reason=error.code)
            await self._refuse(refund, error.code, account, seen=seen)
            self._ctx.on_news()
            raise
        return await self._settle(refund, remote, account, seen=seen)

    async def _ask(self, refund: RefundView, *, seen: bool) -> RefundView:
        assert refund.provider_refund_id is not None
        account = await self._account_of(refund)
        remote = await account.provider.get_refund(refund.provider_refund_id)
        return await self._settle(refund, remote, account, seen=seen)

    async def _settle(
        self, refund: RefundView, remote: RemoteRefund, account: ProviderAccount, *, seen: bool
    ) -> RefundView:
        now, fulfilments = self._ctx.clock(), self._ctx.fulfilments
        settled = await self._ctx.db.write(
            settle, refund.id, remote, account.merchant, now, fulfilments=fulfilments, seen=seen
        )
        self._ctx.on_news()
        return settled

    async def _refuse(self, refund: RefundView, reason: str, account: ProviderAccount, *, seen: bool) -> RefundView:
        owners = account.merchant.owners
        return await self._ctx.db.write(refuse, refund.id, reason, self._ctx.clock(), seen=seen, owners=owners)

    async def _find_out(self, refund: RefundView, *, reason: str = "no_answer") -> RefundView:
        """No answer came for a day and a repeat could be a second refund now, or the repeat was refused: the provider's
        list tells whether ours was made, and what it says was sent back in all whether there is one that it hides."""
        payment = await self._payment_of(refund)
        account = self._ctx.accounts.of(payment.provider)
        remote_id = payment.provider_payment_id or ""
        async for page in account.provider.refunds_of(remote_id):
            for made in page:
                if parse_id(made.our_id) == refund.id or _is_whole(made, payment):
                    return await self._settle(refund, made, account, seen=False)
        remote = await account.provider.get(remote_id)
        booked = await self._ctx.db.read(sent_back, payment.id)
        if remote.refunded.minor < booked + refund.amount.minor:
            settled = await self._refuse(refund, reason, account, seen=False)
        else:
            log.error("refund_unknown", refund_id=str(refund.id))
            settled = await self._ctx.db.write(tell_unknown, refund, account.merchant, self._ctx.clock())
        self._ctx.on_news()
        return settled

    async def _tell_not_authorized(self, error: NotAuthorized, account: ProviderAccount) -> None:
        await self._ctx.db.write(not_authorized, account.merchant, self._ctx.clock(), error=error)
        self._ctx.on_news()

    async def _account_of(self, refund: RefundView) -> ProviderAccount:
        return self._ctx.accounts.of((await self._payment_of(refund)).provider)

    async def _payment_of(self, refund: RefundView) -> PaymentView:
        payment = await self._ctx.db.read(find_payment, refund.payment_id)
        assert payment is not None  # a foreign key says so
        return payment


def _is_whole(made: RemoteRefund, payment: PaymentView) -> bool:
    """Where a refund is named after the money, which goes back once, it is ours."""
    return made.id == made.charge_id == payment.charge_id and made.amount == payment.amount


def _order(refund: RefundView, payment: PaymentView, merchant: Merchant) -> NewRefund:
    return NewRefund(
        id=refund.id,
        provider_payment_id=payment.provider_payment_id or "",
        amount=refund.amount,
        description=refund.reason or payment.description,
        receipt=receipt_for(payment, merchant),
        charge_id=payment.charge_id,
        payer_id=payment.payer_id,
    )
