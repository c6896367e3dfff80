"""Conversations with assistants as the API shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from db.tables.chats import FinishReason, MessageStatus, Sender
from i18n.predictions import error_of
from services.chats.lines import ChatLine
from services.chats.service import AssistantView
from services.chats.sessions import ChatSessionView
from web.api.callers import Caller
from web.api.prediction_view import CODES, Failure


class AssistantPrices(BaseModel):
    """In hundredths of a credit."""

    answer: int = Field(description="Of each answer, whatever its length.")
    input: int = Field(description="For 1,000 tokens that are read.")
    output: int = Field(description="For 1,000 tokens that are written.")


class AssistantOffer(BaseModel):
    """Somebody to talk with."""

    slug: str = Field(examples=["oracle"])
    title: str
    icon: str
    description: str | None
    greeting: str | None
    examples: list[str] = Field(description="What may be said first.")
    takes_pictures: bool
    prices: AssistantPrices
    free_answers: int = Field(description="A day.")
    max_answer: int = Field(description="In tokens.")
    available: bool = Field(description="false: it rests, since its server is away. It will be back by itself.")


class ChatConversation(BaseModel):
    """A conversation with an assistant."""

    id: UUID
    assistant: str | None = Field(description="Its slug; null where it is not sold any more.")
    title: str | None = Field(description="The first words of it, or as it was named; null before its first message.")
    active: bool = Field(description="It is the one that goes on in the Telegram chat.")
    messages: int = Field(description="How many it has.")
    created_at: datetime
    last_message_at: datetime


class ApiMessage(BaseModel):
    """What was said, by you or by the assistant. An answer is what is paid for."""

    id: UUID
    url: str
    chat_id: UUID
    sender: Sender
    text: str | None = Field(description="Of an assistant in Markdown; null before its first words.")
    files: list[UUID] = Field(description="Pictures that were sent with it.")
    status: MessageStatus = Field(description="`sent` of yours; of an answer how it stands.")
    reply_to: UUID | None = Field(description="Of an answer: the message.")
    finish: FinishReason | None = Field(description="Why an answer ended.")
    hold: int = Field(description="Held for it while it is written, in hundredths of a credit.", examples=[40])
    price: int | None = Field(description="What it cost in the end; null until that is known.", examples=[12])
    free: bool = Field(description="It was one of the day's free answers.")
    prompt_tokens: int | None
    completion_tokens: int | None
    replaced: bool = Field(description="It was edited away or answered anew, and is sent to the assistant no more.")
    error: Failure | None = Field(description="Why there is no answer. Nothing was charged.")
    created_at: datetime
    finished_at: datetime | None


class AnswerSoFar(BaseModel):
    """How an answer stands, in an event `progress`."""

    status: MessageStatus
    text: str = Field(description="All of it so far; of a very long one its end.")


def assistant_told(who: Caller, found: AssistantView) -> AssistantOffer:
    return AssistantOffer(
        slug=found.slug,
        title=who.tr.pick(found.title),
        icon=found.icon,
        description=None if found.description is None else who.tr.pick(found.description),
        greeting=None if found.greeting is None else who.tr.pick(found.greeting),
        examples=[who.tr.pick(each) for each in found.examples],
        takes_pictures=found.takes_pictures,
        prices=AssistantPrices(answer=found.prices.fixed, input=found.prices.input, output=found.prices.output),
        free_answers=found.free_answers,
        max_answer=found.max_answer,
        available=not found.resting,
    )


async def conversations_told(who: Caller, *found: ChatSessionView) -> list[ChatConversation]:
    sold = await who.site.services.chats.assistants() if found else []
    slugs = {(each.model_slug, each.preset_id): each.slug for each in sold}
    return [
        ChatConversation(
            id=chat.id,
            assistant=slugs.get((chat.model_slug, chat.preset_id)),
            title=chat.title,
            active=chat.is_active,
            messages=chat.messages,
            created_at=chat.started_at,
            last_message_at=chat.last_message_at,
        )
        for chat in found
    ]


def message_told(who: Caller, line: ChatLine) -> ApiMessage:
    failed = line.status is MessageStatus.FAILED
    code = None if line.error_code is None else CODES[line.error_code]
    return ApiMessage(
        id=line.id,
        url=f"{who.site.public_url or ''}/api/v1/chats/{line.session_id}/messages/{line.id}",
        chat_id=line.session_id,
        sender=line.sender,
        text=line.text,
        files=list(line.pictures),
        status=line.status,
        reply_to=line.reply_to,
        finish=line.finish,
        hold=line.hold,
        price=line.price,
        free=line.free,
        prompt_tokens=line.prompt_tokens,
        completion_tokens=line.completion_tokens,
        replaced=line.replaced,
        error=Failure(code=code or "unexpected", detail=who.tr.gettext(error_of(line.error_code).message))
        if failed and line.error_code is not None
        else None,
        created_at=line.created_at,
        finished_at=line.finished_at,
    )
