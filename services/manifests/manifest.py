"""`manifest.toml`: all the shop knows of a model. The format is described in docs/manifest.md."""

import hashlib
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SerializeAsAny,
    ValidationError,
    model_validator,
)

from services.manifests.bindings import Binding, check_bindings
from services.manifests.complaints import explain
from services.manifests.errors import ManifestError
from services.manifests.files import MANIFEST, check_files, fill_in_files
from services.manifests.inputs import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    FileInput,
    ImageInput,
    ImagesInput,
    Input,
    IntegerInput,
    NumberInput,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.manifests.outcomes import DeclaredOutcome, check_outcomes
from services.manifests.outputs import (
    Advice,
    ClassesOutput,
    EmbeddingOutput,
    ImageOutput,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    SoundOutput,
    TableOutput,
    TextOutput,
)
from services.manifests.overlays import BoxesOutput, MaskOutput, Overlay
from services.manifests.preparation import Prepare
from services.manifests.runtime import SPECS, RuntimeSpec, Specs
from services.manifests.schema import Array, Figure, NumericDtype, Table, TensorSpec, Text, check_values, shorter, wrong

__all__ = [
    "MANIFEST",
    "Advice",
    "BooleanInput",
    "BoxesOutput",
    "ChoiceInput",
    "ClassesOutput",
    "Constant",
    "DateInput",
    "DeclaredOutcome",
    "EmbeddingOutput",
    "FileInput",
    "ImageInput",
    "ImageOutput",
    "ImagesInput",
    "Input",
    "IntegerInput",
    "Manifest",
    "MaskOutput",
    "NumberInput",
    "NumberOutput",
    "Output",
    "Overlay",
    "Prepare",
    "ProbabilityOutput",
    "SeriesInput",
    "SeriesOutput",
    "SoundInput",
    "SoundOutput",
    "TableInput",
    "TableOutput",
    "TensorSpec",
    "Text",
    "TextInput",
    "TextOutput",
    "load_manifest",
]

SLUG = "[a-z0-9-]{1,32}"
MAX_MANIFEST_BYTES = 1_000_000
MAX_PRICE = Decimal(1_000_000)
MAX_CONSTANT = 10_000_000  # numbers
MAX_RANK = 32  # sides of a constant
MAX_ORDER = 1_000_000_000  # either way: a column of the database holds it
MAX_KEY = 32  # parts of a key with dots: tomllib's memory grows with their square


_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{MAX_KEY}}}")


def parse_price(value: Any) -> Decimal:  # Any: whatever TOML holds
    """Credits of a manifest, as pydantic asks for them."""
    if isinstance(value, bool | int | float):
        raise wrong(f"{value} is not text, and cents get lost in such numbers", f'Write it in quotes: "{value}"')
    if not isinstance(value, str):
        raise wrong("is not text", 'Write credits in quotes: "2.50"')
    if not re.fullmatch(r"[0-9]{1,12}([.,][0-9]{1,2})?", value):
        raise wrong(f'"{value}" is not a price', 'Write credits with at most two decimals: "2.50"; "0" is free')
    if (price := Decimal(value.replace(",", "."))) > MAX_PRICE:
        raise wrong(f"{value} is too much", f"At most {MAX_PRICE} credits are allowed")
    return price


class Constant(Table):
    """What a graph's input gets that is nobody's to answer: a state, a sample rate, a threshold."""

    tensor: str = Field(min_length=1)
    dtype: NumericDtype = "float32"
    shape: Annotated[tuple[int, ...], Array] = Field(default=(), max_length=MAX_RANK)
    value: Figure | Annotated[tuple[Figure, ...], Array] = 0.0
    batch: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        size = math.prod(self.shape)
        if not all(side >= 1 for side in self.shape) or size > MAX_CONSTANT:
            raise wrong("is no shape of a constant", "Write its sides, such as [2, 1, 128]", "shape")
        if self.batch is not None and (self.batch >= len(self.shape) or self.shape[self.batch] != 1):
            raise wrong(f"{self.batch} is no side of 1", "Count the sides of shape from 0", "batch")
        if isinstance(self.value, tuple) and len(self.value) != size:
            raise wrong(f"has {len(self.value)} numbers", f"One, or {size}, are needed", "value")
        spec = TensorSpec(name=self.tensor, dtype=self.dtype)
        if (changed := next((each for each in self.values if not spec.holds(each)), None)) is not None:
            raise wrong(f"{changed!r} is none of {spec.holding()}", "Choose a value inside, or another dtype", "value")
        return self

    @property
    def values(self) -> tuple[bool | int | float, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)


