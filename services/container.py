"""All services of one process, for its edges."""

from dataclasses import dataclass

from services.audit_log.history import AuditLog
from services.billing.reminders import Reminders
from services.billing.statement import Statement
from services.bonuses import Bonuses
from services.chats.service import Chats
from services.chats.sessions import ChatSessions
from services.chats.statistics import AssistantReports
from services.chats.streams import AnswerStreams
from services.chats.watching import AnswerWatch
from services.coordination.base import Coordination
from services.features import Features
from services.files.cleanup import FileCleanup
from services.files.files import Files
from services.forecasts.judgement import Judgement
from services.forecasts.listing import InstrumentList
from services.forecasts.queries import ForecastQueries
from services.forecasts.record import Track
from services.idempotency import Idempotency
from services.identity.api_keys import ApiKeys
from services.identity.deletion import AccountDeletion
from services.identity.email_accounts import EmailAccounts
from services.identity.export import AccountExport
from services.identity.linking import Linking
from services.identity.mail_tokens import MailLinks
from services.identity.merging import AccountMerging
from services.identity.mini_app import MiniApp
from services.identity.second_factor import SecondFactors
from services.identity.sessions import WebSessions
from services.identity.telegram_login import TelegramLogin
from services.images.studio import Studio
from services.market.live_answers import LiveAnswers
from services.market.market import Market
from services.models.manage import ModelManagement
from services.models.offers import Models
from services.models.preset_manage import PresetManagement
from services.models.presets import Presets
from services.models.uploads.contents import VersionContents
from services.models.uploads.manage import UploadManagement
from services.models.uploads.shelf import VersionShelf
from services.models.uploads.trials import Trials
from services.models.uploads.wording import UploadTexts
from services.notifications.kept_messages import KeptMessages
from services.notifications.letters import Letters
from services.notifications.sending import Outbox
from services.payments.manage import PaymentManagement
from services.payments.packages import Packages
from services.payments.providers.stars.service import StarsPayments
from services.payments.queries import PaymentQueries
from services.payments.service import Payments
from services.payments.strays import Strays
from services.plans.checkout import PlanCheckout
from services.plans.manage import PlanManagement
from services.plans.methods import PaymentMethods
from services.plans.paying import PlanCover
from services.plans.plans import Plans
from services.plans.renewals import Renewals
from services.plans.reports import PlanReports
from services.plans.subscriptions import Subscriptions
from services.predictions.history import History
from services.predictions.service import Predictions
from services.predictions.watching import PredictionWatch
from services.reports.statistics import Statistics
from services.scoring.service import Scorings
from services.users.accounts import Users
from services.users.manage import UserManagement
from services.users.roles import Admins
from services.values.intake import Intake
from services.webhooks.endpoints import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Edges reach them by these names. `payments` is None in a shop that takes no money; `books` has them all the same,
    so that what was begun is seen to its end, and what was sold before can still be looked at."""

    features: Features
    coordination: Coordination
    users: Users
    web_sessions: WebSessions
    api_keys: ApiKeys
    idempotency: Idempotency
    mail_links: MailLinks
    account_merging: AccountMerging
    email_accounts: EmailAccounts
    linking: Linking
    telegram_login: TelegramLogin
    mini_app: MiniApp
    second_factor: SecondFactors
    account_deletion: AccountDeletion
    account_export: AccountExport
    live_answers: LiveAnswers
    models: Models
    market: Market
    track: Track
    forecasts: ForecastQueries
    judgement: Judgement
    instrument_list: InstrumentList
    presets: Presets
    studio: Studio
    predictions: Predictions
    prediction_watch: PredictionWatch
    chats: Chats
    chat_sessions: ChatSessions
    answer_streams: AnswerStreams
    answer_watch: AnswerWatch
    assistant_reports: AssistantReports
    scorings: Scorings
    history: History
    statement: Statement
    files: Files
    file_cleanup: FileCleanup
    intake: Intake
    outbox: Outbox
    letters: Letters
    kept: KeptMessages
    packages: Packages
    payment_queries: PaymentQueries
    reminders: Reminders
    payments: Payments | None
    books: Payments
    plans: Plans
    plan_cover: PlanCover
    subscriptions: Subscriptions
    payment_methods: PaymentMethods
    plan_checkout: PlanCheckout | None
    plan_management: PlanManagement
    plan_reports: PlanReports
    renewals: Renewals
    stars: StarsPayments
    strays: Strays
    bonuses: Bonuses
    admins: Admins
    webhooks: Webhooks
    user_management: UserManagement
    model_management: ModelManagement
    preset_management: PresetManagement
    upload_management: UploadManagement
    upload_texts: UploadTexts
    upload_contents: VersionContents
    upload_shelf: VersionShelf
    trials: Trials
    payment_management: PaymentManagement
    audit_log: AuditLog
    statistics: Statistics
