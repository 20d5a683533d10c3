"""Packs the integration for HACS: the same bytes for the same commit, blueprints inside."""

import json
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "custom_components" / "smart_community"
LEFT_OUT = {"__pycache__"}


def main() -> int:
    """Build the archive; fails if the versions disagree or a blueprint is missing."""
    manifest = json.loads((PACKAGE / "manifest.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    if manifest["version"] != project["version"]:
        print(f"manifest says {manifest['version']}, pyproject {project['version']}")
        return 1
    target = ROOT / "dist" / "smart_community.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # Followed, not kept: the blueprints are a link in the checkout and a folder in the zip.
        for path in sorted(PACKAGE.rglob("*", recurse_symlinks=True)):
            if path.is_file() and not LEFT_OUT & set(path.parts):
                name = str(path.relative_to(PACKAGE))
                entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
        packed = archive.namelist()
    wanted = {f"blueprints/{path.name}" for path in (PACKAGE / "blueprints").glob("*.yaml")}
    if not wanted or not wanted <= set(packed):
        print("the blueprints are not in the archive")
        return 1
    print(f"{target.relative_to(ROOT)}: {len(packed)} files, {target.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
