"""What proves an incident: a photo, a camera's picture, a measured curve, each with its digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EvidenceKind(StrEnum):
    """What a piece of evidence is."""

    PHOTO = "photo"
    SNAPSHOT = "snapshot"
    CURVE = "curve"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One file that belongs to an incident, or to a person's report that has none yet.

    `incident`: an incident's id, or `report:<id>`. `by`: the responder or user who brought it, ""
    for a machine. `digest`: SHA-256 of the file in hexadecimal; it also stands on the timeline,
    whose chain of hashes then proves the file. `file`: its name in the evidence folder. `data`:
    plain values that go with it (place on a floor plan, period and limits of a curve).
    """

    id: str
    incident: str
    kind: EvidenceKind
    at: datetime
    digest: str
    media_type: str
    file: str
    by: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
