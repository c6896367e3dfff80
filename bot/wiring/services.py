"""All services of one process, built once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from aiogram import Bot

from bot.settings import Settings
from bot.wiring.bonuses import open_bonuses
from bot.wiring.files import open_cleanup
from bot.wiring.forecasts import open_schedule
from bot.wiring.identity import open_deletion, open_entrance, people_of
from bot.wiring.payments import open_closed, open_payments, open_renewals, open_stars_payments
from bot.wiring.uploads import open_uploads
from db.engine import Database
from db.tables.outbox import OutboxKind
from services.audit_log.history import AuditLog
from services.billing.reminders import Reminders
from services.billing.statement import Statement
from services.chats.limits import ChatLimits
from services.chats.service import Chats
from services.chats.sessions import ChatSessions
from services.chats.statistics import AssistantReports
from services.chats.streams import AnswerStreams
from services.chats.undelivered import pay_back_answer
from services.chats.watching import AnswerWatch
from services.clock import Clock
from services.container import Services
from services.coordination.base import Coordination, Topic
from services.features import Features
from services.files.files import Files
from services.files.store import open_store
from services.forecasts.judgement import Judgement
from services.forecasts.listing import InstrumentList
from services.forecasts.queries import ForecastQueries
from services.forecasts.record import Track
from services.idempotency import Idempotency
from services.identity.api_keys import ApiKeys
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
from services.inference.runtimes.registry import Runtimes
from services.market.live_answers import LiveAnswers
from services.market.market import Market
from services.models.manage import ModelManagement
from services.models.offered import has_assistants, has_gallery
from services.models.offers import Models
from services.models.preset_manage import PresetManagement
from services.models.presets import Presets
from services.models.uploads.trials import Trials
from services.notifications.kept_messages import KeptMessages
from services.notifications.letters import Letters
from services.notifications.sending import Outbox
from services.payments.manage import PaymentManagement
from services.payments.packages import Packages
from services.payments.queries import PaymentQueries
from services.payments.strays import Strays
from services.plans.checkout import PlanCheckout
from services.plans.discounts import discount_of
from services.plans.manage import PlanManagement
from services.plans.methods import PaymentMethods
from services.plans.paying import PlanCover
from services.plans.plans import Plans
from services.plans.reports import PlanReports
from services.plans.subscriptions import Subscriptions
from services.predictions.history import History
from services.predictions.service import Predictions
from services.predictions.undelivered import pay_back
from services.predictions.watching import PredictionWatch
from services.reports.statistics import Statistics
from services.scoring.service import Scorings
from services.scoring.undelivered import pay_back_table
from services.users.accounts import Users
from services.users.manage import UserManagement
from services.users.roles import Admins, Staff
from services.values.intake import Intake
from services.webhooks.endpoints import Webhooks


def make_services(
    settings: Settings,
    db: Database,
    clock: Clock,
    runtimes: Runtimes,
    coordination: Coordination,
    *,
    bot: Bot,
    on_models: Callable[[], None],
) -> Services:
    """They tell through `coordination` when a message was put into the outbox, and which model was sold. `on_models` is
    called where the folders of models are found changed. `bot`: who asks Telegram."""
    on_news, on_sold = partial(coordination.tell, Topic.NEWS), partial(coordination.tell, Topic.SOLD)
    store = open_store(settings.files_store)
    weeks = open_schedule(settings)
    files, cleanup = Files(db, store, clock), open_cleanup(settings, db, store, clock)
    history, staff = History(db, files), Staff(settings.owner_ids)
    uploads = open_uploads(settings, db, clock, store, on_published=partial(coordination.tell, Topic.UPLOADS))
    models = Models(db, clock, settings.models_dir, runtimes.specs, uploads=uploads.shelf, on_changed=on_models)
    undelivered = partial(pay_back, owners=settings.owner_ids)
    outbox = Outbox(
        db,
        clock,
        {
            OutboxKind.PREDICTION: undelivered,
            OutboxKind.ENCLOSURE: undelivered,
            OutboxKind.SCORING: partial(pay_back_table, owners=settings.owner_ids),
            OutboxKind.CHAT_ANSWER: partial(pay_back_answer, owners=settings.owner_ids),
        },
    )
    limits = ChatLimits(
        messages_a_minute=settings.chat_messages_a_minute,
        tokens_a_day=settings.chat_tokens_a_day,
        zone=ZoneInfo(settings.timezone),
    )
    chats = Chats(
        db,
        clock,
        models,
        limits,
        on_asked=partial(coordination.tell, Topic.ASKED),
        on_stop=partial(coordination.tell, Topic.STOP),
        on_settled=on_news,
    )
    streams = AnswerStreams(coordination)
    intake, on_table = Intake(), partial(coordination.tell, Topic.TABLES)
    scorings = Scorings(db, clock, files, intake, models, on_ordered=on_table, on_settled=on_news)
    payments = open_payments(settings, db, clock, coordination, on_news, bot=bot)
    books = payments or open_closed(settings, db, clock, coordination, on_news, bot=bot)
    presets = Presets(db, files, models.folder)
    market = Market(db, clock, url=settings.market_data_url, language=settings.default_language)
    users = Users(db, clock, welcome_credits=settings.welcome_credits, people=people_of(settings))
    entrance = open_entrance(settings, db, clock, coordination)
    email_accounts = EmailAccounts(entrance)
    features = Features(
        payments=payments is not None,
        images=has_gallery(settings.models_dir),
        chats=has_assistants(settings.models_dir),
        letters=settings.smtp_url is not None,
        site=settings.mini_app_url and settings.public_url,
    )
    return Services(
        features=features,
        coordination=coordination,
        users=users,
        web_sessions=WebSessions(db, clock),
        api_keys=ApiKeys(db, clock),
        idempotency=Idempotency(db, clock),
        mail_links=MailLinks(db, clock),
        account_merging=AccountMerging(db, clock),
        linking=Linking(entrance, staff=staff),
        email_accounts=email_accounts,
        telegram_login=TelegramLogin(db, clock, entrance.throttles),
        mini_app=MiniApp(db, clock, users, bot_token=settings.bot_token.get_secret_value()),
        account_deletion=open_deletion(settings, db, clock, staff, cleanup=cleanup, accounts=email_accounts),
        account_export=AccountExport(db, clock, coordination),
        second_factor=SecondFactors(db, clock, entrance.throttles, on_news=entrance.on_news),
        models=models,
        market=market,
        track=Track(db, clock, weeks),
        forecasts=ForecastQueries(db),
        judgement=Judgement(db, market, clock, on_news),
        instrument_list=InstrumentList(db, market, clock, staff, models, schedule=weeks),
        live_answers=LiveAnswers(market),
        presets=presets,
        studio=Studio(presets, files, history),
        predictions=Predictions(db, clock, models, on_sold=on_sold, on_settled=on_news),
        prediction_watch=PredictionWatch(db, coordination),
        chats=chats,
        chat_sessions=ChatSessions(db, clock, limits),
        answer_streams=streams,
        answer_watch=AnswerWatch(db, streams),
        assistant_reports=AssistantReports(db, clock, staff, journal_for=timedelta(days=settings.chat_journal_days)),
        scorings=scorings,
        history=history,
        statement=Statement(db),
        files=files,
        file_cleanup=cleanup,
        intake=intake,
        outbox=outbox,
        letters=Letters(db, clock),
        kept=KeptMessages(db),
        packages=Packages(db, clock, staff, discount_of),
        payment_queries=PaymentQueries(db),
        reminders=Reminders(db, clock),
        payments=payments,
        books=books,
        plans=Plans(db, features.shelf),
        plan_cover=PlanCover(db, clock),
        subscriptions=Subscriptions(db, clock, books.pricing, people_of(settings)),
        payment_methods=PaymentMethods(db, clock),
        plan_checkout=None if payments is None else PlanCheckout(payments.ctx, payments.topup, payments.charging),
        plan_management=PlanManagement(db, clock, staff),
        plan_reports=PlanReports(db, clock),
        renewals=open_renewals(settings, books),
        stars=open_stars_payments(books, clock),
        strays=Strays(books.ctx, staff),
        bonuses=open_bonuses(settings, db, clock),
        admins=Admins(db, clock, staff),
        webhooks=Webhooks(db, clock, loopback=settings.webhooks_loopback),
        user_management=UserManagement(db, clock, staff),
        model_management=ModelManagement(db, clock, staff),
        preset_management=PresetManagement(db, clock, staff, models, files),
        upload_management=uploads.management,
        upload_texts=uploads.texts,
        upload_contents=uploads.contents,
        upload_shelf=uploads.shelf,
        trials=Trials(db, clock, staff, uploads.shelf),
        payment_management=PaymentManagement(db, clock, staff, None if payments is None else payments.settlement),
        audit_log=AuditLog(db),
        statistics=Statistics(db, clock, zone=settings.timezone, history=history, outbox=outbox),
    )
