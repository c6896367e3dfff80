"""An answer as its messages, with a quiet foot: how it ended, what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from db.tables.chats import FinishReason
from db.tables.predictions import ErrorCode
from handlers.chats.formatting import FormattedText, answer_parts, foot_alone, with_foot
from handlers.chats.screens import AGAIN, MORE
from handlers.kit import buttons
from handlers.telegram.screen import Button, Screen
from i18n.chats import ENDED, FIXED_IS_PAID, GOES_ON, PAID_IN_PART
from i18n.predictions import error_of
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.chats.answers import AnswerView
from services.chats.next_cost import NextCost

MOST_HEARD: Final = 200  # characters of a voice message that are repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """A message of an answer; with it, `shown` of the answer's `whole` characters have come, the foot not counted.
    `last`: it has the foot, and nothing follows."""

    screen: Screen
    shown: int
    whole: int
    last: bool


def answer_part(view: AnswerView, number: int, balance: int, coming: NextCost | None, tr: Translator) -> AnswerPart:
    """The message of that number, from 0. The last one has the foot and the buttons: what the foot says may change
    between two messages, how the text is cut does not, and where it does not fit below the text it comes alone."""
    parts = answer_parts(view.text or "")
    foot = "\n".join(_foot(view, balance, coming, tr))  # two line breaks below the text
    shown, last = _shown(parts[number : number + 2], foot)
    return AnswerPart(
        screen=Screen(text=shown.text, entities=shown.entities, rows=_rows(view, tr) if last else ()),
        shown=sum(len(each.text) for each in parts[: number + 1]),
        whole=sum(len(each.text) for each in parts),
        last=last,
    )


def _shown(left: Sequence[FormattedText], foot: str) -> tuple[FormattedText, bool]:
    """What the next message says, and whether it is the last. `left`: of the texts that are still to come, two."""
    if not left:
        return foot_alone(foot), True
    last = with_foot(left[0], foot) if len(left) == 1 else None
    return last or left[0], last is not None


def rest_lost_screen(view: AnswerView, back: int, balance: int, tr: Translator) -> Screen:
    """Below the messages of an answer that have come. `back`: what the others had cost."""
    lost = tr.gettext("The rest of this answer could not be delivered.")
    if not back:
        return Screen(text=tr.escape(lost), rows=_rows(view, tr))
    came = tr.gettext("{price} came back · balance {left}", price=tr.credits(back), left=tr.amount(balance))
    return Screen(text=Html(f"{tr.escape(lost)}\n<i>{tr.escape(came)}</i>"), rows=_rows(view, tr))


def stopped_screen(tr: Translator) -> Screen:
    return Screen(text=tr.html("⏹ Stopped. Nothing was charged."))


def failed_screen(view: AnswerView, tr: Translator) -> Screen:
    """Why there is no answer; everything came back."""
    why = tr.html(error_of(view.error_code or ErrorCode.UNEXPECTED).message)
    back = tr.html("Nothing was charged.")
    again = Button(text=tr.gettext("🔁 Again"), action=f"{AGAIN}:{view.id.hex}")
    rows = ((again, buttons.menu_button(tr)),) if view.question is not None else ((buttons.menu_button(tr),),)
    return Screen(text=Html(f"{why}\n{back}"), rows=rows)


def _foot(view: AnswerView, balance: int, coming: NextCost | None, tr: Translator) -> list[str]:
    lines = []
    if view.heard and view.question:
        lines.append(tr.gettext("🎙 You said: “{said}”", said=cut_plain(" ".join(view.question.split()), MOST_HEARD)))
    if view.finish in ENDED:
        lines.append(tr.gettext(ENDED[view.finish]))
    if view.finish in {FinishReason.STOPPED, FinishReason.CUT} and view.price:
        whole = view.finish is FinishReason.STOPPED and view.fixed_price
        lines[-1] += f" {tr.gettext(FIXED_IS_PAID if whole else PAID_IN_PART)}"
    if view.shortened:
        lines.append(tr.gettext("Older messages of this conversation are not sent to the assistant any more."))
    lines.append(_price(view, balance, coming, tr))
    if coming is not None and coming.dear and coming.most and not coming.free_left:
        most = tr.amount(coming.most)
        lines.append(
            tr.gettext(
                "The next answer costs {most} at most, besides the length of your message; /new begins afresh.",
                most=most,
            )
        )
    return lines


def _price(view: AnswerView, balance: int, coming: NextCost | None, tr: Translator) -> str:
    left = tr.amount(balance)
    if view.free and coming is not None and coming.most and not coming.free_left:
        return tr.gettext("The last free answer of today · balance {left}", left=left)
    if view.free:
        return tr.gettext("Free today · balance {left}", left=left)
    if not view.price:
        return tr.gettext("Free · balance {left}", left=left)
    about = "≈ " if view.estimated else ""
    return tr.gettext("{price} · balance {left}", price=f"{about}{tr.credits(view.price)}", left=left)


def _rows(view: AnswerView, tr: Translator) -> tuple[buttons.Row, ...]:
    if not view.latest or view.replaced:
        return ()
    again = Button(text=tr.gettext("🔁 Again"), action=f"{AGAIN}:{view.id.hex}")
    more = Button(text=tr.gettext("▶️ Go on"), action=f"{MORE}:{view.id.hex}")
    return ((again, more),) if view.finish in GOES_ON else ((again,),)
