"""Answers in words, both languages."""

from html import unescape
from typing import Any

import pytest

from handlers.predictions.answer import Answered
from handlers.predictions.outputs import outputs_html
from handlers.telegram.limits import CAPTION, length
from i18n.answers import advice_text
from i18n.outputs import percent
from i18n.translator import Html
from services.manifests.manifest import Manifest
from tests.unit.handlers.form.samples import EVERYTHING, manifest, stored
from tests.unit.handlers.predictions.bench import CATALOGUES, view

CLASSES = [{"value": name, "label": {"ru": f"{name} <р>", "en": name}} for name in ("a", "b", "c", "d", "e", "f")]
OUTPUTS: dict[str, dict[str, Any]] = {
    "number": {"type": "number", "unit": "₽", "decimals": 2, "help": {"ru": "Что & как", "en": "What & how"}},
    "probability": {"type": "probability"},
    "classes": {"type": "classes", "classes": CLASSES},
    "text": {"type": "text", "classes": [{"value": "good", "label": {"ru": "хороший", "en": "good"}}]},
    "line": {"type": "series", "decimals": 1},
    "band": {"type": "series", "chart": "band", "quantiles": {"ru": "полоса 90 %", "en": "90 % band"}},
    "image": {"type": "image"},
    "free": {"type": "series"},
    "one": {"type": "number"},
}


def with_outputs(*names: str, **more: Any) -> Manifest:  # Any: TOML
    outputs = [
        {"name": name, "label": {"ru": f"Итог {name}", "en": f"Out {name}"}, "tensor": "y"} | OUTPUTS[name]
        for name in names
    ]
    return manifest(EVERYTHING[:1], outputs=outputs, **more)


def words(language: str, name: str, answer: Any) -> str:  # Any: JSON of a result
    html = outputs_html(with_outputs(name), {name: answer}, CATALOGUES[language], helped=1)
    return unescape(html).replace("\u00a0", " ")


SHARES = {"a": 0.612, "b": 0.2, "c": 0.1, "d": 0.05, "e": 0.03, "f": 0.008}


@pytest.mark.parametrize(
    ("name", "answer", "russian", "english"),
    [
        (
            "number",
            -12312.013,
            "Итог number: <b>−12 312,01 ₽</b>\n<i>Что & как</i>",
            "Out number: <b>−12,312.01 ₽</b>\n<i>What & how</i>",
        ),
        (
            "number",
            -0.001,
            "Итог number: <b>0,00 ₽</b>\n<i>Что & как</i>",
            "Out number: <b>0.00 ₽</b>\n<i>What & how</i>",
        ),
        ("probability", 0.461, "Итог probability: <b>46 %</b>", "Out probability: <b>46 %</b>"),
        (
            "classes",
            {"value": "a", "probabilities": SHARES},
            "Итог classes: <b>a <р></b>, 61 %\nb <р> 20 % · c <р> 10 % · d <р> 5 % · e <р> 3 %",
            "Out classes: <b>a</b>, 61 %\nb 20 % · c 10 % · d 5 % · e 3 %",
        ),
        ("text", "good", "Итог text: <b>хороший</b>", "Out text: <b>good</b>"),
        ("text", "<other>", "Итог text: <b><other></b>", "Out text: <b><other></b>"),
        (
            "line",
            [1.0, 3.25, 2.0],
            "Итог line: <b>1,0 · 3,2 · 2,0</b>",
            "Out line: <b>1.0 · 3.2 · 2.0</b>",
        ),
        (
            "line",
            [1.0, *[3.25] * 23, 2.0],
            "Итог line: <b>в начале 1,0, в конце 2,0, минимум 1,0, максимум 3,2</b>",
            "Out line: <b>begins at 1.0, ends at 2.0, lowest 1.0, highest 3.2</b>",
        ),
        (
            "band",
            [[1.0, 2.0, 3.0], [1.5, 2.5, 3.5]],
            "Итог band: <b>в конце 2,50 (полоса 90 %: от 1,50 до 3,50)</b>",
            "Out band: <b>at the end 2.50 (90 % band: from 1.50 to 3.50)</b>",
        ),
        ("image", None, "", ""),
        ("number", "of an older version", "", ""),
        ("classes", [1], "", ""),
    ],
    ids=[
        "number",
        "zero",
        "probability",
        "classes",
        "label",
        "text",
        "line",
        "long",
        "band",
        "image",
        "older",
        "other",
    ],
)
def test_each_type(name: str, answer: Any, russian: str, english: str) -> None:
    assert words("ru", name, answer) == russian
    assert words("en", name, answer) == english


