"""Words of the outbox's rows: rows of older versions hold these very ones, and newer versions read ours."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from db.base import JsonObject
from db.tables.outbox import OutboxKind, Priority
from services.notifications.kinds.admins import CreditsChanged, WordsFromOwner
from services.notifications.kinds.chats import AnswerReady
from services.notifications.kinds.credits import BonusGranted, CreditsExpire
from services.notifications.kinds.forecasts import ForecastJudged
from services.notifications.kinds.identity import AccountsMerged, EmailLinked, SecondFactorChanged, TelegramLinked
from services.notifications.kinds.letters import (
    AccountDeleted,
    AddressChanged,
    AlreadyRegistered,
    ConfirmAddress,
    ConfirmLink,
    ConfirmSignUp,
    NewSignIn,
    PasswordChanged,
    ResetPassword,
)
from services.notifications.kinds.models import (
    AnswerOverHold,
    AnswerUndelivered,
    ModelFails,
    ModelNotLoaded,
    ModelRests,
    ModelServes,
    UploadChecked,
    UploadCompared,
    UploadTried,
)
from services.notifications.kinds.news import News
from services.notifications.kinds.payments import PaymentNews, PaymentTrouble, RefundSucceeded
from services.notifications.kinds.plans import PlanFact, PlanNews
from services.notifications.kinds.predictions import AnswerEnclosure, PredictionEnded
from services.notifications.kinds.scorings import ScoringEnded
from services.notifications.kinds.webhooks import WebhookOff
from services.payments.alerts import PaymentProblem
from services.payments.news import Fact
from services.predictions.enclosures import Enclosure

ONE, TWO = UUID(int=1), UUID(int=2)
HEX, KEY = "00000000000000000000000000000001", "00000000-0000-0000-0000-000000000001"
HEX_2, KEY_2 = "00000000000000000000000000000002", "00000000-0000-0000-0000-000000000002"
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)

ROWS: list[tuple[News, str, str, JsonObject]] = [
    (ForecastJudged(forecast_id=7), "forecast_judged", "forecast:7", {"forecast_id": 7}),
    (ScoringEnded(scoring_id=ONE), "scoring", f"scoring:{KEY}", {"scoring_id": HEX}),
    (ScoringEnded(scoring_id=ONE, look=True), "scoring", f"scoring:{KEY}:look", {"scoring_id": HEX, "look": True}),
    (
        ScoringEnded(scoring_id=ONE, returned=True),
        "scoring",
        f"scoring:{KEY}:returned",
        {"scoring_id": HEX, "returned": True},
    ),
    (
        UploadChecked(version_id=ONE, at=AT),
        "upload_checked",
        f"upload:{HEX}:2026-11-26T12:00:00+00:00",
        {"version_id": HEX},
    ),
    (
        UploadCompared(version_id=ONE, at=AT),
        "upload_compared",
        f"compared:{HEX}:2026-11-26T12:00:00+00:00",
        {"version_id": HEX},
    ),
    (UploadTried(trial_id=ONE), "upload_tried", f"trial:{HEX}", {"trial_id": HEX}),
    (PredictionEnded(prediction_id=ONE), "prediction", f"prediction:{KEY}", {"prediction_id": HEX}),
    (
        PredictionEnded(prediction_id=ONE, look=True),
        "prediction",
        f"prediction:{KEY}:look",
        {"prediction_id": HEX, "look": True},
    ),
    (
        PredictionEnded(prediction_id=ONE, returned=True),
        "prediction",
        f"prediction:{KEY}:returned",
        {"prediction_id": HEX, "returned": True, "below": False},
    ),
    (
        PredictionEnded(prediction_id=ONE, returned=True, below=True),
        "prediction",
        f"prediction:{KEY}:returned",
        {"prediction_id": HEX, "returned": True, "below": True},
    ),
    (
        AnswerEnclosure(prediction_id=ONE, what=Enclosure.TABLE),
        "enclosure",
        f"prediction:{KEY}:table",
        {"prediction_id": HEX, "what": "table"},
    ),
    (
        AnswerEnclosure(prediction_id=ONE, what=Enclosure.PICTURES, begin=10),
        "enclosure",
        f"prediction:{KEY}:pictures",
        {"prediction_id": HEX, "what": "pictures", "from": 10},
    ),
    (
        AnswerEnclosure(prediction_id=ONE, what=Enclosure.PICTURES, most=1),
        "enclosure",
        f"prediction:{KEY}:pictures",
        {"prediction_id": HEX, "what": "pictures", "from": 0, "most": 1},
    ),
    (
        BonusGranted(amount=100, week="2026-W47", expires_at=AT),
        "bonus",
        "bonus:2026-W47",
        {"amount": 100, "week": "2026-W47", "expires_at": "2026-11-26T12:00:00+00:00"},
    ),
    (
        CreditsChanged(amount=-100, balance=0, reason="error", nonce="n"),
        "credits_changed",
        "admin:n",
        {"amount": -100, "balance": 0, "reason": "error"},
    ),
    (WordsFromOwner(text="Hello", nonce="n"), "from_owner", "from_owner:n", {"text": "Hello"}),
    (CreditsExpire(lot_id=7), "credits_expire", "credits_expire:7", {"lot_id": 7}),
    (
        PaymentNews(payment_id=ONE, fact=Fact.SUCCEEDED),
        "payment",
        f"payment:{KEY}:succeeded",
        {"payment_id": HEX, "fact": "succeeded"},
    ),
    (PaymentNews(payment_id=ONE, look=True), "payment", f"payment:{KEY}:look", {"payment_id": HEX, "look": True}),
    (
        RefundSucceeded(refund_id=TWO, payment_id=ONE),
        "refund",
        f"refund:{KEY_2}:succeeded",
        {"refund_id": HEX_2, "payment_id": HEX},
    ),
    (
        PaymentTrouble(problem=PaymentProblem.REFUND_FAILED, detail="d", payment_id=ONE, about=KEY_2),
        "payment_problem",
        f"payment_problem:refund_failed:{KEY_2}",
        {"problem": "refund_failed", "detail": "d", "payment_id": HEX},
    ),
    (
        PaymentTrouble(problem=PaymentProblem.MANY_LOST, detail="9", about="2026-11-26"),
        "payment_problem",
        "payment_problem:many_lost:2026-11-26",
        {"problem": "many_lost", "detail": "9", "payment_id": None},
    ),
    (
        PaymentTrouble(problem=PaymentProblem.SHOP_REFUSED, detail="no", about="1:no", provider="bank"),
        "payment_problem",
        "payment_problem:shop_refused:1:no",
        {"problem": "shop_refused", "detail": "no", "payment_id": None, "provider": "bank"},
    ),
    (AnswerReady(message_id=ONE), "chat_answer", f"answer:{KEY}", {"message_id": HEX}),
    (AnswerReady(message_id=ONE, part=2), "chat_answer", f"answer:{KEY}:2", {"message_id": HEX, "part": 2}),
    (
        AnswerReady(message_id=ONE, part=1, shown=4, whole=9),
        "chat_answer",
        f"answer:{KEY}:1",
        {"message_id": HEX, "part": 1, "shown": 4, "whole": 9},
    ),
    (
        AnswerReady(message_id=ONE, returned=True, shown=4, whole=9, back=7),
        "chat_answer",
        f"answer:{KEY}:returned",
        {"message_id": HEX, "returned": True, "shown": 4, "whole": 9, "back": 7},
    ),
    (
        AnswerReady(message_id=ONE, returned=True),
        "chat_answer",
        f"answer:{KEY}:returned",
        {"message_id": HEX, "returned": True},
    ),
    (
        ModelNotLoaded(slug="wine", problem="no file"),
        "model_problem",
        "model:wine:b87c858242a566bb",
        {"slug": "wine", "problem": "no file"},
    ),
    (
        ModelFails(slug="wine", problem="Error", at=AT),
        "model_stopped",
        "stopped:wine:2026-11-26T12:00:00+00:00",
        {"slug": "wine", "problem": "Error"},
    ),
    (
        ModelRests(slug="wine", problem="no answer", at=AT),
        "model_rests",
        "rests:wine:2026-11-26T12:00:00+00:00",
        {"slug": "wine", "problem": "no answer", "fails": False},
    ),
    (
        ModelServes(slug="wine", problem="", at=AT),
        "model_serves",
        "serves:wine:2026-11-26T12:00:00+00:00",
        {"slug": "wine", "problem": ""},
    ),
    (
        AnswerOverHold(slug="sage", problem="9 + 9 > 1 + 1", day=date(2026, 11, 27)),
        "answer_over_hold",
        "over_hold:sage:2026-11-27",
        {"slug": "sage", "problem": "9 + 9 > 1 + 1"},
    ),
    (
        AnswerUndelivered(slug="wine", problem="refused", version="2"),
        "answer_undelivered",
        "undelivered:wine:2",
        {"slug": "wine", "problem": "refused"},
    ),
    (ConfirmSignUp(token_id=7, nonce="n"), "confirm_sign_up", "confirm_sign_up:7:n", {"token_id": 7}),
    (AlreadyRegistered(token_id=7, nonce="n"), "already_registered", "already_registered:7:n", {"token_id": 7}),
    (ResetPassword(token_id=7, nonce="n"), "reset_password", "reset_password:7:n", {"token_id": 7}),
    (ConfirmAddress(token_id=7, nonce="n"), "confirm_address", "confirm_address:7:n", {"token_id": 7}),
    (ConfirmLink(token_id=7, nonce="n"), "confirm_link", "confirm_link:7:n", {"token_id": 7}),
    (
        PasswordChanged(at=AT, keys=2, nonce="n"),
        "password_changed",
        "password_changed:n",
        {"at": "2026-11-26T12:00:00+00:00", "keys": 2},
    ),
    (
        AddressChanged(address="new@example.com", confirmed=True, nonce="n"),
        "address_changed",
        "address_changed:n",
        {"address": "new@example.com", "confirmed": True},
    ),
    (
        NewSignIn(at=AT, agent="Firefox", place="192.0.2.1", nonce="n"),
        "new_sign_in",
        "new_sign_in:n",
        {"at": "2026-11-26T12:00:00+00:00", "agent": "Firefox", "place": "192.0.2.1"},
    ),
    (
        AccountsMerged(address="anna@example.com", amount=500, balance=1500, nonce="7"),
        "accounts_merged",
        "accounts_merged:7",
        {"address": "anna@example.com", "amount": 500, "balance": 1500},
    ),
    (
        EmailLinked(address="anna@example.com", letter=True, nonce="7"),
        "email_linked",
        "email_linked:7:letter",
        {"address": "anna@example.com"},
    ),
    (
        TelegramLinked(address="anna@example.com", balance=1000, nonce="7"),
        "telegram_linked",
        "telegram_linked:7",
        {"address": "anna@example.com", "balance": 1000},
    ),
    (
        SecondFactorChanged(at=AT, on=False, by_shop=True, letter=True, nonce="7"),
        "second_factor",
        "second_factor:7:letter",
        {"at": "2026-11-26T12:00:00+00:00", "on": False, "by_shop": True},
    ),
    (AccountDeleted(at=AT, nonce="7"), "account_deleted", "account_deleted:7", {"at": "2026-11-26T12:00:00+00:00"}),
    (
        PlanNews(
            subscription_id=ONE, plan_id=3, fact=PlanFact.RENEWAL_SOON, number=2, amount=29_900, currency="RUB", at=AT
        ),
        "plan",
        f"plan:{KEY}:renewal_soon:2",
        {
            "subscription_id": HEX,
            "plan_id": 3,
            "fact": "renewal_soon",
            "number": 2,
            "amount": 29_900,
            "currency": "RUB",
            "at": "2026-11-26T12:00:00+00:00",
        },
    ),
    (
        WebhookOff(endpoint_id=ONE, url="https://example.com/hooks", gone=True, nonce="7"),
        "webhook_off",
        f"webhook_off:{ONE}:7",
        {"endpoint_id": ONE.hex, "url": "https://example.com/hooks", "gone": True},
    ),
]
OF_THE_KEY = frozenset(("nonce", "letter", "about", "at", "version", "day"))


@pytest.mark.parametrize(("news", "kind", "key", "payload"), ROWS)
def test_what_a_row_holds(news: News, kind: str, key: str, payload: JsonObject) -> None:
    assert (news.kind, news.key) == (kind, key)
    assert json.loads(json.dumps(news.dump())) == payload


@pytest.mark.parametrize(("news", "kind", "key", "payload"), ROWS)
def test_what_is_read_is_what_was_told(news: News, kind: str, key: str, payload: JsonObject) -> None:
    """But for what the key alone is made of."""
    told = {field.name: getattr(news, field.name) for field in fields(news) if field.name not in OF_THE_KEY}  # type: ignore[arg-type]  # all are dataclasses
    read = type(news).load(payload)
    assert {name: getattr(read, name) for name in told} == told


def test_every_kind_has_its_row_here() -> None:
    assert {news.kind for news, *_ in ROWS} == set(OutboxKind)


def test_who_waits_for_nothing_is_told_last() -> None:
    assert {news.kind for news, *_ in ROWS if news.priority is Priority.NEWS} == {
        OutboxKind.BONUS,
        OutboxKind.CREDITS_EXPIRE,
        OutboxKind.FORECAST_JUDGED,
    }


@pytest.mark.parametrize("kind", list(dict.fromkeys(type(news) for news, *_ in ROWS)))
def test_a_payload_of_another_kind(kind: type[News]) -> None:
    with pytest.raises(KeyError):
        kind.load({"other": 1})


def test_words_of_a_newer_version_are_read() -> None:
    """Whoever presents them knows what to do with a word that is not ours."""
    payload = {"payment_id": HEX, "fact": "disputed", "until": "2026-12-01"}
    assert PaymentNews.load(payload) == PaymentNews(payment_id=ONE, fact="disputed")
    assert PaymentTrouble.load({"problem": "new", "detail": ""}).problem == "new"
    assert AnswerEnclosure.load({"prediction_id": HEX, "what": "sound"}).what == "sound"


def test_an_enclosure_that_goes_on_keeps_how_many_come_together() -> None:
    alone = AnswerEnclosure(prediction_id=ONE, what=Enclosure.PICTURES, most=1)
    assert replace(alone, begin=3).dump() == {"prediction_id": HEX, "what": "pictures", "from": 3, "most": 1}
