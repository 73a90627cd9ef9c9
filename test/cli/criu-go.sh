#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs without an agent, chosen by --backend auto: a Go server with its clients connected, and
# a pipeline of busybox's shell, twice through kill and restart.
set -u
. "$(dirname "$0")/../soak/common.sh"

crlaunch -d ckpt -n probe --backend criu -- true 2>msg </dev/null || skip "$(cat msg)"

# life WHAT OPTION… -- COMMAND: through kills and restarts until its verdict.
life() {
	local what=$1 i
	shift
	rm -rf ckpt work/*
	launch -n job -d ckpt --backend auto --tcp repair "$@"
	wait_until "$step" ready && await_up || return
	for i in 1 2; do
		is "ckpt/job/00000$i" "$(crctl checkpoint job 2>>err | grep -o 'ckpt.*')" \
			"$what: checkpoint $i"
		slay
		crrestart ckpt/job </dev/null >>out 2>>err &
		shepherd=$!
		await_up || return
	done
	verdict "$what"
}

mkdir work
if command -v go >/dev/null; then
	HOME=$tmp CGO_ENABLED=0 GO111MODULE=off go build -o server "$top/test/cli/criu-go.go" 2>msg
	is 0 $? 'go build'
	life 'Go server' -- ./server work
	says err 'server.*criu|criu.*server' 'auto says why'
fi
busybox=$(command -v busybox)
if [ "$busybox" ]; then
	cat >pipeline.sh <<-'END'
		# Numbers through three processes; the last checks that none is lost.
		cd work
		i=0
		while [ ! -e verify ]; do
			echo $i
			[ $i = 50 ] && : >ready
			i=$((i + 1))
			usleep 10000
		done | sed 's/^/n /' | while read n k; do
			[ "$k" = "$((want))" ] || echo "FAIL: $k for $want" >bad
			want=$((want + 1))
		done
		[ -e bad ] && mv bad result || echo PASS >result
	END
	want=0 life 'busybox pipeline' -- "$busybox" sh pipeline.sh
	cat >many.sh <<-'END'
		# Thirty that start short-lived ones all the time, under numbers of a sandbox too.
		cd work
		for k in $(seq 30); do
			(while [ ! -e verify ]; do
				usleep 50000
				/bin/true
			done; echo $k >done.$k) &
		done
		: >ready
		wait
		[ "$(ls done.* | wc -l)" = 30 ] && echo PASS >result
	END
	life 'thirty processes' -- "$busybox" sh many.sh
fi
finish
