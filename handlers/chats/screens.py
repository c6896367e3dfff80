"""Assistants, the begin of a conversation, and what is said beside the answers."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from handlers.chats.formatting import FormattedText
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.kit.conversation import CHAT, Unsent, chats_button, resume_button
from handlers.kit.titles import title_of
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.billing.credits import format_credits
from services.chats.costs import TokenPrices
from services.chats.orders import Accepted
from services.chats.service import AssistantView

EXAMPLE: Final = "chat-example"  # chat-example:<slug>:<number>
SESSIONS: Final = "chat-sessions"  # chat-sessions:<page>
NEW: Final = "chat-new"
STOP: Final = "chat-stop"  # chat-stop:<hex id of an answer>
AGAIN: Final = "chat-again"  # chat-again:<hex id of an answer>
MORE: Final = "chat-more"  # chat-more:<hex id of an answer that its limit ended>


def assistants_screen(assistants: Sequence[AssistantView], viewer: Viewer, *, open_with: str | None) -> Screen:
    """`open_with`: what the conversation that can be continued is called."""
    tr = viewer.tr
    if not assistants:
        text = tr.html("There is nobody to talk with right now. Please come back later.")
        return Screen(text=text, rows=((buttons.menu_button(tr),),))
    lines = [tr.escape(f"{title_of(each, tr)}: {price_in_short(each, tr)}") for each in assistants]
    text = Html("\n\n".join([tr.html("<b>💬 Whom shall we ask?</b>"), Html("\n".join(lines))]))
    picks = [(Button(text=_named(each, tr), action=f"{CHAT}:{each.slug}"),) for each in assistants]
    resume = ((resume_button(open_with, tr),),) if open_with is not None else ()
    return Screen(text=text, rows=(*resume, *picks, (sessions_button(tr), buttons.menu_button(tr))))


def begun_screen(assistant: AssistantView, viewer: Viewer) -> Screen:
    """The first screen of a conversation; nothing costs anything until something is sent."""
    tr = viewer.tr
    hello = assistant.greeting or assistant.description
    parts = [
        title_of(assistant, tr).heading,
        tr.escape(tr.pick(hello).strip()) if hello is not None else Html(),
        price_facts(assistant, viewer),
        _resting(assistant, tr) or tr.html("✍️ Write your message."),
    ]
    examples = [
        (Button(text=cut_plain(tr.pick(example), BUTTON), action=f"{EXAMPLE}:{assistant.slug}:{number}"),)
        for number, example in enumerate(assistant.examples)
    ]
    rows = (*examples, (chats_button(tr), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows)


def resumed_screen(assistant: AssistantView, title: str | None, viewer: Viewer) -> Screen:
    """`title`: of the conversation, where it has one."""
    tr = viewer.tr
    parts = [
        title_of(assistant, tr).heading,
        tr.html("We go on: “{title}”", title=title) if title else Html(),
        _resting(assistant, tr) or tr.html("✍️ Write your message."),
    ]
    new = Button(text=tr.gettext("🆕 New conversation"), action=NEW)
    rows = ((new, sessions_button(tr)), (chats_button(tr), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows)


def price_in_short(assistant: AssistantView, tr: Translator) -> str:
    prices = assistant.prices
    if prices.free:
        return tr.gettext("free")
    if prices.by_length:
        return tr.gettext("by length")
    return tr.gettext("{price} an answer", price=tr.credits(prices.fixed))


def price_facts(assistant: AssistantView, viewer: Viewer) -> Html:
    tr, lines = viewer.tr, []
    if assistant.free_answers:
        lines.append(tr.nhtml("🎁 {n} answer a day is free.", "🎁 {n} answers a day are free.", assistant.free_answers))
    lines += _prices(assistant.prices, tr)
    if not assistant.prices.free:
        lines.append(tr.html("Your balance: {balance}", balance=format_credits(viewer.user.balance)))
    return Html("\n".join(lines))


def _prices(prices: TokenPrices, tr: Translator) -> list[Html]:
    if prices.free:
        return []
    if not prices.by_length:
        return [tr.html("An answer costs {price}.", price=tr.credits(prices.fixed))]
    length = tr.html(
        "You pay for length: {read} for 1,000 tokens that are read, {written} for 1,000 that are written. A thousand "
        "tokens are about a page.",
        read=tr.credits(prices.input),
        written=tr.credits(prices.output),
    )
    if not prices.fixed:
        return [length]
    return [length, tr.html("Each answer costs {price} on top.", price=tr.credits(prices.fixed))]


def _resting(assistant: AssistantView, tr: Translator) -> Html:
    if not assistant.resting:
        return Html()
    return tr.html("💤 It is resting: its server does not work now. Please come back later.")


def _named(assistant: AssistantView, tr: Translator) -> str:
    title = title_of(assistant, tr)
    return f"💤 {cut_plain(title.text, BUTTON - 4)}" if assistant.resting else title.cut(BUTTON - 4)


def before_answer(accepted: Accepted, tr: Translator) -> Html:
    """What must be known before the answer comes; empty where nothing must."""
    lines = []
    if accepted.limited:
        lines.append(
            tr.html(
                "💳 Your balance is enough for a short answer only: it will have at most about {words} words.",
                words=max(10, accepted.answer_limit // 20 * 10),
            )
        )
    if accepted.waits and not accepted.joined:  # what joins a message that waits was told so with it
        lines.append(tr.html("⏳ It is answered after the message before it."))
    return Html("\n".join(lines))


def unsent_screen(sentence: Html, kept: Unsent, viewer: Viewer) -> Screen:
    """Why a message was not sent; it is kept."""
    tr = viewer.tr
    again = Button(text=tr.gettext("📨 Send it again"), action=kept.action)
    topup = ((buttons.topup_button(tr),),) if viewer.features.payments else ()
    return Screen(text=sentence, rows=(*topup, (again,), (buttons.menu_button(tr),)))


def too_many_screen(sentence: Html, kept: Unsent, tr: Translator) -> Screen:
    """What comes too fast is kept, and goes as one message."""
    stays = tr.html("What you have written is kept.")
    again = Button(text=tr.gettext("📨 Send it again"), action=kept.action)
    return Screen(text=Html(f"{sentence} {stays}"), rows=((again,), (buttons.menu_button(tr),)))


def edited_screen(kept: Unsent, tr: Translator) -> Screen:
    text = tr.html(
        "✏️ You have changed your message. Shall it be answered anew? What was answered to the old one is not taken "
        "into account any more; what it cost stays."
    )
    return Screen(text=text, rows=((Button(text=tr.gettext("✏️ Answer the new one"), action=kept.action),),))


def sessions_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🗂 Conversations"), action=SESSIONS)


def said_screen(text: str, tr: Translator) -> Screen:
    """What a button said for the customer."""
    return Screen(text=tr.html("💬 <i>{text}</i>", text=text))


def plain(text: str) -> Screen:
    return Screen(text=Translator.escape(text))


def refused_screen(sentence: Html, viewer: Viewer) -> Screen:
    tr = viewer.tr
    topup = ((buttons.topup_button(tr),),) if viewer.features.payments else ()
    return Screen(text=sentence, rows=(*topup, (buttons.menu_button(tr),)))


def growing_screen(shown: FormattedText, answer_id: UUID, tr: Translator) -> Screen:
    """An answer under way, in a chat that takes no drafts."""
    stop = Button(text=tr.gettext("⏹ Stop"), action=f"{STOP}:{answer_id.hex}")
    return Screen(text=shown.text, entities=shown.entities, rows=((stop,),))
