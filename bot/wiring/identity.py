"""Accounts by e-mail, as the settings of letters allow them."""

from functools import partial

from bot.settings import Settings
from db.engine import Database
from services.clock import Clock
from services.coordination.base import Coordination, Topic
from services.identity.email_accounts import EmailAccounts, LoginRules
from services.identity.passwords import Passwords
from services.identity.throttles import Throttles


def open_email_accounts(settings: Settings, db: Database, clock: Clock, coordination: Coordination) -> EmailAccounts:
    """A mail server on this machine, such as the sandbox's, has pretended addresses."""
    server = settings.smtp_url
    rules = LoginRules(
        welcome_credits=settings.welcome_credits,
        letters=server is not None,
        testing=server is not None and server.is_local,
    )
    throttles, on_letter = Throttles(coordination), partial(coordination.tell, Topic.NEWS)
    return EmailAccounts(db, clock, Passwords(), throttles, rules, on_letter=on_letter)
