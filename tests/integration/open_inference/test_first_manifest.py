"""`kassandra models init --from`: what a server says of a model becomes a manifest that the shop can sell."""

import asyncio
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest

from bot.cli.models_arguments import add_models
from sandbox.client.inference import Inference
from sandbox.testing import sandbox_process
from services.authoring.check import check_folder
from services.authoring.drafting import Draft
from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.remote import ServedAt, draft_remote
from services.inference.errors import ModelBroken, ServerAway
from services.inference.runtimes.open_inference.kind import OPEN_INFERENCE
from services.inference.runtimes.registry import Runtimes
from tests.integration.cli.test_commands import Shell

KINDS = Runtimes([OPEN_INFERENCE])


async def drafted(server: Inference, folder: Path, model: str, hints: AuthorHints = NO_HINTS, **more: Any) -> Draft:
    folder = folder / model
    folder.mkdir()
    place = ServedAt(**{"url": server.url, "model": model, "headers": {}} | more)
    draft = await asyncio.to_thread(draft_remote, place, folder, hints)
    draft.write(folder)
    return draft


@pytest.mark.parametrize("dialect", ["triton", "mlserver", "kserve", "openvino"])
@pytest.mark.parametrize("model", ["iris", "greeting", "total"])
async def test_what_was_written_is_right(server: Inference, tmp_path: Path, model: str, dialect: str) -> None:
    await server.change(dialect=dialect, metadata=True)
    await drafted(server, tmp_path, model)
    lines = await asyncio.to_thread(check_folder, tmp_path / model, KINDS)
    batch = ["batch"] if model != "total" else []
    assert [line.what for line in lines] == ["manifest", "server", "example", *batch]
    assert all(line.ok for line in lines), lines


@pytest.mark.parametrize("model", ["sketch", "average", "root", "echo-fp16", "echo-bf16", "echo-int64", "echo-bytes"])
async def test_all_kinds_of_models(server: Inference, tmp_path: Path, model: str) -> None:
    await drafted(server, tmp_path, model)
    assert all(line.ok for line in await asyncio.to_thread(check_folder, tmp_path / model, KINDS))


async def test_what_it_says(server: Inference, tmp_path: Path) -> None:
    draft = await drafted(server, tmp_path, "sketch", version="1")
    told = tomllib.loads(draft.toml)
    assert told["runtime"] == {
        "kind": "open-inference",
        "url": server.url,
        "model": "sketch",
        "version": "1",
        "max_batch": 8,  # of Triton's own configuration
    }
    (photo,) = told["inputs"]
    assert photo["type"] == "image"
    assert photo["prepare"]["size"] == ["free", "free"]
    assert "guessed" in draft.toml
    (sketch,) = told["outputs"]
    assert (sketch["type"], sketch["shape_of"]) == ("image", "photo")


async def test_names_that_are_told(server: Inference, tmp_path: Path) -> None:
    draft = await drafted(server, tmp_path, "iris", AuthorHints(features=("Sepal", "S2", "Petal", "P2")))
    told = tomllib.loads(draft.toml)
    assert [field["label"] for field in told["inputs"]] == ["Sepal", "S2", "Petal", "P2"]


async def test_classes_are_called_what_the_server_says(server: Inference, tmp_path: Path) -> None:
    """Nothing but its answers tells which word belongs to which column."""
    (species,) = tomllib.loads((await drafted(server, tmp_path, "iris")).toml)["outputs"]
    assert (species["type"], species["tensor"], species["label_tensor"]) == ("classes", "probabilities", "species")
    assert [each["value"] for each in species["classes"]] == ["setosa", "versicolor", "virginica"]


async def test_a_model_without_a_batch_is_run_alone(server: Inference, tmp_path: Path) -> None:
    draft = await drafted(server, tmp_path, "total")
    assert "max_batch" not in tomllib.loads(draft.toml)["runtime"]


async def test_rows_that_a_model_mixes_are_run_alone(server: Inference, tmp_path: Path) -> None:
    await drafted(server, tmp_path, "crowd")
    manifest = tmp_path / "crowd" / "manifest.toml"
    assert "max_batch" not in manifest.read_text()
    manifest.write_text(manifest.read_text().replace('model = "crowd"', 'model = "crowd"\nmax_batch = 8'))
    lines = await asyncio.to_thread(check_folder, tmp_path / "crowd", KINDS)
    assert (lines[-1].what, lines[-1].ok, lines[-1].fix) == ("batch", False, "Set runtime.max_batch = 1")


async def test_what_stands_in_the_way(server: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServerAway, match="unknown model"):
        await drafted(server, tmp_path, "nobody")
    with pytest.raises(ModelBroken, match="url"):
        await drafted(server, tmp_path, "a", url="triton:8000")
    with pytest.raises(ServerAway, match="cannot be reached"):
        await drafted(server, tmp_path, "b", url="http://127.0.0.1:9")
    await server.change(dialect="mlserver", metadata=False)
    with pytest.raises(ModelBroken, match="does not tell what iris takes"):
        await drafted(server, tmp_path, "iris")
    await server.change(metadata=True, header="Authorization: Bearer secret")
    with pytest.raises(ModelBroken, match="env:NAME"):
        await drafted(server, tmp_path, "root")
    with pytest.raises(ModelBroken, match="SOME_KEY is not set"):
        await drafted(server, tmp_path, "total", headers={"Authorization": "env:SOME_KEY"})
    monkeypatch.setenv("SOME_KEY", "Bearer secret")
    draft = await drafted(server, tmp_path, "greeting", headers={"Authorization": "env:SOME_KEY"})
    assert "secret" not in draft.toml
    assert 'headers = { Authorization = "env:SOME_KEY" }' in draft.toml


@pytest.mark.slow
async def test_by_the_command(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    async with sandbox_process() as url:
        served = f"{url}/inference/1000001"
        init = ("models", "init", "--from", served, "iris", "--to", "store/iris")
        code, out, errors = await asyncio.to_thread(shell.run, *init)
        assert (code, errors) == (0, "")
        assert "guessed" in out
        code, out, _ = await asyncio.to_thread(shell.run, "models", "check", "store/iris")
        assert code == 0
        assert "ok   example" in out
        missing = await asyncio.to_thread(shell.fails, *init[:3], served, "nobody")
        assert missing.startswith(f"kassandra: {served}: ")


@pytest.mark.parametrize(
    "arguments", [["init"], ["init", "a.onnx", "--from", "http://a", "b"], ["init", "--from", "http://a"]]
)
def test_wrong_use_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    add_models(parser)

    def run() -> None:
        given = parser.parse_args(arguments)
        given.command(given)

    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    assert "--from" in capsys.readouterr().err
