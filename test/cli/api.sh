#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Applications that use cairn.h: told whether they were saved or restarted, sections that keep a
# checkpoint away, errors, and without Cairn.
set -u
. "$(dirname "$0")/../soak/common.sh"

api=$CR_BIN/test/cli/api
built "$api" "$api-static"

# logged PATTERN [TIMES]: it is in the job's log (so often).
logged() {
	[ -e log ] && [ "$(grep -cE -e "$1" log)" -ge "${2:-1}" ]
}

# job MODE OPTION…: a new job.
job() {
	local mode=$1
	shift
	rm -rf log end leave go.* ckpt
	launch -n job -d ckpt "$@" -- "$api" "$mode"
}

# The job's only process.
its_pid() {
	crctl status --json job | host_pids
}

# The job ends by itself.
over() {
	: >end
	wait_until "$step" gone "$shepherd" || { bad "$1: no end"; slay; return; }
	wait "$shepherd"
	is 0 $? "$1: its exit status"
}

none='-38 -38 -38 -38 -38 -38'
is "$none" "$("$api" alone | head -n 1)" 'nothing happens without Cairn'
is "$none" "$("$api-static" alone | head -n 1)" 'nor in a static program'
says <("$api" alone) 'not under Cairn' 'it says so'

# Saved, restarted, saved, restarted by a translation of ids.
job story
: >go.1
wait_until "$step" logged '^story 0 0 $' && good 'saved' || bad "not saved: $(tail -n 1 log)"
slay
crrestart ckpt/job </dev/null >>out.log 2>>err &
shepherd=$!
wait_until "$step" logged '^story 1 1 $' && good 'restarted' || bad "no: $(tail -n 1 log)"
: >go.2
wait_until "$step" logged '^story 0 1 $' && good 'saved again' || bad "no: $(tail -n 1 log)"
slay
crrestart --ids=virtual ckpt/job </dev/null >>out.log 2>>err &
shepherd=$!
wait_until "$step" logged '^story 1 2 $' && good 'restarted again, with virtual ids' ||
	bad "no: $(tail -n 1 log)"
: >go.3
wait_until "$step" logged '^story 0 2 $' && good 'saved with virtual ids' ||
	bad "no: $(tail -n 1 log)"
is 5 "$(wc -l <log)" 'and each of that once'
# No job outlives its shepherd, which would be asked in vain.
orphan=$(its_pid)
kill -9 "$(awk '{ print $4 }' "/proc/$orphan/stat")"
wait_until "$step" gone "$orphan" && good 'the shepherd was killed, and the job with it' ||
	bad 'the job goes on without a shepherd'

# A section that is too long, and one that ends in time.
job held --stop-timeout 0.5
wait_until "$step" logged held
crctl checkpoint job >/dev/null 2>msg
is 110 $? 'a section that is too long'
says msg 'process [0-9]+ .*cairn_disable.*0.5 s' 'its message names process and reason'
: >leave
wait_until "$step" logged leaves
crctl checkpoint job >/dev/null 2>msg
is 0 $? 'then a checkpoint can be made'
over held
job held --stop-timeout 300
wait_until "$step" logged held
crctl checkpoint job >waited 2>msg &
asker=$!
sleep 0.3
is '' "$(cat waited)" 'a checkpoint waits'
: >leave
wait "$asker"
is 0 $? 'until the section is over'
over 'held and waited for'
job held --stop-timeout 0.5
wait_until "$step" logged held
kill -STOP "$(its_pid)"
crctl checkpoint job >/dev/null 2>msg
is 110 $? 'one that is stopped in a section'
kill -CONT "$(its_pid)"
: >leave
wait_until "$step" logged leaves
crctl checkpoint job >/dev/null 2>msg
is 0 $? 'when it goes on, too'
over 'stopped in a section'

job beside --stop-timeout 0.5
wait_until "$step" logged '^beside -110 0 .*cairn_disable' &&
	good 'who asks while another process is in a section is told' ||
	bad "beside: $(tail -n 1 log)"
over beside

job handler
wait_until "$step" logged ready
for i in 1 2 3; do
	kill -USR1 "$(its_pid)"
	wait_until "$step" logged '^handler 0 0 $' $i || bad "in a handler: $(tail -n 1 log)"
done
over handler
is 4 "$(wc -l <log)" 'asked in a handler'

job forks
wait_until "$step" gone "$shepherd"
is 'forks 0' "$(cat log)" 'children have nothing of what another thread asked'
job together
wait_until $((step * 2)) gone "$shepherd"
made=$(sed -n 's/^together //p' log)
[ "$made" -ge 10 ] && [ "$made" -le 60 ]
is 0 $? "160 calls, 16 at once, have shared their checkpoints: $(paste -sd, log)"
job sizes
wait_until "$step" gone "$shepherd"
is 'small 0 12 behind,large 0 1 job,none -22' "$(paste -sd, log)" 'the size says what there is'
job bench
wait_until "$step" gone "$shepherd"
says log 'bench less' "a section costs less than a system call: $(cut -d: -f2 log)"

# A checkpoint that cannot be: the reason is the same that crctl tells.
rm -rf log end leave ckpt
crlaunch -n job -d ckpt -- sh -c "'$api-static' held & sleep 0.2; '$api' fails; : >leave; : >end" \
	</dev/null >>out.log 2>>err
is 0 $? 'a job with a static program'
says log '^fails -95 0 .*static program' 'it holds what cannot be saved'
finish
