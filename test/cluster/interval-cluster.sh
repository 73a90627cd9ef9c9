#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# -i auto in a cluster: the interval follows from what checkpoints cost and from how often nodes are
# lost, which crctl status explains.
set -u
. "$(dirname "$0")/lib.sh"
on_loopback
cluster_up 2
job_start 1 -i auto --mtbf 7200
await_checkpoint
why() {
	status | jq -r '[.. | objects | select(has("epoch"))] | first | .interval_why'
}
says_why() {
	[[ $(why) =~ $1 ]]
}
text='^[0-9.e+]+ s: cost [0-9.]+ m?s, mean time between failures 2 h \(prior, 1 node\)$'
wait_until "$step" says_why "$text"
is 0 $? "what is expected: $(why)"
is true "$(status | jq '[.. | objects | select(has("epoch"))] | first | .policy
	| .auto_interval and .interval >= 5 and .interval <= 3600')" 'within its bounds'
ctl status job >said
says said '^interval +[0-9.e+]+ s: cost ' 'for people, too'
# A node that is lost counts: half the time.
node_kill node2
lost() {
	happened node-lost
}
wait_until "$step" lost
text='failures 60 min \(prior, 1 node; 1 lost in .* node hours, 0 failures of its own\)$'
wait_until "$step" says_why "$text"
is 0 $? "a lost node: $(why)"
coordinator_kill TERM
sleep 0.5
coordinator_start
wait_until "$step" says_why '1 lost in '
is 0 $? "the next coordinator knows of it: $(why)"
job_end
finish
