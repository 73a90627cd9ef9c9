#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The coordinator's page in headless Chromium (test/page/page.mjs): live, each button does what it
# says, a node's death and the coordinator's restart are shown, nothing for axe to find.
# Usage: page.sh [FOLDER]   pictures go there
set -u
shots=${1:+$(realpath "$1")}
. "$(dirname "$0")/lib.sh"
on_loopback
export CHROMIUM
CHROMIUM=$(command -v chromium || command -v chromium-browser) || skip 'chromium is not there'
command -v node >/dev/null || skip 'node is not there'
[ -d "$top/test/page/node_modules/playwright-core" ] ||
	skip 'playwright-core is not there (contrib/setup --tests)'

coordinator_options=(--http "127.0.0.1:$((port + 50))")
node_options=(--allow-drills)
# Markup in a command is text on the page.
odd=$tmp/'<img src=x onerror=alert(1)>'
mkdir "$odd"
ln -s "$CR_CLUSTER_PROGS/msgs" "$odd/msgs"
cluster_up 3
CR_CLUSTER_PROGS=$odd job_start 1 -i 1
await_checkpoint

cat >restart <<-END
	kill -9 $(<pid/crcoordinator)
	sleep 3
	: >again
	while [ -e again ]; do sleep 0.1; done
END
# The shell that knows how starts it again.
(
	while [ ! -e end ]; do
		[ ! -e again ] || { coordinator_start; rm again; }
		sleep 0.1
	done
) &
starter=$!
export LINK="$CR_BIN/crctl dashboard" KILL_NODE RESTART="bash '$tmp/restart'" SHOTS=$shots
export NODES='node1 node2 node3' KILLED=node3 TOKEN HOME=$tmp CR_NODE_SOCKET=$tmp/node1/socket
TOKEN=$(<state/http.token)
KILL_NODE="kill -9 $(<pid/crnode.node3)"
while read -r how what; do
	case $how in
	ok) good "$what" ;;
	FAIL) bad "$what" ;;
	*) echo "$how $what" ;;
	esac
done < <(LIMIT_MS=$((step * 2000)) node "$top/test/page/page.mjs" 2>&1)
touch end
wait "$starter"
[ "$checks" -gt 40 ]
is 0 $? "all of it was looked at ($checks)"
finish
