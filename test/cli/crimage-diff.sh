#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crimage diff finds the pages, threads and descriptors that have changed; files tells what a node
# needs; verify finds each byte that is not what it was.
set -u
. "$(dirname "$0")/../soak/common.sh"
. "$(dirname "$0")/crimage.bash"

make_images --keep 5 || finish
pid=$(fact pid)
crimage diff --json "$first" "$second" >diff.json 2>err || bad "diff: $(tail -n 1 err)"
is 10 "$(jq "[.changes[] | select(.kind == \"pages\" and .pid == $pid and
	(.what | test(\"^0*$(fact address)-\")))][0].pages_changed" diff.json)" 'written pages'
is 1 "$(jq "[.changes[] | select(.kind == \"thread\" and .change == \"added\")] | length" \
	diff.json)" 'the new thread'
is 1 "$(jq "[.changes[] | select(.kind == \"descriptor\" and .change == \"added\" and
	(.what | test(\"/dev/null\")))] | length" diff.json)" 'the new descriptor'
crimage diff "$first" "$second" >text
says text "changed +$pid +pages +0*$(fact address)-.*: 10 of [0-9]+ pages" 'and as text'
crimage diff "$first" "$first" >text
is 0 "$(grep -c '^\(changed\|added\|removed\)' text)" 'no difference from itself'

crimage files --json ckpt/job >files.json
libc=$(jq -r '.files[] | select(.path | test("/libc[.]so")) | .path' files.json)
is same "$(jq -r '.files[] | select(.kind == "program") | .need' files.json | sort -u)" 'programs'
is 40 "$(jq -r ".files[] | select(.path == \"$libc\") | .build_id | length" files.json)" \
	'a build-id'
is 'not shorter' "$(jq -r ".files[] | select(.path == \"$tmp/work/log\") | .need" files.json)" \
	'a file that is written at its end'
is stored "$(jq -r '.files[] | select(.path | test("/work/gone")) | .need' files.json)" \
	'a deleted file comes along'
crimage files ckpt/job >text
says text "^library +same .*$libc" 'and as text'

crimage verify ckpt/job >text
is 0 $? 'verify'
says text '^  intact +manifest' 'the manifest'
says text '^  intact +state.img' 'the records'
says text '^  intact +pages.pack' 'the pack'
says text "^  same +$libc" 'a library'
is 2 "$(crimage verify --all --json ckpt | jq length)" 'all checkpoints below a folder'
crimage verify --all ckpt >text
says text '^2 checkpoints, 0 damaged' 'how many'

# Every verdict names the file and, if it can, what was there.
size=$(stat -c %s "$second/pages.pack")
at=$((size / 2))
byte=$(od -An -tu1 -j $at -N 1 "$second/pages.pack")
printf "\\x$(printf %02x $((byte ^ 1)))" |
	dd of="$second/pages.pack" bs=1 seek=$at conv=notrunc status=none
crimage verify --all ckpt >text
is 103 $? 'a flipped bit'
says text '^  damaged +pages.pack: bytes .*(memory|content|unused)' 'where'
says text '^2 checkpoints, 1 damaged' 'the other is not'
is false "$(crimage verify --json "$second" | jq '.[0].intact')" 'and as JSON'
crimage verify "$first" >text
is 0 $? 'the older one'
size=$(stat -c %s "$first/state.img")
for at in $((size / 3)) $((size / 2)); do
	byte=$(od -An -tu1 -j $at -N 1 "$first/state.img")
	printf "\\x$(printf %02x $((byte ^ 1)))" |
		dd of="$first/state.img" bs=1 seek=$at conv=notrunc status=none
done
crimage verify "$first" >text
is 103 $? 'two damaged records'
is 1 "$(($(grep -c 'damaged *state.img: ' text) > 0))" 'each is named'
crimage show "$first" >text 2>msg
is 103 $? 'nothing is shown of it'
finish
