"""All services of one process, built once."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.settings import Settings
from db.engine import Database
from services.billing.statement import Statement
from services.clock import Clock
from services.files import Files
from services.models import Models
from services.outbox import Outbox
from services.predictions.history import History
from services.predictions.submit import Submit
from services.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The names are those that handlers ask for."""

    users: Users
    models: Models
    submit: Submit
    history: History
    statement: Statement
    files: Files
    outbox: Outbox


def make_shop(settings: Settings, db: Database, clock: Clock, *, on_sold: Callable[[str], None]) -> Shop:
    return Shop(
        users=Users(db, clock, welcome_credits=settings.welcome_credits),
        models=Models(db, clock, settings.models_dir),
        submit=Submit(db, clock, on_sold),
        history=History(db),
        statement=Statement(db),
        files=Files(db, clock),
        outbox=Outbox(db, clock),
    )
