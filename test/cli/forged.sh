#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images that were forged, with checksums that are right: whatever they say, crrestart ends with a
# status of its own and a line that says why, or with the job's; and whose program cannot live with
# what it finds dies as itself, by name. SEED and FORGERIES repeat and extend it.
set -u
. "$(dirname "$0")/../soak/common.sh"
forge=$CR_BIN/test/cli/forge
built "$forge"
: "${SEED:=$RANDOM}" "${FORGERIES:=12}"

# saved PROGRAM: its checkpoint, $image.
saved() {
	rm -rf ckpt whole
	launch_prog "$1" -d ckpt || return
	image=$(crctl checkpoint --stop job | tail -n 1)
	wait "$shepherd"
	cp -a "$image" whole
	cp -a work before
}

# make SEED TYPE…: another forgery; says how.
make() {
	rm -rf "$image"
	cp -a whole "$image"
	"$forge" "$image" "$@"
}

# restart: its status, 0 for a job that waits for ever for what is not there.
restart() {
	rm -rf work
	cp -a before work
	: >work/verify
	crrestart "$image" </dev/null >msg.out 2>msg &
	shepherd=$!
	if ! wait_until 4 gone "$shepherd"; then
		# What comes late may still be a restart.
		wait_until "$step" up || bad "SEED=$1, $what: neither a job nor an end"
		gone "$shepherd" || slay
		status=0
		return
	fi
	wait "$shepherd"
	status=$?
}

judge() {
	case $status in
	10[1-9] | 11[0-8])
		[ -s msg ] || bad "SEED=$1, $what: $status without a word" ;;
	# Of SIGPIPE nothing is said: so ends who writes where nobody reads any more.
	141) ;;
	100 | 12[5-9] | 1[3-9]? | 2??)
		grep -q 'the job job died by SIG' msg ||
			bad "SEED=$1, $what: $status, $(tail -n 1 msg)" ;;
	esac
	grep -qi 'sanitizer\|assertion' msg && bad "SEED=$1, $what: $(head -n 1 msg)"
}

for program in file-getfl unix-rights thr-robust; do
	saved "$program" || finish
	for n in $(seq "$FORGERIES"); do
		what=$(make $((SEED + n)))
		restart $((SEED + n))
		judge $((SEED + n))
	done
	good "$program: $FORGERIES forgeries, SEED=$SEED"
	rm -rf before
done

saved mem-pattern || finish
for n in $(seq 200); do
	what=$(make "$n" 1)
	[[ $what = *'type 1 is gone' ]] && break
done
restart "$n"
is 103 $status 'an image without its job'
says msg 'cannot be a name' 'its message'

# Ids that no kernel gives: of the job (1) the shepherd's, its group, its session, of a process (2)
# its own, its parent's, its group's, its session's, of a thread (4) its own.
for field in '1 2' '1 3' '1 4' '2 1' '2 2' '2 3' '2 4' '4 2'; do
	for id in -1 -5 4194304 2147483647; do
		# shellcheck disable=SC2086
		what=$(make 0 $field $id)
		restart "$what"
		is 103 $status "$what"
		[ -s msg ] || bad "$what: without a word"
	done
done
# Nor is there 0, but for what is outside.
for field in '1 2' '2 1' '4 2'; do
	# shellcheck disable=SC2086
	what=$(make 0 $field 0)
	restart "$what"
	is 103 $status "$what"
done

# A job that dies so is told from a restart that does.
rm -rf ckpt work
mkdir work
# shellcheck disable=SC2016
launch -n job -d ckpt -- bash -c '
	: >work/ready
	until [ -e work/verify ]; do sleep 0.05; done
	kill -SEGV $$'
wait_until "$step" ready && await_up || finish
image=$(crctl checkpoint --stop job | tail -n 1)
wait "$shepherd"
rm -rf before
cp -a work before
restart 0
is 139 $status 'a job that dies of itself'
says msg 'the job job died by SIGSEGV' 'its message'
finish
