#!/usr/bin/env bash
# Installs what the tests need beyond Go: a Chromium to drive, and a font for
# it. As root on Debian it does so itself; elsewhere it says what is missing.
set -euo pipefail

found() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if found >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing Chromium for the browser tests"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
found >/dev/null || {
  echo "make test needs Chromium for its browser tests: install the package chromium (Debian, Ubuntu) or Google Chrome" >&2
  exit 1
}
