"""What admins do about payments besides refunds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.users import AuditAction
from services.audit_log.record import AuditRecord, complete, record
from services.clock import Clock
from services.payments.pricing import PaymentsOff
from services.payments.queries import PaymentNotFound, PaymentView, find_payment
from services.payments.settlement import Settlement
from services.users.actor import Actor
from services.users.roles import Staff


class PaymentManagement:
    """What admins may do about payments. `settlement`: None in a shop that takes no money."""

    def __init__(self, db: Database, clock: Clock, staff: Staff, settlement: Settlement | None) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._settlement = settlement

    async def ask(self, payment_id: UUID, *, actor: Actor) -> PaymentView:
        """Ask the provider now; the payment as it stands then. In the audit log whatever it answers. Raises
        `NotAllowed`, `PaymentsOff`, `PaymentNotFound`, and `ProviderError` when it does not tell."""
        if self._settlement is None:
            raise PaymentsOff
        entry = await self._db.write(self._begin_asking, payment_id, actor, self._clock())
        payment = await self._settlement.ask(payment_id)
        await self._db.write(complete, entry, {"status": payment.status})
        return payment

    def _begin_asking(self, session: Session, payment_id: UUID, actor: Actor, now: datetime) -> int:
        self._staff.require(session, actor)
        payment = find_payment(session, payment_id)
        if payment is None:
            raise PaymentNotFound(payment_id=payment_id)
        return record(
            session,
            AuditRecord(
                actor=actor,
                action=AuditAction.PAYMENT_ASK,
                target_user_id=payment.user_id,
                subject=str(payment.id),
                before={"status": payment.status, "provider": payment.provider},
            ),
            now,
        )
