"""A first manifest from an ONNX file: a person improves its words, the bot can serve it as it is."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.inputs import Questions, readable
from services.authoring.label_files import label_files
from services.authoring.notes import REMARKS, Entry, Note
from services.authoring.outputs import Answers, left_out, nothing_shown
from services.authoring.sides import Sides, find_sides, is_free, sized
from services.authoring.toml import manifest_toml
from services.authoring.trials import Bench, Trial
from services.errors import ShopError
from services.inference.errors import ModelBroken, RunTimeout
from services.inference.runtimes.onnx import graph_tensors, open_file
from services.inference.runtimes.onnx_columns import read_columns
from services.inference.runtimes.onnx_file import held, one_line
from services.inference.runtimes.onnx_graph import read_graph
from services.inference.runtimes.onnx_rows import made_up_rows
from services.inference.runtimes.tensor_feeds import Feeder
from services.inference.tensors import GraphTensor, Row
from services.manifests.complaints import explain
from services.manifests.digests import digest
from services.manifests.manifest import MANIFEST, SLUG, Manifest, with_runtime

MAX_EXAMPLE: Final = 512  # numbers of a series
QUICK_SECONDS: Final = 2.0  # a run that takes longer gets a limit of its own in the manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The text of a manifest, the texts of files that it names, and what each tensor was taken for."""

    toml: str
    files: Mapping[str, str]
    notes: Sequence[Note]

    def write(self, folder: Path) -> None:
        for name, text in {MANIFEST: self.toml, **self.files}.items():
            (folder / name).write_text(text, encoding="utf-8")


def draft_manifest(onnx_file: Path, hints: AuthorHints = NO_HINTS, *, title: str = "") -> Draft:
    """`hints`: what a person says of the file; `title`: what it was called. Raises ModelBroken with what stands in the
    way, whatever it is."""
    try:
        with held(onnx_file) as file:
            return _draft(file, onnx_file, hints, title or onnx_file.stem)
    except OSError as error:
        raise ModelBroken(problem=f"{onnx_file}: {error.strerror}", fix="Name an ONNX file") from None
    except RunTimeout as error:
        problem = f"one run takes over {error.params['seconds']:g} seconds and was stopped"
        fix = "If it ever ends, write its manifest by hand, with a runtime.timeout of up to 600"
        raise ModelBroken(problem=problem, fix=fix) from None
    except MemoryError:
        problem = "it takes more memory than there is here to read and try it"
        raise ModelBroken(problem=problem, fix="Take a smaller model, or a machine with more memory") from None
    except UnicodeDecodeError:
        problem = "it answers with a text that is not UTF-8"
        raise ModelBroken(problem=problem, fix="Export it with labels in UTF-8") from None
    except ShopError:
        raise
    except Exception as error:
        raise ModelBroken(
            problem=f"no manifest can be made of it: {one_line(error)}", fix="Write it by hand"
        ) from error


def _draft(file: BufferedReader, path: Path, hints: AuthorHints, title: str) -> Draft:
    session, graph = open_file(file), read_graph(file)
    inputs, outputs = graph_tensors(session.get_inputs()), graph_tensors(session.get_outputs())
    if not outputs:
        raise ModelBroken(problem="the graph has no outputs", fix="Export it with what it answers as an output")
    shown = [tensor for tensor in outputs if left_out(tensor) is None]
    if not shown:
        raise nothing_shown([note for tensor in outputs if (note := left_out(tensor)) is not None])
    columns = read_columns(graph)
    questions = Questions(graph, columns, hints)
    questions.ask(inputs)
    manifest = _head(path, digest(file), title)
    manifest |= {"constants": questions.constants} if questions.constants else {}
    manifest |= {"inputs": questions.entries, "outputs": [_any_output(shown[0])]}
    sides = _settle_sides(questions, lambda entries: _bench(manifest | {"inputs": entries}, session, path.parent))
    bench = _bench(manifest, session, path.parent)
    trial = bench.try_out(made_up_rows(bench.draft, columns, graph))
    if not trial.several:
        manifest["runtime"]["max_batch"] = 1
    if (slowest := max(trial.seconds, sides.seconds if sides else 0)) > QUICK_SECONDS:
        manifest["runtime"]["timeout"] = min(600.0, float(math.ceil(slowest * 5)))
    if trial.example is not None:
        questions.notes += _write_examples(questions.entries, trial.example, usual=trial.usual)
    photo = next((entry for entry in questions.entries if entry["type"] == "image"), None)
    answers = Answers(graph, trial, hints, photo=photo, kept=questions.kept)
    answers.give(outputs)
    manifest["outputs"] = answers.entries
    _validated(manifest)
    files = label_files(manifest["outputs"], told=bool(hints.labels))
    notes = [*questions.notes, *answers.notes, *_unproved(trial)]
    return Draft(toml=manifest_toml(manifest, notes), files=files, notes=notes)


