"""What owners read of an assistant and of its requests."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from db.tables.users import Role
from handlers.admin.assistants.screens import assistant_screen, requests_screen
from handlers.admin.models.screens import price_question
from i18n.translator import Catalogues
from services.chats.statistics import AssistantFigures, RequestLine
from services.models.manage import ModelLine

RU, EN = Catalogues()["ru"], Catalogues()["en"]
SAGE = ModelLine(
    slug="sage",
    version="1",
    title={"ru": "Мудрец", "en": "Sage"},
    icon="💬",
    price=0,
    manifest_price=0,
    changed_price=False,
    enabled=True,
    present=True,
    problem=None,
    stopped_for=None,
    is_assistant=True,
)


def figures(*, half_ms: int, most_ms: int) -> AssistantFigures:
    return AssistantFigures(
        answers=3,
        failed=0,
        prompt_tokens=1_500,
        completion_tokens=500,
        earned=420,
        half_ms=half_ms,
        most_ms=most_ms,
    )


def request(*, error: str | None = None, name: str = "Анна", ms: int = 34) -> RequestLine:
    return RequestLine(
        id=UUID(int=1),
        message_id=UUID(int=2),
        user_id=12,
        first_name=name,
        model_slug="sage",
        attempt=1,
        response_time_ms=ms,
        first_token_ms=5,
        status_code=200,
        error=error,
        created_at=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    )


def test_times_of_a_quick_provider_are_not_nothing() -> None:
    text = assistant_screen(SAGE, [(1, figures(half_ms=34, most_ms=2_340))], EN, role=Role.ADMIN).text
    assert "half within 0.03 s, 95 % within 2.3 s" in text


@pytest.mark.parametrize(
    ("prices", "cost", "left"),
    [((15_00, 60_00), "0.06", "4.14"), ((3_000_00, 0), "4.50", "-0.30"), ((0, 0), "0.00", "4.20"), (None, "", "")],
)
def test_what_the_provider_costs_where_the_manifest_says_its_prices(
    prices: tuple[int, int] | None, cost: str, left: str
) -> None:
    sage = replace(SAGE, provider_prices=prices)
    text = assistant_screen(sage, [(1, figures(half_ms=34, most_ms=2_340))], EN, role=Role.ADMIN).text
    assert "Spent by customers: 4.20" in text
    assert (f"By the provider's prices in the manifest it cost {cost} credits; left: {left} credits\n" in text) is (
        prices is not None
    )
    assert ("manifest" in text) is (prices is not None)


def test_its_price_is_asked_for_besides_its_length() -> None:
    by_length = price_question(replace(SAGE, by_length=True), RU)
    assert "Сколько будет стоить каждый ответ «Мудрец», кроме платы за длину?" in by_length.text
    assert "от 0 (платят только за длину) до 100000,00, например 1,00" in by_length.text
    assert "бесплатно" not in by_length.text
    assert by_length.rows[0][0].text == "Как у автора: по длине"
    both = price_question(replace(SAGE, by_length=True, manifest_price=50), RU)
    assert "например 0,50" in both.text
    assert both.rows[0][0].text == "Как у автора: 0,50 кредита и по длине"
    free = price_question(SAGE, RU)
    assert "от 0 (бесплатно) до 100000,00, например 1,00" in free.text
    assert free.rows[0][0].text == "Как у автора: бесплатно"


def test_whose_a_request_was_and_how_it_went() -> None:
    lines = [request(), request(error="no answer in 10 s", name="\u202eИван Александрович Длинный"), request(name="")]
    screen = requests_screen(SAGE, lines, RU)
    assert [row[0].text for row in screen.rows[:3]] == [
        "✅ 21.11 15:00 · #12 Анна · 0.03 с",
        "⚠️ 21.11 15:00 · #12 Иван Александр… · нет ответа за 10 с",
        "✅ 21.11 15:00 · #12 · 0.03 с",
    ]
