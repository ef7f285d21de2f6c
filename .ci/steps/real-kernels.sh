# Every example on the simulated hosts and on the real kernels in QEMU: the same facts everywhere.
#
# A program whose facts describe the machine says so in a line `// facts differ by target: <why>`.

readonly SIMULATED=sim/vtd,sim/amdvi
readonly IN_QEMU=(qemu/vtd qemu/amdvi qemu/virtio-iommu)
readonly SETUP_LIMIT=600
readonly EXAMPLE_LIMIT=400
# Suites that prove themselves on each target; their facts may name what a target does not claim.
readonly INTEGRATION=(integration/conformance.ts integration/cases.ts)
readonly INTEGRATION_SECONDS=90
# Generated call sequences, the same on the simulated kernel and the real one.
readonly DIFFER_SEQUENCES=300
readonly DIFFER_LIMIT=240

real_kernels() {
	need_packages qemu-system-x86 busybox-static kmod xz-utils cpio || return
	expect "setup ${IN_QEMU[*]}" "$SETUP_LIMIT" npx --no-install iommukit setup "${IN_QEMU[@]}" || return
	local file target found=0
	for file in examples/[0-9]*/*.ts; do
		[ -e "$file" ] || continue
		found=1
		compare_example "$file"
	done
	((found)) || fail "no example was found"
	for file in "${INTEGRATION[@]}"; do
		compare_example "$file" --within "$INTEGRATION_SECONDS"
	done
	for target in "${IN_QEMU[@]}"; do
		expect "differ --on $target: $DIFFER_SEQUENCES sequences, no divergence" "$DIFFER_LIMIT" \
			npx --no-install iommukit differ --on "$target" --sequences "$DIFFER_SEQUENCES" --seed 1
	done
}

compare_example() {
	local file=$1 targets qemu_targets options=("${@:2}")
	qemu_targets=$(IFS=, && echo "${IN_QEMU[*]}")
	targets=$SIMULATED,$qemu_targets
	grep -q '^// facts differ by target: ' "$file" && options+=(--facts-differ)
	echo "-- $file"
	bounded "$EXAMPLE_LIMIT" \
		npx --no-install iommukit run "$file" --on "$targets" --json > "$scratch/facts.jsonl"
	local status=$?
	if ((status == 0)); then
		pass "$file ends well"
	else
		fail "$file ($(reason "$status" "$EXAMPLE_LIMIT"))"
	fi
	bounded 30 node .ci/compare-facts.mjs "$file" "$targets" "$scratch/facts.jsonl" \
		"${options[@]+"${options[@]}"}" | tee "$scratch/compared"
	((PIPESTATUS[0] <= 1)) || fail "$file: facts could not be compared"
	count_lines "$scratch/compared"
}
