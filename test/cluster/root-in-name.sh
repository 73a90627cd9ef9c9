#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A root without capabilities, as in a container: its nodes serve it like an ordinary user's.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip 'only for root'
on_loopback
daemon_env=(setpriv --bounding-set=-all --inh-caps=-all)
cluster_up 1
caps=$(awk '/^CapEff/ { print $2 }' "/proc/$(<pid/crnode.node1)/status")
is 0000000000000000 "$caps" 'the node has no capability'
is 600 "$(stat -c %a node1/socket)" 'its socket is for its user'
ctl run -n job --wait -- true 2>msg
is 0 $? "a job on it: $(tail -n 1 msg)"
finish
