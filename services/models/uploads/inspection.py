"""What a file is, found out by processes of its own: one reads it and writes a manifest, another runs it as it will be
run for customers. What they say is a stranger's word, and is looked at like one."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from db.base import JsonObject
from services.errors import ShopError, one_line
from services.files.scratch import scratch_folder, sweep_scratch
from services.inference.errors import ModelBroken, RunTimeout
from services.manifests.characters import cleaned, is_storable
from services.manifests.errors import ManifestError
from services.manifests.manifest import MANIFEST, Manifest, load_manifest
from services.models.uploads.reader import LONGEST, PROGRAM, UploadRefused, read_apart
from services.models.uploads.selling import is_as_agreed, memory_of, sold_text
from services.models.uploads.trial_run import first_run
from services.models.uploads.versions import MODEL, StoredContent, VersionView

log = structlog.get_logger()

SENT: Final = "sent.onnx"
SECONDS: Final = 120.0  # of the processor's time, and by the clock
READING: Final = 1_024  # megabytes that a file may take to be read, beyond what it may take to run
MAX_NOTES: Final = 40  # lines that are kept
OPTIONS: Final = {
    "--labels names them": "you named them",
    "--features names them": "you named them",
    "name them with --labels": "name the answers",
}
LESS_CONFINED: Final = {
    "network": "the process that read it could reach the network: this system confines no better",
    "disk": "the process that read it could open the shop's files: this system confines no better",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """`manifest`: TOML, as it was drafted; `contents` by name, the model's too."""

    manifest: str
    contents: Mapping[str, bytes]
    report: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """`seconds`: how long reading a file may take; `program`: the module that reads it; `place`: where folders for a
    while are made, the system's own for None."""

    seconds: float = SECONDS
    program: str = PROGRAM
    place: Path | None = None

    async def tidy(self) -> None:
        """What a process that was killed has left behind."""
        if self.place is not None:
            await asyncio.to_thread(sweep_scratch, self.place)

    async def of(self, view: VersionView, content: bytes) -> Inspected:
        """Raises UploadRefused."""
        with self._folder() as root:
            scratch, kept = root / "given", root / "kept"  # the first is for the process that reads
            drafted, folder = scratch / view.slug, kept / view.slug
            drafted.mkdir(parents=True)
            kept.mkdir()
            await asyncio.to_thread((scratch / SENT).write_bytes, content)
            told = {"title": re.sub(r"\.onnx$", "", view.sent_name, flags=re.IGNORECASE), **view.hints}
            answer = await read_apart(
                scratch,
                told,
                program=self.program,
                seconds=self.seconds,
                megabytes=READING + memory_of(len(content)),
            )
            manifest = await asyncio.to_thread(_taken, answer, drafted, folder, view)
            report = await asyncio.to_thread(_tried, manifest, folder)
            contents = await asyncio.to_thread(_read, folder, {MODEL, *answer["files"]})
        unconfined = [what for what in LESS_CONFINED if answer.get(what) is True]
        if unconfined:
            log.warning("upload_less_confined", slug=view.slug, could_reach=unconfined)
        notes = [*(LESS_CONFINED[what] for what in unconfined), *answer["notes"]]
        report |= {"notes": _lines(notes), "changes": _lines(answer["changes"])}
        return Inspected(manifest=answer["manifest"], contents=contents, report=report)

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        if self.place is not None:
            with scratch_folder(self.place) as folder:
                yield folder
        else:
            with tempfile.TemporaryDirectory(prefix="upload-") as name:
                yield Path(name)


def _taken(answer: Mapping[str, Any], drafted: Path, folder: Path, view: VersionView) -> Manifest:  # Any: JSON
    """The manifest as the version will be sold by, with its files beside it in a new folder: in `drafted` the process
    may have left links to files of the shop. Raises UploadRefused."""
    sent, model = drafted / MODEL, folder / MODEL
    if drafted.is_symlink() or sent.is_symlink() or not sent.is_file():
        raise UploadRefused("what was found in it makes no sense", "Export the model again")
    if not all(map(is_storable, (answer["manifest"], *answer["files"].values()))):
        raise UploadRefused("a name in it has a character that cannot be kept", "Write the names anew")
    folder.mkdir()
    shutil.copyfile(sent, model, follow_symlinks=False)
    try:
        for name, text in answer["files"].items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / MANIFEST).write_text(answer["manifest"], encoding="utf-8")
        load_manifest(folder)  # what a person told comes into what can be read
        sold = sold_text(_drafted_as(view, answer["manifest"], model), folder)
        (folder / MANIFEST).write_text(sold, encoding="utf-8")
        manifest = load_manifest(folder)
    except ManifestError as error:
        raise UploadRefused(f"{error.key}: {error.problem}".strip(": ")[:LONGEST], error.fix[:LONGEST]) from None
    except (ValueError, TypeError, KeyError) as error:
        raise UploadRefused(f"no manifest can be made of it: {one_line(error)}"[:LONGEST], "Export it again") from None
    if not is_as_agreed(manifest):
        raise UploadRefused("what was found in it makes no sense", "Export the model again")
    return manifest


def _read(folder: Path, names: Collection[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(names)}


def _drafted_as(view: VersionView, manifest: str, model: Path) -> VersionView:
    from dataclasses import replace

    size = model.stat().st_size
    files = {MODEL: StoredContent(file=view.id, sha256="", size=size)}
    return replace(view, manifest=manifest, files=files)


def _tried(manifest: Manifest, folder: Path) -> JsonObject:
    """Raises UploadRefused."""
    try:
        return first_run(manifest, folder)
    except (ModelBroken, RunTimeout) as error:
        raise UploadRefused(error.problem[:LONGEST], error.fix[:LONGEST]) from None
    except ShopError as error:
        raise UploadRefused(one_line(error)[:LONGEST], "Export the model again") from None


def _lines(notes: list[Any]) -> list[str]:  # Any: JSON
    """In the words of who reads the card, not of the command line."""
    return [_plain(" ".join(cleaned(str(note)).split()))[:LONGEST] for note in notes[:MAX_NOTES]]


def _plain(note: str) -> str:
    for said, meant in OPTIONS.items():
        note = note.replace(said, meant)
    return re.sub(r"; see --[a-z]+(, --[a-z]+)*", "", note)
