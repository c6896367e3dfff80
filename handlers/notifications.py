"""How each kind of message in the outbox looks in a chat."""

from handlers.admin.models import notifications as admin_models
from handlers.admin.payments import notifications as admin_payments
from handlers.admin.uploads import notifications as admin_uploads
from handlers.balance import notifications as balance
from handlers.bonus import notifications as bonus
from handlers.chats import notifications as chats
from handlers.identity import notifications as identity
from handlers.payments import notifications as payments
from handlers.payments.notifications import Leaves
from handlers.plans import notifications as plans
from handlers.predictions import notifications as predictions
from handlers.scoring import notifications as scoring
from handlers.telegram.delivery import Present
from handlers.track import notifications as track
from services.clock import Clock
from services.container import Services


def presenters(services: Services, clock: Clock, leaves: Leaves) -> dict[str, Present]:
    """By kind. `leaves`: what the customer of one has left unfinished."""
    return {
        **predictions.presenters(services, clock),
        **payments.presenters(services, clock, leaves),
        **plans.presenters(services),
        **balance.presenters(),
        **bonus.presenters(clock),
        **chats.presenters(services),
        **scoring.presenters(services, clock),
        **track.presenters(services),
        **identity.presenters(),
        **admin_payments.presenters(services),
        **admin_models.presenters(services),
        **admin_uploads.presenters(services),
    }
