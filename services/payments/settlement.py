"""Asking the provider for a payment and applying what it says."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID, uuid4

import structlog

from db.errors import DatabaseUnavailable
from db.tables.payments import PaymentStatus, RefundStatus
from services.payments import alerts
from services.payments.alerts import PaymentProblem, not_authorized
from services.payments.applied import Applied, Verdict
from services.payments.apply import apply
from services.payments.charging import Charging
from services.payments.claims import claim_payments
from services.payments.closing import LAST_MOMENT, cancel_lost, cancel_unborn, expire
from services.payments.context import PaymentsContext, ProviderAccount
from services.payments.providers.base import (
    NotAuthorized,
    NotFound,
    OtherShop,
    ProviderError,
    Refused,
    RemotePayment,
    TryDeclined,
    Unpaid,
)
from services.payments.queries import PaymentNotFound, PaymentView, belongs_to, find_own, find_payment, parse_id
from services.payments.refunds.apply import learn as learn_refund
from services.payments.refunds.apply import sent_back
from services.payments.searches import count_search
from services.payments.topup import TopUp

log = structlog.get_logger()
T = TypeVar("T")

AT_ONCE = 20
ASKED_EVERY: Final = 15.0  # seconds, of one payment that somebody looks at
NEAR = timedelta(hours=1)  # between a message and the payment that it shows
FOUND = {PaymentStatus.SUCCEEDED: Applied.CREDITED, PaymentStatus.CANCELED: Applied.CANCELED}
LOST = {Applied.UNPROVEN: PaymentProblem.UNPROVEN, Applied.UNBOOKED: PaymentProblem.UNBOOKED}


class TooEarly(Exception):
    """The provider does not say yet what its notification said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChange:
    """What one look at the provider changed."""

    payment_id: UUID
    applied: Applied


