"""The evidence folder: each file is written once, whole, and read back only if it is unchanged.

Every function here blocks. The folder lies in the configuration folder, so that a backup has it,
and not under www/, which anybody may read.
"""

import hashlib
import os
import tempfile
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
        suffix = SUFFIXES.get(media_type)
        if suffix is None:
            raise EvidenceError("evidence_media_type", media_type)
        name = f"{evidence_id}{suffix}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(self._folder / name)
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as err:
            raise EvidenceError("evidence_not_written", str(err)) from err
        return name, hashlib.sha256(content).hexdigest()

    def read(self, evidence: Evidence) -> bytes:
        """Return a file's content; EvidenceError if it is gone or is not what was kept."""
        try:
            content = (self._folder / Path(evidence.file).name).read_bytes()
        except OSError as err:
            raise EvidenceError("evidence_gone", evidence.file) from err
        if hashlib.sha256(content).hexdigest() != evidence.digest:
            raise EvidenceError("evidence_changed", evidence.file)
        return content
