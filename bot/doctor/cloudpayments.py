"""Whether CloudPayments lets the shop in, and what of its notifications the account leaves out."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.doctor.findings import Finding, bad, good, poor
from bot.settings import CLOUDPAYMENTS_API, Settings
from bot.wiring.cloudpayments import open_cloudpayments
from services.clock import Clock
from services.payments.providers.base import NotAuthorized, ProviderError
from services.payments.providers.cloudpayments.notifications import NAME, NotificationKind

if TYPE_CHECKING:
    from services.payments.providers.cloudpayments.provider import CloudPayments, NotificationSettings

NOTICES: Final = "cloudpayments notifications"
KINDS: Final = tuple(kind for kind in NotificationKind if kind is not NotificationKind.RECURRENT)
LATELY: Final = timedelta(days=7)
UNCHECKED: Final = "a page whose time is over, or that is paid already, can be paid"


async def cloudpayments(settings: Settings, clock: Clock) -> list[Finding]:
    """Nothing of a shop that has no site there."""
    provider = open_cloudpayments(settings)
    if provider is None:
        return []
    try:
        told = await asyncio.gather(*(provider.about(kind) for kind in KINDS))
        tries = await _tries(provider, clock)
    except NotAuthorized as error:
        fix = "copy CLOUDPAYMENTS_PUBLIC_ID and CLOUDPAYMENTS_API_SECRET anew from the site's settings"
        return [bad(NAME, f"CloudPayments does not take the site's id and secret ({error.code})", fix)]
    except ProviderError as error:
        fix = f"check the network and CLOUDPAYMENTS_API_URL ({settings.cloudpayments_api_url})"
        return [bad(NAME, f"CloudPayments does not answer ({error.code})", fix)]
    finally:
        provider.close()
    return [_site(settings), *([_in_test_mode()] if tries and _is_real(settings) else []), *_notices(settings, told)]


async def _tries(provider: "CloudPayments", clock: Clock) -> bool:
    """Whether the latest payment was one: nothing else tells of the site's mode."""
    latest = None
    async for page in provider.payments_since(clock() - LATELY):
        latest = page[-1] if page else latest
    return latest is not None and latest.test


def _is_real(settings: Settings) -> bool:
    return settings.cloudpayments_api_url == CLOUDPAYMENTS_API


def _site(settings: Settings) -> Finding:
    if NAME not in settings.payment_methods:
        fix = "name cloudpayments there, or leave the site's id and secret empty"
        return poor(NAME, "the site is set, and PAYMENT_METHODS leaves cloudpayments out", fix)
    tax = settings.cloudpayments_tax
    vat = "none" if tax is None or tax.vat is None else tax.vat
    receipts = "no receipts are sent" if tax is None else f"receipts with vat:{vat} taxation:{tax.system}"
    return good(NAME, f"site {settings.cloudpayments_public_id}; {receipts}; e-mail addresses are asked for")


def _in_test_mode() -> Finding:
    fix = "switch it to real payments in CloudPayments' cabinet; no setting of the shop changes"
    return poor("live", "the latest payment was a try: the site is in test mode, and cards are not charged", fix)


def _notices(settings: Settings, told: "list[NotificationSettings]") -> list[Finding]:
    """One finding for each kind that is not sent as it should be."""
    if not settings.public_url:
        fix = "set PUBLIC_URL and give each kind its address in the cabinet, see docs/operator.md"
        return [
            poor(NOTICES, f"none can come: PUBLIC_URL is not set. Payments are found by asking, but {UNCHECKED}", fix)
        ]
    base = f"{settings.public_url}/webhooks/cloudpayments"
    wrong = [(each.kind, _wrong(each, f"{base}/{each.kind}")) for each in told]
    found = [_notice(kind, words, f"{base}/{kind}") for kind, words in wrong if words]
    return found or [good(NOTICES, f"all six kinds come to {base}/…")]


def _notice(kind: NotificationKind, words: str, address: str) -> Finding:
    fix = f"in the cabinet, under notifications of the site: {kind.capitalize()}, {address}, POST, UTF-8, CloudPayments"
    if kind is NotificationKind.CHECK:
        return bad(NOTICES, f"Check {words}: {UNCHECKED}", fix)
    return poor(NOTICES, f"{kind.capitalize()} {words}", fix)


def _wrong(told: "NotificationSettings", address: str) -> str:
    if not told.enabled:
        return "is not switched on"
    if told.address.rstrip("/") != address:
        return f"goes to {told.address or 'nowhere'}"
    if told.method.upper() != "POST":
        return f"comes by {told.method or 'GET'}, not POST"
    if told.format != "CloudPayments":
        return f"comes in the format {told.format}"
    return ""
