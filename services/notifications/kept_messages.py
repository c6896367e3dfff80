"""Messages that are worth keeping: they tell of a payment or a prediction."""

from sqlalchemy import BigInteger, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.payments import Payment, PaymentStatus
from db.tables.predictions import Prediction

_payments, _predictions = table_of(Payment), table_of(Prediction)
_TOLD = (PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE, PaymentStatus.SUCCEEDED)


class KeptMessages:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def has(self, user_id: int, message_id: int) -> bool:
        """Whether a payment that is paid or can be, or a prediction, is shown in this message of the user's chat."""
        return await self._db.read(_has, user_id, message_id)


_user, _message = bindparam("user", type_=BigInteger), bindparam("message", type_=BigInteger)
_kept = select(
    or_(
        exists().where(
            _predictions.c.user_id == _user,
            _predictions.c.message_id == _message,
        ),
        exists().where(
            _payments.c.user_id == _user,
            _payments.c.message_id == _message,
            _payments.c.status.in_(_TOLD),
        ),
    )
)


def _has(session: Session, user_id: int, message_id: int) -> bool:
    return bool(session.scalar(_kept, {"user": user_id, "message": message_id}))
