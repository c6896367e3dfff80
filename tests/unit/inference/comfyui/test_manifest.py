"""A manifest that binds nodes, and the workflow beside it."""

import json
from pathlib import Path

import pytest

from bot.wiring.inference import RUNTIMES
from services.inference.runtimes.comfyui.spec import ComfyUISpec
from services.manifests.errors import ManifestError
from services.manifests.manifest import Manifest, load_manifest
from tests.support.comfyui import MANIFEST, Json, workflow, write_painting

URL = "http://127.0.0.1:8188"
UI_FORMAT = {"nodes": [{"id": 1, "type": "LoadImage"}], "links": [[1, 1, 0, 2, 0, "IMAGE"]], "version": 0.4}


def loaded(store: Path, text: str = MANIFEST, *, runtime: str = "", nodes: Json | None = None) -> Manifest:
    return load_manifest(write_painting(store, URL, runtime=runtime, nodes=nodes, text=text), RUNTIMES.specs)


def refusal(store: Path, text: str = MANIFEST, *, runtime: str = "", nodes: Json | None = None) -> str:
    with pytest.raises(ManifestError) as error:
        loaded(store, text, runtime=runtime, nodes=nodes)
    line = str(error.value)
    assert "\n" not in line
    return line.partition("manifest.toml: ")[2]


def without_save() -> Json:
    nodes = workflow()
    nodes["9"] = {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}, "_meta": {"title": "Result"}}
    return nodes


def titled_twice() -> Json:
    nodes = workflow()
    nodes["2"]["_meta"]["title"] = "Photo"
    return nodes


def test_a_good_one(tmp_path: Path) -> None:
    spec = loaded(tmp_path).runtime
    assert isinstance(spec, ComfyUISpec)
    assert (spec.workflow, spec.seed, spec.timeout, spec.max_batch, spec.parallel) == ("workflow.json", None, 300, 1, 4)


def test_another_workflow_is_another_model(tmp_path: Path) -> None:
    changed = workflow()
    changed["2"]["inputs"]["width"] = 128
    prints = {loaded(tmp_path, nodes=nodes).runtime.fingerprint for nodes in (workflow(), workflow(), changed)}
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        (
            UI_FORMAT,
            "runtime.workflow: workflow.json is a workflow as the editor saves it, which no server runs. "
            "In ComfyUI choose Workflow → Export (API) and put that file here",
        ),
        ({}, "runtime.workflow: workflow.json is no workflow in API format"),
        ({"1": {"inputs": {}}}, "runtime.workflow: workflow.json is no workflow in API format"),
        (titled_twice(), 'inputs.photo.node: 2 nodes are titled "Photo". Name one by its id: "1", "2"'),
        (
            without_save(),
            'outputs.painting.node: the node titled "Result" (PreviewImage) keeps no files under a prefix',
        ),
    ],
)
def test_workflows_that_are_refused(tmp_path: Path, nodes: Json, told: str) -> None:
    assert refusal(tmp_path, nodes=nodes).startswith(told)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"nodes"', "[" * 100_000])
def test_files_that_are_no_workflow(tmp_path: Path, content: str) -> None:
    folder = write_painting(tmp_path, URL)
    (folder / "workflow.json").write_text(content)
    with pytest.raises(ManifestError, match=r"runtime\.workflow: .*Export \(API\)"):
        load_manifest(folder, RUNTIMES.specs)


def test_a_workflow_that_is_not_there(tmp_path: Path) -> None:
    folder = write_painting(tmp_path, URL)
    (folder / "workflow.json").unlink()
    with pytest.raises(ManifestError, match=r'runtime\.workflow: there is no file "workflow\.json"'):
        load_manifest(folder, RUNTIMES.specs)


def test_a_workflow_as_it_is_posted(tmp_path: Path) -> None:
    folder = write_painting(tmp_path, URL)
    (folder / "workflow.json").write_text(json.dumps({"prompt": workflow()}))
    load_manifest(folder, RUNTIMES.specs)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "4"', 'id = "44"', 'inputs.blur.node: there is no node "44". The workflow has "1", "2"'),
        ('title = "Photo", input', 'title = "Foto", input', 'inputs.photo.node: no node is titled "Foto"'),
        ('"blur_radius"', '"radius"', 'inputs.blur.node: the node "4" has no input "radius". It has "image"'),
        ('"blur_radius"', '"image"', 'inputs.blur.node: "image" of the node "4" comes from another node'),
        (', input = "blur_radius"', "", "inputs.blur.node: does not say which input of the node"),
        ('node = {{ id = "4", input = "blur_radius" }}', 'tensor = {{ name = "x" }}', "inputs.blur.tensor: this kind"),
        ('node = {{ title = "Result" }}', "", "outputs.painting.node: is missing"),
        ('title = "Result"', 'title = "Result", id = "9"', "outputs.painting.node: names no node"),
        (
            'id = "4", input = "blur_radius"',
            'title = "Photo", input = "image"',
            'inputs: "image" of the node "Photo" (1) is filled in twice',
        ),
        ('type = "image"\nlabel = {{ ru = "Картина"', 'type = "text"\nlabel = {{ ru = "Картина"', "outputs.painting: "),
    ],
)
def test_bindings_that_are_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in MANIFEST
    found = refusal(tmp_path, MANIFEST.replace(old, new))
    assert found.startswith(told.replace("outputs.painting: ", "outputs.painting.node: a workflow gives pictures"))


@pytest.mark.parametrize(
    ("runtime", "told"),
    [
        ('seed = [{ id = "77" }]', 'runtime.seed: there is no node "77"'),
        ('seed = [{ id = "2" }]', 'runtime.seed: the node "2" has no input "seed"'),
        ("timeout = 1", "runtime.timeout: "),
        ("max_batch = 2", "runtime.max_batch: "),
        ('headers = { Authorization = "Bearer secret" }', "runtime.headers.Authorization: "),
    ],
)
def test_runtime_tables_that_are_refused(tmp_path: Path, runtime: str, told: str) -> None:
    assert refusal(tmp_path, runtime=runtime).startswith(told)
