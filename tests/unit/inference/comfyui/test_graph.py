"""What a row becomes in a workflow."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bot.wiring.inference import RUNTIMES
from services.inference.errors import BadInput
from services.inference.runtimes.comfyui.graph import BoundWorkflow, bind
from services.inference.runtimes.comfyui.spec import ComfyUISpec
from services.inference.runtimes.comfyui.workflow import Json, read_workflow
from services.inference.tensors import Row
from services.manifests.manifest import load_manifest
from services.values.parse import Value
from tests.support.comfyui import MANIFEST, workflow, write_painting

MORE = """
[[inputs]]
name = "strength"
type = "number"
label = "Strength"
node = { id = "4", input = "sigma" }

[[inputs]]
name = "method"
type = "choice"
label = "Method"
options = [{ value = "area", label = "Area" }, { value = "lanczos", label = "Fine" }]
node = { title = "Size", input = "upscale_method" }

[[inputs]]
name = "size"
type = "choice"
label = "Size"
options = [{ value = "small", label = "Small", number = 64 }, { value = "big", label = "Big", number = 512 }]
node = { title = "Size", input = "width" }

[[inputs]]
name = "words"
type = "text"
label = "Words"
node = { id = "30", input = "text" }

[[inputs]]
name = "sure"
type = "boolean"
label = "Sure"
node = { id = "30", input = "sure" }

[[outputs]]""".replace("{", "{{").replace("}", "}}")
TEXT = {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "sure": False}}
VALUES: dict[str, Value] = {
    "photo": {"file": "0" * 32},
    "blur": 3,
    "strength": 2.0,
    "method": "lanczos",
    "size": "big",
    "words": 'a "dog"\n{}',
    "sure": True,
}
JOB = uuid4()


def bound(store: Path, *, runtime: str = "", nodes: Json | None = None) -> BoundWorkflow:
    text = MANIFEST.replace("[[outputs]]", MORE.strip("\n"))
    folder = write_painting(store, "http://c", runtime=runtime, nodes=nodes or workflow(n30=TEXT), text=text)
    manifest = load_manifest(folder, RUNTIMES.specs)
    assert isinstance(manifest.runtime, ComfyUISpec)
    return bind(manifest, manifest.runtime.seed, read_workflow(folder / "workflow.json"))


def prompt(graph: BoundWorkflow, job: UUID = JOB, values: dict[str, Value] | None = None) -> Json:
    return graph.prompt(Row(values=VALUES | (values or {})), uploaded={"photo": "k/p.png"}, job=job, prefix="k/j")


def test_values_go_to_their_nodes(tmp_path: Path) -> None:
    nodes = prompt(bound(tmp_path))
    assert nodes["1"]["inputs"] == {"image": "k/p.png"}
    assert nodes["2"]["inputs"] | {"height": 0} == {
        "image": ["1", 0],
        "upscale_method": "lanczos",
        "width": 512,
        "height": 0,
        "crop": "disabled",
    }
    assert nodes["4"]["inputs"] == {"image": ["3", 0], "blur_radius": 3, "sigma": 2.0}
    assert nodes["30"]["inputs"] == {"text": 'a "dog"\n{}', "sure": True}
    assert nodes["9"]["inputs"] == {"images": ["4", 0], "filename_prefix": "k/j"}


def test_the_workflow_itself_stays_as_it_is(tmp_path: Path) -> None:
    graph = bound(tmp_path)
    prompt(graph)
    assert graph.workflow.nodes == workflow(n30=TEXT)


def test_a_seed_for_each_job(tmp_path: Path) -> None:
    graph = bound(tmp_path)
    first, again, other = prompt(graph), prompt(graph), prompt(graph, uuid4())
    assert first["3"]["inputs"]["seed"] == again["3"]["inputs"]["seed"] != other["3"]["inputs"]["seed"]
    assert 0 <= first["3"]["inputs"]["seed"] < 2**32


def test_seeds_that_are_named_and_none(tmp_path: Path) -> None:
    noisy = {"class_type": "KSamplerAdvanced", "inputs": {"noise_seed": 5}}
    nodes = workflow(n30=TEXT, n31=noisy)
    named = prompt(bound(tmp_path, runtime='seed = [{ id = "31" }]', nodes=nodes))
    assert (named["3"]["inputs"]["seed"], named["31"]["inputs"]["noise_seed"] == 5) == (7, False)
    fixed = prompt(bound(tmp_path, runtime="seed = []", nodes=nodes))
    assert (fixed["3"]["inputs"]["seed"], fixed["31"]["inputs"]["noise_seed"]) == (7, 5)
    every = bound(tmp_path, nodes=nodes)
    assert {(each.node, each.name) for each in every.seeds} == {("3", "seed"), ("31", "noise_seed")}


def test_steps_are_those_that_will_be_made(tmp_path: Path) -> None:
    """Of all samplers; an answer may say how many."""
    nodes = workflow(n30=TEXT, n31={"class_type": "KSampler", "inputs": {"steps": 30, "seed": 1}})
    assert bound(tmp_path, nodes=nodes).steps(Row(values=VALUES)) == 34
    text = MANIFEST.replace("blur_radius", "steps").replace('id = "4"', 'id = "3"')
    folder = write_painting(tmp_path, "http://c", nodes=nodes, text=text)
    graph = bind(load_manifest(folder, RUNTIMES.specs), None, read_workflow(folder / "workflow.json"))
    assert graph.steps(Row(values={"blur": 9})) == 39


@pytest.mark.parametrize(
    ("name", "value"), [("blur", "three"), ("blur", 61), ("size", "huge"), ("words", 5), ("strength", None)]
)
def test_values_that_do_not_fit_any_more(tmp_path: Path, name: str, value: Value) -> None:
    with pytest.raises(BadInput):
        prompt(bound(tmp_path), values={name: value})
