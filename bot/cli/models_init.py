"""`kassandra models init`: a first manifest, for a file or for a model at a server."""

import argparse
import filecmp
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import Failure
from bot.settings import load_store_settings
from services.files.scratch import scratch_folder
from services.manifests.manifest import MANIFEST, SLUG

if TYPE_CHECKING:
    from services.authoring.drafting import Draft
    from services.authoring.hints import AuthorHints
    from services.manifests.labels import Class

MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"


def init_model(arguments: argparse.Namespace) -> int:
    if arguments.source is not None:
        url, model = arguments.source
        write = _write_assistant if arguments.kind == "chat" else _write_remote
        return _init(model, arguments, lambda folder, told: write(url, model, folder, arguments, told))
    source: Path = arguments.file
    if not source.is_file():
        raise Failure(f"there is no file {source}")
    return _init(source.stem, arguments, lambda folder, told: _write_model(source, arguments.tokenizer, folder, told))


def _init(called: str, arguments: argparse.Namespace, write: "Callable[[Path, AuthorHints], Sequence[str]]") -> int:
    from services.authoring.hints import AuthorHints

    slug = re.sub("[^a-z0-9]+", "-", called.lower()).strip("-")[:32].strip("-") or "model"
    settings = load_store_settings()  # `.env` may have the keys that are named
    folder: Path = arguments.to or settings.models_dir / slug
    if not re.fullmatch(SLUG, folder.resolve().name):
        raise Failure(f"the folder's name is the model's slug: a–z, 0–9 and -, not {folder.name!r}")
    if (folder / MANIFEST).exists():
        raise Failure(f"{folder / MANIFEST} exists; it is not overwritten")
    hints = AuthorHints(
        labels=() if arguments.labels is None else _labels(arguments.labels),
        features=tuple(name.strip() for name in (arguments.features or "").split(",") if name.strip()),
        range=_two(arguments.range),
        mean=_numbers("--mean", arguments.mean),
        std=_numbers("--std", arguments.std),
        tokenizer=None if arguments.tokenizer is None else (TOKENIZER, _digest(arguments.tokenizer)),
    )
    try:
        told = write(folder, hints)
    except OSError as error:
        raise Failure(f"{error.filename or folder}: {error.strerror}") from None
    for line in told:
        print(f"  {line}")
    print(f"Wrote {folder / MANIFEST}. Try it: kassandra models check {shlex.quote(str(folder))}")
    return 0


def _write_model(source: Path, tokenizer: Path | None, folder: Path, told: "AuthorHints") -> Sequence[str]:
    """All or nothing: a file that cannot be read leaves no folder behind. Returns what was changed and guessed."""
    from services.authoring.copying import copy_model
    from services.authoring.scaffold import draft_manifest

    changes: list[str] = []

    def make(new: Path) -> "Draft":
        changes.extend(copy_model(source, new / MODEL))
        model = new / MODEL
        if (folder / MODEL).exists() and not filecmp.cmp(model, folder / MODEL, shallow=False):
            model = model.rename(new / "model-rewritten.onnx")
        if tokenizer is not None:
            shutil.copyfile(tokenizer, new / TOKENIZER)
        return draft_manifest(model, told, title=source.stem)

    return [*changes, *_write(folder, make)]


def _write_remote(
    url: str, model: str, folder: Path, arguments: argparse.Namespace, told: "AuthorHints"
) -> Sequence[str]:
    """Returns what was guessed."""
    from services.authoring.remote import ServedAt, draft_remote
    from services.inference.errors import ModelBroken, ServerAway

    headers = dict(map(_header, arguments.header))
    place = ServedAt(url=url, model=model, version=arguments.model_version, headers=headers)
    try:
        return _write(folder, lambda new: draft_remote(place, new, told))
    except (ModelBroken, ServerAway) as error:
        problem = str(error) if isinstance(error, ModelBroken) else f"{url}: {error.problem}"
        hint = " (for a language model add --kind chat)" if arguments.kind is None else ""
        raise Failure(f"{problem}{hint}") from None


def _write_assistant(
    url: str, model: str, folder: Path, arguments: argparse.Namespace, _told: "AuthorHints"
) -> Sequence[str]:
    """Returns what was guessed."""
    from services.authoring.assistants import AssistantAt, draft_assistant
    from services.inference.errors import ServerAway

    headers = dict(map(_header, arguments.header))
    place = AssistantAt(url=url, model=model, key=arguments.key, headers=headers)
    try:
        return _write(folder, lambda new: draft_assistant(place, new))
    except ServerAway as error:
        raise Failure(f"{url}: {error.problem}") from None


def _write(folder: Path, make: "Callable[[Path], Draft]") -> list[str]:
    """Fill a folder beside and move what is in it; with its manifest it is a model, so that comes at last."""
    with scratch_folder(folder.parent) as scratch:
        new = scratch / folder.resolve().name
        new.mkdir()
        draft = make(new)
        draft.write(new)
        _spare(folder, draft.files)
        folder.mkdir(exist_ok=True)
        for file in sorted(new.iterdir(), key=lambda file: file.name == MANIFEST):
            shutil.move(file, folder / file.name)
    return list(map(str, draft.notes))


def _header(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Failure("--header takes NAME=env:VARIABLE, and VARIABLE=… stands in .env")
    return name.strip(), value.strip()


def _labels(file: Path) -> "Sequence[Class]":
    from services.manifests.labels import LabelsUnreadable, read_labels

    try:
        return read_labels(file)
    except LabelsUnreadable as error:
        raise Failure(f"{file} {error}. {error.fix}") from None


def _spare(folder: Path, files: Mapping[str, str]) -> None:
    """A file of labels that lies there already is not written over, unless it says the same."""
    from services.manifests.labels import parse_labels

    for name, text in files.items():
        if (folder / name).exists() and _labels(folder / name) != parse_labels(text):
            raise Failure(f"{folder / name} exists and names other classes; move it, or say --labels {folder / name}")


def _digest(file: Path) -> str:
    from services.manifests.digests import digest

    try:
        with file.open("rb") as stream:
            return digest(stream)
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None


def _two(text: str | None) -> tuple[float, float] | None:
    numbers = _numbers("--range", text)
    if numbers is None:
        return None
    if len(numbers) != 2:
        raise Failure("--range takes two numbers: 0,255")
    return numbers[0], numbers[1]


def _numbers(name: str, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise Failure(f"{name} takes numbers separated by commas") from None
