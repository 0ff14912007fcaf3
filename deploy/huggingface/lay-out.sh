#!/usr/bin/env bash
# Lays out a folder that is a Hugging Face Space when it is pushed:  deploy/huggingface/lay-out.sh [FOLDER]
# FOLDER (default: bin/.space) may be the clone of a Space: what it holds but for .git is replaced.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
space=${1:-$root/bin/.space}
layers=(cmd domain usecase adapter infrastructure)

# Only an empty folder, a clone of a Space, or what this script once laid out is replaced.
if [ -n "$(ls -A "$space" 2>/dev/null)" ] && { [ "$space" -ef "$root/deploy/huggingface" ] || ! grep -qs '^sdk: docker$' "$space/README.md"; }; then
  echo "lay-out.sh: $space holds something else than a Space with Docker; name another folder" >&2
  exit 1
fi
mkdir -p "$space"
space=$(cd "$space" && pwd)
find "$space" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +

# The sources of the program without their tests. A Space takes text files only.
cd "$root"
find "${layers[@]}" -type f ! -name '*_test.go' ! -path '*/testdata/*' ! -path '*/node_modules/*' ! -path 'cmd/*/browser/*' ! -name '.*' |
  while read -r file; do
    mkdir -p "$space/$(dirname "$file")"
    cp "$file" "$space/$file"
  done
cp go.mod go.sum LICENSE "$space/"
cp deploy/huggingface/README.md "$space/README.md"
cp .dockerignore "$space/.dockerignore"
version=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
sed "s|^ARG VERSION=dev\$|ARG VERSION=$version|" deploy/Dockerfile >"$space/Dockerfile"

cat <<TEXT
The Space is in $space (version $version). To push it the first time:

  cd $space
  git init -b main && git add -A && git commit -m "ondemand-api-proxy $version"
  git push --force https://huggingface.co/spaces/OWNER/SPACE main

Its two secrets, API_ACCESS_TOKEN and ONDEMAND_ACCOUNTS, belong into the Space's settings.
TEXT
