#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A build of forty files by make -j4, again and again; the program must say what it was made of.
# options: stop more=120
set -u
work=$1
for p in make gcc; do
	command -v $p >/dev/null || { echo "skip: no $p" >&2; exit 77; }
done
mkdir "$work/src" && cd "$work/src" || exit 1
export TMPDIR=$work
sum=0
for ((i = 0; i < 40; i++)); do
	echo "#include <stdio.h>
#include <stdlib.h>
int f$i(int x) { printf(\"%d \", x); return x + $i; }" >f$i.c
	sum=$((sum + i))
done
{
	for ((i = 0; i < 40; i++)); do echo "int f$i(int);"; done
	echo '#include <stdio.h>'
	echo 'int main(void) { int x = 0;'
	for ((i = 0; i < 40; i++)); do echo "x = f$i(x);"; done
	echo 'printf("%d\n", x); return 0; }'
} >main.c
printf 'all: prog\nprog: %s main.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -O2 -c -o $@ $<\n' \
	"$(for ((i = 0; i < 40; i++)); do echo -n "f$i.o "; done)" >Makefile
n=0
verdict=PASS
until [ -e "$work/verify" ]; do
	rm -f ./*.o prog
	[ $n -eq 1 ] && : >"$work/ready"
	if ! make -j4 >log 2>&1; then
		verdict="FAIL: make: $(tail -n 3 log | tr '\n' ' ')"
		break
	fi
	got=$(./prog)
	[ "${got##* }" = $sum ] || { verdict="FAIL: '$got' after build $n"; break; }
	n=$((n + 1))
done
echo "$verdict" >"$work/result.new"
mv "$work/result.new" "$work/result"
[ "$verdict" = PASS ]
