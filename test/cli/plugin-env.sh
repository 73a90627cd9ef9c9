#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The plugin env: new values of variables after each of two restarts, as getenv() in each process of
# the job finds them; bad options; a plugin that is missing at a restart.
set -u
. "$(dirname "$0")/../soak/common.sh"

prog=$CR_BIN/test/plugin/show-env
[ -x "$prog" ] || skip "$prog is not built"

# ask WHAT WANT…: what both processes find now, for GONE DISPLAY SLURM_A SLURM_B NEW KEPT.
ask() {
	local what=$1 who
	shift
	rm -f parent child
	: >ask
	wait_until "$step" test -e parent -a -e child
	for who in parent child; do
		is "$*" "$(cat $who 2>/dev/null)" "$what, $who"
	done
	rm -f ask
}

rules='env:GONE,DISPLAY,SLURM_*,NEW=a\,b=c\\,NEW2='
GONE=1 DISPLAY=:0 SLURM_A=1 KEPT=k launch -n job -d ckpt --plugin "$rules" -- "$prog" ask
await_up || finish
ask 'at first' 1 :0 1 - - k -
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
ask 'after a checkpoint nothing has changed' 1 :0 1 - - k -
for life in 1 2; do
	slay
	env -u GONE -u SLURM_A DISPLAY=:$life SLURM_B=b$life crrestart ckpt/job \
		</dev/null >>out 2>>err &
	shepherd=$!
	await_up || finish
	ask "restart $life" - ":$life" - "b$life" 'a,b=c\' k +
	crctl checkpoint job >/dev/null 2>>err
	is 0 $? 'checkpoint after it'
done
# Other rules in place of those of the image; the next image has them.
slay
DISPLAY=:7 crrestart --plugin env:NEW=other ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'other rules' - :2 - b2 other k +
crctl checkpoint job >/dev/null 2>>err
slay
DISPLAY=:8 crrestart --ids=virtual ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up || finish
ask 'with virtual ids' - :2 - b2 other k +
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint with virtual ids'
: >end
wait "$shepherd"
is 0 $? 'the job ends well'

for wrong in env 'env:' 'env:=x' 'env:A,,B'; do
	crlaunch --plugin "$wrong" -- true 2>msg
	is 118 $? "--plugin $wrong"
	says msg 'plugin env: ' 'it is named'
done
crlaunch --plugin '' -- true 2>msg
is 100 $? 'an empty one'
crlaunch --plugin nosuch -- true 2>msg
is 118 $? 'one that does not exist'
says msg 'plugin nosuch is not here' 'it is named'
crlaunch --plugin ./nosuch.so -- true 2>msg
is 100 $? 'a file that does not exist'
CR_PLUGIN='env:A=1;env:B' crlaunch -- true 2>msg
is 0 $? 'by the environment'
cp "$CR_BIN/plugins/env.so" other.so
crlaunch --plugin "$PWD/other.so:A" --plugin env:B -- true 2>msg
is 118 $? 'two of one name'
says msg 'both the plugin env' 'both are named'

# One that is not there any more at a restart.
launch -n two -d ckpt --plugin "./other.so:X=1" -- sleep 1000
await_up two || finish
crctl checkpoint two >/dev/null 2>>err
is 0 $? 'checkpoint of another job'
slay two
mv other.so moved.so
timeout "$step" crrestart ckpt/two </dev/null 2>msg
is 118 $? 'the plugin is gone'
says msg 'other.so' 'it is named'
mkdir new && mv moved.so new/other.so
crrestart --plugin new/other.so:X=2 ckpt/two </dev/null >>out 2>>err &
shepherd=$!
await_up two
is 0 $? 'it is given by another place'
rm new/other.so
crctl checkpoint two >/dev/null 2>msg
is 118 $? 'a checkpoint without it is given up'
says msg 'other.so' 'it is named'
up two
is 0 $? 'the job goes on'
slay two
finish
