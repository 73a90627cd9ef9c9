# SPDX-License-Identifier: Apache-2.0
# Two checkpoints of one job for the crimage tests: $first, $second, and the facts about it.
# shellcheck shell=bash

command -v jq >/dev/null || skip 'no jq'
command -v python3 >/dev/null || skip 'no python3'

# A value that the job told.
fact() {
	jq -r ".$1" work/facts
}

# make_images OPTIONS…: launches the job, makes two checkpoints, ends it.
make_images() {
	mkdir -p work
	launch -n job -d ckpt "$@" -- env LOOK_FIRST=first python3 \
		"$top/test/cli/crimage.py" work
	wait_until "$step" test -e work/facts || {
		bad "the job did not start: $(tail -n 2 err)"
		return 1
	}
	first=$(crctl checkpoint job | tail -n 1)
	: >work/step
	wait_until "$step" test -e work/stepped || { bad 'the job did not go on'; return 1; }
	second=$(crctl checkpoint job --stop | tail -n 1)
	wait "$shepherd"
	[ -d "$first" ] && [ -d "$second" ] || { bad 'no checkpoints'; return 1; }
}
