# Debian packages, installed only where they are missing.

# need_packages NAME…
need_packages() {
	local missing=() name
	local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)
	for name; do
		dpkg-query -W -f='${Status}' "$name" 2> /dev/null | grep -q 'ok installed' || missing+=("$name")
	done
	((${#missing[@]})) || return 0
	echo "installing ${missing[*]}"
	expect "package lists" 300 "${apt[@]}" update || return
	expect "installed ${missing[*]}" 600 "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}
