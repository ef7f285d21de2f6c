# What a run must not leave behind: a running QEMU, or a changed checkout.

remember_tree() {
	git status --porcelain > "$scratch/tree-before" 2> /dev/null || true
}

check_leftovers() {
	local left
	left=$(own_qemu)
	if [ -z "$left" ]; then pass "no QEMU is left running"; else fail "QEMU is left running: $left"; fi
	if git status --porcelain > "$scratch/tree-after" 2> /dev/null; then
		if cmp -s "$scratch/tree-before" "$scratch/tree-after"; then
			pass "the checkout is as it was"
		else
			diff "$scratch/tree-before" "$scratch/tree-after"
			fail "the checkout was changed"
		fi
	fi
}

# own_processes: the ids of the processes that this run started, itself or through others.
own_processes() {
	local environ
	for environ in $(grep -lsxz "IOMMUKIT_CI_RUN=$IOMMUKIT_CI_RUN" /proc/[0-9]*/environ); do
		basename "$(dirname "$environ")"
	done
}

own_qemu() {
	local id
	for id in $(own_processes); do
		case $(readlink "/proc/$id/exe") in */qemu-system-*) printf '%s ' "$id" ;; esac
	done
}

end_own_processes() {
	local id
	for id in $(own_processes); do kill "$id" 2> /dev/null; done
}
