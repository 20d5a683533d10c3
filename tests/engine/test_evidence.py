"""Evidence: a file, a row and a line of the timeline that prove each other."""

import hashlib
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.smart_community.core.evidence import Evidence, EvidenceKind
from custom_components.smart_community.core.model import Actor
from custom_components.smart_community.engine.evidence import EvidenceError, EvidenceFiles

from .conftest import START, House, request

PICTURE = b"\xff\xd8 a picture"


def piece(files: EvidenceFiles, incident: str, key: str = "e1") -> Evidence:
    name, digest = files.keep(key, PICTURE, "image/jpeg")
    return Evidence(
        id=key,
        incident=incident,
        kind=EvidenceKind.PHOTO,
        at=START,
        digest=digest,
        media_type="image/jpeg",
        file=name,
        by="guard",
        data={"x": 0.5},
    )


async def test_evidence_survives_a_crash_and_its_digest_stands_on_the_timeline(
    house: House, tmp_path: Path
) -> None:
    files = EvidenceFiles(tmp_path / "evidence")
    assert house.engine is not None
    incident = (await house.engine.signal(request("d1"))).incident
    assert incident is not None
    kept = piece(files, incident.id)
    await house.engine.add_evidence(kept, Actor(name="Guard"))
    await house.crash()
    engine = await house.open()
    assert await engine.evidence(incident.id) == [kept]
    assert await engine.evidence_item("e1") == kept
    assert await engine.evidence_item("e2") is None
    assert files.read(kept) == PICTURE
    (entry,) = [one for one in await engine.timeline(incident.id) if one.kind == "evidence"]
    assert entry.data["digest"] == hashlib.sha256(PICTURE).hexdigest()
    assert entry.actor == Actor(name="Guard")


async def test_evidence_of_an_incident_that_has_ended_is_kept_too(
    house: House, tmp_path: Path
) -> None:
    files = EvidenceFiles(tmp_path / "evidence")
    assert house.engine is not None
    await house.engine.signal(request("d1"))
    closed = await house.engine.signal(request("d1", raised=False))
    assert closed.incident is not None
    await house.engine.add_evidence(piece(files, closed.incident.id))
    assert len(await house.engine.evidence(closed.incident.id)) == 1


def test_a_file_that_was_edited_or_taken_away_is_not_given_out(tmp_path: Path) -> None:
    files = EvidenceFiles(tmp_path)
    kept = piece(files, "01")
    (tmp_path / kept.file).write_bytes(PICTURE + b"!")
    with pytest.raises(EvidenceError) as changed:
        files.read(kept)
    (tmp_path / kept.file).unlink()
    with pytest.raises(EvidenceError) as gone:
        files.read(kept)
    assert (changed.value.key, gone.value.key) == ("evidence_changed", "evidence_gone")


def test_what_a_browser_could_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as refused:
        EvidenceFiles(tmp_path).keep("e1", b"<script>", "text/html")
    assert refused.value.key == "evidence_media_type"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EvidenceError) as refused:
        EvidenceFiles(tmp_path / "file").keep("e1", PICTURE, "image/jpeg")
    assert refused.value.key == "evidence_not_written"


def test_a_disk_that_is_full_in_the_middle_of_a_file_leaves_nothing_half_written(
    tmp_path: Path,
) -> None:
    files = EvidenceFiles(tmp_path)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, usual[1]))
    try:
        with pytest.raises(EvidenceError) as refused:
            files.keep("e1", bytes(100_000), "image/jpeg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert refused.value.key == "evidence_not_written"
    assert not list(tmp_path.iterdir())


def test_a_path_in_a_stored_name_leads_nowhere_else(tmp_path: Path) -> None:
    files = EvidenceFiles(tmp_path / "evidence")
    kept = piece(files, "01")
    (tmp_path / kept.file).write_bytes(PICTURE)
    (tmp_path / "evidence" / kept.file).unlink()
    with pytest.raises(EvidenceError):
        files.read(replace(kept, file=f"../{kept.file}"))
