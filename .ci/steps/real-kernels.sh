# Every example on the simulated hosts and on the real kernels in QEMU: the same facts everywhere.
#
# A program whose facts describe the machine says so in a line `// facts differ by target: <why>`. One
# that names a single IOMMU family's backend runs on that family's machines. A kernel that reports trouble in its
# log is a failure; a program that asks for a warning says so in a line `// the kernel warns: <why>`.

readonly X86_SIMULATED=(sim/vtd sim/amdvi)
readonly POWER_SIMULATED=(sim/powernv sim/powernv-64k sim/pseries)
readonly PAMU_SIMULATED=(sim/pamu)
readonly X86_KERNELS=(qemu/vtd qemu/amdvi qemu/virtio-iommu)
readonly POWER_KERNELS=(qemu/powernv9 qemu/powernv9-64k qemu/pseries)
readonly SETUP_LIMIT=900
readonly EXAMPLE_LIMIT=600
# Suites that prove themselves on each target; their facts may name what a target does not claim.
readonly INTEGRATION=(integration/conformance.ts integration/cases.ts)
readonly POWER_INTEGRATION=(integration/spapr-hazards.ts integration/spapr-table-bytes.ts)
# The conformance suite runs under two versions of each type, and some cases start a second Node.
readonly INTEGRATION_SECONDS=150
# An emulated POWER host takes three times as long to start Node, and 10 s to open and close a device.
readonly POWER_INTEGRATION_SECONDS=300
# Linux clears an LPAR's default window, page by page, each time a container takes or leaves a group: 1.6 s for QEMU's
# 1 GiB. The conformance suite does so in each case and asks for no size; suites that do keep 1 GiB.
readonly SMALL_WINDOW=(--qemu="-global spapr-pci-host-bridge.dma_win_size=0x4000000")
# Generated call sequences, the same on the simulated kernel and the real one.
readonly X86_SEQUENCES=300
readonly POWER_SEQUENCES=150
readonly DIFFER_LIMIT=360

real_kernels() {
	need_packages qemu-system-x86 qemu-system-ppc busybox-static kmod xz-utils cpio || return
	local targets=("${X86_KERNELS[@]}" "${POWER_KERNELS[@]}") before=$failed
	side_by_side setup_x86 setup_power
	((failed == before)) || return
	# Alone, because they are timed: beside a POWER guest a run took 1.6 times as long.
	examples "${X86_SIMULATED[@]}" "${POWER_SIMULATED[@]}" "${PAMU_SIMULATED[@]}" "${targets[@]}"
	side_by_side powernv_lane other_lane
}

# side_by_side FUNCTION…: all at once, each in a shell of its own, then what they printed is shown and counted. A
# guest keeps one processor busy and leaves the other idle.
side_by_side() {
	local suite status
	declare -A started=()
	for suite in "$@"; do
		"$suite" > "$scratch/$suite.log" 2>&1 &
		started[$suite]=$!
	done
	for suite in "$@"; do
		wait "${started[$suite]}"
		status=$?
		cat "$scratch/$suite.log"
		count_lines "$scratch/$suite.log"
		((status == 0)) || fail "$suite broke off (status $status)"
	done
}

setup_x86() {
	set_up "${X86_KERNELS[@]}"
}

setup_power() {
	set_up "${POWER_KERNELS[@]}"
}

set_up() {
	expect "setup $*" "$SETUP_LIMIT" npx --no-install iommukit setup "$@"
	return 0 # what failed is counted already
}

powernv_lane() {
	suites "sim/powernv qemu/powernv9" "${INTEGRATION[@]}" "${POWER_INTEGRATION[@]}"
	# The kernel with 64 KiB pages shares all but its page size with the other: what is generated covers the rest.
	suites "sim/powernv-64k qemu/powernv9-64k" integration/conformance.ts
	differ_each "$POWER_SEQUENCES" qemu/powernv9 qemu/powernv9-64k
	# The other lane is the longer one.
	suites "sim/pseries qemu/pseries" "${POWER_INTEGRATION[@]}"
}

