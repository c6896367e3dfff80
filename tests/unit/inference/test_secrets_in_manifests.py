"""A secret written where its variable's name belongs is repeated by no error, whatever the kind and the mistake."""

import tomllib
from pathlib import Path

import pytest

from bot.cli.models_init import _header
from bot.errors import Failure
from bot.wiring.inference import RUNTIMES
from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from services.manifests.runtime import RemoteSpec

REMOTE = sorted(name for name, spec in RUNTIMES.specs.items() if issubclass(spec, RemoteSpec))
HEAD = 'slug = "sage"\nversion = "1.0.0"\ntitle = "Sage"\nprice = "0"\n'
VARIABLE = 'Write "env:NAME" here'


def complaint(folder: Path, kind: str, line: str) -> ManifestError:
    url = "" if line.startswith("url") else 'url = "https://a.example/v1"\n'
    model = "" if kind == "comfyui" else 'model = "m"\n'
    more = "context = 8192\n" if kind == "chat" else ""
    (folder / "sage").mkdir()
    text = f'{HEAD}[runtime]\nkind = "{kind}"\n{url}{model}{more}{line}\n'
    assert tomllib.loads(text)
    (folder / "sage" / "manifest.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifest(folder / "sage", RUNTIMES.specs)
    return caught.value


def test_there_are_kinds_at_servers() -> None:
    assert REMOTE == ["chat", "comfyui", "images", "open-inference"]


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize(
    ("line", "key", "fix"),
    [
        ('headers = { Authorization = "Bearer sk-live-1" }', "runtime.headers.Authorization", VARIABLE),
        ('headers = { Authorization = ["sk-live-1"] }', "runtime.headers.Authorization", VARIABLE),
        ('headers = "Authorization: sk-live-1"', "runtime.headers", 'Authorization = "env:NAME"'),
        ('headers = { "Bearer sk-live-1" = "env:KEY" }', "runtime.headers", 'Authorization = "env:NAME"'),
        ('url = "https://shop:sk-live-1@a.example/v1"', "runtime.url", "without a login"),
        ('url = "https://a.example/v1?key=sk-live-1"', "runtime.url", "without a login"),
        ('url = "http://[::1"', "runtime.url", "https://host:port/path"),
        ('url = "http://a.example:99999/v1"', "runtime.url", "https://host:port/path"),
    ],
)
def test_no_error_repeats_a_secret(tmp_path: Path, kind: str, line: str, key: str, fix: str) -> None:
    error = complaint(tmp_path, kind, line)
    assert "sk-live" not in str(error)
    assert error.key == key
    assert fix in error.fix


@pytest.mark.parametrize("value", ['"sk-live-1"', '"env:sk-live-1"', f'"{"sk-live" * 20}"', '["sk-live-1"]', "12"])
def test_nor_a_key(tmp_path: Path, value: str) -> None:
    error = complaint(tmp_path, "chat", f"key = {value}")
    assert str(error).endswith(
        'runtime.key: is not the name of a variable. Write "env:NAME" here, with a name of your choice,'
        " and NAME=… with the value itself into .env"
    )


def test_nor_does_the_command_that_takes_headers() -> None:
    with pytest.raises(Failure) as caught:
        _header("Authorization: Bearer sk-live-1")
    assert "sk-live" not in str(caught.value)
