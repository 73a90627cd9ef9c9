#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make install: units where systemd looks, that it accepts, with samples of what they read.
set -u
. "$(dirname "$0")/../soak/common.sh"

[ -e "$CR_BIN/Makefile" ] || skip 'no build folder'
command -v make >/dev/null || skip 'no make'
# A build that is not up to date is not this test's to make.
make -C "$CR_BIN" -q all 2>/dev/null || [ -w "$CR_BIN/Makefile" ] || skip 'the build is not current'
root=$PWD/root
make -C "$CR_BIN" -s install DESTDIR="$root" >log 2>&1
is 0 $? "make install ($(tail -n 1 log))"
where() { sed -n "s/^$1 = //p" "$CR_BIN/Makefile" | head -n 1; }
prefix=$root$(where prefix)
for u in crnode crcoordinator; do
	unit=$prefix/lib/systemd/system/$u.service
	is 0 "$(test -s "$unit"; echo $?)" "$unit"
	env=$(sed -n 's/^EnvironmentFile=//p' "$unit")
	is 0 "$(test -s "$root$env.sample"; echo $?)" "the sample of $env"
	exe=$(sed -n 's/^ExecStart=//p' "$unit")
	is 0 "$(test -x "$root$exe"; echo $?)" "$exe of $u.service"
	says "$unit" "man:$u" 'it names its manual'
	# Every variable that the sample has, commented out or not, is one that the manual knows.
	while read -r v; do
		says "$CR_SOURCE/../doc/man/$u.8" "Ev.* $v( |$)" "$v in the manual of $u"
	done < <(sed -n 's/^#\{0,1\}\(CR_[A-Z_]*\)=.*/\1/p' "$root$env.sample")
done
is 0 "$(test -s "$prefix/lib/sysusers.d/cairn.conf"; echo $?)" 'the user of the coordinator'
for f in prometheus/prometheus.yml prometheus/cairn.rules.yml grafana/cairn.json; do
	is 1 "$(find "$root" -path "*/doc/*/$f" -size +0 | wc -l)" "$f"
done
if command -v systemd-analyze >/dev/null; then
	# It looks for what is started; that lies below another root here.
	sed -i "s|^ExecStart=|ExecStart=$root|" "$prefix"/lib/systemd/system/*.service
	systemd-analyze verify --man=no "$prefix"/lib/systemd/system/cr*.service >verify 2>&1
	is '' "$(grep -E 'crnode|crcoordinator' verify)" 'systemd-analyze verify'
fi
rm -rf "$root"
finish