class Manifest(Table):
    slug: Annotated[str, Field(pattern=f"^{SLUG}$")]
    version: str = Field(pattern=r"^\S", max_length=32)
    title: Annotated[Text, shorter(64)]
    description: Annotated[Text, shorter(600)] | None = None
    category: Annotated[Text, shorter(64)] | None = None
    icon: str = Field(default="🔮", pattern=r"^\S", max_length=16)
    price: Annotated[Decimal, BeforeValidator(parse_price)]
    order: float = Field(default=100, ge=-MAX_ORDER, le=MAX_ORDER)
    runtime: SerializeAsAny[RuntimeSpec]
    constants: Annotated[tuple[Constant, ...], Array] = ()
    inputs: Annotated[tuple[Input, ...], Array] = Field(default=(), max_length=256)
    outputs: Annotated[tuple[Output, ...], Array] = Field(default=(), max_length=64)
    advice: Annotated[tuple[Advice, ...], Array] = ()
    outcomes: Annotated[tuple[DeclaredOutcome, ...], Array] = Field(default=(), max_length=16)
    _written: str = PrivateAttr(default="")
    _questions: str = PrivateAttr(default="")
    _form: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:  # Any: whatever TOML holds
        check_values(data)
        return data

    @property
    def price_hundredths(self) -> int:
        return int(self.price * 100)

    @property
    def is_assistant(self) -> bool:
        """Whether it is talked to: it has neither a form nor outputs."""
        return self.runtime.binding is Binding.TALK

    @property
    def paints(self) -> bool:
        """Whether its answer is nothing but pictures."""
        return bool(self.outputs) and all(isinstance(output, ImageOutput) for output in self.outputs)

    @property
    def draws_words(self) -> bool:
        """Whether words stand in the pictures of its answers."""
        return any(isinstance(output, BoxesOutput) and output.classes for output in self.outputs)

    @property
    def has_chart(self) -> bool:
        return any(getattr(output, "chart", None) is not None for output in self.outputs)

    def input(self, name: str) -> Input:
        return next(field for field in self.inputs if field.name == name)

    @property
    def written(self) -> str:
        """SHA-256 in hex of what its author wrote and of the labels that it names, whatever the shop makes of them;
        empty where no file was read."""
        return self._written

    @property
    def questions(self) -> str:
        """Tells its questions from any others, whatever its version says; their help and examples do not count."""
        if not self._questions:
            self._questions = _digest(self.inputs)
        return self._questions

    @property
    def questions_and_answers(self) -> str:
        """The same of what it answers, too."""
        if not self._form:
            self._form = _digest((*self.inputs, *self.outputs))
        return self._form

    def output(self, name: str) -> Output:
        return next(output for output in self.outputs if output.name == name)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, names in (("inputs", [i.name for i in self.inputs]), ("outputs", [o.name for o in self.outputs])):
            if repeated := [name for name, count in Counter(names).items() if count > 1]:
                problem = f"the name is used {names.count(repeated[0])} times"
                raise wrong(problem, "Give each its own", key, repeated[0], "name")
        check_bindings(self.runtime.binding, self.inputs, self.outputs, self.constants)
        inputs = {field.name: field for field in self.inputs}
        for output in self.outputs:
            history = output.history if isinstance(output, SeriesOutput) else None
            if history is not None and not isinstance(inputs.get(history), SeriesInput):
                raise wrong(f'"{history}" is not a series input', "Name one", "outputs", output.name, "history")
            photo = output.shape_of if isinstance(output, ImageOutput) else None
            if photo is not None and not isinstance(inputs.get(photo), ImageInput):
                raise wrong(f'"{photo}" is not an image input', "Name one", "outputs", output.name, "shape_of")
            if isinstance(output, Overlay):
                output.check_photo(self.inputs)
        outputs = {output.name: output for output in self.outputs}
        for output in self.outputs:
            if isinstance(output, ProbabilityOutput):
                output.check_told(outputs)
        for position, rule in enumerate(self.advice):
            rule.check(outputs, position)
        check_outcomes(self.outcomes, inputs, outputs)
        return self


