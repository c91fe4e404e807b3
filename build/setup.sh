#!/usr/bin/env bash
# Installs what the tests need beyond Go: a Chromium to drive, a font for it,
# and Mesa's lavapipe, a Vulkan driver that computes on the processor. As root
# on Debian it does so itself; elsewhere it says what is missing.
set -euo pipefail

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
lavapipe() {
  PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep 'libvulkan\.so\.1' >/dev/null || return 1
  compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' >/dev/null || compgen -G '/etc/vulkan/icd.d/lvp_icd*.json' >/dev/null
}

missing() {
  browser >/dev/null || echo chromium fonts-dejavu-core
  lavapipe || echo mesa-vulkan-drivers libvulkan1
}

packages=$(missing)
if [ -z "$packages" ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing for the tests:" $packages
  export DEBIAN_FRONTEND=noninteractive
  for try in 1 2 3; do # another apt-get may hold the lock, a mirror may be away
    if apt-get -o DPkg::Lock::Timeout=120 update -qq &&
      apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends $packages >/dev/null; then break; fi
    sleep $((10 * try))
  done
fi
if ! browser >/dev/null; then
  echo "make test needs Chromium for its browser tests: install the package chromium (Debian, Ubuntu) or Google Chrome" >&2
fi
if ! lavapipe; then
  echo "make test needs Mesa's lavapipe for its tests of the GPU: install the packages mesa-vulkan-drivers and libvulkan1 (Debian, Ubuntu)" >&2
fi
[ -z "$(missing)" ]
