#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crimage and crrestart --check of an image of the backend criu.
set -u
. "$(dirname "$0")/../soak/common.sh"
command -v jq >/dev/null || skip 'no jq'

crlaunch -d ckpt -n probe --backend criu -- true 2>msg </dev/null || skip "$(tail -n 1 msg)"
cat >work.sh <<'END'
exec 5>>grow
echo line >&5
: >ready
sleep 1000 &
while :; do
	sleep 0.2
	echo line >&5
done
END
launch -n job -d ckpt --backend criu -- bash work.sh
wait_until "$step" test -e ready && await_up || finish
image=$(crctl checkpoint --stop job 2>>err | tail -n 1)
wait "$shepherd"
[ -d "$image" ] || { bad "no checkpoint: $(tail -n 1 err)"; finish; }

crimage show --json ckpt/job >json
is criu "$(jq -r .backend json)" 'the backend'
is true "$(jq '.criu.processes | length >= 2' json)" 'its processes'
is true "$(jq '[.criu.processes[].name] | contains(["bash", "sleep"])' json)" 'by name'
is true "$(jq '[.criu.processes[] | select(.name == "bash")][0].mapped_bytes > 100000' json)" \
	'with their memory'
crimage show ckpt/job >text
says text '^PROCESSES' 'as text'
says text "$tmp/grow" 'a file that it has'
crimage files ckpt/job >text
says text "^file +exists +.*$tmp/grow" 'and must have'
crimage verify ckpt/job >text
is 0 $? 'verify'
says text '^  intact +pages.pack' 'the pack'
says text "^  same +.*/libc[.]so" 'a library'
crimage env ckpt/job 2>msg
is 102 $? 'its memory is in files of its own'
says msg 'extract --all' 'and the way to them'
crimage extract --all -o folder ckpt/job >/dev/null
is 0 $? 'they come out'
is 1 "$(find folder -name pstree.img | wc -l)" 'as CRIU wrote them'

crrestart --check ckpt/job >msg 2>>err
is 0 $? "--check: $(tail -n 1 msg)"
mv err other
crrestart --check ckpt/job >msg 2>other
is 0 $? "what crrestart has itself need not be there: $(tail -n 1 msg)"
mv other err
mv grow away
CR_CRIU=/nonexistent crrestart --check ckpt/job >msg 2>>err
is 117 $? 'without CRIU'
says msg '^prevents .*CRIU' 'it is said'
says msg "^prevents +$tmp/grow, .*missing" 'and the file'
mv away grow
size=$(stat -c %s "$image/pages.pack")
printf x | dd of="$image/pages.pack" bs=1 seek=$((size / 2)) conv=notrunc status=none
crimage verify ckpt/job >text
is 103 $? 'a changed byte'
says text '^  damaged +pages.pack: .*content of .*[.]img' 'of which file'
crrestart --check ckpt/job >msg 2>>err
is 103 $? 'and --check says so'
finish
