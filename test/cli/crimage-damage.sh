#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real image, damaged by chance in many ways: every verb of crimage, crrestart --check and
# crrestart end with one of their statuses, soon, and no job comes up. SEED and DAMAGES repeat and
# extend it.
set -u
. "$(dirname "$0")/../soak/common.sh"
. "$(dirname "$0")/crimage.bash"

make_images --keep 5 || finish
pid=$(fact pid)
: "${SEED:=$RANDOM}" "${DAMAGES:=20}"
RANDOM=$SEED
echo "SEED=$SEED"
cp -a "$second" whole

# A number below the first argument.
any() {
	echo $(((RANDOM << 15 | RANDOM) % $1))
}

poke() {
	printf "\\x$(printf %02x "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Changes one of the files; says how.
damage() {
	local file size at i
	file=$(printf 'manifest\nstate.img\nstate.img\npages.pack\n' | sed -n "$(($(any 4) + 1))p")
	size=$(stat -c %s "$second/$file")
	at=$(any "$size")
	case $(any 5) in
	0)	poke "$second/$file" "$at" "$(any 256)"; echo "$file: a byte at $at" ;;
	1)	for i in 1 2 3 4 5 6 7 8; do
			poke "$second/$file" "$(any "$size")" "$(any 256)"
		done
		echo "$file: eight bytes" ;;
	2)	truncate -s "$at" "$second/$file"; echo "$file: cut to $at" ;;
	3)	head -c "$(($(any 5000) + 1))" /dev/urandom >>"$second/$file"
		echo "$file: grown" ;;
	4)	# A length or a count that is larger than all there is.
		for i in 0 1 2 3; do
			poke "$second/$file" $((at + i < size ? at + i : at)) 255
		done
		echo "$file: ones at $at" ;;
	esac
}

# must_end WHAT COMMAND…: with a status of Cairn's, in time.
must_end() {
	local rc what=$1
	shift
	timeout -s KILL "$step" "$@" </dev/null >msg.out 2>msg
	rc=$?
	tried=$((tried + 1))
	case $rc in
	0 | 10[0-9] | 11[0-7]) ;;
	*) bad "$what: $* ended with $rc: $(tail -n 1 msg)" ;;
	esac
	status=$rc
}

tried=0
for n in $(seq "$DAMAGES"); do
	what="$n, $(damage)"
	must_end "$what" crimage verify "$second"
	verified=$status
	for verb in show 'show --json' files env 'backtrace --all' core "diff $first" \
		'extract --all -o folder' "extract $tmp/work/log -o file"; do
		# The image is what stands behind the options.
		# shellcheck disable=SC2086
		case $verb in
		extract*) set -- extract "$second" ${verb#* } ;;
		*) set -- $verb "$second" ;;
		esac
		must_end "$what" crimage "$@"
		rm -rf folder file
	done
	must_end "$what" crrestart --check "$second"
	if [ "$verified" = 103 ]; then
		[ "$status" != 0 ] || bad "$what: --check says that it can be restarted"
		timeout -s KILL "$step" crrestart "$second" </dev/null >msg.out 2>msg
		[ $? -ge 100 ] || bad "$what: crrestart has started something"
		crctl status job >/dev/null 2>&1 && { bad "$what: a job came up"; crctl kill job; }
	fi
	rm -rf "$second"
	cp -a whole "$second"
done
good "$DAMAGES damages, $tried commands, SEED=$SEED"
crimage verify "$second" >msg
is 0 $? 'the whole image'
is "$pid" "$(crimage show --json "$second" | jq '.processes[0].pid')" 'and it can be shown'
finish
