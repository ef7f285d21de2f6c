#!/bin/sh
# Unpacks the kernel headers of another Debian release, for `build.mjs --headers`.
#
# usage: fetch-headers.sh SUITE FOLDER      (for example: fetch-headers.sh trixie /tmp/headers)
#
# Uses the mirror this machine already has, with apt state of its own: it installs nothing and
# leaves the machine's package lists alone. linux-libc-dev of Debian 13 is one package with the
# headers of every architecture.
set -eu

suite=$1
folder=$2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' | head -n 1)
[ -n "$mirror" ] || { echo "no Debian mirror is configured here" >&2; exit 1; }

mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$folder/apt/sources.list"
apt() {
	apt-get -qq -o Dir::Etc::sourcelist="$folder/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
		-o APT::Sandbox::User=root "$@"
}
apt update
cd "$folder"
apt -t "$suite" download "linux-libc-dev/$suite"
dpkg -x linux-libc-dev_*.deb "$folder"
echo "$folder"
