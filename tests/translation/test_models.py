"""Installing models from a loopback index: whole and working, or nothing at all."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import RarewatchError
from bot.translation.downloads import INDEX, PACKAGE, DownloadError
from bot.translation.local import open_local
from bot.translation.model_folder import ModelError, find_models
from bot.translation.models import Installed, Silence, install, libraries_present, remove
from bot.translation.unpacking import Caps, UnpackError
from tests.standins.model_server import File, ModelServer, model_server
from tests.translation.tiny_model import INDONESIAN, RUSSIAN, install_argos, install_byte_pairs, zipped

QUICK = replace(PACKAGE, read_s=2.0, pause_s=0.01, total_s=30.0)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(scope="session")
def indonesian(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return package(tmp_path_factory.mktemp("id"), "id", INDONESIAN)


@pytest.fixture(scope="session")
def russian(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return package(tmp_path_factory.mktemp("ru"), "ru", RUSSIAN)


def package(made: Path, source: str, words: dict[str, str], version: str = "1.9") -> bytes:
    install_argos(made, source, words, version=version, places=64)
    (made / "stanza").mkdir()
    (made / "stanza" / "tokenize.pt").write_bytes(b"0" * 1_000)
    (made / "README.md").write_text("A model.")
    return zipped(made, f"translate-{source}_en-{version.replace('.', '_')}")


def installed(pairs: list[str], models: Path, server: ModelServer, **more: object) -> list[Installed]:
    options: dict[str, object] = {"package_bounds": QUICK, **more}
    return list(install(pairs, models, server.index, **options))  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    """Everything in the folder, hidden things too."""
    return sorted(each.name for each in folder.iterdir())


def english(models: Path, text: str, source: str) -> object:
    return open_local(models).translate_many([text], source)


def test_models_are_fetched_tried_and_used(
    server: ModelServer, models: Path, indonesian: bytes, russian: bytes
) -> None:
    server.offer("id-en", "1.9", indonesian)
    server.offer("ru-en", "1.9", russian)
    done = installed(["id-en", "ru-en", "ID-EN"], models, server)
    assert [(one.model.pair, one.fresh, one.tried) for one in done] == [
        ("id-en", True, True),
        ("ru-en", True, True),
    ]
    assert names(models) == ["id-en-1.9", "ru-en-1.9"]
    assert names(models / "id-en-1.9") == ["README.md", "metadata.json", "model", "sentencepiece.model"]
    assert english(models, "harga nikel", "id") == ["price nickel"]
    assert english(models, "цена растёт", "ru") == ["price rises"]


def test_a_package_with_byte_pairs_is_installed_like_any_other(
    server: ModelServer, models: Path, tmp_path: Path
) -> None:
    install_byte_pairs(tmp_path / "made", INDONESIAN)
    server.offer("id-en", "1.9", zipped(tmp_path / "made", "translate-id_en-1_9"))
    installed(["id-en"], models, server)
    assert english(models, "larangan ekspor nikel.", "id") == ["ban export nickel."]


def test_what_is_there_already_is_not_fetched_again(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    path = server.offer("id-en", "1.9", indonesian)
    installed(["id-en"], models, server)
    [again] = installed(["id-en"], models, server)
    assert not again.fresh
    assert server.times_asked(path) == 1


def test_the_newest_version_replaces_the_older(server: ModelServer, models: Path, indonesian: bytes) -> None:
    server.offer("id-en", "1.9", indonesian)
    installed(["id-en"], models, server)
    server.offer("id-en", "1.10", indonesian)
    server.offer("id-en", "1.2", indonesian)
    installed(["id-en"], models, server)
    assert names(models) == ["id-en-1.10"]


def test_an_older_version_stays_when_the_new_one_does_not_work(
    server: ModelServer, models: Path, indonesian: bytes, tmp_path: Path
) -> None:
    server.offer("id-en", "1.9", indonesian)
    installed(["id-en"], models, server)
    install_argos(tmp_path / "lost", "id", INDONESIAN, never_ends=True, version="2.0")
    server.offer("id-en", "2.0", zipped(tmp_path / "lost", "t"))
    with pytest.raises(ModelError, match="was tried and came to no end"):
        installed(["id-en"], models, server)
    assert names(models) == ["id-en-1.9"]
    assert english(models, "harga", "id") == ["price"]


def test_a_broken_model_is_mended_by_installing_it_again(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    server.offer("id-en", "1.9", indonesian)
    installed(["id-en"], models, server)
    (models / "id-en-1.9" / "model" / "model.bin").write_bytes(b"half")
    [done] = installed(["id-en"], models, server)
    assert done.fresh
    assert english(models, "harga", "id") == ["price"]
    assert names(models) == ["id-en-1.9"]


def test_without_the_libraries_it_is_installed_untried_and_older_ones_stay(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    server.offer("id-en", "1.9", indonesian)
    installed(["id-en"], models, server, can_run=False)
    server.offer("id-en", "2.0", indonesian)
    [done] = installed(["id-en"], models, server, can_run=False)
    assert (done.fresh, done.tried) == (True, False)
    assert names(models) == ["id-en-1.9", "id-en-2.0"]


def test_whether_the_libraries_are_there_is_asked_of_both() -> None:
    assert libraries_present()
    assert not libraries_present(lambda name: None if name == "sentencepiece" else object())


def test_a_download_that_breaks_off_is_taken_up_where_it_stopped(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    path = server.offer("id-en", "1.9", File(indonesian, breaks_after=100_000))
    installed(["id-en"], models, server)
    assert server.asked[1:] == [(path, None), (path, "bytes=100000-")]
    assert english(models, "harga", "id") == ["price"]


@pytest.mark.parametrize("broken", [{"ranges": False}, {"etag": None}, {"etag": 'W/"1"'}], ids=str)
def test_else_it_begins_anew(
    server: ModelServer, models: Path, indonesian: bytes, broken: dict[str, object]
) -> None:
    server.offer("id-en", "1.9", replace(File(indonesian, breaks_after=100_000), **broken))  # type: ignore[arg-type]
    installed(["id-en"], models, server)
    assert english(models, "harga", "id") == ["price"]


def test_a_server_that_is_busy_is_asked_again(server: ModelServer, models: Path, indonesian: bytes) -> None:
    path = server.offer("id-en", "1.9", File(b"", status=503))

    class Mending(Silence):
        def step(self, text: str) -> None:
            threading.Timer(0.05, lambda: server.files.update({path: File(indonesian)})).start()

    bounds = replace(QUICK, pause_s=0.1, attempts=8)
    installed(["id-en"], models, server, reporter=Mending(), package_bounds=bounds)
    assert names(models) == ["id-en-1.9"]


BAD = [
    pytest.param(File(b"<html>gone</html>"), UnpackError, "no zip archive", id="a page"),
    pytest.param(File(b"", status=404), DownloadError, "status 404", id="missing"),
    pytest.param(File(b"", status=500), DownloadError, "status 500", id="a fault"),
    pytest.param(File(b"x" * 99, breaks_after=9, breaks=99), DownloadError, "broke off", id="breaks off"),
    pytest.param(File(b"x" * 99, claims="9000"), DownloadError, "broke off", id="claims too much"),
    pytest.param(File(b"x", claims=str(10**12)), DownloadError, "is the most", id="claims a terabyte"),
    pytest.param(File(b"x", encoding="gzip"), DownloadError, "packed once more", id="gzip"),
    pytest.param(File(b"x" * 99, claims="9"), UnpackError, "no zip archive", id="claims too little"),
]


@pytest.mark.parametrize(("file", "kind", "reason"), BAD)
def test_a_bad_download_leaves_nothing(
    server: ModelServer, models: Path, file: File, kind: type[RarewatchError], reason: str
) -> None:
    server.offer("id-en", "1.9", file)
    with pytest.raises(kind, match=reason):
        installed(["id-en"], models, server)
    assert names(models) == []


def test_a_package_larger_than_it_may_be_is_stopped(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    server.offer("id-en", "1.9", File(indonesian, claims=""))  # it does not say how large it is
    with pytest.raises(DownloadError, match="more than 100,000 bytes"):
        installed(["id-en"], models, server, package_bounds=replace(QUICK, max_bytes=100_000))
    assert names(models) == []


def test_a_drip_ends_with_the_deadline(server: ModelServer, models: Path) -> None:
    server.offer("id-en", "1.9", File(drips=True, claims="1000000"))
    with pytest.raises(DownloadError, match=r"not there after 0\.3 s"):
        installed(["id-en"], models, server, package_bounds=replace(QUICK, total_s=0.3))
    assert names(models) == []


def test_a_package_that_escapes_or_explodes_leaves_nothing(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    written = io.BytesIO(indonesian)
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr("../../escaped", b"x")
    server.offer("id-en", "1.9", written.getvalue())
    with pytest.raises(UnpackError, match="not to be trusted"):
        installed(["id-en"], models, server)
    server.offer("id-en", "2.0", indonesian)
    with pytest.raises(UnpackError, match="would come out of it"):
        installed(["id-en"], models, server, caps=Caps(max_bytes=1_000))
    assert names(models) == []
    assert names(models.parent) == ["models"]


def test_a_package_of_another_pair_is_not_installed(
    server: ModelServer, models: Path, russian: bytes
) -> None:
    server.offer("id-en", "1.9", russian)
    with pytest.raises(ModelError, match=r"id-en: the package that came translates ru-en"):
        installed(["id-en"], models, server)
    assert names(models) == []


def test_a_sum_in_the_index_is_held_against_the_file(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    server.offer("id-en", "1.9", indonesian, sha256="0" * 64)
    with pytest.raises(DownloadError, match="not the one that the index describes"):
        installed(["id-en"], models, server)
    assert names(models) == []
    server.offer("id-en", "2.0", indonesian, sha256=hashlib.sha256(indonesian).hexdigest().upper())
    [done] = installed(["id-en"], models, server)
    assert done.model.version == "2.0"


def test_the_next_link_is_tried_when_one_fails(server: ModelServer, models: Path, indonesian: bytes) -> None:
    path = server.offer("id-en", "1.9", indonesian)
    links = ["ipfs://Qm", "http://example.com/insecure", f"{server.url}/missing", f"{server.url}{path}"]
    server.offer("id-en", "2.0", b"", links=links)
    installed(["id-en"], models, server)
    assert names(models) == ["id-en-2.0"]


def test_a_package_without_a_web_address_is_an_error(server: ModelServer, models: Path) -> None:
    server.offer("id-en", "1.9", b"", links=["ipfs://Qm"])
    with pytest.raises(ModelError, match="no web address"):
        installed(["id-en"], models, server)


def test_redirects_are_followed_but_not_to_plain_http_elsewhere(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    path = server.offer("id-en", "1.9", File(moved_to="/elsewhere"))
    server.files["/elsewhere"] = File(indonesian)
    installed(["id-en"], models, server)
    assert names(models) == ["id-en-1.9"]
    server.offer("id-en", "2.0", File(moved_to="http://192.0.2.1/x"))
    with pytest.raises(DownloadError, match="must come over https"):
        installed(["id-en"], models, server)
    server.offer("id-en", "3.0", File(moved_to=path.replace("1_9", "3_0")))
    with pytest.raises(DownloadError, match="without end"):
        installed(["id-en"], models, server)
    assert names(models) == ["id-en-1.9"]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://192.0.2.1/index.json", "must come over https"),
        ("ftp://example.com/index.json", "no web address"),
        ("index.json", "no web address"),
        ("https://", "no web address"),
        ("http://[::1/index.json", "no web address"),
    ],
)
def test_the_index_must_come_over_https(models: Path, address: str, reason: str) -> None:
    with pytest.raises(DownloadError, match=reason):
        list(install(["id-en"], models, address))
    assert not models.exists()


def test_no_password_is_shown(models: Path, server: ModelServer) -> None:
    address = server.url.replace("http://", "http://me:hunter2@") + "/missing.json?key=hunter3"
    with pytest.raises(DownloadError) as caught:
        list(install(["id-en"], models, address))
    assert "hunter" not in str(caught.value)
    assert "/missing.json" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": 1}', "no list of packages"),
        (b"[]", "no translation model in it"),
        (b'[1, null, {"from_code": "../x", "to_code": "en", "package_version": "1.0"}]', "no translation"),
        (b'[{"from_code": "id", "to_code": "en", "package_version": "../1"}]', "no translation model"),
        (b'[{"from_code": "id", "to_code": "en", "package_version": "1", "type": "sbd"}]', "no translation"),
    ],
)
def test_an_index_that_is_none_is_an_error(
    server: ModelServer, models: Path, body: bytes, reason: str
) -> None:
    server.files["/index.json"] = File(body)
    with pytest.raises(ModelError, match=reason):
        installed(["id-en"], models, server)
    assert names(models) == []


def test_an_index_that_never_ends_is_stopped(server: ModelServer, models: Path) -> None:
    server.files["/index.json"] = File(b"[" + b" " * 2_000, claims="")
    with pytest.raises(DownloadError, match="more than 1,000 bytes"):
        installed(["id-en"], models, server, index_bounds=replace(INDEX, max_bytes=1_000))


def test_a_server_that_is_not_there_is_an_error_to_act_on(models: Path) -> None:
    with model_server() as gone:
        address = gone.index
    bounds = replace(INDEX, attempts=1)
    with pytest.raises(DownloadError, match="can't be reached"):
        list(install(["id-en"], models, address, index_bounds=bounds))


def test_a_pair_the_index_does_not_have_is_told_before_anything_is_fetched(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    path = server.offer("id-en", "1.9", indonesian)
    with pytest.raises(ModelError, match=r"xx-en: the index has no model for it. Into English it has id-en."):
        installed(["id-en", "xx-en"], models, server)
    assert server.times_asked(path) == 0


@pytest.mark.parametrize("pair", ["id", "id_en", "../x-en", "indonesian-english", ""])
def test_a_pair_written_wrongly_is_told(server: ModelServer, models: Path, pair: str) -> None:
    with pytest.raises(ModelError, match="like id-en"):
        installed([pair], models, server)
    assert server.asked == []


def test_a_full_disk_leaves_nothing_and_says_so(server: ModelServer, models: Path, indonesian: bytes) -> None:
    server.offer("id-en", "1.9", indonesian)

    class FillsUp(Silence):
        def progress(self, done: int, total: int | None) -> None:
            if done > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")  # as a write would

    with pytest.raises(ModelError, match="no space left on device"):
        installed(["id-en"], models, server, reporter=FillsUp())
    assert names(models) == []


def test_ctrl_c_leaves_nothing(server: ModelServer, models: Path, indonesian: bytes) -> None:
    server.offer("id-en", "1.9", indonesian)

    class Interrupted(Silence):
        def step(self, text: str) -> None:
            if "trying" in text:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        installed(["id-en"], models, server, reporter=Interrupted())
    assert names(models) == []


def test_what_a_killed_installation_left_is_swept_up_after_a_day(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    for name, age_s in ((".installing-old", 100_000), (".removing-old", 100_000), (".installing-new", 60)):
        (models / name / "x").mkdir(parents=True)
        os.utime(models / name, (1e9, (models / name).stat().st_mtime - age_s))
    server.offer("id-en", "1.9", indonesian)
    installed(["id-en"], models, server)
    assert names(models) == [".installing-new", "id-en-1.9"]


def test_two_installations_at_once_end_with_one_model(
    server: ModelServer, models: Path, indonesian: bytes
) -> None:
    server.offer("id-en", "1.9", indonesian)
    barrier = threading.Barrier(4)

    class Together(Silence):
        def step(self, text: str) -> None:
            if "trying" in text:
                barrier.wait(timeout=20)

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(installed, ["id-en"], models, server, reporter=Together()) for _ in range(4)]
        for run in runs:
            assert run.result()[0].model.pair == "id-en"
    assert names(models) == ["id-en-1.9"]
    assert english(models, "harga", "id") == ["price"]


def test_a_folder_that_can_not_be_made_is_an_error(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="--folder names another"):
        installed(["id-en"], tmp_path / "file" / "models", server)


def test_a_model_is_removed_in_every_version(
    server: ModelServer, models: Path, indonesian: bytes, russian: bytes
) -> None:
    server.offer("id-en", "1.9", indonesian)
    server.offer("ru-en", "1.9", russian)
    installed(["id-en", "ru-en"], models, server)
    install_argos(models / "id-en-1.2", "id", INDONESIAN, version="1.2")
    assert [model.version for model in remove(["id-en"], models)] == ["1.2", "1.9"]
    assert names(models) == ["ru-en-1.9"]
    with pytest.raises(ModelError, match=r"id-en: it is not installed in .* Installed: ru-en"):
        remove(["id-en"], models)


def test_a_metadata_that_lies_about_its_pair_is_found_by_its_metadata(models: Path) -> None:
    install_argos(models / "id-en-1.9", "id", INDONESIAN)
    metadata = json.loads((models / "id-en-1.9" / "metadata.json").read_text())
    (models / "id-en-1.9" / "metadata.json").write_text(json.dumps(metadata | {"from_code": "ms"}))
    assert [model.pair for model in find_models(models)[0]] == ["ms-en"]
