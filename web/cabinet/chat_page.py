"""The page of a conversation: what was said, and where to say more."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final, Self
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from starlette.responses import Response

from db.tables.chats import FinishReason, MessageStatus, Sender
from i18n.chat_prices import coming_facts, price_facts
from i18n.chats import ENDED, GO_ON, GOES_ON, PAID_IN_PART
from i18n.predictions import error_of
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.billing.ledger import InsufficientBalance
from services.chats.lines import ChatLine
from services.chats.next_cost import NextCost
from services.chats.orders import HistoryNotCovered
from services.chats.service import AssistantView
from services.chats.sessions import ChatSessionView
from services.errors import N_, ShopError
from services.models.offers import ModelNotOnSale
from web.kit.markdown import safe_html
from web.kit.pages import page
from web.kit.places import TOP_UP
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer

AT_ONCE: Final = 40  # messages on a page
NOTHING_CHARGED: Final = N_("Nothing was charged.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """A message as it is shown. `html`: of an answer; `foot`: how it ended, what it cost; `last`: of its side."""

    line: ChatLine
    html: Markup
    foot: str
    last: bool

    @property
    def own(self) -> bool:
        return self.line.sender is Sender.USER

    @property
    def goes_on(self) -> bool:
        return self.last and self.line.finish in GOES_ON


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDraft:
    """What is written and not sent. `replaces`: the message that it takes the place of."""

    text: str = ""
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPage:
    """`session`: None before the first message; `assistant`: None while it is not sold."""

    me: Customer
    session: ChatSessionView | None
    assistant: AssistantView | None

    @classmethod
    async def of(cls, me: Customer, session: ChatSessionView) -> Self:
        try:
            sold = await me.site.services.chats.of_session(session.model_slug, session.preset_id)
            assistant = await me.site.services.plan_cover.of_assistant(sold, me.user.id)
        except ModelNotOnSale:
            assistant = None
        return cls(me=me, session=session, assistant=assistant)

    @property
    def place(self) -> str:
        if self.session is not None:
            return f"/chats/{self.session.id}"
        return f"/chats/with/{quote(self.assistant.slug)}" if self.assistant is not None else "/chats"

    async def show(
        self, draft: ChatDraft | None = None, *, refused: ShopError | None = None, before: UUID | None = None
    ) -> Response:
        """`refused`: why the draft was not sent; `before`: a message, to see older ones."""
        me, tr, draft = self.me, self.me.tr, draft or ChatDraft()
        lines, older = await self._lines(before)
        said = await asyncio.to_thread(said_lines, lines, tr)
        return page(
            me,
            "cabinet/chat.html",
            status=200 if refused is None else refusal_of(refused).status,
            place=self.place,
            session=self.session,
            assistant=self.assistant,
            called=self.called,
            heading=(self.session.title if self.session is not None else None) or self.called,
            said=said,
            newest=before is None,
            older=f"{self.place}?before={lines[0].id}" if older and lines else "",
            running=next((each.line for each in said if not each.own and not each.line.finished), None),
            costs=await self._costs(),
            draft=draft,
            key=f"web-{token_urlsafe(16)}",
            go_on=tr.gettext(GO_ON),
            problem="" if refused is None else tr.error(refused),
            top_up=f"{TOP_UP}?next={quote(self.place, safe='')}" if isinstance(refused, InsufficientBalance) else "",
            afresh=isinstance(refused, HistoryNotCovered),
        )

    async def _lines(self, before: UUID | None) -> tuple[list[ChatLine], bool]:
        """Oldest first, and whether there are older ones."""
        if self.session is None:
            return [], False
        chats, user = self.me.site.services.chats, self.me.user
        found = await chats.lines_after(self.session.id, before, AT_ONCE, user_id=user.id)
        return list(reversed(found.items)), found.has_more

    async def _costs(self) -> Sequence[Markup]:
        """What the next message costs at most; of a new conversation what its assistant does."""
        tr, balance = self.me.tr, self.me.user.balance
        if self.assistant is None:
            return ()
        if self.session is None:
            return _marked(price_facts(self.assistant, None, tr, balance=balance, aloud=False))
        return _marked(coming_facts(self.assistant, await self._coming(self.session.id), tr, balance=balance))

    async def _coming(self, session_id: UUID) -> NextCost | None:
        """None while its assistant sells nothing."""
        try:
            return await self.me.site.services.chats.next_cost(session_id, user_id=self.me.user.id)
        except ShopError:
            return None

    @property
    def called(self) -> str:
        """The assistant's name."""
        if self.assistant is not None:
            return title_of(self.assistant, self.me.tr).text
        return self.me.titles.of(self.session.model_slug).text if self.session is not None else ""


def said_lines(lines: Sequence[ChatLine], tr: Translator) -> list[ShownMessage]:
    """Without the texts that were deleted."""
    newest = {line.sender: line.id for line in lines}
    return [
        ShownMessage(
            line=line,
            html=safe_html(line.text or "") if line.sender is Sender.ASSISTANT else Markup(),
            foot=_foot(line, tr) if line.sender is Sender.ASSISTANT else "",
            last=newest[line.sender] == line.id,
        )
        for line in lines
    ]


def _foot(line: ChatLine, tr: Translator) -> str:
    if line.status is MessageStatus.CANCELED:
        return f"{tr.gettext(ENDED[FinishReason.STOPPED])} {tr.gettext(NOTHING_CHARGED)}"
    if line.status is MessageStatus.FAILED:
        why = "" if line.error_code is None else tr.gettext(error_of(line.error_code).message)
        return f"{why} {tr.gettext(NOTHING_CHARGED)}".strip()
    if not line.finished:
        return ""
    parts = [tr.gettext(ENDED[line.finish])] if line.finish in ENDED else []
    if line.finish is FinishReason.CUT and line.price:
        parts.append(tr.gettext(PAID_IN_PART))
    about = "≈ " if line.estimated and line.price else ""
    cost = tr.gettext("Free today") if line.free else tr.credits(line.price) if line.price else tr.gettext("Free")
    return " ".join([*parts, f"{about}{cost}"])


def _marked(text: Html) -> list[Markup]:
    return [Markup(line) for line in text.split("\n") if line]  # noqa: S704 - HTML of ours
