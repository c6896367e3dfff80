"""Assistants, the begin of a conversation, and what is said beside the answers."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from handlers.chats.formatting import FormattedText
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.kit.conversation import CHAT, UnsentMessage, chats_button, resume_button
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.chat_prices import coming_facts, from_plan, plan_lines, price_facts, price_in_short
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.billing.ledger import InsufficientBalance
from services.chats.next_cost import NextCost
from services.chats.orders import Accepted, HistoryNotCovered
from services.chats.service import AssistantView
from services.errors import ShopError

EXAMPLE: Final = "chat-example"  # chat-example:<slug>:<number>
SESSIONS: Final = "chat-sessions"  # chat-sessions:<page>
NEW: Final = "chat-new"
AFRESH: Final = "chat-afresh"  # chat-afresh:<key of what was not sent>
STOP: Final = "chat-stop"  # chat-stop:<hex id of an answer>
AGAIN: Final = "chat-again"  # chat-again:<hex id of an answer>
MORE: Final = "chat-more"  # chat-more:<hex id of an answer that its limit ended>


def assistants_screen(assistants: Sequence[AssistantView], viewer: Viewer, *, open_with: str | None) -> Screen:
    """`open_with`: what the conversation that can be continued is called."""
    tr = viewer.tr
    if not assistants:
        text = tr.html("There is nobody to talk with right now. Please come back later.")
        return Screen(text=text, rows=((buttons.menu_button(tr),),))
    lines = [
        tr.escape(f"{title_of(each, tr)}: {price_in_short(each.prices, tr)}{from_plan(each.plan, tr)}")
        for each in assistants
    ]
    if any(each.resting for each in assistants):
        lines.append(tr.html("💤 is resting: something is wrong on its side, it comes back by itself."))
    text = Html("\n\n".join([tr.html("<b>💬 Whom shall we ask?</b>"), Html("\n".join(lines))]))
    picks = [(Button(text=_named(each, tr), action=f"{CHAT}:{each.slug}"),) for each in assistants]
    resume = ((resume_button(open_with, tr),),) if open_with is not None else ()
    return Screen(text=text, rows=(*resume, *picks, (sessions_button(tr), buttons.menu_button(tr))))


def begun_screen(assistant: AssistantView, coming: NextCost | None, viewer: Viewer) -> Screen:
    """The first screen of a conversation; nothing costs anything until something is sent. `coming`: what its first
    answer costs, where that is known."""
    tr = viewer.tr
    hello = assistant.greeting or assistant.description
    parts = [
        title_of(assistant, tr).heading,
        tr.escape(tr.pick(hello).strip()) if hello is not None else Html(),
        price_facts(assistant, coming, tr, balance=viewer.user.balance),
        _resting(assistant, tr) or tr.html("✍️ Write your message."),
    ]
    examples = [
        (Button(text=cut_plain(tr.pick(example), BUTTON), action=f"{EXAMPLE}:{assistant.slug}:{number}"),)
        for number, example in enumerate(() if assistant.resting else assistant.examples)
    ]
    rows = (*examples, (chats_button(tr), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows)


def resumed_screen(assistant: AssistantView, title: str | None, coming: NextCost | None, viewer: Viewer) -> Screen:
    """`title`: of the conversation, where it has one; `coming`: as in `begun_screen`, of its next answer."""
    tr = viewer.tr
    parts = [
        title_of(assistant, tr).heading,
        tr.html("We go on: “{title}”", title=title) if title else Html(),
        coming_facts(assistant, coming, tr, balance=viewer.user.balance),
        _resting(assistant, tr) or tr.html("✍️ Write your message."),
    ]
    rows = ((new_button(tr), sessions_button(tr)), (chats_button(tr), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows)


def _resting(assistant: AssistantView, tr: Translator) -> Html:
    if not assistant.resting:
        return Html()
    return tr.html("💤 It is resting: something is wrong on its side. Please come back later.")


def _named(assistant: AssistantView, tr: Translator) -> str:
    title = title_of(assistant, tr)
    return f"💤 {cut_plain(title.text, BUTTON - 4)}" if assistant.resting else title.cut(BUTTON - 4)


def before_answer(accepted: Accepted, tr: Translator, *, waits: bool) -> Html:
    """What must be known before the answer comes; empty where nothing must. `waits`: that it does is told."""
    lines = []
    if accepted.limited:
        lines.append(
            tr.html(
                "💰 Your balance is enough for a short answer only: it will have at most about {words} words.",
                words=max(10, accepted.answer_limit // 20 * 10),
            )
        )
    if waits:
        lines.append(tr.html("⏳ It is answered after the message before it."))
    return Html("\n".join(lines))


def unsent_screen(
    error: ShopError, kept: UnsentMessage, viewer: Viewer, *, assistant: AssistantView | None = None
) -> Screen:
    """Why a message was not sent; it is kept. Where a new conversation would do, it can be sent there. `assistant`:
    to whom, with what the customer's plan pays for."""
    tr = viewer.tr
    ways = [Button(text=tr.gettext("📨 Send it again"), action=kept.action)]
    if isinstance(error, HistoryNotCovered):
        ways = [Button(text=tr.gettext("🆕 Send it in a new conversation"), action=f"{AFRESH}:{kept.key}"), *ways]
    if viewer.features.payments and isinstance(error, InsufficientBalance):
        ways = [buttons.topup_button(tr), *ways]
    poor = assistant is not None and isinstance(error, InsufficientBalance)
    limit = plan_lines(assistant.plan, tr) if assistant is not None and poor else []
    if limit:
        ways = [*ways, buttons.plans_button(tr)]
    why = f"{tr.error_html(error)} {tr.html('What you have written is kept.')}"
    return Screen(
        text=Html("\n\n".join([*limit, why])),
        rows=(*((each,) for each in ways), (chats_button(tr), buttons.menu_button(tr))),
    )


