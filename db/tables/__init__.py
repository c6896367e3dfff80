"""Every table, so that one import fills the metadata."""

from db.base import Base
from db.tables.billing import BonusGrant, Lot, LotEntry, Package, Transaction
from db.tables.chats import AiRequest, ChatMessage, ChatSession, DailyUsage
from db.tables.dialogs import FsmState
from db.tables.heartbeats import Heartbeat
from db.tables.models import Model, Preset
from db.tables.outbox import OutboxMessage, OwnerNews
from db.tables.payments import Payment, PaymentEvent, Refund
from db.tables.predictions import File, Prediction
from db.tables.users import Admin, AuditEntry, User

__all__ = [
    "Admin",
    "AiRequest",
    "AuditEntry",
    "Base",
    "BonusGrant",
    "ChatMessage",
    "ChatSession",
    "DailyUsage",
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
