"""Archives from strangers: what is harmless comes out whole, everything else is refused in plain words."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.translation.unpacking import Caps, UnpackError, unpack

Member = tuple[str | zipfile.ZipInfo, bytes]


def archive_of(members: Iterable[Member], *, method: int = zipfile.ZIP_STORED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return written.getvalue()


def unpacked(tmp_path: Path, archive: bytes, caps: Caps | None = None) -> dict[str, bytes]:
    file, into = tmp_path / "a.zip", tmp_path / "deep" / "into"
    file.write_bytes(archive)
    into.mkdir(parents=True)
    unpack(file, into, caps=caps or Caps())
    return {str(p.relative_to(into)): p.read_bytes() for p in into.rglob("*") if p.is_file()}


def test_a_package_comes_out_without_the_folder_around_it(tmp_path: Path) -> None:
    members = [("t/metadata.json", b"{}"), ("t/model/", b""), ("t/model/model.bin", b"0" * 3_000_000)]
    archive = archive_of(members)
    assert unpacked(tmp_path, archive) == {"metadata.json": b"{}", "model/model.bin": b"0" * 3_000_000}


def test_a_package_without_such_a_folder_comes_out_too(tmp_path: Path) -> None:
    archive = archive_of([("a", b"1"), ("b/c", b"2")], method=zipfile.ZIP_DEFLATED)
    assert unpacked(tmp_path, archive) == {"a": b"1", "b/c": b"2"}


@pytest.mark.parametrize(
    "name",
    [
        "../escape",
        "a/../../escape",
        "/etc/escape",
        "//server/escape",
        "C:/escape",
        "C:escape",
        "..\\escape",
        "a\\b",
        "a/./b",
        "a//b",
        "a/b/..",
        "a\x01b",
        "NUL",
        "com1.txt",
        "a. ",
        "a:stream",
        "x" * 300,
    ],
)
def test_a_name_that_leads_out_or_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = name  # its constructor would mend some
    with pytest.raises(UnpackError, match=r"a file with the name .* not to be trusted"):
        unpacked(tmp_path, archive_of([("good", b"1"), (info, b"2")]))
    assert list((tmp_path / "deep" / "into").iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "deep"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("model")
    info.external_attr = (kind | 0o777) << 16
    with pytest.raises(UnpackError, match="a link or device"):
        unpacked(tmp_path, archive_of([(info, b"/etc/passwd"), ("model/model.bin", b"1")]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a", "a"], "twice"),
        (["a", "A"], "twice"),
        (["a", "a/b"], "as a file and as a folder"),
        (["a/b", "a/b/c"], "as a file and as a folder"),
    ],
)
def test_what_stands_in_its_own_way_is_refused(tmp_path: Path, names: list[str], reason: str) -> None:
    with pytest.raises(UnpackError, match=reason):
        unpacked(tmp_path, archive_of([(name, b"1") for name in names]))


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    bomb = archive_of([("zeros", b"\0" * 20_000_000)], method=zipfile.ZIP_DEFLATED)
    with pytest.raises(UnpackError, match=r"it would grow 1,0\d\d-fold"):
        unpacked(tmp_path, bomb)
    assert list((tmp_path / "deep" / "into").iterdir()) == []


def test_a_bomb_that_calls_itself_small_stops_at_its_word(tmp_path: Path) -> None:
    bomb = archive_of([("zeros", b"\0" * 5_000_000)], method=zipfile.ZIP_DEFLATED)
    size = struct.pack("<L", 5_000_000)
    assert bomb.count(size) == 2  # before the file, and in the list
    with pytest.raises(UnpackError, match="damaged"):
        unpacked(tmp_path, bomb.replace(size, struct.pack("<L", 1_000)))
    assert sum(p.stat().st_size for p in (tmp_path / "deep").rglob("*") if p.is_file()) <= 1_000


def test_more_than_the_caps_allow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackError, match="300 bytes would come out of it, more than 200"):
        unpacked(tmp_path, archive_of([("a", b"1" * 300)]), Caps(max_bytes=200))


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackError, match="11 files, more than 10"):
        unpacked(tmp_path, archive_of([(str(n), b"") for n in range(11)]), Caps(max_files=10))


def test_a_list_of_files_too_long_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackError, match="lists more than 10 files"):
        unpacked(tmp_path, archive_of([(str(n), b"") for n in range(2_000)]), Caps(max_files=10))


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"<html>Not found</html>",
        archive_of([("a", b"1" * 500)])[:-30],
        archive_of([("a", b"1" * 500)])[40:],
        archive_of([("a", b"1" * 500)]).replace(b"1" * 500, b"1" * 499 + b"2"),
    ],
    ids=["nothing", "a page", "end cut off", "start cut off", "a flipped bit"],
)
def test_what_is_no_whole_zip_is_refused(tmp_path: Path, archive: bytes) -> None:
    with pytest.raises(UnpackError):
        unpacked(tmp_path, archive)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    archive = bytearray(archive_of([("a", b"1")]))
    archive[archive.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(UnpackError, match="encrypted"):
        unpacked(tmp_path, bytes(archive))


def test_an_empty_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackError, match="empty"):
        unpacked(tmp_path, archive_of([]))


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackError, match="packed in a way"):
        unpacked(tmp_path, archive_of([("a", b"1" * 100)], method=zipfile.ZIP_LZMA))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_archive_gives_an_error_of_ours_or_its_files(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    archive = bytearray(
        archive_of([("t/a", b"12345"), ("t/b/c", b"67890" * 50)], method=zipfile.ZIP_DEFLATED)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.zip").write_bytes(archive)
    (folder / "into").mkdir()
    with suppress(UnpackError):
        unpack(folder / "a.zip", folder / "into")
    assert {p.name for p in folder.iterdir()} == {"a.zip", "into"}


def test_progress_counts_up_to_the_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(archive_of([("a", b"1" * 2_000_000), ("stanza/b", b"2"), ("c", b"3")]))
    (tmp_path / "into").mkdir()
    told: list[tuple[int, int]] = []
    unpack(
        file,
        tmp_path / "into",
        wanted=lambda path: path.parts[0] != "stanza",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (2_000_001, 2_000_001)
    assert not (tmp_path / "into" / "stanza").exists()
