# The main job: `npm start` runs the demo on every embedded simulated host, quickly.

readonly DEMO_LIMIT=60
readonly DEMO_TARGETS=(sim/vtd sim/amdvi sim/powernv sim/powernv-64k sim/pseries sim/pamu)

main_job() {
	local log=$scratch/npm-start.log
	bounded "$DEMO_LIMIT" npm start 2>&1 | tee "$log"
	local status=${PIPESTATUS[0]} target
	if ((status == 0)); then
		pass "npm start ends well within $DEMO_LIMIT s"
	else
		fail "npm start ($(reason "$status" "$DEMO_LIMIT"))"
	fi
	for target in "${DEMO_TARGETS[@]}"; do
		if grep -q "$target" "$log"; then pass "demo shows $target"; else fail "demo shows $target"; fi
	done
}