def too_many_screen(sentence: Html, kept: UnsentMessage, tr: Translator) -> Screen:
    """What comes too fast is kept, and goes as one message."""
    stays = tr.html("What you have written is kept.")
    again = Button(text=tr.gettext("📨 Send it again"), action=kept.action)
    return Screen(text=Html(f"{sentence} {stays}"), rows=((again,), (buttons.menu_button(tr),)))


def edited_screen(kept: UnsentMessage, tr: Translator) -> Screen:
    text = tr.html(
        "✏️ You have changed your message. Shall it be answered anew? What was answered to the old one is not taken "
        "into account any more; what it cost stays."
    )
    return Screen(text=text, rows=((Button(text=tr.gettext("✏️ Answer the new one"), action=kept.action),),))


def new_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🆕 New conversation"), action=NEW)


def sessions_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🗂 Conversations"), action=SESSIONS)


def said_screen(text: str, tr: Translator) -> Screen:
    """What a button said for the customer."""
    return Screen(text=tr.html("💬 <i>{text}</i>", text=text))


def plain(text: str) -> Screen:
    return Screen(text=Translator.escape(text))


def refused_screen(error: ShopError, viewer: Viewer) -> Screen:
    """Why there will be no other answer."""
    tr = viewer.tr
    pays = viewer.features.payments and isinstance(error, InsufficientBalance)
    topup = ((buttons.topup_button(tr),),) if pays else ()
    new = ((new_button(tr),),) if isinstance(error, HistoryNotCovered) else ()
    return Screen(text=tr.error_html(error), rows=(*topup, *new, (chats_button(tr), buttons.menu_button(tr))))


def growing_screen(shown: FormattedText, answer_id: UUID, tr: Translator) -> Screen:
    """An answer under way, in a chat that takes no drafts."""
    stop = Button(text=tr.gettext("⏹ Stop"), action=f"{STOP}:{answer_id.hex}")
    return Screen(text=shown.text, entities=shown.entities, rows=((stop,),))
