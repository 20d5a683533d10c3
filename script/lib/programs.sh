# Programs beside Python that the tests talk to: a browser and a database server. Sourced.

# What is looked for, and the Debian packages that bring it.
programs_wanted() {
  cat <<'END'
/usr/bin/chromium chromium
/usr/share/fonts/truetype/wqy/wqy-microhei.ttc fonts-wqy-microhei
/usr/lib/postgresql/*/bin/initdb postgresql
END
}

# Installs those that are missing; says clearly what to install where that cannot be done.
programs_needed() {
  local file package missing=()
  while read -r file package; do
    compgen -G "$file" >/dev/null || missing+=("$package")
  done < <(programs_wanted)
  [ ${#missing[@]} = 0 ] && return 0
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] ||
    die "the tests need ${missing[*]}: install them (Debian, as root: apt-get install ${missing[*]}), then run script/test again"
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}: install them, then run script/test again"
}
