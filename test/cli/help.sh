#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Times and sizes with units, ranges told by name, help within 80 columns, help of one verb, errors
# as JSON, and a full disk as output.
set -u
. "$(dirname "$0")/../soak/common.sh"

# fits NAME: what stands in the file help has no line of more than 80 columns.
fits() { is 0 "$(LC_ALL=C.UTF-8 grep -cE '^.{81}' help)" "$1 is within 80 columns"; }

for program in crlaunch crrestart crctl crimage crrsh crcoordinator crnode; do
	"$program" --help >help
	is 0 $? "$program --help"
	says help '^Usage: ' "$program --help has its usage"
	fits "$program --help"
	"$program" --help >/dev/full 2>msg
	is 111 $? "$program --help onto a full disk"
	says msg 'No space left' "$program --help tells of the full disk"
done

# Every verb, as crctl names them itself.
verbs=$(crctl --help | sed -n '/^$/,/^$/s/^  \([a-z]*\) .*/\1/p')
says <(echo "$verbs") '^checkpoint$' 'verbs are found'
for verb in $verbs; do
	crctl help "$verb" >help
	is 0 $? "crctl help $verb"
	says help "^Usage: crctl $verb" "crctl help $verb has its usage"
	says help "^Example: crctl $verb" "crctl help $verb has an example"
	fits "crctl help $verb"
	[ "$verb" = help ] || is "$(cat help)" "$(crctl "$verb" --help)" "crctl $verb --help"
	crctl help "$verb" >/dev/full 2>msg
	is 111 $? "crctl help $verb onto a full disk"
done
crctl help checkpoint >help
says help '--stop' 'help checkpoint has --stop'
is 0 "$(grep -c -e --follow help)" 'help checkpoint has no option of events'
crctl help nothing 2>msg
is 100 $? 'help of no verb'

# Units, the range and the option's name.
fails() {
	"${@:3}" >out 2>msg
	is "$1" $? "${*:3} fails"
	says msg "$2" "${*:3} says why"
}
fails 100 '--interval: 5x is not|--interval: .5x. is not a time' crlaunch -i 5x -- true
fails 100 '--interval: 1ms is out of range, which is from 10ms to' crlaunch -i 1ms -- true
fails 100 '--stop-timeout: 2h is out of range, which is from 10ms to 1h' \
	crlaunch --stop-timeout 2h -- true
fails 100 '--keep-bytes: .10Q. is not a size' crlaunch --keep-bytes 10Q -- true
fails 100 'CR_STOP_TIMEOUT: 2h is out of range' env CR_STOP_TIMEOUT=2h crlaunch -- true
crlaunch -i 5m --stop-timeout 1m30s --file-limit 1.5MiB -d ckpt -- true
is 0 $? 'units'

# Errors as JSON, with the exit status.
fails 101 '^\{"status":101,"error":".*nobody.*"\}$' crctl --json status nobody
fails 101 '^\{"status":101,"error":".*nobody.*"\}$' crctl --json kill nobody
fails 100 '^\{"status":100,"error":".*"\}$' crctl --json nothing
fails 100 '^\{"status":100,"error":".*"\}$' crctl list --json --nonsense
fails 100 '^\{"status":100,"error":".*"\}$' crctl attach --json --nonsense

# What verbs print onto a full disk.
launch_prog counter -d ckpt || finish
for order in list 'list --json' 'status job' 'status --json job' 'check job' 'checkpoint job' \
	'checkpoint --json job' --version; do
	# shellcheck disable=SC2086
	crctl $order >/dev/full 2>msg
	is 111 $? "crctl $order onto a full disk"
done
crctl kill job
wait "$shepherd"
finish
