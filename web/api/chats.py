"""`/chats`: conversations with assistants. A message buys an answer, which may be followed as it is written."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.billing.ledger import InsufficientBalance
from services.chats.limits import AllowanceUsedUp, TokensUsedUp, TooManyMessages
from services.chats.lines import ChatLine
from services.chats.orders import (
    Accepted,
    EmptyMessage,
    MessageNotFound,
    MessageNotLast,
    MessageOrder,
    MessageTooLong,
    PicturesNotTaken,
)
from services.chats.sessions import BadTitle, ChatSessionNotFound
from services.idempotency import KeyReused
from services.manifests.manifest import SLUG
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped
from web.api.callers import Caller, MayChat
from web.api.chat_view import (
    AnswerSoFar,
    ApiMessage,
    AssistantOffer,
    ChatConversation,
    assistant_told,
    conversations_told,
    message_told,
)
from web.api.describing import Responses, refuses
from web.api.errors import FileNotFound
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.routes import REPLAYED, SaleKey, make_router
from web.api.waiting import Wait, preference, wait_for_end
from web.kit import events

router = make_router("chats")
NOT_THERE: Final = refuses(ChatSessionNotFound)
NO_MESSAGE: Final = refuses(MessageNotFound)
SALE: Final = (
    InsufficientBalance,
    ModelNotOnSale,
    ChatSessionNotFound,
    MessageTooLong,
    EmptyMessage,
    PicturesNotTaken,
    FileNotFound,
    TooManyMessages,
    TokensUsedUp,
    AllowanceUsedUp,
    ModelStopped,
    ModelResting,
)
NOT_SOLD: Final = refuses(*SALE)
NOT_SOLD_ANEW: Final = refuses(*SALE, MessageNotFound, MessageNotLast)
FOLLOWED: Final[Responses] = {
    200: {
        "description": "The answer, or the events of it",
        "content": {
            events.MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": 'event: progress\ndata: {"status": "running", "text": "Once upon"}\n\n',
            }
        },
    }
}
BOUGHT: Final[Responses] = {
    **FOLLOWED,
    202: {"model": ApiMessage, "description": "It is not written yet"},
}
Accept = Annotated[str, Header(include_in_schema=False)]
MOST_TEXT: Final = 1_000_000  # characters; an assistant takes less, and says how much
MOST_PICTURES: Final = 10


class NewConversation(BaseModel):
    """Whom to talk with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"assistant": "oracle"}]})

    assistant: str = Field(pattern=f"^{SLUG}$", description="A slug of `/assistants`.")


class ConversationChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "About the sea"}]})

    title: str = Field(max_length=200)


SOMETHING: Final[list[JsonValue]] = [
    {"properties": {"text": {"pattern": r"\S"}}, "required": ["text"]},
    {"properties": {"files": {"minItems": 1}}, "required": ["files"]},
]


