"""The tap on *Predict*."""

from dataclasses import dataclass, replace

import structlog
from aiogram.exceptions import AiogramError
from aiogram.types import CallbackQuery

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from handlers.form.questions import heading
from handlers.form.session import PAID, FormSession, form_of
from handlers.form.state import Turn
from handlers.kit.context import Context
from handlers.kit.dialog import show_in_place
from handlers.kit.notices import notice_screen
from handlers.predictions.screens import prediction_screen
from handlers.predictions.sources import AnswerSources
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from handlers.telegram.screen import Screen
from i18n.failures import BUSY
from services.billing.ledger import InsufficientBalance
from services.errors import ShopError
from services.models.offers import ModelNotOnSale
from services.notifications.message_ref import MessageRef, message_of
from services.notifications.notification import About
from services.predictions.submit import Order, PriceChanged, Sold

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Sells what the summary shows, once, at the price it shows."""

    session: FormSession
    query: CallbackQuery

    @property
    def ctx(self) -> Context:
        return self.session.ctx

    async def pay(self) -> None:
        """The message says that it is being worked on *before* the sale: the answer may come at any moment after it and
        must not be covered."""
        if self.ctx.user.balance < self.session.price and not await self._begun():
            await self._short()
            return
        message_id = await show_in_place(self.query, self._working())
        try:
            sold = await self.ctx.services.predictions.submit(self._order(message_id))
        except (ShopError, DatabaseUnavailable) as error:
            await self._not_sold(error, message_id)
            return
        for number, file_id in enumerate(self.session.others, start=1):
            await self._another(number, file_id)
        await self.ctx.fsm.set_state(None)
        await self.ctx.fsm.set_data({PAID: self.session.state.nonce})
        await self.ctx.messages.recheck_if_in_doubt(self._about(sold), self.query.from_user.id, message_id)
        if sold.repeated:
            await self._show_again(sold, message_id)
            return
        try:
            await self.ctx.bot.send_chat_action(self.query.from_user.id, "typing")
        except AiogramError as error:  # a nicety; the sale stands
            log.warning("typing_not_shown", error=str(error))

    async def _another(self, number: int, file_id: str) -> None:
        """One more picture of the album, with a message of its own. What is not sold is told there; the rest is. The
        message only says which picture it is: after a crash before the sale nobody knows it any more, and a promise
        in it would stand for ever. Progress and the answer come into it as into any other."""
        chat_id = self.query.from_user.id
        message_id = (await sender.send(self.ctx.bot, chat_id, self._place(number + 1))).message_id
        order = self._order(message_id)
        key, photo = f"{order.request_key}-{number}", next(iter(self.session.pictures))
        inputs = {**order.inputs, photo: {"file": file_id}}
        try:
            sold = await self.ctx.services.predictions.submit(replace(order, request_key=key, inputs=inputs))
        except (ShopError, DatabaseUnavailable) as error:
            log.info("not_sold", error=str(error), user_id=self.ctx.user.id)
            said = self.ctx.tr.error_html(error) if isinstance(error, ShopError) else self.ctx.tr.html(BUSY)
            await self._put(message_id, notice_screen(said, self.ctx.tr))
            return
        if sold.repeated:  # before a crash, with the message that it knows
            await sender.delete(self.ctx.bot, chat_id, message_id)

    async def _begun(self) -> bool:
        """This very confirmation was sold before a crash, or the first of its pictures was."""
        predictions, key = self.ctx.services.predictions, self.session.state.nonce
        return await predictions.has_sold(user_id=self.ctx.user.id, request_key=key)

    def _order(self, message_id: int) -> Order:
        session = self.session
        return Order(
            user_id=self.ctx.user.id,
            model_slug=session.offer.manifest.slug,
            model_version=session.form.version,
            inputs={**session.form.preset, **session.state.answers},
            price=session.price // session.count,
            request_key=session.state.nonce,
            preset_id=session.offer.preset_id,
            shown_in=MessageRef(
                chat_id=self.query.from_user.id, thread_id=reply_target().thread_id, message_id=message_id
            ),
        )

    def _working(self) -> Screen:
        return Screen(
            text="\n\n".join([heading(self.session.form, self.ctx.tr), self.ctx.tr.html("⏳ Working on it…")])
        )

    def _place(self, number: int) -> Screen:
        count = self.session.count
        place = self.ctx.tr.html("🖼 Picture {number} of {count}", number=number, count=count)
        return Screen(text="\n\n".join([heading(self.session.form, self.ctx.tr), place]))

    async def _short(self) -> None:
        """The form stays as it is, so that it goes on when there are credits."""
        lacking = self.ctx.tr.credits(self.session.price - self.ctx.user.balance)
        notice = self.ctx.tr.gettext("Not enough credits: {lacking} more needed. The form is kept.", lacking=lacking)
        turn = Turn(state=self.session.state)
        await self.session.keep(turn, await show_in_place(self.query, self.session.screen(turn), notice))

    async def _not_sold(self, error: ShopError | DatabaseUnavailable, message_id: int) -> None:
        """Back to the summary with the reason; nothing was charged. For a model that is not sold the form waits."""
        log.info("not_sold", error=str(error), user_id=self.ctx.user.id)
        if isinstance(error, ModelNotOnSale):
            await self.ctx.fsm.set_state(None)
            await self._put(message_id, notice_screen(self.ctx.tr.error_html(error), self.ctx.tr))
            return
        session, state = self.session, self.session.state
        if isinstance(error, PriceChanged):
            now = await self.ctx.services.models.offer(session.form.slug)
            offer = await self.ctx.services.plan_cover.of(now, self.ctx.user.id)
            session = replace(session, form=form_of(offer, count=session.count))
        if isinstance(error, InsufficientBalance):
            session = replace(session, ctx=self.ctx.of(replace(self.ctx.user, balance=error.balance)))
        turn = Turn(state=state, problem=error) if isinstance(error, ShopError) else Turn(state=state, notice=BUSY)
        await self._put(message_id, session.screen(turn))
        await session.keep(turn, message_id)

    async def _show_again(self, sold: Sold, message_id: int) -> None:
        """This very confirmation was sold before: the message shows how that prediction stands. A new one, sent since
        the sale's own is the answer already, is not needed: the process died between the sale and its end."""
        view = await self.ctx.services.history.get(sold.prediction_id, user_id=self.ctx.user.id)
        if message_of(view.shown_in) not in {None, message_id}:
            await sender.delete(self.ctx.bot, self.query.from_user.id, message_id)
            return
        async with self.ctx.messages.change(self._about(sold), self.query.from_user.id, message_id):
            view = await self.ctx.services.history.get(sold.prediction_id, user_id=self.ctx.user.id)
            sources = AnswerSources.of(self.ctx.services, self.ctx.tr)
            screen = await prediction_screen(view, sources, balance=self.ctx.user.balance)
            await self._put(message_id, screen)

    def _about(self, sold: Sold) -> About:
        return About(kind=OutboxKind.PREDICTION, id=sold.prediction_id, user_id=self.ctx.user.id)

    async def _put(self, message_id: int, screen: Screen) -> None:
        async def put(form: Screen) -> None:
            chat_id = self.query.from_user.id
            if not await sender.edit(self.ctx.bot, chat_id, message_id, form):
                await sender.send(self.ctx.bot, chat_id, form)

        await sender.in_some_form(put, screen)
