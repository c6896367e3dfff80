"""What happened to a customer, a line for each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from db.tables.billing import TransactionKind
from db.tables.chats import MessageStatus
from db.tables.identities import SessionKind
from db.tables.payments import PaymentStatus
from db.tables.predictions import PredictionStatus
from db.tables.scorings import ScoringStatus
from i18n.audit_log import entry_words
from i18n.devices import device_name
from i18n.history import MARKS, OPERATION_WORDS
from i18n.payments import PAYMENT_MARKS, STATUSES
from i18n.scorings import STATES
from i18n.translator import Html
from services.errors import N_
from services.users.timeline import Happened, TimelineEvent
from web.admin.kit import StaffMember

ANSWER_STATES: Final = {
    MessageStatus.QUEUED: N_("waits in the queue"),
    MessageStatus.RUNNING: N_("is running"),
    MessageStatus.SUCCEEDED: N_("ready"),
    MessageStatus.FAILED: N_("failed"),
    MessageStatus.CANCELED: N_("canceled"),
}
SESSIONS: Final = {
    SessionKind.BROWSER: N_("Signed in with a browser"),
    SessionKind.MINI_APP: N_("Signed in inside Telegram"),
    SessionKind.API: N_("Signed in with a program"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWords:
    """`mark`: one emoji; `said`: HTML; `href`: None where there is no page of it."""

    mark: str
    said: Html
    href: str | None = None


def event_words(event: TimelineEvent, who: StaffMember) -> EventWords:
    return WORDS[event.kind](event, who)


def _operation(event: TimelineEvent, who: StaffMember) -> EventWords:
    amount, tr = event.credits or 0, who.tr
    signed = f"{'+' if amount > 0 else '−'}{tr.credits(abs(amount))}"
    kind = OPERATION_WORDS[TransactionKind(str(event.state))]
    said = tr.html("{what}: <b>{credits}</b>", what=tr.gettext(kind), credits=signed)
    if event.note:
        said = tr.html("{what}, “{reason}”", what=said, reason=event.note)
    return EventWords(mark="🪙", said=said)


def _payment(event: TimelineEvent, who: StaffMember) -> EventWords:
    assert event.money is not None
    status, tr = PaymentStatus(str(event.state)), who.tr
    state = tr.gettext(STATUSES[status])
    said = tr.html("Payment of {amount}: {state}", amount=tr.money(event.money), state=state)
    return EventWords(mark=PAYMENT_MARKS[status], said=said, href=f"/admin/payments/{event.ref}")


def _prediction(event: TimelineEvent, who: StaffMember) -> EventWords:
    mark, state = MARKS[PredictionStatus(str(event.state))]
    return EventWords(mark=mark, said=_bought(event, state, who))


def _scoring(event: TimelineEvent, who: StaffMember) -> EventWords:
    mark, state = STATES[ScoringStatus(str(event.state))]
    rows = who.tr.nhtml("{n} row", "{n} rows", event.rows)
    said = Html(f"{_bought(event, state, who)} ({rows})")
    return EventWords(mark=mark, said=said)


def _answer(event: TimelineEvent, who: StaffMember) -> EventWords:
    return EventWords(mark="💬", said=_bought(event, ANSWER_STATES[MessageStatus(str(event.state))], who))


def _bought(event: TimelineEvent, state: str, who: StaffMember) -> Html:
    tr = who.tr
    return tr.html(
        "{title} for {credits}: {state}",
        title=str(who.titles.of(event.model_slug or "")),
        credits=tr.credits(event.credits or 0),
        state=tr.gettext(state),
    )


def _action(event: TimelineEvent, who: StaffMember) -> EventWords:
    """What was done is for those who may do it."""
    assert event.entry is not None
    hidden = who.tr.html("Something was done by those who run the shop.")
    return EventWords(mark="🛠", said=entry_words(event.entry, who.titles) if who.may_act else hidden)


def _session(event: TimelineEvent, who: StaffMember) -> EventWords:
    """Addresses are not for everybody."""
    what = who.tr.html(SESSIONS[SessionKind(str(event.state))])
    said, device = what, event.device
    if who.may_act and device is not None:
        shown = ", ".join(part for part in (device_name(device.agent, who.tr), device.address) if part)
        said = who.tr.html("{what}: {device}", what=what, device=shown)
    return EventWords(mark="🔓", said=said)


def _merge(event: TimelineEvent, who: StaffMember) -> EventWords:
    over = who.tr.credits(event.credits or 0)
    said = who.tr.html("One account with {other}: {credits} went over", other=event.note, credits=over)
    return EventWords(mark="🔗", said=said)


WORDS: Final[dict[Happened, Callable[[TimelineEvent, StaffMember], EventWords]]] = {
    Happened.OPERATION: _operation,
    Happened.PAYMENT: _payment,
    Happened.PREDICTION: _prediction,
    Happened.SCORING: _scoring,
    Happened.ANSWER: _answer,
    Happened.ACTION: _action,
    Happened.SESSION: _session,
    Happened.MERGE: _merge,
}
