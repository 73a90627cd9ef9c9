#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Damaged, cut and newer images are refused, naming the file, and nothing is started.
set -u
. "$(dirname "$0")/../soak/common.sh"

launch_prog mem-pattern -d ckpt || finish
image=$(crctl checkpoint job | tail -n 1)
slay
cp -a "$image" whole

# Restart must fail with this status and name the file, and no job may come up.
must_fail() {
	local want=$1 file=$2 what=$3 rc
	rm -f work/result
	timeout -s KILL 20 crrestart "$image" </dev/null >msg 2>&1
	rc=$?
	case " $want " in
	*" $rc "*) ;;
	*) bad "$what: status $rc, not $want: $(tail -n 1 msg)" ;;
	esac
	grep -q -- "$(basename "$file")" msg ||
		bad "$what: the message does not name it: $(tail -n 1 msg)"
	crctl status job >/dev/null 2>&1 && { bad "$what: a job was started"; crctl kill job; }
	tried=$((tried + 1))
}

flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %02x $((byte ^ $3)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

tried=0
while read -r file; do
	size=$(stat -c %s "$image/$file")
	[ "$size" -gt 0 ] || continue
	# The beginning byte by byte, where every field is one of its own, the rest in steps.
	for at in 0 1 4 7 8 9 12 16 20 24 32 40 48 56 64 100 \
		$(seq 128 $(((size - 128) / 40 + 1)) $((size - 1))) $((size - 1)); do
		[ "$at" -lt "$size" ] || continue
		want=103
		[ "$file" = manifest ] && [ "$at" -ge 8 ] && [ "$at" -lt 12 ] && want='103 106'
		flip "$image/$file" "$at" $((1 << at % 8))
		must_fail "$want" "$file" "$file, byte $at"
		flip "$image/$file" "$at" $((1 << at % 8))
	done
	for len in 0 1 $((size / 2)) $((size - 1)); do
		truncate -s "$len" "$image/$file"
		must_fail 103 "$file" "$file cut to $len"
		cp -a "whole/$file" "$image/$file"
	done
	mv "$image/$file" away
	must_fail '101 103' "$file" "$file missing"
	mv away "$image/$file"
	printf x >>"$image/$file"
	must_fail 103 "$file" "$file longer by a byte"
	cp -a "whole/$file" "$image/$file"
done < <(cd "$image" && find . -type f | sed 's,^\./,,')
good "$tried damages tried"

# The version of the format is a little-endian number at byte 8, its complement at byte 12.
printf "\xff\xff\x00\x00\x00\x00\xff\xff" | dd of="$image/manifest" bs=1 seek=8 conv=notrunc \
	status=none
must_fail 106 000001 'newer format'
says msg 'newer|version|format' 'its message says so'
cp -a whole/manifest "$image/manifest"

rm -f work/result
crrestart "$image" </dev/null >>out 2>>err &
shepherd=$!
await_up
verdict 'the whole image'
finish
