"""`/assistants`, `/chats`: whom to talk with, and conversations with them."""

from typing import Final
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from services.chats.sessions import LONGEST_TITLE, BadTitle, ChatSessionNotFound
from services.manifests.manifest import SLUG
from services.models.offers import ModelNotOnSale, ModelStopped
from web.api.callers import MayChat
from web.api.chat_view import AssistantOffer, ChatConversation, assistant_told, conversations_told
from web.api.describing import refuses
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.routes import make_router
from web.api.texts import STORABLE

router = make_router("chats")
NOT_THERE: Final = refuses(ChatSessionNotFound)


class NewConversation(BaseModel):
    """Whom to talk with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"assistant": "oracle"}]})

    assistant: str = Field(pattern=f"^{SLUG}$", description="A slug of `/assistants`.")


class ConversationChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "About the sea"}]})

    title: str = Field(max_length=LONGEST_TITLE, json_schema_extra=STORABLE)


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
