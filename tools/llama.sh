#!/usr/bin/env bash
# Gets and builds the pinned llama.cpp once a machine, and prints where it lies.
#
#   tools/llama.sh            prints "SOURCE<newline>BUILD" on stdout; progress goes to stderr
#   tools/llama.sh --tools    also builds llama.cpp's own llama-bench and llama-quantize (bench/)
#   tools/llama.sh --server   also builds llama-server, for the tests of the remote engine
#
# Source, first of: $EMOSTAGE_LLAMA_SOURCE; the cache; the public git repository at the tag below;
# the npm package node-llama-cpp, which carries the same source as a git bundle. Whatever the way,
# the tree's own git hash must be the one below, and the bundle's sha256 too.
set -euo pipefail

version=v0.5.0
repository=https://github.com/ggml-org/llama.cpp
tree=fd570ef54b10ec5fecb739e7e04c8ce44a6f415a
npm_package=node-llama-cpp@3.22.1
bundle_sha256=5f5d1105d5df040738d87b8290e5d17e7362131cdcfdb0831618e0ea528b4a51
bundle_commit=de3ff815ea7d559ee917f063901b8986f038abc6

cache=${EMOSTAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emostage}
say() { printf 'llama.cpp: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

mkdir -p "$cache/llama-build"
exec 9>"$cache/llama.lock"
flock 9  # two builds at once would tread on each other

source=${EMOSTAGE_LLAMA_SOURCE:-$cache/llama.cpp-$version}
good_tree() { [ "$(git -C "$1" rev-parse 'HEAD^{tree}' 2>/dev/null)" = "$tree" ]; }

from_git() {
  say "fetching $version from its public repository"
  GIT_TERMINAL_PROMPT=0 timeout 300 git clone -q -c advice.detachedHead=false --depth 1 \
    --branch "$version" "$repository" "$1" 2>/dev/null && good_tree "$1"
}

from_npm() {
  command -v npm >/dev/null || fail "no repository in reach and npm is not installed; run: apt-get install npm"
  say "fetching $version from the npm package $npm_package (35 MB)"
  local work
  work=$(mktemp -d "$cache/npm.XXXXXX")
  (cd "$work" && npm pack --silent --ignore-scripts "$npm_package" >/dev/null && tar xf ./*.tgz) ||
    { rm -rf "$work"; fail "npm pack $npm_package failed; check the network and run the command again"; }
  if ! echo "$bundle_sha256  $work/package/llama/gitRelease.bundle" | sha256sum -c --quiet - >&2; then
    rm -rf "$work"; fail "the bundle is not the one that was checked (sha256 differs); nothing was kept"
  fi
  git clone -q "$work/package/llama/gitRelease.bundle" "$1" 2>/dev/null
  git -C "$1" -c advice.detachedHead=false checkout -q "$bundle_commit"
  rm -rf "$work"
  good_tree "$1"
}

if [ -z "${EMOSTAGE_LLAMA_SOURCE:-}" ] && ! [ -f "$source/.emostage-checked" ]; then
  rm -rf "$source" "$source.new"
  from_git "$source.new" || { rm -rf "$source.new"; from_npm "$source.new"; } ||
    { rm -rf "$source.new"; fail "the source fetched is not $version (its tree hash differs); nothing was kept"; }
  touch "$source.new/.emostage-checked"
  mv "$source.new" "$source"
fi
[ -f "$source/include/llama.h" ] || fail "no llama.cpp source at $source"

# The build depends on the processor (GGML_NATIVE), the compiler and the options: all in its name.
cc=${CC:-cc}; cxx=${CXX:-c++}
options=(-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx"
  -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=ON
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF
  -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_SUBPROCESS=OFF -DGGML_OPENMP="${EMOSTAGE_OPENMP:-OFF}"
  ${EMOSTAGE_LLAMA_OPTIONS:-})
key=$({ echo "$tree" "$source" "${options[@]}"; "$cxx" --version; grep -m1 '^flags' /proc/cpuinfo || true; } |
  sha256sum | cut -c1-12)
build=$cache/llama-build/$key
targets=(llama llama-common)
# Not in the key: the same folder serves, so that nothing is compiled twice.
more=()
case "${1:-}" in
  --tools) targets+=(llama-bench llama-quantize) ;;
  --server) targets+=(llama-server) more=(-DLLAMA_BUILD_SERVER=ON) ;;
esac
stamp=$build/.built-${targets[*]: -1}
if ! [ -f "$stamp" ]; then
  say "building ${targets[*]} (minutes, once a machine)"
  launcher=()
  command -v ccache >/dev/null &&
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake -S "$source" -B "$build" -G Ninja "${options[@]}" "${more[@]}" "${launcher[@]}" >"$build.log" 2>&1 ||
    { tail -n 20 "$build.log" >&2; fail "configuring failed; the whole log is $build.log"; }
  cmake --build "$build" --target "${targets[@]}" 9>&- >&2 || fail "building failed"
  touch "$stamp"
fi
printf '%s\n%s\n' "$source" "$build"
