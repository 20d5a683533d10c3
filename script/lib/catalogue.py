"""The catalogue of the loops without Home Assistant, whose import takes seconds."""

import sys
import types
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "custom_components" / "smart_community"
# A package of another name, so that Home Assistant's own import of it runs no code twice.
sys.modules.setdefault("catalogue", types.ModuleType("catalogue")).__path__ = [str(PACKAGE)]

from catalogue.core.defaults import SHIPPED_TIMES, SHIPPED_ZONE_CLASS
from catalogue.core.model import Tier
from catalogue.loops import LOOPS, Loop

__all__ = [
    "LOOPS",
    "PACKAGE",
    "ROOT",
    "SHIPPED_TIMES",
    "SHIPPED_ZONE_CLASS",
    "Loop",
    "Tier",
]
