#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job without a cluster that is not as protected as was asked for says so, and why: its last three
# checkpoints failed, or none has come for long. One that fails now and then does not.
set -u
. "$(dirname "$0")/../soak/common.sh"
why() {
	crctl status job --json 2>>err | jq -r '"\(.unprotected) \(.unprotected_why)"' 2>>err
}
launch_prog counter || finish
is 'false ' "$(why)" 'nobody has asked for checkpoints'
crctl checkpoint job >>out 2>&1
is 0 $? 'one is made'
# Its folder cannot take another one.
mv cairn/job cairn/away
: >cairn/job
for i in 1 2 3; do
	[ $i = 3 ] && is 'false ' "$(why)" 'two that fail are no trouble yet'
	crctl checkpoint job >>out 2>&1
	[ $? -ge 100 ]
	is 0 $? "checkpoint $i fails"
done
is 'true the last 3 checkpoints failed' "$(why | cut -d: -f1)" "it says so: $(why)"
says <(crctl status job) '^unprotected .*last 3 checkpoints failed: .*cairn/job' \
	'status, with the reason'
says <(crctl list) '^job .*\(unprotected\)' 'and the list'
rm cairn/job
mv cairn/away cairn/job
crctl checkpoint job >>out 2>&1
is 0 $? 'there is room again'
is 'false ' "$(why)" 'and all is well'
crctl kill job >>out 2>&1

# With an interval, when none comes: at the first ones already.
rm -rf cairn
launch_prog counter -i 1 || finish
saved() { crctl status job 2>>err | grep -q '^checkpoint .*/0'; }
wait_until "$step" saved
is 0 $? 'the first one of its interval'
late() { why | grep -q 'true '; }
mv cairn/job cairn/away
: >cairn/job
wait_until "$step" late
is 0 $? "none for long: $(why)"
crctl kill job >>out 2>&1
finish
