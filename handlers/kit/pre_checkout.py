"""Telegram waits ten seconds for the answer to its last question before money: whatever stands in the way is told."""

import asyncio
from typing import Any, Final

import structlog
from aiogram import BaseMiddleware
from aiogram.exceptions import AiogramError
from aiogram.types import PreCheckoutQuery, TelegramObject, Update

from db.errors import DatabaseUnavailable
from handlers.kit.context import Context
from handlers.kit.middlewares import Handler
from i18n.failures import BUSY
from i18n.translator import Catalogues, Translator
from services.errors import ShopError

log = structlog.get_logger()
SECONDS: Final = 7.0


class AnswerPreCheckout(BaseMiddleware):
    """No money is better than money for which nothing can be promised."""

    def __init__(self, catalogues: Catalogues, *, seconds: float = SECONDS) -> None:
        self._catalogues = catalogues
        self._seconds = seconds

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        query = event.pre_checkout_query
        if query is None:
            return await handler(event, data)
        try:
            async with asyncio.timeout(self._seconds):
                return await handler(event, data)
        except AiogramError as error:  # it was answered, in vain
            log.warning("pre_checkout_not_answered", error=str(error))
        except ShopError as error:
            log.info("pre_checkout_refused", error=str(error))
            await _refuse(query, self._tr(query, data).error(error))
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("pre_checkout_in_bad_time", error=str(error) or type(error).__name__)
            await _refuse(query, self._tr(query, data).gettext(BUSY))
        except Exception:
            log.exception("pre_checkout_failed")
            await _refuse(query, self._tr(query, data).gettext(BUSY))
        return None

    def _tr(self, query: PreCheckoutQuery, data: dict[str, Any]) -> Translator:
        """The payer's language; Telegram's where they could not be found."""
        known: Context | None = data.get("ctx")
        return self._catalogues[self._catalogues.best(query.from_user.language_code)] if known is None else known.tr


async def _refuse(query: PreCheckoutQuery, sentence: str) -> None:
    try:
        await query.answer(ok=False, error_message=sentence)
    except AiogramError as error:  # it is refused by the clock
        log.warning("pre_checkout_not_answered", error=str(error))