@pytest.mark.parametrize(
    ("name", "answer", "shown"),
    [
        ("free", [2e-6, -3.456e-6], "0.00000200 · −0.00000346"),
        ("free", [12.5, 0.0004, 0.0], "12.50 · 0.000400 · 0.00"),
        ("free", [0.0, 0.0], "0.00 · 0.00"),
        ("one", 0.000123456, "0.000123"),
        ("one", 12.5, "12.50"),
        ("line", [0.00012], "0.0"),
    ],
    ids=["small", "small beside large", "nothing", "a small number", "a usual one", "as the manifest says"],
)
@pytest.mark.parametrize(("language", "out"), [("en", "Out"), ("ru", "Итог")])
def test_as_many_decimals_as_the_numbers_need(name: str, answer: Any, shown: str, language: str, out: str) -> None:
    comma = shown if language == "en" else shown.replace(".", ",")
    assert words(language, name, answer) == f"{out} {name}: <b>{comma}</b>"


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_a_series_has_the_decimals_that_its_manifest_says(decimals: int) -> None:
    """In words too, however large its numbers are."""
    output = {"name": "free", "label": "Path", "tensor": "y", "type": "series", "decimals": decimals}
    path = manifest(EVERYTHING[:1], outputs=[output])
    html = outputs_html(path, {"free": [1234.5678, *[4321.0] * 23, 2345.6789]}, CATALOGUES["en"], helped=1)
    first, last = f"{1234.5678:,.{decimals}f}", f"{2345.6789:,.{decimals}f}"
    assert f"begins at {first}, ends at {last}, " in html


def test_what_comes_from_a_model_is_escaped() -> None:
    html = outputs_html(with_outputs("text"), {"text": "<b>&"}, CATALOGUES["en"], helped=0)
    assert html == "Out text: <b>&lt;b&gt;&amp;</b>"


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0, 0, "0 %"),
        (0.004, 0, "<1 %"),
        (0.996, 0, ">99 %"),
        (1, 0, "100 %"),
        (0.9996, 1, ">99,9 %"),
        (0.125, 1, "12,5 %"),
    ],
)
def test_neither_nothing_nor_everything(share: float, decimals: int, text: str) -> None:
    assert percent(share, decimals, CATALOGUES["ru"]).replace("\u00a0", " ") == text


def test_advice_of_an_older_manifest() -> None:
    risk, tr = stored("investment-risk"), CATALOGUES["ru"]
    assert advice_text(risk, {"advice": 0}, tr) == risk.advice[0].text.pick("ru")
    assert [advice_text(risk, {"advice": odd}, tr) for odd in (99, None, "x")] == ["", "", ""]


def test_advice_tells_the_answers_that_it_follows_from() -> None:
    risk, tr = stored("investment-risk"), CATALOGUES["ru"]
    outputs = {"share_to_sell": 19.87, "given_up": 255.346, "stop_price": 2256.16, "p_stop": 0.1602, "put_cost": 383.57}
    text = advice_text(risk, {"advice": 1, "outputs": outputs}, tr).replace("\u00a0", " ")
    assert "продать 20 % вложения (в среднем случае это стоит 255,35 дохода)" in text
    assert "заявку на продажу по 2 256,16 (сработает с вероятностью 16 %)" in text
    assert "со страйком — примерно за 383,57" in text, "an older answer had no strike"


def answered(model: Manifest, **columns: Any) -> Answered:  # Any: as in `view`
    return Answered(
        view=view(**columns), manifest=model, heading=Html("<b>T</b>"), footer=Html("<i>F</i>"), tr=CATALOGUES["ru"]
    )


def test_few_answers_stand_under_the_title() -> None:
    text = (
        answered(with_outputs("number"), inputs={"number": 13.5}, result={"outputs": {"number": 1}}).fullest(4096).text
    )
    assert text.replace("\u00a0", " ").startswith("<b>T</b>\n<i>Число: 13,5 %</i>\n\nИтог number: <b>1,00 ₽</b>")


def test_what_is_left_out_when_room_is_short() -> None:
    wine = stored("wine")
    inputs = {field.name: 1.0 for field in wine.inputs}
    outputs = {"cultivar": {"value": "barolo", "probabilities": {"barolo": 0.9, "grignolino": 0.1}}}
    full = answered(wine, inputs=inputs, result={"outputs": outputs, "advice": 1})
    assert "<blockquote expandable>Алкоголь: 1 %\n" in full.fullest(4096).text
    assert "Пролин" in full.fullest(4096).text
    shorter = full.fullest(400).text
    assert "blockquote" not in shorter
    assert "Вероятность каждого" in shorter
    shortest = full.fullest(120).text
    assert "Вероятность каждого" not in shortest
    assert "Бароло" in shortest
    assert length(shortest) <= 120


def test_a_huge_result_fits_a_caption() -> None:
    text = answered(with_outputs("text"), result={"outputs": {"text": "слово & " * 5000}}).fullest(CAPTION).text
    assert length(text) <= CAPTION
