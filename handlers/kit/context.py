"""What a handler works with, and what a screen may know of its reader."""

from dataclasses import dataclass, replace

from aiogram import Bot
from aiogram.fsm.context import FSMContext

from handlers.kit import dialog
from handlers.kit.dialog import Event
from handlers.telegram.messages import Messages
from handlers.telegram.screen import Screen
from i18n.titles import Titles, title_in_menu
from i18n.translator import Catalogues, Translator
from services.chats.sessions import ChatSessionView
from services.container import Services
from services.features import Features
from services.models.uploads.trials import tried
from services.users.accounts import UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """All that a pure screen may know of who reads it. `titles`: of models."""

    user: UserView
    tr: Translator
    features: Features
    titles: Titles


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Made once for each update, by the middleware that finds its user. Every handler gets it as `ctx`."""

    user: UserView
    tr: Translator
    fsm: FSMContext
    bot: Bot
    services: Services
    catalogues: Catalogues
    messages: Messages

    @property
    def viewer(self) -> Viewer:
        titles = Titles(find=self.services.models.manifest, tr=self.tr)
        return Viewer(user=self.user, tr=self.tr, features=self.services.features, titles=titles)

    @property
    def chat_id(self) -> int:
        """Of the private chat with the customer, which is their Telegram id."""
        assert self.user.telegram_id is not None  # the chat found them by it
        return self.user.telegram_id

    async def refreshed(self) -> "Context":
        """The same, with what was just changed about the customer."""
        return self.of(await self.services.users.get(self.user.id))

    def of(self, user: UserView) -> "Context":
        """The same, of the customer as they are now."""
        return replace(self, user=user)

    async def respond(self, event: Event, screen: Screen) -> int:
        """Show a screen that has nothing to do with the form: see `dialog.respond`."""
        return await dialog.respond(event, self.fsm, self.tr, screen)

    async def open_talk(self) -> ChatSessionView | None:
        """The open conversation, where there are any."""
        return await self.services.chat_sessions.active(self.user.id) if self.services.features.chats else None

    async def open_talk_title(self) -> str | None:
        """What the open conversation is called, where anything was said in it."""
        talk = await self.open_talk()
        return None if talk is None else talk.title

    async def open_form_title(self) -> str | None:
        """What the form under way or paused is called."""
        form = await dialog.open_form(self.fsm)
        if form is not None and tried(form.slug) is not None:
            return self.tr.gettext("a draft that is tried")
        return None if form is None else (await title_in_menu(form.slug, self.services.models, self.tr)).text
