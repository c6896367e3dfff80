"""What is stored by name is never renamed: rows of older versions hold these very words."""

from collections.abc import Iterator
from enum import StrEnum
from typing import cast

import pytest
from aiogram.fsm.state import StatesGroup

import handlers.routers  # noqa: F401 - every feature's dialogs
from db.tables.billing import TransactionKind
from db.tables.outbox import OutboxKind, OutboxStatus, Wait
from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.predictions import ErrorCode, PredictionStatus
from db.tables.users import AuditAction, Gender, Role
from handlers.admin.dialogs import ANSWERS, DECISIONS
from handlers.form.session import FormDialog
from handlers.kit.dialog import ChatQuestion
from handlers.kit.unfinished import Unfinished
from handlers.notifications import presenters
from i18n.audit_log import WORDS
from i18n.predictions import error_of
from services.container import Services
from services.files.store import StoreAway
from services.inference.errors import (
    BadInput,
    ContextTooLong,
    EmptyAnswer,
    InferenceError,
    NothingHeard,
    NotTried,
    PictureGone,
    PictureRefused,
    RequestRefused,
    ServerAway,
    SoundRefused,
    StreamCut,
    VoiceGone,
)
from services.notifications.kinds.letters import LETTERS
from services.notifications.notification import Notification
from services.payments.alerts import PaymentProblem
from services.payments.news import Fact
from services.predictions.enclosures import Enclosure
from services.predictions.error_codes import CODES, code_of
from services.values.errors import NotADate
from tests.support.clock import FakeClock


def test_error_codes() -> None:
    assert {code.value for code in ErrorCode} == {
        "ModelUnavailable",
        "ModelBroken",
        "ModelTooNew",
        "OpsetTooNew",
        "RunTimeout",
        "RunFailed",
        "RunLost",
        "BadInput",
        "ContextTooLong",
        "EmptyAnswer",
        "PictureRefused",
        "PictureGone",
        "BadOutput",
        "SoundRefused",
        "VoiceGone",
        "NothingHeard",
        "Refused",
        "NotDelivered",
        "InvalidValue",
        "FileTooLarge",
        "NotAnImage",
        "ImageTooLarge",
        "BlankImage",
        "TextTooLong",
        "Unexpected",
    }


def _all_below(leaf: type[BaseException]) -> Iterator[type[BaseException]]:
    for each in leaf.__subclasses__():
        yield each
        yield from _all_below(each)


def test_every_error_of_a_run_has_a_code_of_its_own() -> None:
    """But three: a row that was not tried is run again, always, and what breaks in the middle has failed. Files that
    are away are no error of a run: for its customer the model is not there."""
    assert set(_all_below(InferenceError)) - CODES.keys() == {NotTried, ServerAway, StreamCut}
    of_runs = [code for error, code in CODES.items() if error is not StoreAway]
    assert len(set(of_runs)) == len(of_runs) == len(CODES) - 1
    assert CODES[StoreAway] is ErrorCode.MODEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput(name="alcohol"), ErrorCode.BAD_INPUT),
        (NotADate(), ErrorCode.INVALID_VALUE),
        (NotTried(), ErrorCode.MODEL_UNAVAILABLE),
        (ZeroDivisionError(), ErrorCode.UNEXPECTED),
    ],
)
def test_the_nearest_class_gives_the_code(error: Exception, code: ErrorCode) -> None:
    assert code_of(error) is code


@pytest.mark.parametrize("word", ["ValueError", "NotADate", "Anything"])
def test_a_word_that_is_no_code(word: str) -> None:
    assert ErrorCode(word) is ErrorCode.UNEXPECTED


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_has_a_sentence(code: ErrorCode) -> None:
    """One that needs nothing filled in."""
    assert "{" not in error_of(code).message or code is ErrorCode.RUN_TIMEOUT


@pytest.mark.parametrize(
    "error",
    [
        *(ContextTooLong, EmptyAnswer, NothingHeard, PictureGone),
        *(PictureRefused, RequestRefused, SoundRefused, VoiceGone),
    ],
)
def test_what_a_customer_can_mend_is_said(error: type[InferenceError]) -> None:
    assert error_of(CODES[error]).message == error.message


def test_kinds_of_messages() -> None:
    assert {kind.value for kind in OutboxKind} == {
        "prediction",
        "enclosure",
        "chat_answer",
        "scoring",
        "forecast_judged",
        "bonus",
        "credits_changed",
        "credits_expire",
        "from_owner",
        "payment",
        "refund",
        "plan",
        "accounts_merged",
        "email_linked",
        "telegram_linked",
        "second_factor",
        "account_deleted",
        "webhook_off",
        "confirm_sign_up",
        "already_registered",
        "reset_password",
        "password_changed",
        "confirm_address",
        "address_changed",
        "confirm_link",
        "new_sign_in",
        "payment_problem",
        "model_problem",
        "model_stopped",
        "model_rests",
        "model_serves",
        "answer_undelivered",
        "answer_over_hold",
        "upload_checked",
        "upload_tried",
        "upload_compared",
    }


