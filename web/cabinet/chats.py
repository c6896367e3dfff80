"""Conversations with assistants: whom to talk with, what is said, and how its answer grows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, UploadFile
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, Response

from i18n.chat_prices import from_plan, price_in_short
from i18n.chats import export_words
from services.chats.export import JSON, MARKDOWN
from services.chats.orders import ASSISTANT_PICTURE, MessageOrder, PicturesNotTaken
from services.chats.service import AssistantView
from services.chats.sessions import ChatSessionNotFound, ChatSessionView
from services.errors import ShopError
from services.files.files import media_type_of, parse_file_id
from services.manifests.preparation import MAX_BYTES
from web.cabinet.chat_page import ChatDraft, ChatPage
from web.cabinet.pictures import attachment
from web.cabinet.sale import FormReused
from web.kit.markdown import safe_html
from web.kit.pages import page
from web.kit.uploads import uploaded_picture
from web.kit.viewer import Customer, Me, PageViewer, Someone

router = APIRouter(prefix="/chats")
ON_PAGE: Final = 10
SHORTEST_KEY: Final = 16
PACE: Final = 0.2  # seconds between two looks at a growing answer
KINDS: Final = {MARKDOWN: "text/markdown; charset=utf-8", JSON: "application/json"}
MOST_TEXT: Final = 1_000_000  # characters that are read; an assistant takes less, and says how much


async def own_session(me: Me, hex_id: str) -> ChatSessionView:
    """The customer's own. Raises `ChatSessionNotFound`, for rubbish too."""
    session_id = parse_file_id(hex_id)
    if session_id is None:
        raise ChatSessionNotFound()
    return await me.site.services.chat_sessions.get(session_id, user_id=me.user.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """`key`: of the form, the same however often it is sent."""

    draft: ChatDraft
    key: str
    picture: UploadFile | None


async def sent_message(
    text: Annotated[str, Form()] = "",
    key: Annotated[str, Form(max_length=80)] = "",
    replaces: Annotated[str, Form()] = "",
    picture: UploadFile | None = None,
) -> SentMessage:
    draft = ChatDraft(text=text.replace("\r\n", "\n"), replaces=parse_file_id(replaces))
    chosen = picture if picture is not None and picture.filename else None
    return SentMessage(draft=draft, key=key if len(key) >= SHORTEST_KEY else token_urlsafe(16), picture=chosen)


Conversed = Annotated[ChatSessionView, Depends(own_session)]
Sent = Annotated[SentMessage, Depends(sent_message)]


@router.get("")
async def show_chats(who: Someone, number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0) -> Response:
    services = who.site.services
    user = None if who.signed_in is None else who.signed_in.user
    sessions = None if user is None else await services.chat_sessions.page(user.id, number, ON_PAGE)
    return page(
        who,
        "cabinet/chats.html",
        assistants=await _assistants(who),
        sessions=sessions,
        price_in_short=price_in_short,
        from_plan=from_plan,
    )


@router.get("/with/{slug}")
async def begin(me: Me, slug: str, text: str = "") -> Response:
    """Nothing is begun before something is said. `text`: what is proposed to be said."""
    assistant = await _covered(await me.site.services.chats.assistant(slug), me)
    return await ChatPage(me=me, session=None, assistant=assistant).show(ChatDraft(text=text[:MOST_TEXT]))


@router.post("/with/{slug}", max_body_size=MAX_BYTES + MOST_TEXT)
async def say_first(me: Me, slug: str, sent: Sent) -> Response:
    assistant = await _covered(await me.site.services.chats.assistant(slug), me)
    sessions = me.site.services.chat_sessions
    shown = ChatPage(me=me, session=None, assistant=assistant)
    session = await sessions.start(
        user_id=me.user.id, model_slug=assistant.model_slug, preset_id=assistant.preset_id, active=False
    )
    answer = await _say(replace(shown, session=session), sent)
    if isinstance(answer, ShopError):
        await sessions.delete(session.id, user_id=me.user.id)  # nothing was said in it
        return await shown.show(sent.draft, refused=answer)
    return answer


@router.get("/{hex_id}")
async def show_chat(me: Me, session: Conversed, before: UUID | None = None, edit: UUID | None = None) -> Response:
    """`edit`: the customer's message that shall be said in another way."""
    draft = ChatDraft()
    if edit is not None:
        line = await me.site.services.chats.line(session.id, edit, user_id=me.user.id)
        draft = ChatDraft(text=line.text or "", replaces=line.id)
    return await (await ChatPage.of(me, session)).show(draft, before=before)


@router.post("/{hex_id}", max_body_size=MAX_BYTES + MOST_TEXT)
async def say(me: Me, session: Conversed, sent: Sent) -> Response:
    """Said once, however often the form is sent."""
    shown = await ChatPage.of(me, session)
    answer = await _say(shown, sent)
    return answer if isinstance(answer, Response) else await shown.show(sent.draft, refused=answer)


async def own_answer(me: Me, session: Conversed, answer_id: UUID) -> UUID:
    """Asked before the first event, where it can still be refused. Raises `MessageNotFound`."""
    return (await me.site.services.chats.line(session.id, answer_id, user_id=me.user.id)).id


@router.get("/{hex_id}/answers/{answer_id}/events", response_class=EventSourceResponse)
async def follow(me: Me, answer: Annotated[UUID, Depends(own_answer)]) -> AsyncIterator[ServerSentEvent]:
    """`progress`: the answer as it stands, as HTML of ours; `done` at its end."""
    async with aclosing(me.site.services.answer_watch.watch(answer, user_id=me.user.id)) as states:
        async for state in states:
            if state.finished:
                yield ServerSentEvent(event="done", data=state.status)
            elif state.text:
                yield ServerSentEvent(event="progress", data=await asyncio.to_thread(safe_html, state.text))
                await asyncio.sleep(PACE)


@router.post("/{hex_id}/stop")
async def stop(me: Me, session: Conversed, answer: Annotated[UUID, Form()]) -> Response:
    await me.site.services.chats.line(session.id, answer, user_id=me.user.id)
    await me.site.services.chats.stop(user_id=me.user.id, answer_id=answer)
    return _back(session)


@router.post("/{hex_id}/again")
async def answer_again(
    me: Me, session: Conversed, answer: Annotated[UUID, Form()], key: Annotated[str, Form(max_length=80)]
) -> Response:
    order = MessageOrder(user_id=me.user.id, session_id=session.id, text="", request_key=key)
    try:
        await me.site.services.chats.line(session.id, answer, user_id=me.user.id)
        await me.site.services.chats.again(answer, order)
    except ShopError as error:
        return await (await ChatPage.of(me, session)).show(refused=error)
    return _back(session)


@router.post("/{hex_id}/title")
async def rename(me: Me, session: Conversed, title: Annotated[str, Form(max_length=1000)] = "") -> Response:
    try:
        await me.site.services.chat_sessions.rename(session.id, title, user_id=me.user.id)
    except ShopError as error:
        return await (await ChatPage.of(me, session)).show(refused=error)
    return RedirectResponse(f"/chats/{session.id}", status_code=303)


@router.get("/{hex_id}/export.{form}")
async def export(me: Me, session: Conversed, form: str) -> Response:
    """`form`: md, else json."""
    kind = MARKDOWN if form == MARKDOWN else JSON
    called = (await ChatPage.of(me, session)).called
    content = await me.site.services.chat_sessions.export(
        session.id, kind, export_words(called, me.tr), user_id=me.user.id
    )
    name = f"chat-{session.started_at:%Y-%m-%d}-{session.id.hex[:6]}.{kind}"
    return attachment(content, name=name, media_type=KINDS[kind])


@router.get("/{hex_id}/delete")
async def ask_whether(me: Me, session: Conversed) -> Response:
    return page(me, "cabinet/chat_delete.html", session=session)


@router.post("/{hex_id}/delete")
async def delete(me: Me, session: Conversed) -> Response:
    await me.site.services.chat_sessions.delete(session.id, user_id=me.user.id)
    return RedirectResponse("/chats", status_code=303)


async def _covered(assistant: AssistantView, me: Customer) -> AssistantView:
    """With what the customer's plan pays for."""
    return await me.site.services.plan_cover.of_assistant(assistant, me.user.id)


async def _assistants(who: PageViewer) -> Sequence[AssistantView]:
    """The same of all."""
    services, seen = who.site.services, who.signed_in
    assistants = await services.chats.assistants()
    return assistants if seen is None else await services.plan_cover.of_assistants(assistants, seen.user.id)


async def _say(shown: ChatPage, sent: SentMessage) -> Response | ShopError:
    """Or why it was not sent; nothing was charged then."""
    me, session = shown.me, shown.session
    assert session is not None
    chats = me.site.services.chats
    try:
        order = MessageOrder(
            user_id=me.user.id,
            session_id=session.id,
            text=sent.draft.text,
            request_key=sent.key,
            pictures=() if sent.picture is None else (await _keep(shown, sent.picture),),
            replaces=sent.draft.replaces,
        )
        accepted = await chats.send(order)
    except ShopError as error:
        return error
    told = await chats.answer(accepted.answer_id, user_id=me.user.id)
    if accepted.repeated and not await chats.asks_the_same(order, told.session_id, told.question_id):
        return FormReused()
    return RedirectResponse(f"/chats/{told.session_id}#end", status_code=303)  # sent twice, it is in the first


async def _keep(shown: ChatPage, picture: UploadFile) -> UUID:
    """Raises what is wrong with it, PicturesNotTaken, IntakeBusy, StoreAway."""
    if shown.assistant is None or not shown.assistant.takes_pictures:
        raise PicturesNotTaken()
    services, user_id = shown.me.site.services, shown.me.user.id
    content = await uploaded_picture(picture, ASSISTANT_PICTURE, services.intake, user_id=user_id)
    return await services.files.put(user_id, content, media_type_of(content))


def _back(session: ChatSessionView) -> Response:
    return RedirectResponse(f"/chats/{session.id}#end", status_code=303)
