"""A zip from the internet into a new folder, or not at all: no way out of the folder, no links, no bombs.

What the archive says of itself is checked before anything is written, and what comes out is counted while it
is written, since an archive may lie.
"""

from __future__ import annotations

import errno
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.errors import RarewatchError

_CHUNK = 1_048_576
_END = struct.Struct("<4s4H2LH")  # the end of the list of files (APPNOTE 4.3.16)
_END_REACH = 65_535 + 22  # it is followed by a comment at most
_ENTRY = 200  # an entry of the list beside its name: 46 bytes and what some programs add
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_WINDOWS_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')


class UnpackError(RarewatchError):
    """An archive is not to be unpacked."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How much may come out of one archive.

    The largest packages of the Argos index are some 300 MB, unpacked 450 MB, in 20 files; weights shrink by a
    fifth, word lists to a quarter.
    """

    max_bytes: int = 2_000_000_000
    max_files: int = 500
    max_ratio: int = 40  # of everything that comes out to the archive; a bomb has 1,000 and more
    max_name: int = 200


def unpack(
    archive: Path,
    into: Path,
    *,
    caps: Caps = Caps(),
    wanted: Callable[[PurePosixPath], bool] = lambda path: True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Unpack the archive into the folder, which must be empty. A folder that holds everything is left out.

    Args:
        wanted: whether a file is to be unpacked; all are checked.
        progress: told how many bytes of how many are written.

    Raises:
        UnpackError: the archive is no zip, damaged, or not to be trusted. What was written is left there.
        OSError: the disk is full, or the folder can't be written.
    """
    try:
        _check_directory(archive, caps)
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened, archive, caps)
            strip = _common_folder(members)
            chosen = {
                path: info
                for path, info in ((_below(path, strip), info) for path, info in members.items())
                if wanted(path)
            }
            _write(opened, chosen, into, caps, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UnpackError(archive.name, "it is no zip archive, or a damaged one") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # zipfile looks for a file before the archive's beginning
            raise
        raise UnpackError(archive.name, "it is no zip archive, or a damaged one") from error
    except (NotImplementedError, RuntimeError, ValueError, UnicodeError) as error:
        raise UnpackError(archive.name, "it is a zip archive of a kind that is not known") from error


def _check_directory(archive: Path, caps: Caps) -> None:
    """Before `zipfile` reads the whole list of files into memory: that it is short."""
    with archive.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_REACH))
        tail = file.read()
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\5\6":  # a comment follows; the same search as zipfile's
        at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + _END.size:
        raise zipfile.BadZipFile
    (_, _, _, _, _, list_size, _, _) = _END.unpack_from(tail, at)
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7"):
        raise UnpackError(archive.name, "it is a zip archive of the kind for more than 4 GB")
    if list_size > caps.max_files * (caps.max_name + _ENTRY):
        raise UnpackError(archive.name, f"it lists more than {caps.max_files:,} files")


def _checked(opened: zipfile.ZipFile, archive: Path, caps: Caps) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files, by their paths, when all of them are harmless."""

    def refuse(reason: str) -> UnpackError:
        return UnpackError(archive.name, f"{reason}: it is not to be trusted")

    infos = opened.infolist()
    if len(infos) > caps.max_files:
        raise UnpackError(archive.name, f"it holds {len(infos):,} files, more than {caps.max_files:,}")
    total = sum(info.file_size for info in infos)
    if total > caps.max_bytes:
        raise UnpackError(archive.name, f"{total:,} bytes would come out of it, more than {caps.max_bytes:,}")
    if total > max(archive.stat().st_size, 1_000) * caps.max_ratio:
        raise refuse(f"it would grow {total // max(1, archive.stat().st_size):,}-fold")
    files: dict[PurePosixPath, zipfile.ZipInfo] = {}
    names: set[str] = set()  # as file systems see them that know no upper case
    folders: set[str] = set()
    for info in infos:
        path = _safe_path(info.filename, caps)
        if path is None:
            raise refuse(f"it holds a file with the name {info.filename[:60]!r}")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refuse(f"it holds a link or device ({info.filename[:60]!r})")
        if info.flag_bits & _ENCRYPTED:
            raise UnpackError(archive.name, "it is encrypted")
        if info.compress_type not in _METHODS:
            raise UnpackError(archive.name, "it is packed in a way that is not known")
        folders.update(str(parent).casefold() for parent in path.parents)
        if info.is_dir():
            folders.add(str(path).casefold())
            continue
        if (name := str(path).casefold()) in names:
            raise refuse(f"it holds the file {info.filename[:60]!r} twice")
        names.add(name)
        files[path] = info
    if both := names & folders:
        raise refuse(f"it holds {min(both)[:60]!r} as a file and as a folder")
    if not files:
        raise UnpackError(archive.name, "it is empty")
    return files


def _safe_path(name: str, caps: Caps) -> PurePosixPath | None:
    """The path below the folder, or None when it leads elsewhere, or nowhere on some system."""
    if not name or len(name) > caps.max_name or name.startswith("/") or _NOT_IN_NAMES.search(name):
        return None
    parts = name.removesuffix("/").split("/")
    for part in parts:
        if part in ("", ".", "..") or part.endswith((".", " ")) or _WINDOWS_DEVICES.fullmatch(part):
            return None
    return PurePosixPath(*parts)


def _common_folder(members: dict[PurePosixPath, zipfile.ZipInfo]) -> str | None:
    """The folder at the top that holds everything, as packages have it: translate-id_en-1_9/."""
    tops = {path.parts[0] for path in members}
    return tops.pop() if len(tops) == 1 and all(len(path.parts) > 1 for path in members) else None


def _below(path: PurePosixPath, folder: str | None) -> PurePosixPath:
    return path.relative_to(folder) if folder else path


def _write(
    opened: zipfile.ZipFile,
    chosen: dict[PurePosixPath, zipfile.ZipInfo],
    into: Path,
    caps: Caps,
    progress: Callable[[int, int], None],
) -> None:
    total, done = sum(info.file_size for info in chosen.values()), 0
    for path, info in chosen.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(info) as source, target.open("xb") as file:
            left = info.file_size
            # zipfile stops at the size that was declared, and checks the sum at the end.
            while chunk := source.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                done += len(chunk)
                if left < 0 or done > caps.max_bytes:
                    raise UnpackError(opened.filename or "", "more comes out of it than it says")
                file.write(chunk)
                progress(done, total)
            if left:
                raise UnpackError(opened.filename or "", "less comes out of it than it says")
