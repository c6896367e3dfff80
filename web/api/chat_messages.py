"""`/chats/…/messages`: what is said. A message buys an answer, which may be followed as it is written."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.billing.ledger import InsufficientBalance
from services.chats.limits import AllowanceUsedUp, TokensUsedUp, TooManyMessages
from services.chats.orders import (
    EmptyMessage,
    MessageNotFound,
    MessageNotLast,
    MessageOrder,
    MessageTooLong,
    PicturesNotTaken,
)
from services.chats.sessions import ChatSessionNotFound
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped
from web.api.answer_sales import Accept, AnswerPurchase, growth, sold
from web.api.callers import Caller, MayChat
from web.api.chat_view import ApiMessage, message_told
from web.api.describing import Responses, refuses
from web.api.errors import FileNotFound
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.routes import make_router
from web.kit import events

router = make_router("chats")
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
MOST_TEXT: Final = 1_000_000  # characters; an assistant takes less, and says how much
MOST_PICTURES: Final = 10
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
    return await sold(who, order, accepted, purchase)


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
        return events.stream(growth(who, line))  # type: ignore[return-value]  # FastAPI passes responses on
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
    return await sold(who, order, accepted, purchase)


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
    return await sold(who, order, accepted, purchase)


async def _order(who: Caller, chat_id: UUID, said: MessageText, key: str) -> MessageOrder:
    """Raises FileNotFound."""
    pictures = tuple(dict.fromkeys(said.files))
    known = await who.site.services.files.known((each.hex for each in pictures), user_id=who.user.id)
    for picture in pictures:
        if picture.hex not in known:
            raise FileNotFound(file_id=picture)
    return MessageOrder(user_id=who.user.id, session_id=chat_id, text=said.text, request_key=key, pictures=pictures)
