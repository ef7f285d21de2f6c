# The README's test command: installs, builds, checks and tests. Its gates and tests are counted.

readonly TEST_LIMIT=1500
readonly COVERAGE_LIMIT=300

test_suite() {
	# A few tests run these tools beside our own code; without them vitest counts the tests as skipped.
	need_packages busybox-static cpio kmod xz-utils
	run_and_count "$scratch/npm-test.log" "$TEST_LIMIT" npm test
	expect "coverage of core and the backends (98 % lines, 95 % branches)" "$COVERAGE_LIMIT" npm run -s coverage
}

# run_and_count LOG SECONDS COMMAND…: shows the output, counts gates and vitest's tests in it.
run_and_count() {
	local log=$1 limit=$2 before=$failed
	shift 2
	bounded "$limit" "$@" 2>&1 | tee "$log"
	local status=${PIPESTATUS[0]}
	count_lines "$log"
	count_vitest "$log"
	if ((status != 0 && failed == before)); then fail "$* ($(reason "$status" "$limit"))"; fi
}

# count_vitest LOG: adds up its line `Tests  3 failed | 178 passed | 2 skipped (183)`.
count_vitest() {
	local line good bad
	line=$(sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -E '^ +Tests +[0-9]' | tail -n 1)
	good=$(vitest_number passed "$line")
	bad=$(vitest_number failed "$line")
	if ((good + bad == 0)); then
		fail "vitest printed no count"
		return
	fi
	((good == 0)) || pass "$good tests" "$good"
	((bad == 0)) || fail "$bad tests" "$bad"
}

vitest_number() {
	local number
	number=$(sed -nE "s/.* ([0-9]+) $1.*/\1/p" <<< "$2")
	echo "${number:-0}"
}
