#!/usr/bin/env bash
# Installs what is missing on a Debian-like machine, and says nothing where nothing is.
#
#   tools/setup.sh build|test|lint     each includes those before it
#
# A tool that is there already, from wherever, is left alone; libraries are looked up as packages.
set -euo pipefail
level=${1:-build}
missing=()

# A command, or the package that brings it.
command_or() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing+=("$1"); }

if ! command -v dpkg-query >/dev/null; then
  echo "setup: this is no Debian-like system; see README.md, 'Other systems', for what to install" >&2
  exit 0
fi
command_or c++ g++
command_or cmake cmake
command_or ninja ninja-build
command_or git git
command_or ccache ccache
command_or python3 python3
command_or node nodejs
command_or npm npm  # builds the page, and is a second source of llama.cpp
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
for name in nlohmann-json3-dev libcli11-dev libcurl4-openssl-dev libssl-dev libtomlplusplus-dev \
  libutf8proc-dev libedit-dev libboost1.81-dev libsqlite3-dev libsqlitecpp-dev libsodium-dev \
  zlib1g-dev prometheus-cpp-dev ca-certificates; do
  package "$name"
done
if [ "$level" != build ]; then
  for name in libgtest-dev libgmock-dev libcpp-httplib-dev pkg-config python3-jsonschema chromium \
    fonts-noto-cjk; do package "$name"; done
fi
if [ "$level" = lint ]; then
  for name in clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev; do package "$name"; done
fi

[ ${#missing[@]} -eq 0 ] && exit 0
echo "setup: installing ${missing[*]}" >&2
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { "${sudo[@]}" apt-get update -q && "${sudo[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  echo "setup: installing failed; check the network, then run the command again (log: $log)" >&2
  exit 1
fi
rm -f "$log"
