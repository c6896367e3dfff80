"""Accounts by e-mail, as the settings of letters allow them."""

from functools import partial

from bot.settings import Settings
from db.engine import Database
from services.clock import Clock
from services.coordination.base import Coordination, Topic
from services.files.cleanup import FileCleanup
from services.identity.deletion import AccountDeletion
from services.identity.email_accounts import EmailAccounts
from services.identity.entrance import Entrance, LoginRules
from services.identity.passwords import Passwords
from services.identity.throttles import Throttles
from services.users.departures import PersonKey
from services.users.roles import Staff


def open_entrance(settings: Settings, db: Database, clock: Clock, coordination: Coordination) -> Entrance:
    return Entrance(
        db=db,
        clock=clock,
        passwords=Passwords(),
        throttles=Throttles(coordination),
        rules=_rules(settings),
        on_news=partial(coordination.tell, Topic.NEWS),
    )


def open_deletion(
    settings: Settings, db: Database, clock: Clock, staff: Staff, *, cleanup: FileCleanup, accounts: EmailAccounts
) -> AccountDeletion:
    return AccountDeletion(db, clock, staff, cleanup, people_of(settings), accounts)


def people_of(settings: Settings) -> PersonKey:
    return PersonKey.of(settings.bot_token.get_secret_value())


def _rules(settings: Settings) -> LoginRules:
    """A mail server on this machine, such as the sandbox's, has pretended addresses."""
    server = settings.smtp_url
    return LoginRules(
        welcome_credits=settings.welcome_credits,
        people=people_of(settings),
        letters=server is not None,
        testing=server is not None and server.is_local,
    )
