"""CloudPayments, as the settings say."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.settings import Settings
from services.payments.context import ProviderAccount
from services.payments.mark import MarkSigner
from services.payments.merchant import Merchant

if TYPE_CHECKING:
    from services.payments.providers.cloudpayments.provider import CloudPayments


def cloudpayments_account(settings: Settings, merchant: Merchant) -> ProviderAccount | None:
    """`merchant`: as any provider knows the shop. A site there is switched from tries to real money without another id
    or secret, and every order wants an e-mail address."""
    provider = open_cloudpayments(settings)
    if provider is None or settings.cloudpayments_api_secret is None:
        return None
    secret, token = settings.cloudpayments_api_secret.get_secret_value(), settings.bot_token.get_secret_value()
    signer = replace(MarkSigner.of(merchant.signer.shop, token, secret), tests=False)
    known = replace(merchant, signer=signer, wants_email=True, told_test=True)
    return ProviderAccount(provider=provider, merchant=known)


def open_cloudpayments(settings: Settings) -> "CloudPayments | None":
    if settings.cloudpayments_public_id is None or settings.cloudpayments_api_secret is None:
        return None
    from services.payments.providers.cloudpayments.provider import CloudPayments  # its HTTP takes 4 MB

    return CloudPayments(
        public_id=settings.cloudpayments_public_id,
        api_secret=settings.cloudpayments_api_secret.get_secret_value(),
        api_url=settings.cloudpayments_api_url,
        tax=settings.cloudpayments_tax,
    )
