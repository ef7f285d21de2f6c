# Sizes, offsets, numbers and errnos as C compilers print them, against the committed vectors.

check_vectors() {
	need_packages gcc linux-libc-dev \
		gcc-powerpc64le-linux-gnu linux-libc-dev-ppc64el-cross \
		gcc-powerpc64-linux-gnu linux-libc-dev-ppc64-cross \
		gcc-powerpc-linux-gnu linux-libc-dev-powerpc-cross || return
	expect "vectors/ equals what the compilers print" 120 node tools/uapi-vectors/build.mjs --check
	expect "vectors/fsl-pamu equals what the compilers print" 60 \
		node tools/uapi-vectors/build-pamu.mjs --check
	expect "headers of Debian 13" 300 sh tools/uapi-vectors/fetch-headers.sh trixie "$scratch/trixie" || return
	expect "vectors/ equals what they print from the headers of Debian 13" 120 \
		node tools/uapi-vectors/build.mjs --check --headers "$scratch/trixie"
}
