#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crimage show tells of a job of several processes what is in it, for people and as JSON; env and
# extract give what it held.
set -u
. "$(dirname "$0")/../soak/common.sh"
. "$(dirname "$0")/crimage.bash"

make_images --compress lz4 --keep 5 || finish
pid=$(fact pid) child=$(fact child)
crimage show ckpt/job >text 2>err || bad "show: $(tail -n 1 err)"
crimage show --json ckpt/job >all.json 2>err || bad "show --json: $(tail -n 1 err)"

# q FILTER: of the JSON.
q() {
	jq -r "$1" all.json
}

is 1 "$(wc -l <all.json)" 'JSON in one line'
is job "$(q .job)" 'the job'
is agent "$(q .backend)" 'the backend'
is 2 "$(q .number)" 'the newest is taken'
is lz4 "$(q .options.compress)" 'an option'
is 3 "$(q '.processes | length')" 'processes, with the zombie'
is "$child" "$(q ".processes[] | select(.ppid == $pid) | .pid")" 'the tree'
is ended "$(q ".processes[] | select(.ppid == $child) | .state")" 'the zombie'
is 5 "$(q ".processes[] | select(.pid == $pid) | .threads | length")" 'threads of the first'
is 3 "$(q ".processes[] | select(.pid == $child) | .threads | length")" 'of the second'
is true "$(q '.memory.lz4_bytes > 0 and .memory.disk_bytes < .memory.stored_bytes')" 'the codec'
is true "$(q '.memory.stored_bytes < .memory.mapped_bytes')" 'less is stored than mapped'
is 256 "$(q "[.processes[] | select(.pid == $pid) | .mappings[] |
	select((.start | length) == (\"0x$(fact address)\" | length) and
	.start <= \"0x$(fact address)\" and .end > \"0x$(fact address)\")][0].stored_pages |
	if . >= 256 then 256 else . end")" 'pages of a mapping'
is "[$pid,$child]" "$(q '.shared_memory[0].mapped_by | sort | tojson')" 'who maps shared memory'

# holders DESCRIPTION: as PID:FD.
holders() {
	q ".descriptions[] | select(.id == $1) | .holders | map(\"\(.pid):\(.fd)\") | join(\" \")"
}
# description PID FD
description() {
	q ".processes[] | select(.pid == $1) | .descriptors[] | select(.fd == $2) | .description"
}
is "$pid:$(fact pipe) $child:$(fact pipe)" "$(holders "$(description "$pid" "$(fact pipe)")")" \
	'a pipe that both hold'
connection=$(description "$pid" "$(fact connection)")
client=$(description "$child" "$(fact client)")
is "$client" "$(q ".sockets[] | select(.id == $connection) | .peer")" 'a connection to the client'
is "$connection" "$(q ".sockets[] | select(.id == $client) | .peer")" 'and back'
is 15 "$(q ".sockets[] | select(.id == $connection) | .unread_bytes")" 'what waits in it'
listener=$(description "$pid" "$(fact server)")
is listening "$(q ".sockets[] | select(.id == $listener) | .state")" 'the listener'
is 127.0.0.1:"$(fact port)" "$(q ".sockets[] | select(.id == $listener) | .local")" 'its address'
is true "$(q '[.files[] | select(.policy == "deleted")][0].stored')" 'the deleted file'
says text "$child .*python3" 'the child in the tree'
says text 'exited with 3' 'the zombie'
says text "^  tcp +127.0.0.1:$(fact port) listening" 'the listener'
ends="$pid:$(fact connection) - $child:$(fact client)"
says text "127.0.0.1:$(fact port) - 127.0.0.1:[0-9]+ +$ends" 'both ends of a connection'
says text "15 B wait to be read by $pid:$(fact connection)" 'what waits'
says text "$pid:$(fact pipe) $child:$(fact pipe) +pipe" 'what is shared'
is 0 "$(grep -vE '/|FD +MODE' text | awk 'length > 100' | wc -l)" 'lines within 100 columns'
crimage show ckpt/job "$child" >one
is 1 "$(grep -c '^PROCESS' one)" 'one process, if it is asked for'
is 2 "$(crimage show --json "$second" | jq .number)" 'an image by its number'

crimage env ckpt/job >env 2>err
is 0 $? 'env'
says env '^LOOK_FIRST=first$' 'what it began with'
says env '^LOOK_LATER=set later é$' 'what it has set'
is 'set later é' "$(crimage env --json ckpt/job | jq -r .environment.LOOK_LATER)" 'as JSON'

is 'in the pipe' "$(crimage extract ckpt/job "$pid:$(fact pipe)")" 'a pipe'
is 'from the child' "$(crimage extract ckpt/job "$pid:$(fact pair)")" 'a unix socket'
is 'from the client' "$(crimage extract ckpt/job "$pid:$(fact connection)")" 'a TCP connection'
is 'deleted content' "$(crimage extract ckpt/job "$pid:$(fact gone)")" 'a deleted file'
is 'nine byte' "$(crimage extract ckpt/job "$tmp/work/log")" 'a file by its path'
at=$(fact address)
is BBBB "$(crimage extract ckpt/job "$pid:$at-$(printf %x $((0x$at + 4)))")" 'memory'
is AAAA "$(crimage extract "$first" "$pid:$at-$(printf %x $((0x$at + 4)))")" 'as it was before'
crimage extract --all -o folder ckpt/job >list
is 0 $? 'everything'
is "$(wc -l <list)" "$(find folder -type f | wc -l)" 'a line for each file'
is 'deleted content' "$(cat folder/file-*-gone)" 'a stored file among them'

crimage show nowhere/job 2>msg
is 101 $? 'no image'
crimage show ckpt/job 1 2>msg
is 101 $? 'no such process'
crimage extract ckpt/job "$pid:999" 2>msg
is 101 $? 'no such descriptor'
crimage extract ckpt/job whatever 2>msg
is 100 $? 'nothing that can be extracted'
crimage shaw ckpt/job 2>msg
is 100 $? 'an unknown verb'
finish
