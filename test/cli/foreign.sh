#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Another user's job and images are out of reach, whoever may read them.
# options: root
set -u
. "$(dirname "$0")/../soak/common.sh"

[ "$(id -u)" = 0 ] || skip 'only for root'
command -v setpriv >/dev/null || skip 'no setpriv'
chmod 755 "$tmp"
# The way to it as well, as far as it is the runner's own.
for up in 1 2 3; do
	way=$(cd "$tmp" && cd "$(printf '../%.0s' $(seq $up))" && pwd)
	case ${way##*/} in cairn-test.* | foreign.sh) chmod a+x "$way" ;; esac
done
as() {
	local uid=$1
	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all \
		--bounding-set=-all "$@"
}
as 64123 test -x "$CR_BIN/crlaunch" || skip "other users cannot execute $CR_BIN/crlaunch"
mkdir a b
chown 64123:64123 a && chown 64124:64124 b
mkdir a/run a/work b/run
chown 64123:64123 a/run a/work && chown 64124:64124 b/run
chmod 700 a/run b/run
CR_RUNTIME_DIR=$tmp/a/run as 64123 crlaunch -n job -d a/ckpt -- "$CR_PROGS/counter" a/work \
	</dev/null >>out 2>>err &
shepherd=$!
wait_until "$step" test -e a/work/ready
CR_RUNTIME_DIR=$tmp/a/run as 64124 crctl checkpoint job >msg 2>&1
rc=$?
case $rc in 101 | 107) good 'checkpoint of another user'\''s job' ;; *) bad "status $rc" ;; esac
CR_RUNTIME_DIR=$tmp/a/run as 64123 crctl checkpoint job >/dev/null 2>>err
is 0 $? 'the owner makes a checkpoint'
is 0 "$(find a/ckpt -perm /077 -type f | wc -l)" 'no image file is open to others'
pids=$(CR_RUNTIME_DIR=$tmp/a/run as 64123 crctl status --json job | host_pids)
# shellcheck disable=SC2086
kill -9 "$shepherd" $(pgrep -P "$shepherd") $pids
wait "$shepherd" 2>/dev/null
CR_RUNTIME_DIR=$tmp/b/run as 64124 crrestart a/ckpt/job </dev/null >msg 2>&1
is 107 $? 'restart of an image that cannot be read'
# Readable to everybody, it is still somebody else's.
chmod -R a+rX a
CR_RUNTIME_DIR=$tmp/b/run timeout -s KILL 20 setpriv --reuid 64124 --regid 64124 --clear-groups \
	--bounding-set=-all crrestart a/ckpt/job </dev/null >msg 2>&1
is 107 $? 'restart of a readable image of another user'
finish
