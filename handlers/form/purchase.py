"""The tap on *Predict*."""

from dataclasses import dataclass, replace

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from handlers.form.questions import heading
from handlers.form.session import PAID, Desk, form_of, keep, screen_of
from handlers.form.state import Turn
from handlers.kit.dialog import show_in_place
from handlers.kit.middlewares import BUSY
from handlers.kit.notices import notice_screen
from handlers.predictions.screens import prediction_screen
from handlers.telegram import sender as chat
from handlers.telegram.messages import Messages
from handlers.telegram.reply_target import reply_target
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.billing.ledger import InsufficientBalance
from services.errors import ShopError
from services.models.offers import ModelNotOnSale, Models
from services.notifications.outbox import About
from services.predictions.history import History
from services.predictions.submit import Order, PriceChanged, Sold, Submit
from services.users.accounts import UserView

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Sells what the summary shows, once, at the price it shows."""

    query: CallbackQuery
    bot: Bot
    desk: Desk
    user: UserView
    tr: Translator
    fsm: FSMContext
    models: Models
    submit: Submit
    history: History
    messages: Messages
    can_top_up: bool

    async def pay(self) -> None:
        """The message says that it is being worked on *before* the sale: the answer may come at any moment after it and
        must not be covered."""
        if self.user.balance < self.desk.price:
            await self._short()
            return
        message_id = await show_in_place(self.query, self._working())
        try:
            sold = await self.submit(self._order(message_id))
        except (ShopError, DatabaseUnavailable) as error:
            await self._not_sold(error, message_id)
            return
        await self.fsm.set_state(None)
        await self.fsm.set_data({PAID: self.desk.state.nonce})
        await self.messages.recheck_if_in_doubt(self._about(sold), self.query.from_user.id, message_id)
        if sold.repeated:
            await self._show_again(sold, message_id)
            return
        try:
            await self.bot.send_chat_action(self.query.from_user.id, "typing")
        except AiogramError as error:  # a nicety; the sale stands
            log.warning("typing_not_shown", error=str(error))

    def _order(self, message_id: int) -> Order:
        desk = self.desk
        return Order(
            user_id=self.user.id,
            model_slug=desk.offer.manifest.slug,
            model_version=desk.form.version,
            inputs={**desk.form.preset, **desk.state.answers},
            price=desk.price,
            request_key=desk.state.nonce,
            preset_id=desk.offer.preset_id,
            chat_id=self.query.from_user.id,
            thread_id=reply_target().thread_id,
            message_id=message_id,
        )

    def _working(self) -> Screen:
        return Screen(text="\n\n".join([heading(self.desk.form, self.tr), self.tr.html("⏳ Working on it…")]))

    async def _short(self) -> None:
        """The form stays as it is, so that it goes on when there are credits."""
        lacking = self.tr.credits(self.desk.price - self.user.balance)
        notice = self.tr.gettext("Not enough credits: {lacking} more needed. The form is kept.", lacking=lacking)
        turn = Turn(state=self.desk.state)
        screen = screen_of(self.desk.form, turn, self.user, self.tr, can_top_up=self.can_top_up)
        await self.desk.keep(self.fsm, turn, await show_in_place(self.query, screen, notice))

    async def _not_sold(self, error: ShopError | DatabaseUnavailable, message_id: int) -> None:
        """Back to the summary with the reason; nothing was charged. For a model that is not sold the form waits."""
        log.info("not_sold", error=str(error), user_id=self.user.id)
        if isinstance(error, ModelNotOnSale):
            await self.fsm.set_state(None)
            await self._put(message_id, notice_screen(self.tr.error_html(error), self.tr))
            return
        form, user, state = self.desk.form, self.user, self.desk.state
        if isinstance(error, PriceChanged):
            form = form_of(await self.models.offer(form.slug))
        if isinstance(error, InsufficientBalance):
            user = replace(user, balance=error.balance)
        turn = Turn(state=state, problem=error) if isinstance(error, ShopError) else Turn(state=state, notice=BUSY)
        await self._put(message_id, screen_of(form, turn, user, self.tr, can_top_up=self.can_top_up))
        await keep(self.fsm, form, turn, message_id)

    async def _show_again(self, sold: Sold, message_id: int) -> None:
        """This very confirmation was sold before: the message shows how that prediction stands. A new one, sent since
        the sale's own is the answer already, is not needed: the process died between the sale and its end."""
        view = await self.history.get(sold.prediction_id, user_id=self.user.id)
        if view.message_id is not None and view.message_id != message_id:
            await chat.delete(self.bot, self.query.from_user.id, message_id)
            return
        async with self.messages.change(self._about(sold), self.query.from_user.id, message_id):
            view = await self.history.get(sold.prediction_id, user_id=self.user.id)
            screen = await prediction_screen(view, self.models, self.history, self.tr, balance=self.user.balance)
            await self._put(message_id, screen)

    def _about(self, sold: Sold) -> About:
        return About(kind=OutboxKind.PREDICTION, id=sold.prediction_id, user_id=self.user.id)

    async def _put(self, message_id: int, screen: Screen) -> None:
        async def put(form: Screen) -> None:
            chat_id = self.query.from_user.id
            if not await chat.edit(self.bot, chat_id, message_id, form):
                await chat.send(self.bot, chat_id, form)

        await chat.in_some_form(put, screen)
