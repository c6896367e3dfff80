"""How each kind of message in the outbox looks in a chat."""

from handlers.admin.models import notifications as admin_models
from handlers.admin.payments import notifications as admin_payments
from handlers.balance import notifications as balance
from handlers.bonus import notifications as bonus
from handlers.chats import notifications as chats
from handlers.payments import notifications as payments
from handlers.payments.notifications import FormWaits
from handlers.predictions import notifications as predictions
from handlers.telegram.delivery import Present
from services.clock import Clock
from services.container import Services


def presenters(services: Services, clock: Clock, form_waits: FormWaits) -> dict[str, Present]:
    """By kind. `form_waits`: whether a customer, by Telegram id, has left a form unfinished."""
    return {
        **predictions.presenters(services, clock),
        **payments.presenters(services, clock, form_waits),
        **balance.presenters(),
        **bonus.presenters(clock),
        **chats.presenters(services),
        **admin_payments.presenters(services),
        **admin_models.presenters(services),
    }
