# The oldest supported Node: the packages' tests on the machine's own Node, if that is an old one.
#
# `npm test` uses the Node of node_modules/.bin; here PATH has not got it. Counted from vitest's JSON,
# since its summary of failures for people uses what Node 20 has not got.

readonly NODE20_LIMIT=600
readonly NODE20_PACKAGES=(packages/core packages/type1-x86 packages/host-linux packages/testkit)

node20_lane() {
	local major results=$scratch/node20.json before=$failed
	major=$(node --print 'process.versions.node.split(".")[0]')
	if ((major >= 22)); then
		echo "this machine has Node $(node --version): the lane needs 20 or 21, nothing is checked"
		return
	fi
	# Node 24 runs the full counts; what an old Node breaks shows in a tenth of them.
	IOMMUKIT_STEPS=10000 IOMMUKIT_PAMU_ACCESSES=100000 \
		bounded "$NODE20_LIMIT" node node_modules/vitest/vitest.mjs run "${NODE20_PACKAGES[@]}" \
		--reporter=json --outputFile="$results"
	local status=$?
	node .ci/list-tests.mjs "$results" | tee "$scratch/node20.tests" | grep -v '^ok  ' || true
	count_lines "$scratch/node20.tests"
	echo "$(grep -c '^ok  ' "$scratch/node20.tests") tests passed on Node $(node --version)"
	if ((status != 0 && failed == before)); then
		fail "vitest on Node $(node --version) ($(reason "$status" "$NODE20_LIMIT"))"
	fi
}
