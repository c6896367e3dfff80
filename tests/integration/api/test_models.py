"""What is on sale, as programs read it: schemas that say the truth of every model of ours and of the demo's."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest

from bot.wiring.inference import RUNTIMES
from services.manifests.json_schema import input_schema, output_schema
from services.manifests.manifest import ImageInput, Input, Manifest, load_manifest
from services.values.json_values import from_json, to_json
from services.values.samples import sample_value
from tests.integration.api.conftest import Callers, problem
from tests.support.stores import STORE

DEMO = Path(__file__).parents[3] / "bot" / "demo" / "models"
MANIFESTS = sorted(path.parent for folder in (STORE, DEMO) for path in folder.glob("*/manifest.toml"))


def schema_of(manifest: Manifest, language: str = "ru") -> dict[str, Any]:
    return input_schema(manifest.inputs, title="x", language=language)


@pytest.mark.parametrize("folder", MANIFESTS, ids=lambda folder: folder.name)
def test_schemas_of_our_models_fit_their_examples(folder: Path) -> None:
    manifest = load_manifest(folder, RUNTIMES.specs)
    schema = schema_of(manifest)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.check_schema(schema)
    validator.check_schema(output_schema(manifest.outputs, title="x", language="en"))
    example = {field.name: _example(field) for field in manifest.inputs}
    validator.validate(example)
    for field in manifest.inputs:  # and what the schema lets pass, the shop takes
        assert from_json(field, example[field.name]) is not None
    assert not validator.is_valid(example | {"something-else": 1})


def _example(field: Input) -> Any:  # Any: JSON
    """A picture's is the id of an upload."""
    return str(uuid4()) if isinstance(field, ImageInput) else to_json(sample_value(field))


def test_what_a_schema_says() -> None:
    wine, risk = (load_manifest(STORE / slug) for slug in ("wine", "investment-risk"))
    alcohol = schema_of(wine)["properties"]["alcohol"]
    assert alcohol["type"] == "number"
    assert alcohol["title"] == wine.input("alcohol").label.pick("ru")
    assert alcohol["minimum"] < alcohol["maximum"]
    assert alcohol["x-unit"]
    series = next(each for each in schema_of(risk, "en")["properties"].values() if "anyOf" in each)
    numbers, sources, paper = series["anyOf"]
    assert numbers["items"]["type"] == "number"
    assert "sp500" in sources["enum"]
    assert (paper["required"], paper["properties"]["provider"]["enum"]) == (["symbol"], ["moex"])


async def test_what_is_on_sale(callers: Callers) -> None:
    program = await callers.program(await callers.customer(language="en"))
    listed = (await program.get("models")).json()
    assert [model["slug"] for model in listed["items"]] == ["investment-risk", "wine"]
    wine = listed["items"][1]
    assert (wine["price"], wine["kind"], wine["available"], wine["preset_of"]) == (100, "prediction", True, None)


async def test_one_model(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    model = (await program.get("models/wine")).json()
    jsonschema.Draft202012Validator(model["input_schema"]).validate(model["example"])
    assert model["output_schema"]["required"]
    problem(await program.get("models/nothing"), 404, "model_not_on_sale")
    problem(await program.get("models/Wine"), 422, "invalid_request")
    problem(await (await callers.person()).get("models"), 401, "not_signed_in")
