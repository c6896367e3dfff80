"""Every table, so that one import fills the metadata."""

from db.base import Base
from db.billing import BonusGrant, Lot, LotEntry, Package, Transaction
from db.fsm import FsmState
from db.heartbeats import Heartbeat
from db.models import Model, Preset
from db.outbox import OutboxMessage, OwnerNews
from db.payments import Payment, PaymentEvent, Refund
from db.predictions import File, Prediction
from db.users import Admin, AuditEntry, User

__all__ = [
    "Admin",
    "AuditEntry",
    "Base",
    "BonusGrant",
    "File",
    "FsmState",
    "Heartbeat",
    "Lot",
    "LotEntry",
    "Model",
    "OutboxMessage",
    "OwnerNews",
    "Package",
    "Payment",
    "PaymentEvent",
    "Prediction",
    "Preset",
    "Refund",
    "Transaction",
    "User",
]
metadata = Base.metadata
