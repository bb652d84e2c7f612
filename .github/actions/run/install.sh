#!/usr/bin/env bash
# install.sh DIR: puts the released binary of $SCIMPROOF_VERSION into DIR, once its checksum is right.
set -euo pipefail
dir=$1
version=${SCIMPROOF_VERSION:-latest}
releases=${SCIMPROOF_RELEASES:-https://github.com/scimproof/scimproof/releases}

case $(uname -s) in
Linux) os=linux ;;
Darwin) os=darwin ;;
MINGW* | MSYS* | CYGWIN*) os=windows ;;
*) echo "no release for $(uname -s)" >&2 && exit 2 ;;
esac
case $(uname -m) in
x86_64 | amd64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) echo "no release for $(uname -m)" >&2 && exit 2 ;;
esac

if [ "$version" = latest ]; then base=$releases/latest/download; else base=$releases/download/$version; fi
archive=scimproof_${os}_$arch.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in checksums.txt "$archive"; do
	curl --fail --silent --show-error --location --retry 3 --output "$work/$file" "$base/$file"
done
want=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/checksums.txt")
got=$({ sha256sum "$work/$archive" 2>/dev/null || shasum -a 256 "$work/$archive"; } | cut -d' ' -f1)
if [ -z "$want" ] || [ "$want" != "$got" ]; then
	echo "the checksum of $archive is not the published one" >&2
	exit 2
fi
mkdir -p "$dir"
tar -xzf "$work/$archive" -C "$dir"
"$dir/scimproof" version
