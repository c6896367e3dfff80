"""A folder, and a bucket of a real S3 server: the same files, the same answers."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.files.folder import FolderStore
from services.files.store import FileStore, StoreAway, id_of, key_of, open_store
from tests.support.s3 import BUCKET, login, s3_server


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    if request.param == "folder":
        return open_store(f"file:{tmp_path}/files")
    address = request.getfixturevalue("s3_address")
    _login(monkeypatch, address)
    import boto3

    boto3.client("s3", endpoint_url=address).create_bucket(Bucket=BUCKET)
    return open_store(f"s3://{BUCKET}/{uuid4().hex}")


def _login(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name, value in login(address).items():
        monkeypatch.setenv(name, value)


async def test_what_is_put_is_there_until_it_is_deleted(store: FileStore) -> None:
    key = key_of(uuid4())
    assert await store.get(key) is None
    await store.put(key, b"first")
    await store.put(key, b"second" * 100_000)
    assert await store.get(key) == b"second" * 100_000
    await store.delete(key)
    await store.delete(key)
    assert await store.get(key) is None


async def test_all_are_listed_with_their_age(store: FileStore) -> None:
    keys = [key_of(uuid4()) for _ in range(5)]
    for key in keys:
        await store.put(key, b"x")
    found = [kept async for page in store.list() for kept in page]
    assert sorted(kept.key for kept in found) == sorted(keys)
    assert all(abs(datetime.now(UTC) - kept.kept_at) < timedelta(minutes=1) for kept in found)
    assert all(id_of(kept.key) is not None for kept in found)


async def test_links_that_lead_nowhere_are_no_files(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    key = key_of(uuid4())
    await store.put(key, b"x")
    (tmp_path / key[:2] / "lost").symlink_to(tmp_path / "nowhere")
    assert [kept.key async for page in store.list() for kept in page] == [key]


async def test_an_empty_store_lists_nothing(store: FileStore) -> None:
    assert [page async for page in store.list() if page] == []


async def test_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    _login(monkeypatch, "http://127.0.0.1:1")
    monkeypatch.setattr("services.files.bucket.PATIENCE", timedelta(seconds=0.2))
    store = open_store(f"s3://{BUCKET}")
    for call in (store.put("ab/cd", b"x"), store.get("ab/cd"), store.delete("ab/cd")):
        with pytest.raises(StoreAway) as caught:
            await call
        assert "secret" not in str(caught.value)


async def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file is in its way")
    store = FolderStore(tmp_path / "files")
    with pytest.raises(StoreAway, match="files cannot be kept"):
        await store.put(key_of(uuid4()), b"x")


async def test_what_a_dead_process_left_is_no_file_and_goes(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    (tmp_path / "ab").mkdir()
    fresh, old = tmp_path / "ab" / "x.part", tmp_path / "ab" / "y.part"
    for half in (fresh, old):
        half.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert [page async for page in store.list()] == [[]]
    assert (fresh.exists(), old.exists()) == (True, False)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("file:", "names no folder"),
        ("ftp://example.com", "is file:FOLDER or s3://BUCKET/PREFIX"),
        ("s3://", "is file:FOLDER or s3://BUCKET/PREFIX"),
        ("s3://B_D/x", "is file:FOLDER or s3://BUCKET/PREFIX"),
        ("data/files", "is file:FOLDER or s3://BUCKET/PREFIX"),
    ],
)
def test_addresses_that_are_none(address: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        open_store(address)


@pytest.mark.parametrize("key", ["ab/cd", "ab/../../etc/passwd", f"ab/{'0' * 32}x", "x.part", f"zz/{'z' * 32}"])
def test_what_the_shop_has_not_put_there_is_not_its_own(key: str) -> None:
    assert id_of(key) is None


async def test_a_file_and_its_name_are_on_disk_when_it_is_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that loses power then loses neither the content nor the folder's entry, new folders' ones included."""
    on_disk: dict[Path, list[str] | bytes] = {}
    sync = os.fsync

    def watched(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        on_disk[path] = sorted(each.name for each in path.iterdir()) if path.is_dir() else path.read_bytes()
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    key = key_of(uuid4())
    await FolderStore(tmp_path / "new" / "files").put(key, b"a picture")
    folder, name = key.split("/")
    files = tmp_path / "new" / "files"
    assert b"a picture" in on_disk.values()
    assert on_disk[files / folder] == [name]
    assert (on_disk[files], on_disk[tmp_path / "new"]) == ([folder], ["files"])
    assert "new" in on_disk[tmp_path]