other_lane() {
	local file targets=("${X86_SIMULATED[@]}" "${X86_KERNELS[@]}")
	for file in "${INTEGRATION[@]}"; do
		compare_example "$file" "${targets[*]}" --within "$INTEGRATION_SECONDS"
	done
	differ_each "$X86_SEQUENCES" "${X86_KERNELS[@]}"
	run_options=("${SMALL_WINDOW[@]}")
	suites "sim/pseries qemu/pseries" integration/conformance.ts
	run_options=()
	suites "sim/pseries qemu/pseries" integration/cases.ts
	differ_each "$POWER_SEQUENCES" qemu/pseries
}

# suites "TARGET TARGET…" FILE…: each on those POWER targets.
suites() {
	local file
	for file in "${@:2}"; do
		compare_example "$file" "$1" --within "$POWER_INTEGRATION_SECONDS"
	done
}

# examples TARGET…: each example on those of the targets whose backends it has.
examples() {
	local file targets found=0
	for file in examples/[0-9]*/*.ts; do
		[ -e "$file" ] || continue
		found=1
		mapfile -t targets < <(targets_of "$file" "$@")
		((${#targets[@]} == 0)) || compare_example "$file" "${targets[*]}"
	done
	((found)) || fail "no example was found"
}

# targets_of FILE TARGET…: prints those that the file is for, one a line.
targets_of() {
	local file=$1 only=.
	if ! grep -q '"@iommukit/type1-x86"' "$file"; then
		grep -q '"@iommukit/spapr-tce"' "$file" && only='/(powernv|pseries)'
		grep -q '"@iommukit/fsl-pamu"' "$file" && only='/pamu'
	fi
	printf '%s\n' "${@:2}" | grep -E "$only" || true
}

# differ_each SEQUENCES TARGET…
differ_each() {
	local sequences=$1 target
	for target in "${@:2}"; do
		expect "differ --on $target: $sequences sequences, no divergence" "$DIFFER_LIMIT" \
			npx --no-install iommukit differ --on "$target" --sequences "$sequences" --seed 1
	done
	return 0
}

# More options for `iommukit run`.
run_options=()

# compare_example FILE "TARGET TARGET…" [OPTION…]
compare_example() {
	local file=$1 targets=${2// /,} options=("${@:3}") limit=$EXAMPLE_LIMIT
	local facts=$scratch/$BASHPID.jsonl said=$scratch/$BASHPID.said compared=$scratch/$BASHPID.compared
	grep -q '^// facts differ by target: ' "$file" && options+=(--facts-differ)
	[[ ${options[*]} == *--within* ]] && limit=$((2 * EXAMPLE_LIMIT))
	echo "-- $file"
	bounded "$limit" npx --no-install iommukit run "$file" --on "$targets" \
		--timeout "$POWER_INTEGRATION_SECONDS" "${run_options[@]+"${run_options[@]}"}" --json > "$facts" 2> "$said"
	local status=$?
	cat "$said" >&2
	kernels_were_well "$file" "$said"
	if ((status == 0)); then
		pass "$file ends well"
	else
		fail "$file ($(reason "$status" "$limit"))"
	fi
	bounded 30 node .ci/compare-facts.mjs "$file" "$targets" "$facts" \
		"${options[@]+"${options[@]}"}" | tee "$compared"
	((PIPESTATUS[0] <= 1)) || fail "$file: facts could not be compared"
	count_lines "$compared"
}

# Lines of the guests' kernel logs that report trouble: none, or only the warnings that were asked for.
kernels_were_well() {
	local asked='^$'
	grep -q '^// the kernel warns: ' "$1" && asked='WARNING: CPU'
	if [ -n "$(grep '\] guest kernel: ' "$2" | grep -v "$asked")" ]; then
		fail "$1: a kernel reported trouble"
	else
		pass "$1: no kernel reported trouble"
	fi
}
