#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Manuals say what the tables of options have: each option and its variable are there, nothing else
# is, and a default or limits that a manual states are the ones of the table, as --help shows it.
set -u
. "$(dirname "$0")/../soak/common.sh"
man=$top/doc/man
[ -f "$man/crctl.1" ] || skip 'the manuals are not there'

# Prints what is wrong. Arguments: the output of --help, then manuals.
read -r -d '' compare <<'AWK'
# "1e9" and "1000000000" are the same.
function same(a, b) { return a == b || (a ~ /^[-0-9.e]+$/ && b ~ /^[-0-9.e]+$/ && a + 0 == b + 0) }

function has_word(text, word,   at, before, after)
{
	while ((at = index(text, word))) {
		before = at > 1 ? substr(text, at - 1, 1) : " "
		after = substr(text, at + length(word), 1)
		if (before !~ /[A-Za-z0-9.-]/ && after !~ /[A-Za-z0-9_-]/)
			return 1
		if (before == "." && substr(text, at - 2, 1) !~ /[0-9]/)
			return 1
		text = substr(text, at + length(word))
	}
	return 0
}

function look(where, what, i,   n, words, k)
{
	if (what ~ /default/ && value[i] != "" && !has_word(what, value[i]))
		printf "%s: the default is %s\n", where, value[i]
	n = split(what, words, " ")
	for (k = 1; k + 3 <= n; k++)
		if (tolower(words[k]) == "from" && words[k + 2] == "to" &&
		    words[k + 1] ~ /^[0-9.]+$/) {
			gsub(/[,;.]$/, "", words[k + 3])
			if (!same(words[k + 1], min[i]) || !same(words[k + 3], max[i]))
				printf "%s: limits are %s to %s\n", where, min[i], max[i]
		}
}

FNR == 1 { file++ }
file == 1 && match($0, /--[a-z-]+/) && substr($0, 1, RSTART) ~ /^ +(-., )?-$/ {
	option[++n] = name = substr($0, RSTART + 2, RLENGTH - 2)
	known[name] = 1
	if (match($0, /\([-0-9.e]+ to [0-9.e]+[;)]/)) {
		split(substr($0, RSTART + 1, RLENGTH - 2), words, " to ")
		min[n] = words[1]
		max[n] = words[2]
	}
	if (match($0, /default: [^ )]+\)/))
		value[n] = substr($0, RSTART + 9, RLENGTH - 10)
	if (match($0, /\[CR_[A-Z_]+\]$/))
		variable[n] = substr($0, RSTART + 1, RLENGTH - 2)
}
file < 2 { next }

# Every item of the manuals under each of its flags and variables.
/^\.It / {
	items = ""
	for (i = 2; i <= NF; i++)
		if ($(i - 1) ~ /^(Fl|,)$/ && $i ~ /^-[a-z]/) {
			flag = substr($i, 2)
			items = items " " flag
			if (!(flag in known) && $0 !~ /^\.It Cm/)
				stranger[flag] = 1
		} else if ($i ~ /^CR_/) {
			items = items " " $i
		}
}
/^\.(It|El)/ && !/^\.It/ { items = "" }
{
	line = $0
	all = all " " line
	sub(/^\.[A-Z][a-z] /, "", line)
	m = split(items, of, " ")
	for (i = 1; i <= m; i++)
		text[of[i]] = text[of[i]] " " line
}
END {
	for (i = 1; i <= n; i++) {
		if (!has_word(all, "-" option[i]))
			printf "--%s is not there\n", option[i]
		look("--" option[i], text[option[i]], i)
		if (variable[i] == "")
			continue
		if (!has_word(all, variable[i]))
			printf "%s is not there\n", variable[i]
		look(variable[i], text[variable[i]], i)
	}
	for (i in stranger)
		printf "--%s is no option\n", i
}
AWK

# Help as the comparison reads it: an option a line, times in seconds and sizes in bytes.
read -r -d '' plain <<'AWK'
function plainly(v,   unit, k)
{
	unit = v
	sub(/^[-0-9.]+(e[0-9]+)?/, "", unit)
	if (unit == "" || !(unit in worth))
		return v
	k = v
	sub(unit "$", "", k)
	return sprintf("%.15g", k * worth[unit])
}
function flush(   t, words)
{
	if (match(line, /\([-0-9.a-zA-Z]+ to [-0-9.a-zA-Z]+[;)]/)) {
		t = substr(line, RSTART + 1, RLENGTH - 2)
		split(t, words, " to ")
		line = substr(line, 1, RSTART) plainly(words[1]) " to " plainly(words[2]) \
			substr(line, RSTART + RLENGTH - 1)
	}
	if (match(line, /default: [-0-9.a-zA-Z]+\)/)) {
		t = substr(line, RSTART + 9, RLENGTH - 10)
		line = substr(line, 1, RSTART + 8) plainly(t) substr(line, RSTART + RLENGTH - 1)
	}
	print line
}
BEGIN {
	n = split("ms .001 s 1 m 60 h 3600 d 86400 K 1024 M 1048576 G 1073741824 T 1099511627776" \
		" P 1125899906842624", of, " ")
	for (i = 1; i < n; i += 2)
		worth[of[i]] = of[i + 1]
}
/^ {20}/ { sub(/^ +/, " "); line = line $0; next }
{ if (NR > 1) flush(); line = $0 }
END { flush() }
AWK
plain_help() { "$@" --help | awk "$plain"; }

# manual PAGE COMMAND…: crctl has its own and those of attach.
manual() {
	local page=$1 wrong
	shift
	plain_help "$@" >help
	[ "$1" != crctl ] || plain_help crctl attach >>help
	wrong=$(awk "$compare" help "$man/$page" "$man/cairn-environment.7")
	is '' "$wrong" "$page and the options of $*"
}

manual crlaunch.1 crlaunch
manual crrestart.1 crrestart
manual crctl.1 crctl
manual crimage.1 crimage
manual crrsh.1 crrsh
manual crcoordinator.8 crcoordinator
manual crnode.8 crnode

# The comparison finds what is wrong.
plain_help crlaunch >help
sed 's/default: 3/default: 4/; s/0 to 100;/0 to 99;/; s/--spread /--spread-out /' help >other
says <(awk "$compare" other "$man/crlaunch.1" "$man/cairn-environment.7") \
	'max-restarts: the default is 4' 'another default is seen'
says <(awk "$compare" other "$man/crlaunch.1" "$man/cairn-environment.7") \
	'replicas: limits are 0 to 99' 'other limits'
says <(awk "$compare" other "$man/crlaunch.1" "$man/cairn-environment.7") \
	'spread-out is not there' 'a new option'
says <(awk "$compare" other "$man/crlaunch.1" "$man/cairn-environment.7") \
	'spread is no option' 'one that has gone'
finish
