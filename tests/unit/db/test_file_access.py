"""Files and folders that cannot be used: the line says which, whose they are and what to do."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from db.errors import DatabaseUnavailable
from db.file_access import why_unwritable
from db.migrate import current_revision, upgrade
from services.models.folders import read_folders

NOBODY = 65534


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of root's in which this process is somebody else, for as long as the test."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "secret").mkdir(mode=0o700)
        (folder / "shop.db").touch(mode=0o644)
        os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(0)


@pytest.mark.parametrize("name", ["shop.db", "new.db", "data/new.db", "secret/shop.db"])
def test_what_belongs_to_somebody_else(as_nobody: Path, name: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        upgrade(f"sqlite:///{as_nobody}/{name}")
    line = str(refused.value)
    assert line.startswith(f"DATABASE_URL: {as_nobody}")
    assert "it belongs to root, this is run by nobody" in line or name.startswith("secret")
    assert "chown" in line or "Permission denied" in line


def test_models_that_nobody_may_read(as_nobody: Path) -> None:
    found, problems = read_folders(as_nobody / "secret")
    assert found == {}
    assert [problem.text for problem in problems] == [
        f"MODELS_DIR: {as_nobody}/secret cannot be read (Permission denied): it belongs to root, this is run by nobody:"
        f" chown -R nobody {as_nobody}/secret"
    ]


def test_a_folder_and_a_file_in_each_others_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert why_unwritable(tmp_path) == f"{tmp_path} is a folder; name a file in it"
    assert why_unwritable(tmp_path / "file" / "shop.db") == f"{tmp_path}/file is a file where a folder is needed"
    assert why_unwritable(tmp_path / "some" / "more" / "shop.db") is None


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="File name too long"):
        current_revision(f"sqlite:///{tmp_path}/{'a' * 300}.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("a list of things to buy " * 100)
    with pytest.raises(DatabaseUnavailable, match=rf"DATABASE_URL: {tmp_path}/shop\.db: file is not a database"):
        current_revision(f"sqlite:///{tmp_path}/shop.db")


def test_a_mode_that_forbids_its_owner(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may do everything")
    tmp_path.chmod(stat.S_IRUSR)
    assert "chmod u+rwX" in str(why_unwritable(tmp_path / "shop.db"))
