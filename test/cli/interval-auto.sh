#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# -i auto: the interval follows from what the last checkpoint cost and from --mtbf; crctl status
# explains it, and it holds after a restart.
set -u
. "$(dirname "$0")/../soak/common.sh"

images() {
	ls ckpt/job 2>/dev/null | grep -c '^[0-9]*$'
}
why() {
	crctl status job --json 2>>err | jq -r .interval_why
}
# The numbers of "212 s: cost 0.8 s, mean…": what follows from the times of the last checkpoint.
is_right() {
	crctl status job --json 2>>err | jq -e --argjson mtbf "$1" '
		(.stall_ns / 1e9 + (.wall_ns - .stall_ns) / 1e10) as $cost |
		(.wall_ns / 1e9) as $wall |
		($cost / (2 * $mtbf)) as $part | ((2 * $cost * $mtbf | sqrt) *
		(1 + ($part | sqrt) / 3 + $part / 9) - $cost) as $best |
		([([$best, 3600] | min), 5, 2 * $wall] | max) as $want |
		(.interval_why | split(" ")[0] | tonumber) as $got |
		$wall > 0 and ($got - $want | fabs) <= $want / 100' >/dev/null
}

launch_prog counter -d ckpt -i auto --mtbf 100000 || finish
text='^[0-9.e+]+ s: cost [0-9.]+ m?s, mean time between failures (28 h|1 min) \(prior\)$'
measured() {
	[[ $(why) =~ $text ]]
}
wait_until "$step" measured
is 0 $? "the first one comes soon: $(why)"
is_right 100000
is 0 $? 'the interval is the best by Daly'
crctl status job >status
says status '^interval +[0-9.e+]+ s: cost ' 'for people, too'
sleep 3
is 1 "$(images)" 'the next one is not due for long'
crctl checkpoint job >>out 2>>err
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
wait_until "$step" measured
is 0 $? "the same after a restart: $(why)"
slay

# Failures are expected each minute: the least that there can be.
rm -rf ckpt
launch_prog counter -d ckpt -i auto --mtbf 60 || finish
three() {
	[ "$(images)" = 2 ] && [ -e ckpt/job/000003 ]
}
wait_until "$step" three
is 0 $? "three in little time: $(why)"
is_right 60
is 0 $? 'by their cost'
slay
crlaunch -i sometimes true 2>msg
is 100 $? 'another word is refused'
says msg "'sometimes' is not a time .*from 10ms to 1e9s, nor auto" 'with what would do'
finish
