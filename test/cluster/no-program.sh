#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl run of what cannot run says so by name, at once, and which node lacks it; one that can runs
# when crctl returns.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
command -v jq >/dev/null || skip 'jq is not there'
cluster_up 2
mkdir -m 755 here
cp /bin/sleep here/plain
chmod 644 here/plain

row() {
	ctl status "$1" --json | reads "[.. | objects | select(has(\"epoch\"))] | first | .$2"
}

# fails STATUS PATTERN WHAT ARGUMENT…: crctl run ARGUMENT… fails so.
fails() {
	local status=$1 pattern=$2 what=$3
	shift 3
	ctl run "$@" >msg 2>&1
	is "$status" $? "$what: $(tail -n 1 msg)"
	says msg "$pattern" "$what: by name"
}

fails 127 'nowhere/program.*No such file' 'a program that is not there' -n a1 -- /nowhere/program
fails 127 'node[12].*no-such-command' 'a command that is not there' -n a2 -- no-such-command
fails 126 'here/plain.*Permission denied' 'no permission to execute' -n a3 -- \
	"$tmp/here/plain"
fails 126 "$tmp/here" 'a folder' -n a4 -- "$tmp/here"
fails 127 'node[12].*nowhere/program' 'several members' -n a5 --nodes 3 -- /nowhere/program
fails 127 'nowhere/program' 'and waiting for the end' -n a6 --wait -- /nowhere/program
mkdir gone away
(cd gone && rmdir ../gone && ctl run -n a7 -- sleep 1000) >msg 2>&1
is 100 $? "a working directory that is gone: $(tail -n 1 msg)"
ctl drain node1 && ctl drain node2
(cd away && ctl run -n a8 -- sleep 1000) >msg 2>&1
is 0 $? "waits: $(head -n 1 msg)"
rmdir away
ctl undrain node1
has_failed() {
	[ "$(row a8 state)" = failed ]
}
wait_until "$step" has_failed
is 0 $? 'a working directory that the node does not have'
row a8 why >msg
says msg 'node1.*away.*No such file' "by name: $(<msg)"
ctl undrain node2
ctl run -n good -- sleep 1000 >msg 2>&1
is 0 $? 'one that can run'
is running "$(row good state)" 'runs when crctl returns'
ctl kill good >msg 2>&1
is 0 $? 'is ended'
ctl run -n none --label color=blue -- sleep 1000 >msg 2>&1
is 0 $? 'one that no node fits waits'
says msg 'waits.*' "and says so: $(head -n 1 msg)"
ctl kill none >msg 2>&1
finish
