"""What .env.example and deploy/ promise, held against the code."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from tests.support.deployment import ROOT, copied_into_the_image, read_dockerfile, read_env_file, read_service

EXAMPLE = ROOT / ".env.example"
UNIT = ROOT / "deploy/kassandra.service"
STOPS_WITHIN = 20  # seconds; what _stop gives handlers, the web part and notifications together, and some


def commented_out() -> dict[str, str]:
    """The lines that are defaults, as a file that says them."""
    text = EXAMPLE.read_text()
    without_examples = re.sub(r"^#[^\n]*\bexamples?:\n(# [A-Z_]+=.*\n)+", "", text, flags=re.MULTILINE)
    return dict(re.findall(r"^# ([A-Z_]+)=(.*)$", without_examples, re.MULTILINE))


def test_a_copied_example_sets_nothing_but_the_token() -> None:
    assert list(read_env_file(EXAMPLE)) == ["BOT_TOKEN"]


def test_every_setting_is_in_the_example() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_what_is_commented_out_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    lines = [*read_env_file(EXAMPLE).items(), *commented_out().items()]
    (tmp_path / ".env").write_text("\n".join(f"{name}={value}" for name, value in lines))
    token = read_env_file(EXAMPLE)["BOT_TOKEN"]
    assert len(lines) > 10
    assert load_settings(_env_file=tmp_path / ".env") == load_settings(_env_file=None, bot_token=token)


def test_the_container_holds_no_secret_and_no_data() -> None:
    copied = {path.name for path in copied_into_the_image()}
    assert not copied & {".env", ".git", ".venv", "data"}
    assert {"bot", "db", "handlers", "services", "web", "migrations", "locales", "models_store"} <= copied
    assert {"pyproject.toml", "README.md", "LICENSE"} <= copied  # the package cannot be built without them


def test_the_parts_of_the_container_fit_each_other() -> None:
    image, service = read_dockerfile(ROOT / "deploy/Dockerfile"), read_service(ROOT / "deploy/compose.yaml")
    data, models = (volume.split(":") for volume in service["volumes"])
    assert data[1] == image.volumes[0] == f"{image.folder}/data"
    assert models[1:] == [f"{image.folder}/models_store", "ro"]
    (port,) = service["ports"]
    assert port == f"127.0.0.1:8080:{service['environment']['WEB_PORT']}"
    assert service["environment"]["WEB_HOST"] == "0.0.0.0"
    assert (service["read_only"], service["tmpfs"]) == ("true", ["/tmp"])
    assert image.environment["MPLCONFIGDIR"].startswith("/tmp/")
    assert int(service["stop_grace_period"].removesuffix("s")) >= STOPS_WITHIN
    assert image.user not in ("root", "0")


def test_the_unit_is_understood(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "kassandra.service"
    here = UNIT.read_text().replace("/opt/kassandra/.venv/bin/kassandra", f"{sys.prefix}/bin/kassandra")
    unit.write_text(here)
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    mine = [line for line in done.stderr.splitlines() if "kassandra" in line]
    assert (done.returncode, mine) == (0, [])


def test_a_clone_has_no_data_folder_and_the_unit_starts_all_the_same() -> None:
    """systemd refuses a unit whose ReadWritePaths are not there (226/NAMESPACE), but for those with a dash."""
    unit = UNIT.read_text()
    assert "ReadWritePaths=-/opt/kassandra/data" in unit
    assert re.search(r"^ExecStartPre=\+\S*install -d -o kassandra .* /opt/kassandra/data$", unit, re.MULTILINE)
    for line in ("NoNewPrivileges=true", "ProtectSystem=strict", "ProtectHome=true", "PrivateTmp=true"):
        assert line in unit


def test_the_end_is_heard_before_the_shop_runs(tmp_path: Path) -> None:
    """As process 1 a program without a handler of its own does not hear SIGTERM: here it waits for a database."""
    unshare = ["unshare", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0 or subprocess.run([*unshare, "true"], check=False).returncode != 0:
        pytest.skip("namespaces need root, and to be allowed")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        environment["DATABASE_URL"] = f"postgresql://anna@127.0.0.1:{silent.getsockname()[1]}/shop"
        process = subprocess.Popen([*unshare, sys.executable, "-m", "bot", "migrate"], cwd=tmp_path, env=environment)
        caller, _ = silent.accept()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        try:
            assert process.wait(timeout=20) == 128 + signal.SIGTERM
        finally:
            process.kill()
            caller.close()
