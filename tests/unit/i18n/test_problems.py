"""What rows keep of a model's trouble is told to owners in their language; what a server said is quoted."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from i18n.problem_sentences import FIXES, PROBLEMS
from i18n.problems import problem_words
from i18n.translator import Catalogues
from services.inference.errors import ModelBroken, RunTimeout
from services.inference.runtimes.images.client import judge
from services.inference.runtimes.missing import judge_missing
from services.manifests.errors import ManifestError

SERVICES = Path(__file__).parents[3] / "services"
INFERENCE = SERVICES / "inference"
WORDED = (
    *(
        file
        for kind in ("open_inference", "comfyui", "images", "chat")
        for file in (INFERENCE / "runtimes" / kind).glob("*.py")
    ),
    *(file for kind in ("tensor", "text", "sound") for file in INFERENCE.glob(f"runtimes/{kind}_*.py")),
    *(INFERENCE / f"runtimes/{name}.py" for name in ("ctc", "pooling", "steps")),
    *(INFERENCE / name for name in ("runtimes/missing.py", "runtimes/pictures.py", "loaded.py", "batcher.py")),
)
OF_UPLOADS = (
    *(SERVICES / f"authoring/{name}.py" for name in ("drafting", "inputs", "outputs", "scaffold", "upload_process")),
    *(SERVICES / f"models/uploads/{name}.py" for name in ("reader", "inspection", "checks")),
)
OF_AUTHORS = ("--", "by hand", "Name an ONNX file")  # only who writes manifests can do it: uploads are told otherwise
OF_MANIFESTS = {"spec.py", "workflow.py", "graph.py", "prompt.py"}  # told before anything is sold
ERRORS = {"ServerAway", "ModelBroken", "RunFailed", "BadOutput", "StreamCut", "EmptyAnswer", "UploadRefused"}
FILLS = ("7", "503", 'the node "Load" (3)', "http://server/path", "{ Authorization = x }")
RU, EN = Catalogues()["ru"], Catalogues()["en"]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("no answer in 10 s", "нет ответа за 10 с"),
        ("10.0.0.7:8000 cannot be reached: Connection refused", "до 10.0.0.7:8000 не достучаться: Connection refused"),
        (
            str(judge_missing(404, "no model here (HTTP 404)")),
            "сервер сейчас этого не знает; верны ли url и model? no model here (HTTP 404)",
        ),
        (str(judge(500, {})), "без объяснений (HTTP 500)"),
        (str(judge(500, {"error": {"message": "CUDA out of memory"}})), "CUDA out of memory (HTTP 500)"),
        (
            str(judge(402, {"error": {"message": "Pay. Now"}})),
            "деньги на счёте у сервера кончились: Pay. Now (HTTP 402). Пополните счёт там",
        ),
        (
            str(RunTimeout(seconds=60.0)),
            "один запуск длится больше 60 с. Увеличьте runtime.timeout или возьмите модель поменьше",
        ),
        (
            str(
                ModelBroken(
                    problem='the node "FluxLoader" is not installed there',
                    fix="Install it, or export the workflow anew",
                )
            ),
            "узел «FluxLoader» там не установлен. Установите его или экспортируйте workflow заново",
        ),
        (
            str(
                ManifestError(
                    file="models_store/sage/manifest.toml",
                    key="runtime.key",
                    problem="is not the name of a variable",
                    fix='Write "env:NAME" here, with a name of your choice, and NAME=… with the value itself into .env',
                )
            ),
            "models_store/sage/manifest.toml: runtime.key: здесь нужно имя переменной. Напишите тут "
            "«env:ИМЯ» с любым именем, а в .env — строку ИМЯ=… с самим значением",
        ),
        ('the node "Load" (3) ran out of memory at the server', "узел «Load» (3): на сервере не хватило памяти"),
        ("Сервер занят. Try again. Later", "Сервер занят. Try again. Later"),
        ("our shop answers 42 customers", "our shop answers 42 customers"),
        ("", ""),
    ],
)
def test_words(problem: str, told: str) -> None:
    assert problem_words(problem, RU) == told
    assert problem_words(problem, EN) == problem


def test_what_a_row_could_not_keep_whole() -> None:
    """The end of a long complaint is cut, in the fix or in what the server said."""
    whole = str(ModelBroken(problem=f"the server does not let the shop in: {'x' * 300}", fix="Check the file"))
    assert problem_words(whole[:255], RU).startswith("сервер не пускает магазин: xxx")
    short = str(ModelBroken(problem="the variable KEY is not set", fix="Set it where the shop runs"))
    assert problem_words(short[:-6], RU).startswith("переменная KEY не задана. Set it")


@pytest.mark.parametrize("sentence", [*PROBLEMS, *FIXES])
def test_no_sentence_is_taken_for_another(sentence: str) -> None:
    """Filled in with anything that may stand there, each is told as itself."""
    text = f"{'' if sentence in PROBLEMS else 'Oh. '}{sentence}"
    filled = {problem_words(each, EN) for each in _filled(text)}
    assert filled == set(_filled(text))


def test_all_that_is_said_of_servers_has_words() -> None:
    untold = [
        f"{file.relative_to(INFERENCE)}: {text}"
        for file in WORDED
        if file.name not in OF_MANIFESTS
        for text, is_fix in _sentences(ast.parse(file.read_text("utf-8")))
        if not any(problem_words(each, RU) != each for each in _filled(f"Oh. {text}" if is_fix else text))
    ]
    assert untold == []


def test_all_that_is_said_of_uploads_has_words() -> None:
    untold = [
        f"{file.name}: {text}"
        for file in OF_UPLOADS
        for text, is_fix in _sentences(ast.parse(file.read_text("utf-8")))
        if not any(each in text for each in OF_AUTHORS)
        if not any(problem_words(each, RU) != each for each in _filled(f"Oh. {text}" if is_fix else text))
    ]
    assert untold == []


def _sentences(module: ast.Module) -> Iterator[tuple[str, bool]]:
    """What is written as a problem or a fix of an error; whether it is the latter. What only puts others' words
    together is none."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            found = [(word.arg, word.value) for word in node.keywords]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found = [(node.targets[0].id, node.value)]
        else:
            continue
        for name, value in [(name, each) for name, whole in found for each in _either(whole)]:
            if name in ("problem", "fix") and any(len(word) > 1 for word in _literal(value).split()):
                yield _template(value), name == "fix"


def _either(value: ast.expr) -> list[ast.expr]:
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


def _literal(value: ast.expr) -> str:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _template(value: ast.expr) -> str:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)


def _filled(template: str) -> Iterator[str]:
    """With each choice of what may stand in its places; two of the same kind are enough to tell."""
    parts = template.replace("{", "\0{").split("\0")
    places = [
        number
        for number, part in enumerate(parts)
        if part.startswith("{") and "}" in part and " " not in part[: part.index("}")]
    ]
    for fills in product(FILLS, repeat=len(places)):
        made = list(parts)
        for number, fill in zip(places, fills, strict=True):
            made[number] = fill + made[number][made[number].index("}") + 1 :]
        yield "".join(made)
