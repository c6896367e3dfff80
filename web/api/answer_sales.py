"""How an answer of an assistant is sold: at once, waited for, or as it grows."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from services.chats.lines import ChatLine
from services.chats.orders import Accepted, MessageOrder
from services.idempotency import KeyReused
from web.api.callers import Caller
from web.api.chat_view import AnswerSoFar, message_told
from web.api.routes import REPLAYED, SaleKey
from web.api.waiting import Wait, preference, wait_for_end
from web.kit import events

Accept = Annotated[str, Header(include_in_schema=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseTerms:
    """`key`: of this very message; `wait`: so many seconds for the answer; `streamed`: it is to come as it grows."""

    key: str
    wait: int
    streamed: bool


async def purchase_terms(key: SaleKey, prefer: Wait = None, accept: Accept = "") -> PurchaseTerms:
    return PurchaseTerms(key=key, wait=preference(prefer)[0], streamed=events.MEDIA_TYPE in accept)


AnswerPurchase = Annotated[PurchaseTerms, Depends(purchase_terms)]


async def sold(who: Caller, order: MessageOrder, accepted: Accepted, purchase: PurchaseTerms) -> Response:
    chats = who.site.services.chats
    line = await chats.line(order.session_id, accepted.answer_id, user_id=order.user_id)
    assert line.reply_to is not None
    if accepted.repeated and not await chats.asks_the_same(order, line.session_id, line.reply_to):
        raise KeyReused()
    if purchase.streamed:
        return events.stream(growth(who, line))
    wait = purchase.wait
    if wait and not line.finished:
        line = await _finished(who, line, wait)
    told = message_told(who, line)
    headers = {"location": told.url}
    if wait:
        headers["preference-applied"] = f"wait={wait}"
    if accepted.repeated:
        headers[REPLAYED] = "true"
    return JSONResponse(jsonable_encoder(told), 201 if line.finished else 202, headers)


async def _finished(who: Caller, line: ChatLine, seconds: float) -> ChatLine:
    """As it stands when it is, or when the time is over."""
    await wait_for_end(who.site.services.answer_watch.watch(line.id, user_id=who.user.id), seconds)
    return await who.site.services.chats.line(line.session_id, line.id, user_id=who.user.id)


async def growth(who: Caller, line: ChatLine) -> AsyncGenerator[bytes, None]:
    async with aclosing(who.site.services.answer_watch.watch(line.id, user_id=who.user.id)) as states:
        async for state in states:
            if not state.finished:
                progress = AnswerSoFar(status=state.status, text=state.text)
                yield events.event("progress", progress.model_dump_json())
    line = await who.site.services.chats.line(line.session_id, line.id, user_id=who.user.id)
    yield events.event("finished", message_told(who, line).model_dump_json())
