"""The pieces of script/setup that can be tested on a machine that is set up already."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARIES = [ROOT / "script" / "lib" / name for name in ("python.sh", "programs.sh")]


def shell(command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run shell code with the library of script/setup at hand."""
    return subprocess.run(
        ["bash", "-uc", "".join(f'. "{one}"; ' for one in LIBRARIES) + command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def _fake_python(path: Path, answer: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {answer}\n")
    path.chmod(0o755)
    return path


def test_a_python_on_the_path_is_found(tmp_path: Path) -> None:
    python = _fake_python(tmp_path / "bin" / "python3.14", 0)
    found = shell(f"python_found {tmp_path}", PATH=f"{python.parent}:{os.environ['PATH']}")
    assert found.stdout.strip() == str(python)


def test_an_unpacked_python_is_preferred_to_one_on_the_path(tmp_path: Path) -> None:
    own = _fake_python(tmp_path / ".python/usr/bin/python3.14", 0)
    other = _fake_python(tmp_path / "bin" / "python3.14", 0)
    found = shell(f"python_found {tmp_path}", PATH=f"{other.parent}:{os.environ['PATH']}")
    assert found.stdout.strip() == str(own)


def test_a_broken_python_is_passed_over(tmp_path: Path) -> None:
    broken = _fake_python(tmp_path / "bin" / "python3.14", 1)
    found = shell(f"python_found {tmp_path}", PATH=f"{broken.parent}:/usr/bin:/bin")
    assert found.stdout == ""
    assert found.returncode != 0


def test_uvs_python_is_taken_and_a_failed_download_is_a_no(tmp_path: Path) -> None:
    python = _fake_python(tmp_path / "managed" / "python3.14", 0)
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$2" = find ] && echo "{python}"\n')
    uv.chmod(0o755)
    assert shell(f"python_from_uv {uv}").stdout.strip() == str(python)
    uv.write_text("#!/bin/sh\nexit 1\n")
    assert shell(f"python_from_uv {uv}").returncode != 0


@pytest.mark.skipif(
    subprocess.run(["which", "dpkg-deb"], capture_output=True, check=False).returncode != 0,
    reason="dpkg-deb is Debian's; elsewhere this way to Python is not taken",
)
def test_packages_are_unpacked_whole_and_their_scripts_are_not_run(tmp_path: Path) -> None:
    source, debs, target = (tmp_path / name for name in ("source", "debs", "target"))
    (source / "DEBIAN").mkdir(parents=True)
    (source / "DEBIAN/control").write_text(
        "Package: thing\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.org>\n"
        "Description: thing\n"
    )
    ran = tmp_path / "ran"
    script = source / "DEBIAN/postinst"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    (source / "usr/lib").mkdir(parents=True)
    (source / "usr/lib/thing").write_text("here")
    debs.mkdir()
    subprocess.run(["dpkg-deb", "-b", source, debs / "thing.deb"], check=True, capture_output=True)
    assert shell(f"unpack_packages {debs} {target}").returncode == 0
    assert (target / "usr/lib/thing").read_text() == "here"
    assert not ran.exists()
    (debs / "thing.deb").write_bytes(b"not a package")
    assert shell(f"unpack_packages {debs} {target}").returncode != 0


def test_without_a_mirror_the_message_says_what_is_missing(tmp_path: Path) -> None:
    said = shell(f"debian_mirror() {{ :; }}; download_packages {tmp_path}/apt")
    assert said.returncode != 0
    assert "no Debian mirror" in said.stderr


def test_a_failed_download_leaves_no_half_python_behind(tmp_path: Path) -> None:
    said = shell(f"download_packages() {{ return 1; }}; python_from_packages {tmp_path} true")
    assert said.returncode != 0
    assert not (tmp_path / ".python").exists()


def test_running_it_again_is_quick_and_silent() -> None:
    again = subprocess.run([ROOT / "script/setup"], capture_output=True, text=True, check=True)
    assert (again.stdout, again.stderr) == ("", "")


def test_an_unknown_argument_gets_the_usage() -> None:
    said = subprocess.run(
        [ROOT / "script/setup", "--pyhton"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert "usage: script/setup" in said.stderr


def test_a_program_that_the_tests_need_is_installed_where_apt_is(tmp_path: Path) -> None:
    there, away = tmp_path / "there", tmp_path / "away"
    there.touch()
    apt = tmp_path / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n')
    apt.chmod(0o755)
    wanted = f"programs_wanted() {{ printf '%s\\n' '{there} one' '{away} two'; }}; "
    path = f"{apt.parent}:/usr/bin:/bin"
    done = shell(f"{wanted} id() {{ echo 0; }}; programs_needed", PATH=path)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text()
    assert asked.splitlines()[-1].endswith(" two")
    assert " one" not in asked
    refused = shell(f"{wanted} id() {{ echo 1000; }}; programs_needed", PATH=path)
    assert refused.returncode != 0
    assert "apt-get install two" in refused.stderr
    assert shell("programs_wanted() { :; }; programs_needed", PATH=path).stderr == ""
