"""A first manifest of whatever can be run: a person improves its words, the bot can serve it as it is."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from services.authoring.hints import AuthorHints
from services.authoring.inputs import Questions, readable
from services.authoring.label_files import label_files
from services.authoring.notes import REMARKS, Entry, Note
from services.authoring.outputs import Answers, left_out, nothing_shown
from services.authoring.sides import Sides, find_sides, is_free, sized
from services.authoring.toml import manifest_toml
from services.authoring.trials import TOGETHER, Bench, RunModel, Trial
from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx_columns import read_columns
from services.inference.runtimes.onnx_graph import Graph
from services.inference.runtimes.onnx_rows import made_up_rows
from services.inference.runtimes.tensor_feeds import Feeder
from services.inference.runtimes.text_feeds import load_encoders
from services.inference.tensors import GraphTensor, Row
from services.manifests.complaints import explain
from services.manifests.manifest import MANIFEST, SLUG, Manifest, with_runtime
from services.manifests.runtime import Specs

MAX_EXAMPLE: Final = 512  # numbers of a series
QUICK_SECONDS: Final = 2.0  # a run that takes longer gets a limit of its own in the manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSubject:
    """What a manifest is to be written for. `graph` is as much of it as is known; `head`: the manifest's top level.
    `alone`, `together`: what `max_batch` is where rows run one by one, or several at once; None is the kind's own."""

    graph: Graph
    inputs: Sequence[GraphTensor]
    outputs: Sequence[GraphTensor]
    run: RunModel
    folder: Path
    head: Entry
    specs: Specs
    alone: int | None = 1
    together: int | None = None

    def bench(self, manifest: Entry, states: Sequence[str]) -> Bench:
        """`states`: outputs that are nobody's answer, and may have their rows elsewhere than in front."""
        draft = _validated(manifest, self.specs)
        names = [tensor.name for tensor in self.outputs if tensor.name not in states]
        most = TOGETHER if self.together is None else self.together
        return Bench(
            self.run,
            names,
            draft,
            Feeder(draft, self.inputs, {}, load_encoders(draft, self.folder)),
            self.folder,
            most=most,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The text of a manifest, the texts of files that it names, and what each tensor was taken for."""

    toml: str
    files: Mapping[str, str]
    notes: Sequence[Note]

    def write(self, folder: Path) -> None:
        for name, text in {MANIFEST: self.toml, **self.files}.items():
            (folder / name).write_text(text, encoding="utf-8")


def draft(subject: DraftSubject, hints: AuthorHints) -> Draft:
    """Raises ModelBroken, RunTimeout, or whatever `run` raises."""
    inputs, outputs, graph = subject.inputs, subject.outputs, subject.graph
    if not outputs:
        raise ModelBroken(problem="the graph has no outputs", fix="Export it with what it answers as an output")
    shown = [tensor for tensor in outputs if left_out(tensor) is None]
    if not shown:
        raise nothing_shown([note for tensor in outputs if (note := left_out(tensor)) is not None])
    columns = read_columns(graph)
    questions = Questions(graph, columns, hints)
    questions.ask(inputs)
    manifest = {**subject.head, **({"constants": questions.constants} if questions.constants else {})}
    manifest |= {"inputs": questions.entries, "outputs": [_any_output(shown[0])]}
    sides = _settle_sides(questions, lambda entries: subject.bench(manifest | {"inputs": entries}, questions.kept))
    bench = subject.bench(manifest, questions.kept)
    trial = bench.try_out(made_up_rows(bench.draft, columns, graph))
    manifest["runtime"] = {**manifest["runtime"], **_limits(subject, trial, sides)}
    if trial.example is not None:
        questions.notes += _write_examples(questions.entries, trial.example, usual=trial.usual)
    photo = next((entry for entry in questions.entries if entry["type"] == "image"), None)
    answers = Answers(graph, trial, hints, photo=photo, kept=questions.kept)
    answers.give(outputs)
    manifest["outputs"] = answers.entries
    _validated(manifest, subject.specs)
    files = label_files(manifest["outputs"], told=bool(hints.labels))
    notes = [*questions.notes, *answers.notes, *_unproved(trial)]
    return Draft(toml=manifest_toml(manifest, notes), files=files, notes=notes)


def _limits(subject: DraftSubject, trial: Trial, sides: Sides | None) -> Entry:
    limits: Entry = {}
    if (most := subject.together if trial.several else subject.alone) is not None:
        limits["max_batch"] = most
    if (slowest := max(trial.seconds, sides.seconds if sides else 0)) > QUICK_SECONDS:
        limits["timeout"] = min(600.0, float(math.ceil(slowest * 5)))
    return limits


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
        if "example" in entry or isinstance(value, dict) or entry["type"] in {"image", "images"}:
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


def _validated(manifest: Entry, specs: Specs) -> Manifest:
    plain = _plain(manifest)
    try:
        return Manifest.model_validate(with_runtime(plain, specs))
    except ValidationError as error:
        key, problem, fix = explain(error, plain)
        raise ModelBroken(problem=f"{key}: {problem}", fix=fix) from None


def _plain(value: Any) -> Any:  # Any: whatever TOML holds
    """Without remarks."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != REMARKS}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def head_of(folder: Path, called: str, runtime: Entry) -> Entry:
    """The top level of a manifest in this folder, for a model that was called so."""
    slug = folder.name if re.fullmatch(SLUG, folder.name) else re.sub("[^a-z0-9]+", "-", called.lower()).strip("-")
    title = slug if called == "model" else called
    return {
        "slug": slug[:32].strip("-") or "model",
        "version": "1.0.0",
        "title": readable(re.sub("[-_]+", " ", title))[:64],
        "price": "1.00",
        "runtime": runtime,
    }
