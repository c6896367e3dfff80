"""Telling a provider that a subscription or a kept method is to be charged no more."""

import structlog

from services.payments.alerts import not_authorized
from services.payments.context import PaymentsContext, ProviderAccount
from services.payments.providers.base import NotAuthorized, NotFound, ProviderError, Refused, SavedMethod

log = structlog.get_logger()


async def stop_charging(ctx: PaymentsContext, account: ProviderAccount, method: SavedMethod, *, about: str) -> bool:
    """Whether the provider charges it no more; else it has to be told again. `about`: how the log names it."""
    try:
        await account.provider.stop(method)
    except NotAuthorized as error:
        await ctx.db.write(not_authorized, account.merchant, ctx.clock(), error=error)
        return False
    except (Refused, NotFound) as error:  # it has ended there
        log.warning("charging_stopped_before", about=about, code=error.code)
    except ProviderError as error:
        log.warning("charging_not_stopped", about=about, code=error.code)
        return False
    return True
