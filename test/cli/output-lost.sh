#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An answer that cannot be written is an error, of every command, told in words.
set -u
. "$(dirname "$0")/../soak/common.sh"

[ -c /dev/full ] || skip 'no /dev/full'
launch_prog counter -d ckpt || finish
crctl checkpoint job >msg 2>&1
is 0 $? 'a checkpoint'

# lost COMMAND…: with nowhere to write, on a full disk and closed.
lost() {
	"$@" >/dev/full 2>msg </dev/null
	is 111 $? "$* >/dev/full"
	says msg 'standard output' "its message ($*)"
	"$@" >&- 2>msg </dev/null
	is 111 $? "$* >&-"
}

for c in crctl crlaunch crrestart crimage crnode crcoordinator crrsh; do
	lost "$c" --help
	lost "$c" --version
done
lost crctl list
lost crctl list --json
lost crctl status job
lost crctl status job --json
lost crctl checkpoint job
lost crctl check job
lost crctl check /bin/true
lost crctl attach --help
lost crrestart --check ckpt/job
lost crrestart --check --json ckpt/job
lost crimage show ckpt/job
lost crimage verify ckpt/job

# One that goes into the background runs all the same.
crlaunch --detach -n detached -d ckpt sleep 1000 </dev/null >/dev/full 2>msg
is 111 $? 'crlaunch --detach >/dev/full'
says msg 'standard output' 'its message (crlaunch --detach)'
crctl status detached >list 2>msg
is 0 $? 'the job runs all the same'
crctl checkpoint --stop detached >list 2>msg
is 0 $? 'and is stopped'
crrestart --detach ckpt/detached </dev/null >/dev/full 2>msg
is 111 $? 'crrestart --detach >/dev/full'
says msg 'standard output' 'its message (crrestart --detach)'
crctl kill detached 2>msg
is 0 $? 'the restarted job ran all the same'
crctl list >list 2>msg
is 0 $? 'with somewhere to write'
slay
finish
