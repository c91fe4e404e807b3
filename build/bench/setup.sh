#!/usr/bin/env bash
# Installs what the bench of the tab needs beyond Go and Chromium: Node, the
# peers at their exact versions, and Firefox. As root on Debian it does so
# itself; elsewhere it says what is missing. Without Firefox the bench runs
# all the same and leaves its rows out.
set -euo pipefail
cd "$(dirname "$0")"

../setup.sh

packages=()
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || packages+=(firefox-esr)
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${packages[*]} for the bench"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    echo "apt-get could not install all of: ${packages[*]}" >&2
fi

node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' 2>/dev/null || {
  echo "make bench-tab needs Node 18 or newer: install it from your system's packages or nodejs.org" >&2
  exit 1
}
command -v npm >/dev/null || {
  echo "make bench-tab needs npm, which comes with Node or in the package npm" >&2
  exit 1
}
command -v firefox-esr >/dev/null || command -v firefox >/dev/null ||
  echo "Firefox is not installed (Debian's package firefox-esr): its rows will be left out" >&2

# npm keeps a copy of the lockfile that it installed.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing the peers: $(sed -n 's/^    "\(.*\)": "\([0-9.]*\)",*$/\1 \2/p' package.json | tr '\n' ' ')"
  npm ci --silent || {
    echo "npm could not install the peers: make bench-tab needs a line to a registry of npm the first time" >&2
    exit 1
  }
  touch node_modules/.package-lock.json
fi
