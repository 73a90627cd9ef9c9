#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crctl migrate JOB ssh:HOST[:DIR]: the job goes on on the other host, and nothing is lost or done
# twice; in whatever way that fails, it goes on here. The other host is another folder behind a
# stand-in for ssh that breaks when it is told to; at the end it is a real sshd, where one is there.
set -u
. "$(dirname "$0")/../soak/common.sh"
mkdir there far stubs
mkdir -m 700 there/run

# The stand-in: what it is to do is in the file mode.
cat >fake-ssh <<END
#!/bin/bash
mode=\$(cat $tmp/mode 2>/dev/null)
echo "\$mode \${*:1:1}" >>$tmp/calls
case \$mode in
down) echo 'ssh: connect to host far: No route to host' >&2; exit 255 ;;
esac
cd $tmp/far || exit 255
export CR_RUNTIME_DIR=$tmp/there/run
[ "\$mode" != stub ] || PATH=$tmp/stubs:\$PATH
[ "\$mode" != full ] || ulimit -f 8
case "\$mode \$2" in
cut-in-start*crrestart*--detach*)
	# The connection breaks, there it goes on.
	setsid bash -c "\$2" >$tmp/far.out 2>&1 <&0 &
	until grep -q copied $tmp/far.out; do sleep 0.05; done
	exit 255 ;;
cut-in-copy*crrestart*--detach*)
	head -c 10000 | bash -c "\$2" >$tmp/far.out 2>&1
	exit 255 ;;
gone*crrestart*--detach*) echo down >$tmp/mode; exit 255 ;;
esac
exec bash -c "\$2"
END
chmod +x fake-ssh
export CR_SSH=$tmp/fake-ssh
cat >stubs/crrestart <<'END'
#!/bin/sh
[ "$1" = --detach ] || exec true
echo 'crrestart: this CPU lacks avx512f, which the job may use' >&2
exit 105
END
chmod +x stubs/crrestart

here() { crctl status job >/dev/null 2>&1; }
over_there() { CR_RUNTIME_DIR=$tmp/there/run crctl status job >/dev/null 2>&1; }
lines() { cat steps 2>/dev/null | wc -l; }
has_steps() { [ "$(lines)" -ge "$1" ]; }

# moves_on WHAT: there are new steps, and each came once.
moves_on() {
	wait_until "$step" has_steps $(($(lines) + 5))
	is 0 $? "$1: it goes on"
	# Of a line that is just being written there may be a part only.
	cp steps now
	head -n "$(wc -l <now)" now | cmp -s - <(seq 0 $(($(wc -l <now) - 1)))
	is 0 $? "$1: each step once"
}

# is_where HERE THERE WHAT
is_where() {
	local a=no b=no
	! here || a=yes
	! over_there || b=yes
	is "$1 $2" "$a $b" "$3"
}

crlaunch -n job -d ckpt -- bash -c '
	for ((i = 0; ; i++)); do echo $i >>steps; sleep 0.1; done' </dev/null >>out 2>>err &
wait_until "$step" has_steps 3 || bad 'the job does not start'

# refused STATUS PATTERN WHAT TARGET
refused() {
	crctl migrate job "$4" >msg 2>&1
	is "$1" $? "$3: $(tail -n 1 msg)"
	says msg "$2" "$3: by name"
	is_where yes no "$3: it is here, not there"
}

refused 100 'node of a cluster' 'a node' node1
refused 100 'no host' 'an option for a host' ssh:-oProxyCommand=x:y
refused 100 ':DIR' 'an empty folder' ssh:far:
echo down >mode
refused 113 'no answer by ssh' 'no connection' ssh:far:"$tmp/far"
says msg 'No route to host' "and ssh's own words"
echo >mode
refused 113 'cannot write' 'a folder that cannot be' ssh:far:/proc/none
before=$(crctl status --json job | json_value checkpoint)
is '' "$before" 'nothing has been stopped for that'
moves_on 'after refusals'

