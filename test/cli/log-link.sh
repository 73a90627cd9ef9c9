#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The log of a job that goes into the background is a file of its own: not what somebody else may
# have put beside its checkpoints.
set -u
. "$(dirname "$0")/../soak/common.sh"
command -v script >/dev/null || skip 'no script'

cat >job.sh <<'END'
echo output
END
detach() {
	script -qec 'crlaunch --detach -n job -d ckpt -- bash job.sh' typescript </dev/null \
		>msg 2>&1
}

logged() {
	grep -qs output ckpt/job.log
}

detach
wait_until "$step" logged
is output "$(tr -d '\r' <ckpt/job.log)" 'the log'
echo mine >victim
for evil in 'ln -s ../victim' 'ln victim' mkfifo; do
	rm ckpt/job.log
	# shellcheck disable=SC2086
	$evil ckpt/job.log
	detach
	is 1 "$(($? != 0))" "$evil: refused"
	says msg 'cannot open .*job\.log' "$evil: says what"
	is mine "$(cat victim)" "$evil: nothing is written there"
done
finish
