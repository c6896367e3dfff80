"""The form on the customer's screen: which one it is, where its message is, how its next screen gets there."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Self

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup

from handlers.form.flow import start
from handlers.form.screens import render
from handlers.form.state import Form, Turn
from handlers.kit.form_state import FormState
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.models.offers import Models, Offer
from services.users.accounts import UserView

PAID = "paid"  # the nonce of the form that was sold last


class FormDialog(StatesGroup):
    answering = State("answering", "FormDialog")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A form under way with what the chat keeps of it. `price`: on the screen now; `message_id`: of that screen;
    `album`: the last album that a picture was taken from."""

    offer: Offer
    form: Form
    state: FormState
    price: int
    message_id: int | None = None
    album: str | None = None

    @classmethod
    async def find(cls, fsm: FSMContext, models: Models) -> Self | None:
        """The form under way or paused. Raises `ModelNotOnSale`."""
        data = await fsm.get_data()
        state = FormState.load(data)
        if state is None:
            return None
        offer = await models.offer(state.slug)
        kept: dict[str, Any] = {name: data.get(name) for name in ("message_id", "album")}  # Any: JSON
        return cls(offer=offer, form=form_of(offer), state=state, price=data.get("price", offer.price), **kept)

    async def keep(self, fsm: FSMContext, turn: Turn, message_id: int | None, *, album: str | None = None) -> None:
        await keep(fsm, self.form, turn, message_id, album=album or self.album)


def form_of(offer: Offer) -> Form:
    return Form.of(
        offer.manifest,
        price=offer.price,
        slug=offer.slug,
        title=offer.title,
        icon=offer.icon,
        preset=offer.preset_inputs,
    )


def begin(offer: Offer, answers: Mapping[str, Any] | None = None) -> tuple[Form, Turn]:  # Any: JSON of a prediction
    form = form_of(offer)
    return form, start(form, nonce=token_urlsafe(6), answers=answers)


async def keep(fsm: FSMContext, form: Form, turn: Turn, message_id: int | None, *, album: str | None = None) -> None:
    """What is typed from now on answers this form."""
    data = turn.state.dump() | {"message_id": message_id, "price": form.price, "album": album}
    await fsm.set_data(data)
    await fsm.set_state(FormDialog.answering)


def screen_of(form: Form, turn: Turn, user: UserView, tr: Translator, *, can_top_up: bool) -> Screen:
    return render(form, turn, tr, balance=user.balance, can_top_up=can_top_up)
