#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server in Go is moved to another node when its node dies, and when it is drained.
# options: root
set -u
. "$(dirname "$0")/lib.sh"
. "$top/test/cluster/keeper.bash"
command -v go >/dev/null || skip 'no go (golang-go)'
needs_criu
needs_lab
GO111MODULE=off GOCACHE=$tmp/cache CGO_ENABLED=0 go build -o keeper "$top/test/cluster/keeper.go" \
	2>err || bad "go: $(cat err)"
rm -rf cache
cluster_up 3
keeper_start "$tmp/keeper"
keeper_moves
finish
