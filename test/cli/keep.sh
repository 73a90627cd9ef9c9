#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Of many checkpoints the newest are kept, and -i makes them by itself.
set -u
. "$(dirname "$0")/../soak/common.sh"

images() {
	ls ckpt/job | grep '^[0-9]*$'
}

launch_prog counter -d ckpt --keep 3 || finish
for i in 1 2 3 4 5 6 7; do
	last=$(crctl checkpoint job | tail -n 1)
done
# What is too old is removed beside everything else.
three() { [ "$(images | wc -l)" = 3 ]; }
wait_until "$step" three
is 3 "$(images | wc -l)" 'three are kept'
is "$(basename "$last")" "$(images | tail -n 1)" 'the newest among them'
is 000007 "$(basename "$last")" 'they are numbered from one'
older=ckpt/job/$(images | head -n 1)
slay
crrestart "$older" </dev/null >>out 2>>err &
shepherd=$!
await_up
newer=$(crctl checkpoint job | tail -n 1)
if [ "$((10#0$(basename "$newer")))" -gt 7 ]; then
	good 'numbers go on after a restart'
else
	bad "after 000007 comes $newer"
fi
verdict 'restart of an older one'

rm -rf ckpt
launch_prog counter -d ckpt -i 1 --keep 2 || finish
several() { [ "$((10#0$(images 2>/dev/null | tail -n 1)))" -gt 3 ]; }
wait_until "$step" several
is 0 $? 'checkpoints by interval'
is 1 "$(($(images | wc -l) <= 3))" 'not more than kept and one being made'
verdict 'job with an interval'
finish