def _bench(manifest: Entry, session: Any, folder: Path) -> Bench:  # Any: no types
    draft = _validated(manifest)
    return Bench(session, draft, Feeder(draft, graph_tensors(session.get_inputs()), {}), folder)


def _settle_sides(questions: Questions, bench: Callable[[Sequence[Entry]], Bench]) -> Sides | None:
    """Give pictures whose sides the graph leaves open the sizes that run; None where there are none."""
    if not any(is_free(entry) for entry in questions.entries):
        return None
    sides = find_sides(lambda size: bench(sized(questions.entries, size)).shapes())
    for position, entry in enumerate(questions.entries):
        if is_free(entry):
            questions.entries[position] = sides.settle(entry)
            questions.notes.append(sides.note(entry))
    return sides


def _unproved(trial: Trial) -> list[Note]:
    if trial.one is not None:
        return []
    why = trial.refusal or "it refused every row that was made up"
    return [Note(tensor="example", what="none that runs was found; write one beside each input", why=why, guessed=True)]


def _write_examples(entries: Sequence[Entry], row: Row, *, usual: bool) -> list[Note]:
    """What the graph has answered, beside each question that had no example; a picture goes without, and so does a
    series where the one that the shop makes up will do. Says which series go without."""
    notes = []
    for entry in entries:
        value = row.values[entry["name"]]
        if "example" in entry or isinstance(value, dict) or entry["type"] == "image":
            continue
        if isinstance(value, list):
            if not usual and len(value) <= MAX_EXAMPLE:
                entry["example"] = [_rounded(number) for number in value]
                continue
            why = "the shop makes one up, and it ran" if usual else f"the one that ran has {len(value)} numbers"
            notes.append(Note(tensor=entry["tensor"]["name"], what="no example is written", why=why))
        else:
            entry["example"] = _rounded(value)
    return notes


def _rounded(value: Any) -> Any:  # Any: a float, or what is none
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _any_output(tensor: GraphTensor) -> Entry:
    return {"name": "any", "type": "text", "label": "any", "tensor": tensor.name}


def _validated(manifest: Entry) -> Manifest:
    plain = _plain(manifest)
    try:
        return Manifest.model_validate(with_runtime(plain))
    except ValidationError as error:
        key, problem, fix = explain(error, plain)
        raise ModelBroken(problem=f"{key}: {problem}", fix=fix) from None


def _plain(value: Any) -> Any:  # Any: whatever TOML holds
    """Without remarks."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != REMARKS}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _head(file: Path, sha256: str, called: str) -> Entry:
    folder = file.resolve().parent.name
    slug = folder if re.fullmatch(SLUG, folder) else re.sub("[^a-z0-9]+", "-", called.lower()).strip("-")
    title = slug if called == "model" else re.sub(r"\s*\(\d+\)$", "", called)
    return {
        "slug": slug[:32].strip("-") or "model",
        "version": "1.0.0",
        "title": readable(re.sub("[-_]+", " ", title))[:64],
        "price": "1.00",
        "runtime": {"kind": "onnx", "file": file.name, "sha256": sha256},
    }
