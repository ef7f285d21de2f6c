# Counting, printing and bounding: what every step uses.

passed=0
failed=0
failures=()
scratch=$(mktemp -d)
# Every process that this run starts inherits it, a QEMU in a session of its own too.
export IOMMUKIT_CI_RUN="run-$$-$RANDOM"
export NO_COLOR=1
unset FORCE_COLOR

# step TITLE FUNCTION: runs one step under its title and prints its time.
step() {
	local started=$SECONDS
	printf '\n== %s\n' "$1"
	"$2"
	printf '   (%s s)\n' $((SECONDS - started))
}

# pass WHAT [COUNT], fail WHAT [COUNT]
pass() {
	passed=$((passed + ${2:-1}))
	printf 'ok    %s\n' "$1"
}
fail() {
	failed=$((failed + ${2:-1}))
	failures+=("$1")
	printf 'FAIL  %s\n' "$1"
}

# expect WHAT SECONDS COMMAND…: one assertion, the command ends well in that time.
expect() {
	local what=$1 limit=$2
	shift 2
	bounded "$limit" "$@"
	local status=$?
	if ((status == 0)); then pass "$what"; else fail "$what ($(reason "$status" "$limit"))"; fi
	return "$status"
}

# bounded SECONDS COMMAND…: ends it, and 20 s later kills it, when its time is over.
bounded() {
	local limit=$1
	shift
	timeout --kill-after=20 "$limit" "$@"
}

reason() {
	if (($1 == 124 || $1 == 137)); then echo "not over after $2 s"; else echo "status $1"; fi
}

# count_lines FILE: counts the lines of a report that begin with `ok` or `FAIL`, as check.mjs and
# compare-facts.mjs print them.
count_lines() {
	local good bad
	good=$(grep -c '^ok  ' "$1")
	bad=$(grep -c '^FAIL ' "$1")
	passed=$((passed + good))
	failed=$((failed + bad))
	((bad == 0)) || failures+=("$(grep '^FAIL ' "$1" | head -n 3 | tr '\n' ' ')")
}

# finish: the last words, whatever happened before.
finish() {
	end_own_processes
	rm -rf "$scratch"
	((passed + failed > 0)) || fail "nothing was checked"
	printf '\nafter %s s\n' "$SECONDS"
	local what
	for what in "${failures[@]+"${failures[@]}"}"; do printf 'failed: %s\n' "$what"; done
	printf '%s passed, %s failed\n' "$passed" "$failed"
	exit $((failed > 0))
}
