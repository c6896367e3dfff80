"""The chat: one module a feature; each makes its routers anew, since a router belongs to one dispatcher."""

from aiogram import Router

from handlers.admin import routers as admin
from handlers.balance import router as balance
from handlers.bonus import router as bonus
from handlers.chats import kept as chat_kept
from handlers.chats import messages as chat_messages
from handlers.chats import router as chats
from handlers.chats import sessions as chat_sessions
from handlers.chats import stopped as chat_stopped
from handlers.fallback import router as fallback
from handlers.form import repeat
from handlers.form import router as form
from handlers.help import router as help  # noqa: A004 - the command's own name
from handlers.history import router as history
from handlers.identity import router as identity
from handlers.menu import router as menu
from handlers.menu import start
from handlers.models import router as models
from handlers.payments import router as payments
from handlers.payments import stars
from handlers.plans import router as plans
from handlers.predictions import router as predictions
from handlers.privacy import router as privacy
from handlers.profile import language
from handlers.profile import router as profile
from handlers.scoring import drafts, ordering
from handlers.scoring import router as scoring
from handlers.styles import results
from handlers.styles import router as styles
from handlers.track import router as track


def routers() -> list[Router]:
    """In the order in which they are asked: commands and buttons, the frequent ones first, then what is typed, then
    everything else."""
    return [
        balance.router(),
        history.router(),
        menu.router(),
        identity.router(),  # a link of it is a /start, too
        start.router(),
        profile.router(),
        payments.router(),
        plans.router(),
        stars.router(),
        bonus.router(),
        track.router(),
        help.router(),
        privacy.router(),
        language.router(),
        models.router(),
        styles.router(),
        chats.router(),
        chat_kept.router(),
        chat_sessions.router(),
        chat_stopped.router(),
        admin.router(),
        scoring.router(),
        drafts.router(),
        ordering.router(),
        fallback.commands_router(),
        scoring.answers_router(),
        form.router(),
        repeat.router(),
        predictions.router(),
        results.router(),
        styles.answers_router(),
        profile.answers_router(),
        payments.answers_router(),
        plans.answers_router(),
        admin.answers_router(),
        chat_sessions.answers_router(),
        chat_messages.router(),
        scoring.early_router(),
        fallback.router(),
    ]
