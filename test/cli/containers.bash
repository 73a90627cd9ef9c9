# SPDX-License-Identifier: Apache-2.0
# A root file system of busybox, podman and runc with places of their own, and their removal.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../soak/common.sh"

# For podman and runc: nothing that this user has elsewhere is touched. podman wants short names.
short=$(mktemp -d /tmp/crpod.XXXXXX) || exit 2
# podman_at PLACE: a storage of its own, as on another node. An archive of podman's has the place
# of the files of a running container in it: that is the same everywhere, as it is by default.
podman_at() {
	CR_PODMAN="podman --root $tmp/storage-$1 --runroot $short/run --tmpdir $short/tmp"
	CR_PODMAN+=' --runtime runc --cgroup-manager cgroupfs --events-backend file'
	export CR_PODMAN
}
podman_at here
export CR_RUNC="runc --root $tmp/runc"
# Limits below those that even root may not be allowed to raise here.
pod_limits='--ulimit nofile=1000:1000 --ulimit nproc=1000:1000'

pod() {
	# shellcheck disable=SC2086
	$CR_PODMAN "$@"
}

runc_() {
	# shellcheck disable=SC2086
	$CR_RUNC "$@"
}

# Containers, storage, mounts: what must not be left behind whatever happens.
remove_all() {
	local rc=$? job id place
	cd "$tmp" 2>/dev/null || mkdir -p "$tmp" && cd "$tmp" || return
	for job in "$CR_RUNTIME_DIR"/*.sock; do
		[ -e "$job" ] && crctl kill "$(basename "$job" .sock)"
	done >/dev/null 2>&1
	{
		for place in storage-*; do
			[ -d "$place" ] || continue
			podman_at "${place#storage-}"
			pod rm --all --force --time 0
			pod volume rm --all --force
			pod rmi --all --force
		done
		for id in $(runc_ list -q); do
			runc_ delete --force "$id"
		done
		awk -v a="$tmp/" -v b="$short/" '
			index($5, a) == 1 || index($5, b) == 1 { print $5 }' /proc/self/mountinfo |
			tac | xargs -r umount -l
	} >/dev/null 2>&1
	cd /
	rm -rf "$short"
	case $rc in 0 | 77) rm -rf "$tmp" ;; esac
}
trap remove_all EXIT
trap 'exit 130' INT TERM

[ "$(id -u)" = 0 ] || skip 'containers can be checkpointed by root only'
for program in "$@" busybox; do
	command -v "$program" >/dev/null || skip "no $program here (contrib/setup --tests)"
done
file=$(command -v busybox)
ldd "$file" >/dev/null 2>&1 && skip 'busybox is not a static one (busybox-static)'
crctl attach --container none -d none 2>none.err
grep -q 'criu' none.err && skip "$(tail -n 1 none.err)"

mkdir -p rootfs/{bin,proc,sys,dev,tmp,etc,root}
cp "$file" rootfs/bin/busybox
for program in sh sleep usleep cat echo nc; do
	ln -s busybox rootfs/bin/$program
done

# What the containers run: one number after the other.
# shellcheck disable=SC2016,SC2034
count='i=0; while :; do echo $i; i=$((i+1)); usleep 50000; done'

# numbers FILE WHAT: none is left out from line to line. Some may stand there twice: what was
# written while a checkpoint was being made, and again after a restart from it.
numbers() {
	local gap
	gap=$(awk 'NR > 1 && $1 > last + 1 { print NR ": " $1 " after " last; exit }
		{ last = $1 }' "$1")
	if [ -s "$1" ] && [ -z "$gap" ]; then good "$2"; else bad "$2: line ${gap:-none}"; fi
}

# job_runs NAME, more_than N FILE: to wait for.
job_runs() {
	crctl status "$1" >/dev/null 2>&1
}

job_gone() {
	! job_runs "$1"
}

more_than() {
	[ "$(tail -n 1 "$2" 2>/dev/null)" -gt "$1" ] 2>/dev/null
}

# Removes what is there still, then tells.
end() {
	[ "$failures" = 0 ] && [ "$checks" -gt 0 ] && echo "$checks checks passed" && exit 0
	finish
}
