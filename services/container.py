"""All services of one process, for its edges."""

from dataclasses import dataclass

from services.admin_journal import Journal
from services.admin_models import AdminModels
from services.admin_payments import AdminPayments
from services.admin_users import AdminUsers
from services.admins import Admins
from services.billing.statement import Statement
from services.bonuses import Bonuses
from services.files import Files
from services.inference.intake import Intake
from services.kept import KeptMessages
from services.models import Models
from services.outbox import Outbox
from services.payments.packages import Packages
from services.payments.reminders import Reminders
from services.payments.till import Till
from services.payments.views import Payments
from services.predictions.history import History
from services.predictions.submit import Submit
from services.statistics import Statistics
from services.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The names are those that handlers ask for. `till` is None in a shop that takes no money; what was sold before
    can still be looked at."""

    users: Users
    models: Models
    submit: Submit
    history: History
    statement: Statement
    files: Files
    intake: Intake
    outbox: Outbox
    kept: KeptMessages
    packages: Packages
    payments: Payments
    reminders: Reminders
    till: Till | None
    bonuses: Bonuses
    admins: Admins
    admin_users: AdminUsers
    admin_models: AdminModels
    admin_payments: AdminPayments
    journal: Journal
    statistics: Statistics