class MessageText(BaseModel):
    """What to say: a text, pictures, or both."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Why is the sea salt?"}], "anyOf": SOMETHING}
    )

    text: str = Field(default="", max_length=MOST_TEXT)
    files: list[UUID] = Field(default=[], max_length=MOST_PICTURES, description="Pictures, by their ids of `/files`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseTerms:
    """`key`: of this very message; `wait`: so many seconds for the answer; `streamed`: it is to come as it grows."""

    key: str
    wait: int
    streamed: bool


async def purchase_terms(key: SaleKey, prefer: Wait = None, accept: Accept = "") -> PurchaseTerms:
    return PurchaseTerms(key=key, wait=preference(prefer)[0], streamed=events.MEDIA_TYPE in accept)


AnswerPurchase = Annotated[PurchaseTerms, Depends(purchase_terms)]


@router.get("/assistants", operation_id="listAssistants", summary="Whom to talk with")
async def list_assistants(who: MayChat) -> Listed[AssistantOffer]:
    """All of them, in the order of the menu. What is said to one goes to the server that it stands at."""
    found = await who.site.services.chats.assistants()
    return listed([assistant_told(who, each) for each in found], has_more=False, last=None)


@router.post(
    "/chats",
    operation_id="beginChat",
    summary="Begin a conversation",
    status_code=201,
    responses=refuses(ModelNotOnSale, ModelStopped),
)
async def begin_chat(who: MayChat, new: NewConversation) -> ChatConversation:
    """It costs nothing. The one that is open in the Telegram chat stays open there."""
    chats, sessions = who.site.services.chats, who.site.services.chat_sessions
    assistant = await chats.assistant(new.assistant)
    begun = await sessions.start(
        user_id=who.user.id, model_slug=assistant.model_slug, preset_id=assistant.preset_id, active=False
    )
    return (await conversations_told(who, begun))[0]


@router.get("/chats", operation_id="listChats", summary="Your conversations", responses=refuses(ChatSessionNotFound))
async def list_chats(who: MayChat, limit: Limit = 20, cursor: Cursor = None) -> Listed[ChatConversation]:
    """Those of the Telegram chat and of the pages, too."""
    found = await who.site.services.chat_sessions.after(who.user.id, read_uuid(cursor), limit)
    last = found.items[-1].id if found.items else None
    return listed(await conversations_told(who, *found.items), has_more=found.has_more, last=last)


@router.get("/chats/{chat_id}", operation_id="getChat", summary="A conversation", responses=NOT_THERE)
async def get_chat(who: MayChat, chat_id: UUID) -> ChatConversation:
    found = await who.site.services.chat_sessions.get(chat_id, user_id=who.user.id)
    return (await conversations_told(who, found))[0]


@router.patch(
    "/chats/{chat_id}",
    operation_id="renameChat",
    summary="Name a conversation",
    responses=refuses(ChatSessionNotFound, BadTitle),
)
async def rename_chat(who: MayChat, chat_id: UUID, change: ConversationChange) -> ChatConversation:
    named = await who.site.services.chat_sessions.rename(chat_id, change.title, user_id=who.user.id)
    return (await conversations_told(who, named))[0]


@router.post("/chats/{chat_id}/end", operation_id="endChat", summary="End a conversation", responses=NOT_THERE)
async def end_chat(who: MayChat, chat_id: UUID) -> ChatConversation:
    """The Telegram chat does not go on with it. Another message here would."""
    ended = await who.site.services.chat_sessions.end(chat_id, user_id=who.user.id)
    return (await conversations_told(who, ended))[0]


@router.delete(
    "/chats/{chat_id}",
    operation_id="deleteChat",
    summary="Delete a conversation",
    status_code=204,
    responses=NOT_THERE,
)
async def delete_chat(who: MayChat, chat_id: UUID) -> Response:
    """Its texts and pictures go, also from what assistants were asked. What it cost stays in `/me/transactions`."""
    await who.site.services.chat_sessions.delete(chat_id, user_id=who.user.id)
    return Response(status_code=204)


@router.get(
    "/chats/{chat_id}/messages",
    operation_id="listChatMessages",
    summary="What was said",
    responses=refuses(ChatSessionNotFound, MessageNotFound),
)
async def list_chat_messages(
    who: MayChat, chat_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> Listed[ApiMessage]:
    """The newest first, without what was edited away or answered anew."""
    found = await who.site.services.chats.lines_after(chat_id, read_uuid(cursor), limit, user_id=who.user.id)
    last = found.items[-1].id if found.items else None
    return listed([message_told(who, line) for line in found.items], has_more=found.has_more, last=last)


@router.post(
    "/chats/{chat_id}/messages",
    operation_id="sendChatMessage",
    summary="Say something",
    status_code=201,
    response_model=ApiMessage,
    responses={**NOT_SOLD, **BOUGHT},
)
async def send_chat_message(who: MayChat, chat_id: UUID, said: MessageText, purchase: AnswerPurchase) -> Response:
    """The answer, which is what is paid for: its greatest price is held at once, and the rest comes back. 201 when it
    is written, 202 while it is not. With `Accept: text/event-stream` it comes as it is written, as with
    `GET …/messages/{message_id}`, which goes on with a stream that broke off. What is said before the message before
    was begun to be answered is answered together with it."""
    order = await _order(who, chat_id, said, purchase.key)
    accepted = await who.site.services.chats.send(order)
    return await _sold(who, order, accepted, purchase)


@router.get(
    "/chats/{chat_id}/messages/{message_id}",
    operation_id="getChatMessage",
    summary="A message, or how its answer goes on",
    responses=NO_MESSAGE | FOLLOWED,
)
async def get_chat_message(who: MayChat, chat_id: UUID, message_id: UUID, accept: Accept = "") -> ApiMessage:
    """Of an answer, with `Accept: text/event-stream`: its text as it grows (`progress`), and its end (`finished`), with
    what it cost."""
    line = await who.site.services.chats.line(chat_id, message_id, user_id=who.user.id)
    if events.MEDIA_TYPE in accept and line.reply_to is not None:
        return events.stream(_growth(who, line))  # type: ignore[return-value]  # FastAPI passes responses on
    return message_told(who, line)


@router.post(
    "/chats/{chat_id}/messages/{message_id}/stop",
    operation_id="stopChatAnswer",
    summary="Want an answer no more",
    responses=NO_MESSAGE,
)
async def stop_chat_answer(who: MayChat, chat_id: UUID, message_id: UUID) -> ApiMessage:
    """One that waits is canceled and paid back; of one that is being written what came is paid for. One that has ended
    stays as it is."""
    chats = who.site.services.chats
    await chats.line(chat_id, message_id, user_id=who.user.id)
    await chats.stop(user_id=who.user.id, answer_id=message_id)
    return message_told(who, await chats.line(chat_id, message_id, user_id=who.user.id))


@router.post(
    "/chats/{chat_id}/messages/{message_id}/again",
    operation_id="answerChatAgain",
    summary="Have another answer",
    status_code=201,
    response_model=ApiMessage,
    responses={**NOT_SOLD_ANEW, **BOUGHT},
)
async def answer_chat_again(who: MayChat, chat_id: UUID, message_id: UUID, purchase: AnswerPurchase) -> Response:
    """To the message of this answer, which must be the last one. It is bought as the first one was."""
    order = MessageOrder(user_id=who.user.id, session_id=chat_id, text="", request_key=purchase.key)
    accepted = await who.site.services.chats.again(message_id, order)
    return await _sold(who, order, accepted, purchase)


@router.post(
    "/chats/{chat_id}/messages/{message_id}/edit",
    operation_id="editChatMessage",
    summary="Say it in another way",
    status_code=201,
    response_model=ApiMessage,
    responses={**NOT_SOLD_ANEW, **BOUGHT},
)
async def edit_chat_message(
    who: MayChat,
    chat_id: UUID,
    message_id: UUID,
    said: MessageText,
    purchase: AnswerPurchase,
) -> Response:
    """Your last message, by its own id (`reply_to` of its answer). The new one is bought as any other."""
    order = replace(await _order(who, chat_id, said, purchase.key), replaces=message_id)
    accepted = await who.site.services.chats.send(order)
    return await _sold(who, order, accepted, purchase)


async def _order(who: Caller, chat_id: UUID, said: MessageText, key: str) -> MessageOrder:
    """Raises FileNotFound."""
    pictures = tuple(dict.fromkeys(said.files))
    known = await who.site.services.files.known((each.hex for each in pictures), user_id=who.user.id)
    for picture in pictures:
        if picture.hex not in known:
            raise FileNotFound(file_id=picture)
    return MessageOrder(user_id=who.user.id, session_id=chat_id, text=said.text, request_key=key, pictures=pictures)


async def _sold(who: Caller, order: MessageOrder, accepted: Accepted, purchase: PurchaseTerms) -> Response:
    chats = who.site.services.chats
    line = await chats.line(order.session_id, accepted.answer_id, user_id=order.user_id)
    if accepted.repeated and order.text and not await _is_same(who, order, line):
        raise KeyReused()
    if purchase.streamed:
        return events.stream(_growth(who, line))
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


async def _is_same(who: Caller, order: MessageOrder, answer: ChatLine) -> bool:
    """What its key sold before. A message that was joined says what the one before it said, too."""
    assert answer.reply_to is not None
    chats = who.site.services.chats
    question = await chats.line(order.session_id, answer.reply_to, user_id=order.user_id)
    return question.text is None or question.text.endswith(order.text.strip())


async def _finished(who: Caller, line: ChatLine, seconds: float) -> ChatLine:
    """As it stands when it is, or when the time is over."""
    await wait_for_end(who.site.services.answer_watch.watch(line.id, user_id=who.user.id), seconds)
    return await who.site.services.chats.line(line.session_id, line.id, user_id=who.user.id)


async def _growth(who: Caller, line: ChatLine) -> AsyncGenerator[bytes, None]:
    async with aclosing(who.site.services.answer_watch.watch(line.id, user_id=who.user.id)) as states:
        async for state in states:
            if not state.finished:
                progress = AnswerSoFar(status=state.status, text=state.text)
                yield events.event("progress", progress.model_dump_json())
    line = await who.site.services.chats.line(line.session_id, line.id, user_id=who.user.id)
    yield events.event("finished", message_told(who, line).model_dump_json())
