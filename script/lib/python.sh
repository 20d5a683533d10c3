# Finds or obtains Python 3.14. Sourced by script/setup; tests/script tests the pieces.
#
# Order: one that is there already, one that uv manages, one unpacked from Debian's packages
# into a folder of the checkout. Nothing is ever installed into the system: Debian testing's
# libc over a stable release breaks that system.

PYTHON_VERSION=3.14
PYTHON_PACKAGES="python3.14 python3.14-minimal python3.14-dev libpython3.14 libpython3.14-dev
libpython3.14-minimal libpython3.14-stdlib libc6 libexpat1 zlib1g libssl3t64 libsqlite3-0 libffi8
libbz2-1.0 liblzma5 libzstd1 libreadline8t64 libncursesw6 libtinfo6 libuuid1 libgcc-s1 libstdc++6
libcrypt1 libpcap0.8t64"

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

# usable PYTHON: it starts, is the version we need, and has what Home Assistant cannot do without.
usable() {
  [ -n "$1" ] && [ -x "$1" ] && "$1" -c "
import sys
import ctypes, lzma, sqlite3, ssl, zlib
sys.exit(sys.version_info[:2] != tuple(map(int, '$PYTHON_VERSION'.split('.'))))" >/dev/null 2>&1
}

# python_found ROOT: prints a usable Python that is there already.
python_found() {
  local candidate
  for candidate in "$1/.python/usr/bin/python$PYTHON_VERSION" "$(command -v "python$PYTHON_VERSION")"; do
    if usable "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# python_from_uv UV: prints the Python that uv finds or downloads.
python_from_uv() {
  local found
  found=$("$1" python find "$PYTHON_VERSION" 2>/dev/null) && usable "$found" || {
    timeout 120 "$1" python install --quiet "$PYTHON_VERSION" >/dev/null 2>&1 || return 1
    found=$("$1" python find "$PYTHON_VERSION" 2>/dev/null) || return 1
  }
  usable "$found" && printf '%s\n' "$found"
}

# debian_mirror: the mirror that this machine's apt uses already, so that a local one is honoured.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1
}

# download_packages FOLDER: Debian testing's packages, checked by apt against Debian's own keys,
# through lists of our own: the machine's apt never hears of testing.
download_packages() {
  local folder=$1 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { say "no Debian mirror is configured for apt"; return 1; }
  [ -r "$keyring" ] || { say "$keyring is missing (package debian-archive-keyring)"; return 1; }
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/debs"
  : >"$folder/status"
  printf 'deb [signed-by=%s] %s testing main\n' "$keyring" "$mirror" >"$folder/sources.list"
  set -- -qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$folder/lists" -o Dir::State::status="$folder/status" \
    -o Dir::Cache="$folder/cache" -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none -o Acquire::Retries=3
  apt-get "$@" update || return 1
  # shellcheck disable=SC2086 # the list is words on purpose
  (cd "$folder/debs" && apt-get "$@" download $PYTHON_PACKAGES)
}

# unpack_packages DEBS TARGET: every package's files below TARGET, none of their scripts run.
unpack_packages() {
  local deb
  mkdir -p "$2"
  for deb in "$1"/*.deb; do
    dpkg-deb -x "$deb" "$2" || return 1
  done
}

# relocate TREE PATCHELF: the interpreter uses the C library unpacked beside it.
relocate() {
  local tree=$1 patchelf=$2 arch loader python=$1/usr/bin/python$PYTHON_VERSION file
  arch=$(uname -m)-linux-gnu
  loader=$(find "$tree/usr/lib" "$tree/lib64" -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
  [ -n "$loader" ] || { say "no dynamic loader among the unpacked packages"; return 1; }
  "$patchelf" --set-interpreter "$loader" --force-rpath \
    --set-rpath "$tree/usr/lib/$arch" "$python" || return 1
  find "$tree/usr/lib/python$PYTHON_VERSION/lib-dynload" -name '*.so' -print0 |
    while IFS= read -r -d '' file; do
      "$patchelf" --force-rpath --set-rpath "$tree/usr/lib/$arch" "$file" || return 1
    done
}

# python_from_packages ROOT PATCHELF: prints ROOT/.python's interpreter. Built beside it and
# renamed at the end, so that a broken download leaves nothing that looks finished.
python_from_packages() {
  local root=$1 patchelf=$2 work=$1/.python.part
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  rm -rf "$work"
  mkdir -p "$work"
  say "unpacking Python $PYTHON_VERSION from Debian's packages into .python/"
  download_packages "$work/apt" >&2 || return 1
  unpack_packages "$work/apt/debs" "$work/tree" || return 1
  rm -rf "$root/.python"
  mv "$work/tree" "$root/.python"
  rm -rf "$work"
  relocate "$root/.python" "$patchelf" || return 1
  usable "$root/.python/usr/bin/python$PYTHON_VERSION" || return 1
  printf '%s\n' "$root/.python/usr/bin/python$PYTHON_VERSION"
}
