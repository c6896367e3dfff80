"""Conversations: the list, one of them."""

from typing import Final

from handlers.chats.screens import SESSIONS
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.kit.conversation import chats_button
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.chats.service import AssistantView
from services.chats.sessions import ChatSessionView
from services.pages import Page

OPEN: Final = "chat-open"  # chat-open:<hex id>
GO_ON: Final = "chat-goon"
RENAME: Final = "chat-rename"
EXPORT: Final = "chat-export"  # chat-export:<hex id>:<md|json>
DELETE: Final = "chat-delete"
DELETE_SURE: Final = "chat-delete-now"


def sessions_screen(page: Page[ChatSessionView], tr: Translator) -> Screen:
    end = (chats_button(tr), buttons.menu_button(tr))
    title = tr.html("<b>🗂 Your conversations</b>")
    if not page.items:
        return Screen(text=Html(f"{title}\n\n{tr.html('There are none yet.')}"), rows=(end,))
    rows = [(Button(text=_line(each, tr), action=f"{OPEN}:{each.id.hex}"),) for each in page.items]
    turn = buttons.pages_row(tr, page=page.page, pages=page.pages, action=lambda to: f"{SESSIONS}:{to}")
    hint = tr.html("Choose one to go on with it, name it, take it along or delete it.")
    return Screen(text=Html(f"{title}\n\n{hint}"), rows=(*rows, *((turn,) if turn else ()), end))


def session_screen(session: ChatSessionView, assistant: AssistantView | None, viewer: Viewer) -> Screen:
    """`assistant`: None where it is not sold any more."""
    tr = viewer.tr
    who = viewer.titles.of(session.model_slug) if assistant is None else title_of(assistant, tr)
    lines = [
        Html(f"<b>{tr.escape(session.title or '…')}</b>"),
        tr.html("With {who}", who=str(who)),
        tr.nhtml("{n} message", "{n} messages", session.messages),
        tr.html("Begun {moment}", moment=tr.short_moment(session.started_at)),
    ]
    number = session.id.hex
    go_on = ((Button(text=tr.gettext("💬 Go on"), action=f"{GO_ON}:{number}"),),) if assistant is not None else ()
    rows = (
        *go_on,
        (
            Button(text=tr.gettext("✏️ Name it"), action=f"{RENAME}:{number}"),
            Button(text=tr.gettext("🗑 Delete"), action=f"{DELETE}:{number}"),
        ),
        (
            Button(text=tr.gettext("📄 As text"), action=f"{EXPORT}:{number}:md"),
            Button(text=tr.gettext("📄 As JSON"), action=f"{EXPORT}:{number}:json"),
        ),
        (buttons.back_button(tr, SESSIONS), buttons.menu_button(tr)),
    )
    return Screen(text=Html("\n".join(lines)), rows=rows)


def title_question(session: ChatSessionView, tr: Translator, *, problem: Html | None = None) -> Screen:
    ask = tr.html("How shall “{title}” be called? Write a name.", title=session.title or "…")
    text = ask if problem is None else Html(f"{problem}\n\n{ask}")
    return Screen(text=text, rows=((buttons.back_button(tr, f"{OPEN}:{session.id.hex}"),),))


def sure_screen(session: ChatSessionView, tr: Translator) -> Screen:
    text = tr.html(
        "Delete the conversation “{title}”? Its texts cannot be brought back; what it cost stays in the history.",
        title=session.title or "…",
    )
    sure = Button(text=tr.gettext("🗑 Yes, delete it"), action=f"{DELETE_SURE}:{session.id.hex}")
    return Screen(text=text, rows=((sure,), (buttons.back_button(tr, f"{OPEN}:{session.id.hex}"),)))


def _line(session: ChatSessionView, tr: Translator) -> str:
    mark = "💬 " if session.is_active else ""
    return cut_plain(f"{mark}{tr.short_moment(session.last_message_at)} · {session.title}", BUTTON)
