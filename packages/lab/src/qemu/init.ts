/**
 * The guest's first program, a shell script for busybox.
 *
 * It loads the modules, mounts the host's root file system with a layer of memory on top (so the
 * guest sees the same paths as the host, may write anywhere, and leaves no trace), between them a
 * root of its own where it cannot run the host's programs, runs the job there, and reports each step as a line of JSON
 * on the status port. About VFIO it knows nothing but the modules: binding devices is the program's business.
 */

import { PORT_NAMES } from "./machine.ts";

/** Comes before the nonce in the line that ends an output port, and the console. */
export const END_MARK = "\u0004";

/** Files of the initramfs that the script reads. */
export const MODULE_LIST = "modules/list";
/** The tags of the shares that the guest's root is layered of, the uppermost first. */
export const LAYER_LIST = "modules/layers";
export const JOB_SCRIPT = "job/run";
export const JOB_NONCE = "job/nonce";

export const INIT_SCRIPT: string = `#!/bin/busybox sh
b() { /bin/busybox "$@"; }
say() { echo "$1" >&3; }
quote() { echo "$1" | b tr '"\\\\\\n\\t' "'/  "; }
stage() { read -r up _ </proc/uptime; say "{\\"event\\":\\"stage\\",\\"name\\":\\"$1\\",\\"uptime\\":$up}"; }
fail() {
  detail=$(quote "$2")
  echo "iommukit: $1: $detail"
  say "{\\"event\\":\\"failed\\",\\"step\\":\\"$1\\",\\"detail\\":\\"$detail\\"}"
  b sleep 1
  b poweroff -f
  b sleep 60
}
must() {
  step=$1
  shift
  said=$("$@" 2>&1) || fail "$step" "$* : $said"
}
port() {
  tries=0
  while [ $tries -lt 200 ]; do
    for p in /sys/class/virtio-ports/*; do
      if [ -e "$p/name" ] && read -r name <"$p/name" && [ "$name" = "$1" ]; then
        echo "/dev/\${p##*/}"
        return
      fi
    done
    tries=$((tries + 1))
    b usleep 20000
  done
  echo /dev/null
}

exec 3>/dev/null
b mount -t proc proc /proc
b mount -t sysfs sys /sys
b mount -t devtmpfs dev /dev
exec 3>/dev/null
read -r booted _ </proc/uptime

# Ports exist once virtio_console runs; until then trouble can only be told to the console.
while read -r file parameters; do
  said=$(b insmod "/modules/$file" $parameters 2>&1) || trouble="$trouble $file: $said"
done </${MODULE_LIST}
exec 3<>"$(port ${PORT_NAMES.status})" 4<>"$(port ${PORT_NAMES.stdout})" 5<>"$(port ${PORT_NAMES.stderr})"
say "{\\"event\\":\\"stage\\",\\"name\\":\\"kernel\\",\\"uptime\\":$booted}"
[ -z "$trouble" ] || fail "loading modules" "$trouble"
stage modules

# The host has opened its end by now, or the line above would have blocked. When it hangs up, or
# says that it has all, there is nothing left to do here.
{ read -r _ <&3; b poweroff -f; } &

while read -r tag; do
  b mkdir "/lower/$tag"
  must "mounting the host's files" b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose "$tag" "/lower/$tag"
  lower="$lower\${lower:+:}/lower/$tag"
done </${LAYER_LIST}
must "mounting memory" b mount -t tmpfs memory /upper
b mkdir /upper/files /upper/work
must "layering memory on the root" b mount -t overlay -o lowerdir=$lower,upperdir=/upper/files,workdir=/upper/work root /root
must "mounting proc" b mount -t proc proc /root/proc
must "mounting sys" b mount -t sysfs sys /root/sys
must "mounting dev" b mount -t devtmpfs dev /root/dev
stage mounts

# Through pipes, because a program may not notice that a port took only a part of a long write.
b mkfifo /stdout /stderr
b cat </stdout >&4 &
output=$!
b cat </stderr >&5 &
errors=$!
/${JOB_SCRIPT} </dev/null >/stdout 2>/stderr 3>&- 4>&- 5>&-
status=$?
stage job

# What the program left running would keep the pipes open. All that it started is younger than the pipes' readers;
# to look at the kernel's threads as well took a second.
for process in /proc/[0-9]*; do
  [ "\${process##*/}" -gt "$errors" ] || continue
  [ "$(b readlink "$process/root")" = /root ] && kill -9 "\${process##*/}"
done
wait $output $errors
read -r nonce </${JOB_NONCE}
echo "${END_MARK}$nonce" >&4
echo "${END_MARK}$nonce" >&5
# Behind all that the kernel had to say. The host ends the machine once it has read it all.
echo "${END_MARK}$nonce"
say "{\\"event\\":\\"exit\\",\\"status\\":$status}"
b sleep 30
b poweroff -f
b sleep 60
`;