class Settlement:
    def __init__(self, ctx: PaymentsContext, topup: TopUp, charging: Charging) -> None:
        self._ctx = ctx
        self._topup = topup
        self._charging = charging

    async def ask(self, payment_id: UUID, *, user_id: int | None = None, begun: datetime | None = None) -> PaymentView:
        """Ask the provider now; the payment as it stands then. `begun`: about when, for one that our books have lost.
        Raises `PaymentNotFound` (with `user_id`, for another user's too), `ProviderError` when the provider does not
        tell, and `SearchedOften`."""
        payment = await self._ctx.db.read(find_payment, payment_id)
        if payment is None and begun is not None:
            if user_id is not None:
                await count_search(self._ctx.coordination, user_id)
            payment = await self._search(payment_id, begun)
        if payment is None or not await self._ctx.db.read(belongs_to, payment, user_id):
            raise PaymentNotFound(payment_id=payment_id)
        if payment.status is not PaymentStatus.SUCCEEDED:
            await self.check(payment)
            payment = await self._ctx.db.read(find_payment, payment_id)
            assert payment is not None
        return payment

    async def look(self, payment_id: UUID, *, user_id: int) -> PaymentView:
        """As it stands. Of one that may be paid by now the provider is asked, not more often than every `ASKED_EVERY`
        seconds, for its notification may be lost. Raises `PaymentNotFound`, for another user's too."""
        payment = await self._ctx.db.read(find_own, payment_id, user_id)
        if payment is None:
            raise PaymentNotFound(payment_id=payment_id)
        waits = payment.is_open and payment.confirmation_url is not None
        if not waits or self._ctx.clock() - payment.created_at < timedelta(seconds=ASKED_EVERY):
            return payment
        key = f"payment-asked:{payment.id.hex}"
        if not await self._ctx.coordination.allow(key, times=1, seconds=ASKED_EVERY):
            return payment
        try:
            return await self.ask(payment_id, user_id=user_id)
        except ProviderError as error:
            log.warning("payment_not_asked", payment_id=str(payment.id), code=error.code)
            return payment

    async def check(self, payment: PaymentView) -> Applied:
        """Ask for one payment now. Raises `ProviderError` when the provider does not tell."""
        elsewhere = not self._ctx.accounts.reach(payment.provider, payment.provider_shop_id)
        if payment.provider_payment_id is None:
            return await self._find_or_repeat(payment, elsewhere=elsewhere)
        if elsewhere:
            raise OtherShop(code="other_shop", detail=payment.provider_shop_id or "")
        account = self._ctx.accounts.of(payment.provider)
        try:
            remote = await account.provider.get(payment.provider_payment_id)
        except Unpaid:
            return await self._leave_unpaid(payment, account)
        except NotFound:
            if self._ctx.clock() - payment.created_at < account.provider.key_lives:
                raise
            now, fulfilments = self._ctx.clock(), self._ctx.fulfilments
            return self._told(await self._ctx.db.write(cancel_lost, payment.id, now, fulfilments=fulfilments))
        return (await self.follow(remote, account)).applied

    async def learn(self, provider_payment_id: str, account: ProviderAccount) -> str | None:
        """Follow a hint that a payment is not pending any more. Returns why nothing followed from it, or None. Raises
        `TooEarly` and `ProviderError`."""
        try:
            remote = await account.provider.get(provider_payment_id)
        except TryDeclined as error:
            return f"not paid: {error.code}"
        except Unpaid as error:
            raise TooEarly(error.code) from error
        verdict = await self.follow(remote, account)
        if verdict.applied is Applied.FOREIGN:
            return "not a payment of ours"
        if verdict.applied in LOST:
            return "not in our books and not proved to be ours"
        if verdict.applied is Applied.MISMATCH:
            return f"differs from our books: {verdict.problem}"
        if remote.status == PaymentStatus.PENDING:
            raise TooEarly(remote.status)
        return None

    async def follow(self, remote: RemotePayment, account: ProviderAccount, *, quietly: bool = False) -> Verdict:
        """Do what follows from the provider's word: take held money, book what it sent back, tell the owners of money
        that may be ours, unless `quietly`. Raises `ProviderError`."""
        verdict = await self._write(remote, account)
        if verdict.applied is Applied.TO_CAPTURE and verdict.payment is not None:
            verdict = await self._capture(remote, verdict.payment, account)
        if verdict.applied in LOST and remote.refunded.minor < remote.amount.minor and not quietly:
            problem = LOST[verdict.applied]
            now = self._ctx.clock()
            await self._ctx.db.write(alerts.lost, account.merchant, now, problem=problem, remote=remote)
            self._ctx.on_news()
        if remote.refunded.minor and verdict.payment is not None and verdict.applied is not Applied.MISMATCH:
            await self._book_refunds(remote, verdict.payment, account)
        return verdict

    async def check_due(self, *, everything: bool = False) -> list[PaymentChange]:
        """Ask for the unfinished payments whose time has come, or for all of them."""
        changes: list[PaymentChange] = []
        limit = 1000 if everything else AT_ONCE
        while True:
            batch = await self._ctx.db.write(
                claim_payments, self._ctx.clock(), limit, shops=self._ctx.accounts.shops, everything=everything
            )
            found = await together(self._look(payment) for payment in batch)
            changes += [change for change in found if isinstance(change, PaymentChange)]
            answered = any(change is not False for change in found)
            if len(batch) < limit or not answered or everything:  # nobody answers: the next round tries again
                return changes

    async def _look(self, payment: PaymentView) -> PaymentChange | bool:
        """The change; or whether the provider answered."""
        try:
            applied = await self.check(payment)
        except NotAuthorized as error:
            merchant = self._ctx.accounts.of(payment.provider).merchant
            await self._ctx.db.write(not_authorized, merchant, self._ctx.clock(), error=error)
            self._ctx.on_news()
            return False
        except ProviderError as error:
            log.warning("payment_not_checked", payment_id=str(payment.id), code=error.code)
            return isinstance(error, NotFound | Refused | OtherShop)
        except DatabaseUnavailable:
            raise
        except Exception:  # one that we cannot handle must not stop the others
            log.exception("payment_look_failed", payment_id=str(payment.id))
            return False
        return True if applied is Applied.UNCHANGED else PaymentChange(payment_id=payment.id, applied=applied)

    async def _leave_unpaid(self, payment: PaymentView, account: ProviderAccount) -> Applied:
        """Once its time is over nobody shall pay it any more."""
        deadline = payment.deadline_at
        if deadline is None or self._ctx.clock() < deadline + LAST_MOMENT or not payment.is_open:
            return Applied.UNCHANGED
        await account.provider.withdraw(payment.provider_payment_id or "", payment.order_id)
        now, fulfilments = self._ctx.clock(), self._ctx.fulfilments
        return self._told(await self._ctx.db.write(expire, payment.id, now, fulfilments=fulfilments))

    async def _find_or_repeat(self, payment: PaymentView, *, elsewhere: bool) -> Applied:
        """The create call's answer was lost: the same key gets the same payment, while it lives. In another shop it
        would be a second one."""
        if not payment.is_open:
            return Applied.UNCHANGED
        if payment.method_id is not None:
            return await self._find_charge(payment, elsewhere=elsewhere)
        age = self._ctx.clock() - payment.created_at
        if elsewhere or age > self._ctx.accounts.of(payment.provider).provider.key_lives:
            return await self._give_up(payment, tell=True)
        return await self._topup.repeat(payment)

    async def _find_charge(self, payment: PaymentView, *, elsewhere: bool) -> Applied:
        """It may have taken money: first the provider's list tells. The same key is safe for a while only."""
        found = None if elsewhere else await self._search(payment.id, payment.created_at, payment.provider)
        if found is not None:
            return Applied.UNCHANGED if found.status is payment.status else FOUND.get(found.status, Applied.UNCHANGED)
        age = self._ctx.clock() - payment.created_at
        if elsewhere or age > self._ctx.accounts.of(payment.provider).provider.key_lives:
            return await self._give_up(payment, tell=not payment.by_itself)
        return await self._charging.charge(payment, tell=not payment.by_itself)

    async def _search(self, payment_id: UUID, begun: datetime, provider: str | None = None) -> PaymentView | None:
        """In the providers' lists, which are not arranged by our ids; in that of one where it is known whose it is."""
        accounts = list(self._ctx.accounts) if provider is None else [self._ctx.accounts.of(provider)]
        for account in accounts:
            async for page in account.provider.payments_since(begun - NEAR, begun + NEAR):
                for remote in page:
                    if parse_id(remote.our_id) == payment_id:
                        return (await self.follow(remote, account)).payment
        return None

    async def _book_refunds(self, remote: RemotePayment, payment: PaymentView, account: ProviderAccount) -> None:
        """Those that our books have lost, or have not heard of yet."""
        ctx = self._ctx
        if remote.refunded.minor <= await ctx.db.read(sent_back, payment.id):
            return
        async for page in account.provider.refunds_of(remote.id):
            for refund in page:
                if refund.status != RefundStatus.CANCELED:
                    await ctx.db.write(
                        learn_refund, refund, uuid4(), account.merchant, ctx.clock(), fulfilments=ctx.fulfilments
                    )
        ctx.on_news()

    async def _capture(self, remote: RemotePayment, payment: PaymentView, account: ProviderAccount) -> Verdict:
        charge = remote.charge_id or remote.id  # of several tries the one that is held
        try:
            captured = await account.provider.capture(charge, key=payment.id)
        except Refused as error:  # it was taken, or canceled, meanwhile
            log.warning("payment_not_captured", payment_id=str(payment.id), code=error.code)
            captured = await account.provider.get(charge)
        return await self._write(captured, account)

    async def _write(self, remote: RemotePayment, account: ProviderAccount) -> Verdict:
        verdict = await self._ctx.db.write(
            apply, remote, account.merchant, self._ctx.clock(), fulfilments=self._ctx.fulfilments
        )
        self._told(verdict.applied)
        return verdict

    async def _give_up(self, payment: PaymentView, *, tell: bool) -> Applied:
        """No answer came, and a repeat could be a second payment."""
        now, fulfilments = self._ctx.clock(), self._ctx.fulfilments
        return self._told(
            await self._ctx.db.write(cancel_unborn, payment.id, "no_answer", now, fulfilments=fulfilments, tell=tell)
        )

    def _told(self, applied: Applied) -> Applied:
        if applied in (Applied.CREDITED, Applied.CANCELED, Applied.MISMATCH, Applied.STRAY):
            self._ctx.on_news()
        return applied


async def together(work: Iterable[Awaitable[T]]) -> list[T]:
    """All at once; the first error is raised when all have ended."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