def test_every_kind_of_message_is_presented() -> None:
    """By the chat, or by letter alone."""
    services, clock = cast(Services, None), FakeClock()  # asked for when a message is there

    async def leaves(notification: Notification) -> Unfinished:
        return Unfinished()

    presented = presenters(services, clock, leaves)
    assert presented.keys() == set(OutboxKind) - LETTERS.keys()


def test_audit_actions() -> None:
    assert {action.value for action in AuditAction} == {
        "credits.grant",
        "credits.take",
        "user.disable",
        "user.enable",
        "user.write",
        "user.sign_out",
        "user.factor_off",
        "account.merge",
        "account.delete",
        "role.change",
        "payment.refund",
        "payment.ask",
        "stray.refund",
        "model.price",
        "model.enable",
        "model.disable",
        "model.try_again",
        "model.move",
        "model.test",
        "preset.create",
        "preset.edit",
        "preset.enable",
        "preset.disable",
        "preset.move",
        "preset.delete",
        "package.create",
        "package.edit",
        "package.enable",
        "package.disable",
        "package.move",
        "plan.create",
        "plan.edit",
        "plan.enable",
        "plan.disable",
        "plan.move",
        "plan.offer",
        "chat.request_open",
        "upload.receive",
        "upload.check",
        "upload.change",
        "upload.try",
        "upload.compare",
        "upload.publish",
        "upload.discard",
        "upload.remove",
        "bonus.week_granted",
        "list.add",
        "list.remove",
    }


def test_every_audit_action_has_its_words() -> None:
    assert WORDS.keys() == set(AuditAction)


@pytest.fixture
def renamed() -> Iterator[list[type[StatesGroup]]]:
    """The chat's dialogs under other names."""
    assert FormDialog in StatesGroup.__subclasses__()
    dialogs = [*StatesGroup.__subclasses__(), *ChatQuestion.__subclasses__()]
    groups = [group for group in dialogs if group.__module__.startswith("handlers.")]
    names = [group.__name__ for group in groups]
    for group in groups:
        group.__name__ = "Renamed"
    yield groups
    for group, name in zip(groups, names, strict=True):
        group.__name__ = name


def test_states_of_dialogs(renamed: list[type[StatesGroup]]) -> None:
    """Whatever the groups are called."""
    assert {state.state for group in renamed for state in group.__states__} == {
        "FormDialog:answering",
        "PlanQuestion:email",
        "ProfileQuestion:email",
        "ProfileQuestion:age",
        "TopUpQuestion:amount",
        "TopUpQuestion:email",
        "AdminQuestion:answering",
        "ChatSessionQuestion:title",
        "Talk:talking",
        "ScoringQuestion:table",
    }


def test_what_admins_are_asked_and_decide() -> None:
    assert ANSWERS.keys() | DECISIONS.keys() == {
        "user.find",
        "credits.amount",
        "credits.reason",
        "letter.text",
        "model.price",
        "package.field",
        "plan.text",
        "plan.create",
        "payment.find",
        "refund.amount",
        "refund.reason",
        "role.who",
        "credits.change",
        "letter.send",
        "user.disable",
        "user.factor",
        "preset.create",
        "preset.part",
        "package.create",
        "refund",
        "stray.send_back",
        "upload.part",
        "upload.text",
        "upload.version",
        "upload.which",
        "upload.remove",
    }


@pytest.mark.parametrize(
    ("words", "stored"),
    [
        (PredictionStatus, "queued running succeeded failed canceled"),
        (PaymentStatus, "pending waiting_for_capture succeeded canceled"),
        (RefundStatus, "pending succeeded canceled"),
        (OutboxStatus, "pending sent skipped failed"),
        (Wait, "telegram tried repair look"),
        (
            TransactionKind,
            "welcome bonus grant topup period period_return charge charge_refund charge_return expire take_back "
            "merged_out merged_in",
        ),
        (Role, "owner admin moderator"),
        (Gender, "female male"),
        (Fact, "ready succeeded canceled"),
        (Enclosure, "table texts pictures originals sounds"),
        (
            PaymentProblem,
            "off not_authorized payment_mismatch refund_mismatch refund_unknown refund_failed uncollected "
            "receipt_refused shop_refused unbooked unproven many_lost other_shop stray money_back_failed",
        ),
    ],
)
def test_other_words(words: type[StrEnum], stored: str) -> None:
    assert {word.value for word in words} == set(stored.split())
