"""Every table, so that one import fills the metadata."""

from db.base import Base
from db.tables.api import IdempotentRequest
from db.tables.billing import BonusGrant, Lot, LotEntry, Package, Transaction
from db.tables.chats import AiRequest, ChatMessage, ChatSession, DailyUsage
from db.tables.dialogs import FsmState
from db.tables.forecasts import (
    ChainEntry,
    ChainHead,
    Forecast,
    ForecastOutcome,
    ListedInstrument,
    OpenForecast,
)
from db.tables.heartbeats import Heartbeat
from db.tables.identities import (
    AccountMerge,
    ApiKey,
    EmailLogin,
    LoginRequest,
    MailToken,
    RecoveryCode,
    SecondFactor,
    WebSession,
)
from db.tables.market import FavouriteInstrument, MarketSeries
from db.tables.models import Model, ModelComparison, ModelTrial, ModelVersion, Preset
from db.tables.outbox import OutboxMessage, OwnerNews, RefusedAddress
from db.tables.payments import Payment, PaymentEvent, Refund, StrayPayment
from db.tables.plans import (
    AllowanceUse,
    PaymentMethod,
    PeriodAllowance,
    Plan,
    PlanAllowance,
    PlanPrice,
    PlanTrial,
    Subscription,
    SubscriptionPeriod,
)
from db.tables.predictions import File, Prediction
from db.tables.scorings import Scoring, ScoringPart
from db.tables.users import Admin, AuditEntry, User
from db.tables.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AccountMerge",
    "Admin",
    "AiRequest",
    "AllowanceUse",
    "ApiKey",
    "AuditEntry",
    "Base",
    "BonusGrant",
    "ChainEntry",
    "ChainHead",
    "ChatMessage",
    "ChatSession",
    "DailyUsage",
    "EmailLogin",
    "FavouriteInstrument",
    "File",
    "Forecast",
    "ForecastOutcome",
    "FsmState",
    "Heartbeat",
    "IdempotentRequest",
    "ListedInstrument",
    "LoginRequest",
    "Lot",
    "LotEntry",
    "MailToken",
    "MarketSeries",
    "Model",
    "ModelComparison",
    "ModelTrial",
    "ModelVersion",
    "OpenForecast",
    "OutboxMessage",
    "OwnerNews",
    "Package",
    "Payment",
    "PaymentEvent",
    "PaymentMethod",
    "PeriodAllowance",
    "Plan",
    "PlanAllowance",
    "PlanPrice",
    "PlanTrial",
    "Prediction",
    "Preset",
    "RecoveryCode",
    "Refund",
    "RefusedAddress",
    "Scoring",
    "ScoringPart",
    "SecondFactor",
    "StrayPayment",
    "Subscription",
    "SubscriptionPeriod",
    "Transaction",
    "User",
    "WebSession",
    "WebhookDelivery",
    "WebhookEndpoint",
]
metadata = Base.metadata
