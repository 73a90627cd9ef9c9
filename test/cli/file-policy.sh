#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of files at a restart: by default, by rules of the launch, and by later ones.
set -u
. "$(dirname "$0")/../soak/common.sh"

cat >job.sh <<'END'
exec 7>>log 8<>data 9<input
printf 'before ' >&7
printf 'AAAA' >&8
read -r -u 9 -n 2 line
: >ready.1
until [ -e go ]; do sleep 0.05; done
printf 'after ' >&7
printf 'BBBB' >&8
echo out
END

begin() {
	rm -rf ckpt go ready.1 log data input output
	echo input >input
	printf 'xxxxxxxxxxxx' >data
	crlaunch -n job -d ckpt "$@" -- bash job.sh </dev/null >output 2>>err &
	shepherd=$!
	wait_until "$step" test -e ready.1 && await_up || finish
	crctl checkpoint job >/dev/null 2>>err || bad 'checkpoint'
	slay
	# The world goes on without the job.
	printf 'later ' >>log
	printf 'zzzzzzzzzzzzzzzz' >data
}

go() {
	: >go
	timeout "$step" crrestart "$@" ckpt/job </dev/null >>output 2>msg
	is 0 $? "restart $*"
}

begin
go
is 'before after ' "$(cat log)" 'a log is cut back by default'
is 'AAAABBBBxxxx' "$(cat data)" 'a file written in place has its content again'

begin --file '*/log=keep' --file "$tmp/data=keep"
go
is 'before later after ' "$(cat log)" 'keep: a log goes on behind what is there'
is 'zzzzBBBBzzzzzzzz' "$(cat data)" 'keep: a file stays as it is'

begin --file log=restore --file data=truncate
go
is 'before after ' "$(cat log)" 'restore: the content of a log'
is 'zzzzBBBBzzzz' "$(cat data)" 'truncate: only the length'

begin --file data=keep
go --file data=truncate --file log=keep
is 'zzzzBBBBzzzz' "$(cat data)" 'a rule of the restart wins'
is 'before later after ' "$(cat log)" 'and adds to those of the launch'

begin --file data=keep
: >go
timeout "$step" crrestart --file data=restore ckpt/job </dev/null >msg 2>&1
is 100 $? 'what was not stored cannot be restored'
says msg data 'and the message names it'

begin --file-limit 4
go
is 'zzzzBBBBzzzzzzzz' "$(cat data)" 'a file above the limit stays'
begin --file-limit 4 --file data=restore
go
is 'AAAABBBBxxxx' "$(cat data)" 'a rule knows no limit'

begin
echo changed >>input
: >go
timeout "$step" crrestart ckpt/job </dev/null >msg 2>&1
is 104 $? 'a changed input is refused'
go --file input=keep
is 'before after ' "$(cat log)" 'unless a rule says keep'

# Standard output: cut back, or not.
cat >out.sh <<'END'
echo one
: >ready.1
until [ -e go ]; do sleep 0.05; done
echo two
END
for rule in truncate keep; do
	rm -rf ckpt go ready.1
	crlaunch -n job -d ckpt --file "output=$rule" -- bash out.sh </dev/null >output 2>>err &
	shepherd=$!
	wait_until "$step" test -e ready.1 && await_up || finish
	crctl checkpoint job >/dev/null 2>>err || bad 'checkpoint'
	slay
	echo between >>output
	: >go
	timeout "$step" crrestart ckpt/job </dev/null >>other 2>>err
	is 0 $? "restart with output=$rule"
	case $rule in
	keep) is 'one between two' "$(tr '\n' ' ' <output | sed 's/ $//')" 'output that is kept' ;;
	*) is 'one two' "$(tr '\n' ' ' <output | sed 's/ $//')" 'output that is cut back' ;;
	esac
done

for wrong in x x= =keep x=away; do
	crlaunch --file "$wrong" true 2>msg
	is 100 $? "--file $wrong"
done
finish
