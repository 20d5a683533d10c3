"""The evidence folder: each file is written once, whole, and read back only if it is unchanged.

Every function here blocks. The folder lies in the configuration folder, so that a backup has it,
and not under www/, which anybody may read.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from ..core.evidence import Evidence

# What a browser shows as it is; anything else could carry a script.
SUFFIXES: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "text/csv": ".csv",
    "application/json": ".json",
}


_MEDIA_TYPES: Final = {suffix: media_type for media_type, suffix in SUFFIXES.items()}
_UPLOADS: Final = "uploads"
_UNCLAIMED_FOR: Final = 24 * 3600.0


class EvidenceError(Exception):
    """A file cannot be kept or given out. `key` names the sentence."""

    def __init__(self, key: str, problem: str) -> None:
        """Keep the sentence's key and what is wrong."""
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


class EvidenceFiles:
    """The files of one community."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder; it is made with the first file."""
        self._folder = folder

    def keep(self, evidence_id: str, content: bytes, media_type: str) -> tuple[str, str]:
        """Write a file durably. Returns its name and digest; EvidenceError if that fails."""
        name = f"{evidence_id}{_suffix(media_type)}"
        _write(self._folder / name, content)
        return name, hashlib.sha256(content).hexdigest()

    def put_upload(self, upload: str, user: str, content: bytes, media_type: str) -> str:
        """Keep what a user has brought until it is said what it belongs to. Returns its id.

        What nobody claims within a day was a report that was not sent.
        """
        suffix = _suffix(media_type)
        uploads = self._folder / _UPLOADS
        for old in uploads.glob("*"):
            with contextlib.suppress(OSError):
                if time.time() - old.stat().st_mtime > _UNCLAIMED_FOR:
                    old.unlink()
        _write(uploads / f"{upload}.{user}{suffix}", content)
        return upload

    def take_upload(self, upload: str, user: str | None) -> tuple[bytes, str]:
        """Return an upload's content and media type; `photo_unknown` if it is not this user's."""
        uploads = self._folder / _UPLOADS
        for suffix, media_type in _MEDIA_TYPES.items():
            path = uploads / f"{upload}.{user}{suffix}"
            if upload.isalnum() and path.is_file():
                return path.read_bytes(), media_type
        raise EvidenceError("photo_unknown", upload)

    def drop_upload(self, upload: str) -> None:
        """Forget an upload that has become evidence."""
        if upload.isalnum():
            for path in (self._folder / _UPLOADS).glob(f"{upload}.*"):
                path.unlink(missing_ok=True)

    def read(self, evidence: Evidence) -> bytes:
        """Return a file's content; EvidenceError if it is gone or is not what was kept."""
        try:
            content = (self._folder / Path(evidence.file).name).read_bytes()
        except OSError as err:
            raise EvidenceError("evidence_gone", evidence.file) from err
        if hashlib.sha256(content).hexdigest() != evidence.digest:
            raise EvidenceError("evidence_changed", evidence.file)
        return content


def _suffix(media_type: str) -> str:
    suffix = SUFFIXES.get(media_type)
    if suffix is None:
        raise EvidenceError("evidence_media_type", media_type)
    return suffix


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as err:
        raise EvidenceError("evidence_not_written", str(err)) from err
