"""`kassandra models`: what is in the store, whether a model is right, and a first manifest."""

import argparse
import asyncio
import filecmp
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.scratch import scratch_folder
from bot.errors import Failure
from bot.settings import load_store_settings
from services.billing.credits import format_credits
from services.manifests.manifest import MANIFEST, SLUG

if TYPE_CHECKING:
    from services.manifests.labels import Class

MODEL = "model.onnx"


def list_models() -> int:
    from bot.wiring.inference import RUNTIMES
    from services.inference.memory import about_model, in_words
    from services.manifests.runtime import OnnxSpec
    from services.models.offers import TRY_AGAIN, read_folders

    settings = load_store_settings()
    root, stopped = settings.models_dir, asyncio.run(_stopped(settings.database_url))
    found, problems = read_folders(root, RUNTIMES.specs)
    for slug, manifest in found.items():
        price, memory = format_credits(manifest.price_hundredths), ""
        if isinstance(manifest.runtime, OnnxSpec):
            bytes_ = about_model(root / slug / manifest.runtime.file)
            memory = "cannot be read" if bytes_ is None else f"about {in_words(bytes_)}"
        print(f"{slug:32} {manifest.version:10} {price:>8} {memory:>14}  {manifest.title.pick('en')}")
        if slug in stopped:
            print(f"{slug:32} STOPPED by its failures, at last: {' '.join(stopped[slug].split())}; {TRY_AGAIN}")
    for problem in problems:
        print(f"{problem.slug:32} NOT SERVED: {problem.text}")
    return 1 if problems or stopped.keys() & found.keys() else 0


async def _stopped(url: str) -> Mapping[str, str]:
    """Why, by slug. Nothing is of a shop that has not run yet, or whose database is away: the folders are there."""
    from db.engine import Database
    from db.errors import DatabaseUnavailable, NewerDatabase, OldRevision
    from db.migrate import require_head
    from services.models.offers import stopped

    try:
        await asyncio.to_thread(require_head, url)
        db = Database(url)
        try:
            return await db.read(stopped)
        finally:
            await db.close()
    except (DatabaseUnavailable, NewerDatabase, OldRevision):
        return {}


def check_model(folder: Path) -> int:
    from bot.wiring.inference import RUNTIMES
    from services.authoring.check import check_folder

    lines = check_folder(folder, RUNTIMES)
    for line in lines:
        print(f"{line.state:4} {line.what}: {line.detail}{f'. {line.fix}' if line.fix else ''}")
    return 0 if all(line.ok for line in lines) else 1


def init_model(arguments: argparse.Namespace) -> int:
    source: Path = arguments.file
    if not source.is_file():
        raise Failure(f"there is no file {source}")
    slug = re.sub("[^a-z0-9]+", "-", source.stem.lower()).strip("-")[:32].strip("-") or "model"
    folder: Path = arguments.to or load_store_settings().models_dir / slug
    if not re.fullmatch(SLUG, folder.resolve().name):
        raise Failure(f"the folder's name is the model's slug: a–z, 0–9 and -, not {folder.name!r}")
    if (folder / "manifest.toml").exists():
        raise Failure(f"{folder / 'manifest.toml'} exists; it is not overwritten")
    try:
        told = _write_model(source, folder, arguments)
    except OSError as error:
        raise Failure(f"{error.filename or folder}: {error.strerror}") from None
    for line in told:
        print(f"  {line}")
    print(f"Wrote {folder / 'manifest.toml'}. Try it: kassandra models check {shlex.quote(str(folder))}")
    return 0


def _write_model(source: Path, folder: Path, arguments: argparse.Namespace) -> Sequence[str]:
    """All or nothing: a file that cannot be read leaves no folder behind. Returns what was changed and guessed."""
    from services.authoring.copying import copy_model
    from services.authoring.hints import AuthorHints
    from services.authoring.scaffold import draft_manifest

    told = AuthorHints(
        labels=() if arguments.labels is None else _labels(arguments.labels),
        features=tuple(name.strip() for name in (arguments.features or "").split(",") if name.strip()),
        range=_two(arguments.range),
        mean=_numbers("--mean", arguments.mean),
        std=_numbers("--std", arguments.std),
    )
    with scratch_folder(folder.parent) as scratch:
        new = scratch / folder.resolve().name
        new.mkdir()
        changes = copy_model(source, new / MODEL)
        model = new / MODEL
        if (folder / MODEL).exists() and not filecmp.cmp(model, folder / MODEL, shallow=False):
            model = model.rename(new / "model-rewritten.onnx")
        draft = draft_manifest(model, told, title=source.stem)
        draft.write(new)
        _spare(folder, draft.files)
        folder.mkdir(exist_ok=True)
        for file in sorted(
            new.iterdir(), key=lambda file: file.name == MANIFEST
        ):  # with that it is a model, so at last
            shutil.move(file, folder / file.name)
    return [*changes, *map(str, draft.notes)]


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
