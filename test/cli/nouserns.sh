#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where user namespaces are forbidden, the message names the setting, and ids are translated.
set -u
. "$(dirname "$0")/../soak/common.sh"

mkdir work
crlaunch -n job -d ckpt -- "$CR_PROGS/counter" work </dev/null >>out 2>>err &
shepherd=$!
wait_until "$step" test -e work/ready
crctl checkpoint --stop job >/dev/null 2>>err
is 0 $? 'checkpoint and stop'
wait "$shepherd"

# A namespace of one's own in which no further ones are allowed; without rights in it.
inside='echo 0 >/proc/sys/user/max_user_namespaces || exit 77
	exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
		crrestart $IDS ckpt/job'
unshare -U -c true 2>/dev/null || skip 'no user namespaces here'
command -v setpriv >/dev/null || skip 'no setpriv'
IDS=--ids=exact unshare -U -c --keep-caps sh -c "$inside" </dev/null >msg 2>&1
rc=$?
[ $rc != 77 ] || skip 'the limit cannot be set in a nested namespace'
is 109 $rc 'restart without user namespaces'
says msg max_user_namespaces 'its message names the setting'
echo 0 >work/verify
IDS= unshare -U -c --keep-caps sh -c "$inside" </dev/null >>out 2>msg
is 0 $? 'restart with virtual ids'
says msg 'ids will be virtual.*max_user_namespaces' 'it says so'
says work/result PASS 'the job has seen nothing of it'
finish
