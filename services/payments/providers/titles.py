"""What people call those who take the money."""

from typing import Final

from services.errors import N_
from services.payments.providers.cloudpayments.notifications import NAME as CLOUDPAYMENTS
from services.payments.providers.stars.gateway import NAME as STARS
from services.payments.providers.yookassa.notifications import NAME as YOOKASSA

_TITLES: Final = {
    YOOKASSA: N_("YooKassa"),
    CLOUDPAYMENTS: N_("CloudPayments"),
    STARS: N_("Telegram Stars"),
}


def provider_title(name: str) -> str:
    """For gettext. `name`: as payments keep it; none in what was told while there was one provider."""
    return _TITLES.get(name or YOOKASSA, name)
