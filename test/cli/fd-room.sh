#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job that uses much of the limit on descriptors: a restart makes do with what is left, or the
# checkpoint is refused; what has been saved can be restarted.
set -u
. "$(dirname "$0")/../soak/common.sh"

ulimit -Sn 1024 && ulimit -Hn 1024 || skip 'no limit of 1024 descriptors here'

FILES=220 launch_prog file-many -d ckpt || finish
crctl check job >checked 2>&1
is 0 $? 'check: a fifth of the limit'
crctl checkpoint job >/dev/null 2>>err
is 0 $? 'checkpoint'
slay
crrestart ckpt/job </dev/null >>out 2>>err &
shepherd=$!
await_up
verdict 'restart'

rm -rf ckpt
FILES=600 launch_prog file-many -d ckpt || finish
crctl check job >checked 2>&1
is 102 $? 'check: more than half'
says checked 'ulimit -Hn' 'it says what to do'
crctl checkpoint job >/dev/null 2>refused
is 102 $? 'the checkpoint is refused'
says refused 'ulimit -Hn' 'with the same words'
verdict 'the job goes on'
finish