def _digest(items: Sequence[Input | Output]) -> str:
    told = [each.model_dump(mode="json", exclude={"help", "example"}) for each in items]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def load_manifest(folder: Path, specs: Specs = SPECS) -> Manifest:
    """Read and check `folder/manifest.toml` and that the files it names are there and are what it says. `specs`: the
    runtimes that there are."""
    file = folder / MANIFEST
    data = _read_toml(file)
    fill_in_files(folder, data)
    written, data = data, _with_runtime(file, data, specs)
    try:
        manifest = Manifest.model_validate(data)
    except ValidationError as error:
        raise _explain(file, data, error) from None
    _check_name(folder, manifest)
    check_files(folder, manifest)
    if (complaint := manifest.runtime.complain_of(manifest, folder)) is not None:
        key, problem, fix = complaint
        raise ManifestError(file=str(folder / MANIFEST), key=key, problem=problem, fix=fix)
    digest = hashlib.sha256(json.dumps(written, sort_keys=True, default=str).encode())
    manifest._written = digest.hexdigest()
    return manifest


def _with_runtime(file: Path, data: dict[str, Any], specs: Specs) -> dict[str, Any]:  # Any: TOML
    match data.get("runtime"):
        case {"kind": str(kind)} if kind not in specs:
            problem, fix = f"'{kind}' is not known", f"Use one of: {', '.join(map(repr, specs))}"
            raise ManifestError(file=str(file), key="runtime.kind", problem=problem, fix=fix)
        case {"kind": str()}:
            try:
                return with_runtime(data, specs)
            except ValidationError as error:
                key, problem, fix = explain(error, data["runtime"])
                raise ManifestError(file=str(file), key=f"runtime.{key}", problem=problem, fix=fix) from None
    return data


def with_runtime(data: dict[str, Any], specs: Specs = SPECS) -> dict[str, Any]:  # Any: as above
    """The same with its `[runtime]` read as its kind says. Raises pydantic's ValidationError."""
    return data | {"runtime": specs[data["runtime"]["kind"]].model_validate(data["runtime"])}


def _check_name(folder: Path, manifest: Manifest) -> None:
    name = folder.resolve().name
    if name == manifest.slug:
        return
    problem, fix = f'"{manifest.slug}" differs from the folder\'s name', f'Write "{name}" or rename it'
    if not re.fullmatch(SLUG, name):  # a copy, such as "wine copy"
        problem = f'the folder is named "{name}", which is no slug'
        fix = "Rename it: at most 32 of a–z, 0–9 and -; or move it out of MODELS_DIR"
    raise ManifestError(file=str(folder / MANIFEST), key="slug", problem=problem, fix=fix)


def _read_toml(file: Path) -> dict[str, Any]:  # Any: that is what TOML holds
    def broken(problem: str, fix: str) -> ManifestError:
        return ManifestError(file=str(file), key="", problem=problem, fix=fix)

    try:
        if file.stat().st_size > MAX_MANIFEST_BYTES:
            raise broken("is over 1 MB", "A manifest is a short text; keep data in other files")
        text = file.read_text(encoding="utf-8-sig")
        if _LONG_KEY.search(text):
            raise broken(f"has a key of over {MAX_KEY} parts", "Keys of a manifest have two or three")
        return tomllib.loads(text)
    except FileNotFoundError:
        raise broken("there is no such file", "Write one with: kassandra models init FILE.onnx") from None
    except OSError as error:
        raise broken(f"cannot be read ({error.strerror})", "Check the file and its permissions") from None
    except UnicodeDecodeError:
        raise broken("is not UTF-8", "Save it as UTF-8") from None
    except RecursionError:
        raise broken("is nested too deep", "Tables of a manifest are two or three inside one another") from None
    except ValueError as error:  # TOMLDecodeError, and Python's own of numbers with thousands of digits
        raise broken(f"is not TOML: {error}", "Correct that place") from None


def _explain(file: Path, data: dict[str, Any], error: ValidationError) -> ManifestError:
    key, problem, fix = explain(error, data)
    return ManifestError(file=str(file), key=key, problem=problem, fix=fix)