# It has been stopped, and goes on here.
echo stub >mode
refused 105 'this CPU lacks avx512f.*goes on here' 'it cannot be started there' ssh:far:"$tmp/far"
moves_on 'after a failed start'
is '' "$(find far -path '*/job/0*')" 'and nothing is left there'
echo full >mode
refused 113 'unpacked.*goes on here' 'no room there' ssh:far:"$tmp/far"
moves_on 'after a full disk'
echo cut-in-copy >mode
refused 113 'goes on here' 'cut off in the copy' ssh:far:"$tmp/far"
moves_on 'after a cut in the copy'

# Cut off while it is started there: it is asked what became of that.
echo cut-in-start >mode
crctl migrate job ssh:far:"$tmp/far" >msg 2>&1
is 0 $? "cut off in the start: $(tail -n 1 msg)"
is_where no yes 'it is there'
moves_on 'there'
says msg 'job: .* -> far, stood still for .*stop.*copy.*start' 'the downtime and its parts'
# And back, from there, where it has no other folder: nothing is copied of what is shared.
echo >mode
cat >back-ssh <<END
#!/bin/bash
cd $tmp
export CR_RUNTIME_DIR=$tmp/run
exec bash -c "\$2"
END
chmod +x back-ssh
CR_RUNTIME_DIR=$tmp/there/run crctl migrate job ssh:me --ssh "$tmp/back-ssh" --json >msg 2>&1
is 0 $? "to a host with the same folder: $(tail -n 1 msg)"
says msg '"bytes":0' 'nothing is copied'
is_where yes no 'it is here'
moves_on 'back'
# It does not answer any more: nobody knows.
echo gone >mode
crctl migrate job ssh:far:"$tmp/far" >msg 2>&1
is 110 $? "not known: $(tail -n 1 msg)"
says msg 'crrestart .*ckpt|crrestart .*far' 'what to do is said'
is_where no no 'it is not started twice'
echo >mode
path=$(grep -o 'crrestart [^ ]*/job/[0-9]*' msg | tail -n 1 | cut -d' ' -f2)
crrestart --detach "$path" >>out 2>>err
is 0 $? "as was said: $path"
moves_on 'by hand'

real_sshd() {
	local port=$((20000 + $$ % 20000)) u
	if ! [ -x /usr/sbin/sshd ] || ! id -un >/dev/null 2>&1; then
		echo 'no sshd, or no name for this user: only the stand-in was tried'
		return
	fi
	mkdir -m 700 keys
	ssh-keygen -qt ed25519 -N '' -f keys/host && ssh-keygen -qt ed25519 -N '' -f keys/me
	cp keys/me.pub keys/authorized
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	/usr/sbin/sshd -D -f /dev/null -h "$tmp/keys/host" -p "$port" -o ListenAddress=127.0.0.1 \
		-o PidFile=none -o UsePAM=no -o StrictModes=no -o PermitRootLogin=yes \
		-o AuthorizedKeysFile="$tmp/keys/authorized" \
		-o SetEnv="CR_RUNTIME_DIR=$tmp/there/run" >sshd.log 2>&1 &
	sshd=$!
	wait_until "$step" eval "(exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null"
	u=$(id -un)
	CR_SSH="ssh -p $port -i $tmp/keys/me -o StrictHostKeyChecking=no -o BatchMode=yes \
		-o UserKnownHostsFile=$tmp/keys/known -o LogLevel=ERROR" \
		crctl migrate job ssh:"$u@127.0.0.1:$tmp/real dir" >msg 2>&1
	is 0 $? "by a real ssh: $(tail -n 1 msg)"
	is_where no yes 'it is there'
	moves_on 'by ssh'
	kill $sshd
	wait $sshd 2>/dev/null
	moves_on 'without the connection'
}
real_sshd
CR_RUNTIME_DIR=$tmp/there/run crctl kill job >>out 2>>err
crctl kill job >>out 2>>err
finish
