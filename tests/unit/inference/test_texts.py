"""Texts that a graph takes as the numbers of their tokens or characters."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from services.authoring.check import check_folder
from services.authoring.hints import AuthorHints
from services.authoring.scaffold import draft_manifest
from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx import OnnxRuntime
from services.manifests.bindings import tensors_of
from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from services.values.errors import TextTooLongForModel, UnknownCharacter
from services.values.parse import parse_text
from tests.unit.inference.models import FLOAT, INT64, graph, node, weight, write_model
from tests.unit.inference.test_onnx_runtime import answers

WORDS = {"[PAD]": 0, "[UNK]": 1, "[END]": 2, "red": 10, "white": 20, "dry": 30}
SUM = '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "Y"\ntensor = "Y"\n'


def summed(*, mask: bool = True, length: int | str = "T") -> bytes:
    """Sums the numbers where the mask has ones."""
    shape = ["N", length]
    inputs = [("ids", INT64, shape), *([("mask", INT64, shape)] if mask else [])]
    kept = node("Mul", ["ids", "mask"], ["kept"]) if mask else node("Identity", ["ids"], ["kept"])
    total = node("ReduceSum", ["kept", "axis"], ["Y"], keepdims=1)
    return graph([kept, total], inputs, [("Y", INT64, ["N", 1])], [weight("axis", [1], "int64")])


def tokenizer() -> bytes:
    made = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(single="$A [END]", special_tokens=[("[END]", 2)])
    made.enable_padding(length=64)  # as files of sentence models have it
    return str(made.to_str()).encode()


def model(root: Path, data: bytes, tensor: str, more: str = SUM) -> Path:
    asked = f'[[inputs]]\nname = "x"\ntype = "text"\nlabel = "X"\ntensor = {{ name = "ids", {tensor} }}\n'
    folder = write_model(root, data, asked + more)
    (folder / "tokenizer.json").write_bytes(tokenizer())
    (folder / "characters.txt").write_text("<pad>\na\nb\n \nя\n", encoding="utf-8")
    return folder


def tokens(more: str = "") -> str:
    return f'tokenizer = "tokenizer.json", sha256 = "{hashlib.sha256(tokenizer()).hexdigest()}"{more}'


def loaded(folder: Path) -> OnnxRuntime:
    runtime = OnnxRuntime(load_manifest(folder), folder)
    runtime.load()
    return runtime


def sums(runtime: OnnxRuntime, *texts: str) -> list[Any]:
    return [given["y"] for given in answers(runtime, *({"x": text} for text in texts))]


def test_texts_of_several_lengths_run_together(tmp_path: Path) -> None:
    runtime = loaded(model(tmp_path, summed(), tokens(', mask = "mask", pad = 7')))
    assert sums(runtime, "red", "red white dry", "", "plum red") == [12, 62, 2, 13]


def test_where_nothing_tells_padding_each_length_runs_alone(tmp_path: Path) -> None:
    runtime = loaded(model(tmp_path, summed(mask=False), tokens(", pad = 7")))
    assert sums(runtime, "red", "red white dry", "dry") == [12, 62, 32]


def test_a_fixed_length_is_filled_up(tmp_path: Path) -> None:
    runtime = loaded(model(tmp_path, summed(mask=False, length=4), tokens(", pad = 100")))
    assert sums(runtime, "red", "red white dry") == [212, 62]


def test_a_long_text_is_cut_and_keeps_its_end(tmp_path: Path) -> None:
    runtime = loaded(model(tmp_path, summed(), tokens(', mask = "mask", max_tokens = 3')))
    assert sums(runtime, "red white dry dry dry") == [32]


def test_a_long_text_may_be_refused(tmp_path: Path) -> None:
    runtime = loaded(model(tmp_path, summed(), tokens(', mask = "mask", max_tokens = 3, long = "refuse"')))
    with pytest.raises(TextTooLongForModel):
        sums(runtime, "red white dry dry dry")


def test_characters_by_their_place(tmp_path: Path) -> None:
    folder = model(tmp_path, summed(), 'characters = "characters.txt", mask = "mask"', SUM)
    assert sums(loaded(folder), "ab я", "b") == [10, 2]
    (field,) = load_manifest(folder).inputs
    with pytest.raises(UnknownCharacter, match="ж"):
        parse_text(field, "aж")


def test_an_unknown_character_may_have_a_number(tmp_path: Path) -> None:
    folder = model(tmp_path, summed(), 'characters = "characters.txt", mask = "mask", unknown = 100', SUM)
    assert sums(loaded(folder), "aж") == [101]


@pytest.mark.parametrize(
    ("tensor", "key", "problem"),
    [
        ('tokenizer = "tokenizer.json"', "inputs.x.tensor.sha256", "is missing"),
        (f'tokenizer = "tokenizer.json", sha256 = "{"0" * 64}"', "inputs.x.tensor.sha256", "tokenizer.json has"),
        (tokens(', package = "no-such"'), "inputs.x.tensor.package", "is not installed"),
        ('tokenizer = "other.json", sha256 = "' + "0" * 64 + '"', "inputs.x.tensor.tokenizer", "there is no file"),
        ('characters = "none.txt"', "inputs.x.tensor.characters", "there is no file"),
        ('dtype = "int64"', "inputs.x.tensor.dtype", "cannot hold this text"),
        ('mask = "mask"', "inputs.x.tensor.mask", "means nothing here"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, tensor: str, key: str, problem: str) -> None:
    with pytest.raises(ManifestError) as found:
        load_manifest(model(tmp_path, summed(), tensor))
    assert found.value.key == key
    assert problem in found.value.problem


def test_a_file_that_is_no_tokenizer_is_told(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    folder = model(tmp_path, summed(), f'tokenizer = "tokenizer.json", sha256 = "{digest}", mask = "mask"')
    (folder / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(ModelBroken, match="no tokenizer"):
        loaded(folder)


def of_each_token() -> bytes:
    """A vector of two numbers for each token: its number, and the number turned round."""
    shape = ["N", "T"]
    nodes = [
        node("Cast", ["ids"], ["whole"], to=FLOAT),
        node("Neg", ["whole"], ["turned"]),
        node("Unsqueeze", ["whole", "last"], ["a"]),
        node("Unsqueeze", ["turned", "last"], ["b"]),
        node("Concat", ["a", "b"], ["Y"], axis=-1),
        node("Identity", ["mask"], ["seen"]),
    ]
    outputs = [("Y", FLOAT, ["N", "T", 2]), ("seen", INT64, shape)]
    return graph(nodes, [("ids", INT64, shape), ("mask", INT64, shape)], outputs, [weight("last", [-1], "int64")])


@pytest.mark.parametrize(
    ("more", "first", "second"),
    [
        ('pooling = "mean"', [6.0, -6.0], [15.5, -15.5]),
        ('pooling = "cls"', [10.0, -10.0], [10.0, -10.0]),
        ('pooling = "max"', [10.0, -2.0], [30.0, -2.0]),
        ('pooling = "mean"\nnormalise = true', [2**-0.5, -(2**-0.5)], [2**-0.5, -(2**-0.5)]),
    ],
)
def test_vectors_of_tokens_become_one(tmp_path: Path, more: str, first: list[float], second: list[float]) -> None:
    vector = f'[[outputs]]\nname = "y"\ntype = "series"\nlabel = "Y"\ntensor = "Y"\n{more}\n'
    folder = model(tmp_path, of_each_token(), tokens(', mask = "mask", pad = 90'), vector)
    one, other = sums(loaded(folder), "red", "red white dry")
    assert one == pytest.approx(first)
    assert other == pytest.approx(second)


def test_init_makes_a_question_of_text(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(of_each_token())
    (folder / "tokenizer.json").write_bytes(tokenizer())
    told = AuthorHints(tokenizer=("tokenizer.json", hashlib.sha256(tokenizer()).hexdigest()))
    draft_manifest(folder / "model.onnx", told).write(folder)
    (field,) = load_manifest(folder).inputs
    assert field.tensor is not None
    assert list(tensors_of(field)) == ["ids", "mask"]
    assert all(line.ok for line in check_folder(folder))
