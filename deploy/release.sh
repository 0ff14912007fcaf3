#!/usr/bin/env bash
# Builds what a release consists of into a folder (bin/release, or the one that is named): the program for six systems, each packed
# with the licence and the README, a bill of materials for each, and the checksums of all of it. The same commit and the same Go
# give the same bytes wherever they are built. Needs git, GNU tar, gzip and zip.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-bin/release}
sbom=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

command -v zip >/dev/null || { echo 'zip is needed (apt-get install zip)' >&2; exit 1; }
if [ -e "$folder" ] && [ ! -e "$folder/SHA256SUMS" ] && [ -n "$(ls -A "$folder")" ]; then
  echo "$folder holds something other than a release; name another folder, or empty it" >&2
  exit 1
fi
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
version=$(git describe --tags --always --dirty)
moment=@$(git log -1 --format=%ct) # of every file that is packed
# What a person's own settings would change of the programs.
export TZ=UTC LC_ALL=C CGO_ENABLED=0 GOFLAGS=-trimpath GOAMD64=v1 GOARM64=v8.0
unset GOOS GOARCH
draft=$(mktemp -d)
trap 'rm -rf "$draft"' EXIT
GOBIN=$draft go install "$sbom"

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
  export GOOS=${target%/*} GOARCH=${target#*/}
  name=ondemand-proxy_${version}_${GOOS}_${GOARCH}
  program=ondemand-proxy
  if [ "$GOOS" = windows ]; then program=ondemand-proxy.exe; fi
  mkdir "$draft/$name"
  go build -tags nomsgpack -buildvcs=false -ldflags "-s -w -X main.stamped=$version" -o "$draft/$name/$program" ./cmd/ondemand-proxy
  cp LICENSE README.md "$draft/$name/"
  chmod 755 "$draft/$name" "$draft/$name/$program"
  chmod 644 "$draft/$name/LICENSE" "$draft/$name/README.md"
  touch -d "$moment" "$draft/$name"/* "$draft/$name"
  if [ "$GOOS" = windows ]; then
    (cd "$draft" && zip -q -X "$folder/$name.zip" "$name"/*)
  else
    tar -C "$draft" --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -cf - "$name" | gzip -9n >"$folder/$name.tar.gz"
  fi
  "$draft/cyclonedx-gomod" app -json -noserial -notimestamp -licenses -std -main cmd/ondemand-proxy -output "$draft/sbom" . 2>"$draft/log" ||
    { cat "$draft/log" >&2; exit 1; }
  # Without the hashes of the tool itself, which is another one on each system.
  awk '/^        "hashes": \[$/ { skip = 1 } !skip; /^        \],?$/ { skip = 0 }' "$draft/sbom" >"$folder/$name.cdx.json"
  echo "$name"
done
(cd "$folder" && sha256sum -- *.tar.gz *.zip *.cdx.json >SHA256SUMS)
