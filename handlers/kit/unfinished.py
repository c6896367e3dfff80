"""What a customer had to leave for want of credits, and can go on with when they are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from handlers.kit import buttons
from handlers.kit.buttons import Row
from handlers.kit.conversation import UnsentMessage, last_unsent, resume_button
from handlers.kit.form_state import FormState
from handlers.telegram.screen import Button
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.container import Services

SHOWN: Final = 100  # characters of a message: enough to know it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """`form`: one is under way or paused; `unsent`: the last message that an assistant did not get; `talk`: what the
    open conversation is called; `table`: one that was not ordered yet."""

    form: bool = False
    unsent: UnsentMessage | None = None
    talk: str | None = None
    table: UUID | None = None

    def words(self, tr: Translator) -> Html:
        if self.unsent is None:
            return Html()
        if not self.unsent.text:
            return tr.html("📨 Your picture waits to be sent.")
        return tr.html("📨 Your message waits: “{text}”", text=cut_plain(" ".join(self.unsent.text.split()), SHOWN))

    def rows(self, tr: Translator) -> tuple[Row, ...]:
        """The ways back; to the models where there are none."""
        found = []
        if self.form:
            found.append(buttons.continue_button(tr))
        if self.table is not None:
            found.append(Button(text=tr.gettext("📋 Continue with the table"), action=buttons.table_action(self.table)))
        if self.unsent is not None:
            found.append(Button(text=tr.gettext("📨 Send my message"), action=self.unsent.action))
        elif self.talk is not None and not found:
            found.append(resume_button(self.talk, tr))
        return tuple((each,) for each in found or [buttons.models_button(tr)])


async def read_unfinished(data: Mapping[str, object], user_id: int, services: Services) -> Unfinished:
    """`data`: of the customer's dialog."""
    form = FormState.load(data) is not None
    draft = await services.scorings.last_draft(user_id)
    table = None if draft is None else draft.id
    if not services.features.chats:
        return Unfinished(form=form, table=table)
    talk = await services.chat_sessions.active(user_id)
    title = None if talk is None else talk.title
    return Unfinished(form=form, unsent=last_unsent(data), talk=title, table=table)
