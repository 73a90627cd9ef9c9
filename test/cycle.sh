# SPDX-License-Identifier: Apache-2.0
# One test: a job through launch, checkpoint, kill -9 and restart; sourced by test/run.
# shellcheck shell=bash

. "$CR_SOURCE/lib.sh"

# run_test NAME AREA OPTIONS… runs one test in a process of its own, prints its result as a line
# "PASS|FAIL|SKIP NAME AREA reason" to stdout and tells the user on stderr.
run_test() {
	local name=$1 area=$2 verdict why result start=$SECONDS
	export CR_RUNTIME_DIR=$CR_TMP/run.$name
	dir=$CR_TMP/$name
	work=$dir/work
	mkdir -p "$work" "$CR_RUNTIME_DIR"
	chmod 700 "$CR_RUNTIME_DIR"
	[ -z "$CR_USER" ] || chown "$CR_USER:$CR_USER" "$dir" "$work" "$CR_RUNTIME_DIR"
	shift 2
	(
		cd "$dir" || exit 1
		steps "$name" "$area" " $* "
	) 2>>"$dir/shell.err"
	result=$?
	drop_ipc "$work/ipc"
	case $result in
	0) verdict=PASS why='' ;;
	77) verdict=SKIP why=$(tail -n 1 "$dir/why" 2>/dev/null) ;;
	*) verdict=FAIL why=$(tail -n 1 "$dir/why" 2>/dev/null) ;;
	esac
	echo "$verdict $name $area $why"
	printf '%s %-24s %-8s %3d s %s\n' "$verdict" "$name" "$area" $((SECONDS - start)) "$why" >&2
	if [ $verdict = FAIL ]; then
		printf '     files: %s\n     again: CR_BIN=%s test/run%s %s\n' "$dir" "$CR_BIN" \
			"$CR_AGAIN" "$name" >&2
	elif [ -z "$CR_KEEP_FILES" ]; then
		rm -rf "$dir" "$CR_RUNTIME_DIR"
	fi
}

# What a killed first life has left in this ipc namespace; later ones had their own.
drop_ipc() {
	local kind id
	[ -e "$1" ] || return 0
	while read -r kind id; do
		case $kind in
		shm) ipcrm -m "$id" ;;
		sem) ipcrm -s "$id" ;;
		msg) ipcrm -q "$id" ;;
		mq) "$CR_PROGS/mq-unlink" "$id" ;;
		file) rm -f "$id" ;;
		esac
	done <"$1" 2>/dev/null
	return 0
}

why() {
	echo "$*" >>"$dir/why"
}

die() {
	why "$*"
	kill_job 2>/dev/null
	exit 1
}

# Run as the user of the tests, in place of this process when put in the background.
as_user() {
	if [ "$CR_USER" ]; then
		exec setpriv --reuid "$CR_USER" --regid "$CR_USER" --clear-groups --inh-caps=-all \
			--bounding-set=-all env HOME="$dir" "$@"
	fi
	exec "$@"
}

# The process that was started last: the shepherd. Its exit status goes to $dir/status.
start() {
	local out=$1
	shift
	rm -f "$dir/status"
	# A group of which some are stopped, as by kill_job, is hung up by the kernel when it
	# becomes an orphan: that must not be ours, to which such processes could come back.
	[[ $options != *' group '* ]] || set -m
	# Standard input is the null device, as of any job without a terminal.
	(as_user "$@") </dev/null >>"$out" 2>>"$dir/err" &
	shepherd=$!
	set +m
}

# The status of the shepherd, once it has ended.
reap() {
	wait_until "$CR_STEP" gone "$shepherd" || die "$1: still running after $CR_STEP s"
	wait "$shepherd"
	status=$?
}

ctl() {
	(as_user timeout "$CR_STEP" "$CR_BIN/crctl" "$@") 2>>"$dir/err"
}

# The job has come so far, and nothing has gone wrong up to here.
healthy() {
	[ ! -e "$work/result" ] || die "$1: $(cat "$work/result")"
	gone "$shepherd" || return 0
	wait "$shepherd"
	die "$1: the shepherd ended with $?, $(tail -n 1 "$dir/err")"
}

checkpoint() {
	local image
	image=$(ctl checkpoint job) ||
		die "$1: crctl checkpoint: status $?, $(tail -n 1 "$dir/err")"
	image=$(tail -n 1 <<<"$image")
	[ -d "$image" ] || die "$1: crctl checkpoint printed '$image', which is no directory"
	healthy "$1"
}

# Kill what the shepherd says the job consists of, and then wait until all of it is gone.
kill_job() {
	local pids
	# Those below the shepherd are for the case that it does not answer any more.
	pids="$(job_pids) $(below "$shepherd" '')"
	# All at once as in a crash: none that is killed later may see the end of an earlier one.
	# shellcheck disable=SC2086
	kill -STOP $pids 2>/dev/null
	# shellcheck disable=SC2086
	kill -9 "$shepherd" $pids 2>/dev/null
	for pid in $shepherd $pids; do
		wait_until "$CR_STEP" gone "$pid" || why "process $pid survived kill -9"
	done
	wait "$shepherd" 2>/dev/null
}

job_pids() {
	[ "$CR_MODE" = plain ] || ctl status --json job | host_pids
}

running() {
	ctl status job >/dev/null 2>&1
}

# Whether a step is over: the condition holds, or the shepherd or the program has given up.
over() {
	"$@" || [ -e "$work/result" ] || gone "$shepherd"
}

restart() {
	start "$dir/out" "$CR_BIN/crrestart" "$dir/ckpt/job"
	wait_until "$CR_STEP" over running || die "$1: not running after $CR_STEP s"
	healthy "$1"
}

await_ready() {
	wait_until "$CR_STEP" over test -e "$work/ready" || die "not ready after $CR_STEP s"
	if gone "$shepherd" && [ ! -e "$work/ready" ]; then
		wait "$shepherd"
		status=$?
		if [ $status = 77 ]; then
			why "$(grep -h '^skip:' "$dir/err" | tail -n 1)"
			exit 77
		fi
		die "ended with $status before it was ready: $(tail -n 1 "$dir/err")"
	fi
	[ "$1" ] || healthy 'at the start'
}

# What the job wrote to its standard output, and nothing of anybody else's.
check_output() {
	local want=/dev/null
	[ ! -e "$work/expect-out" ] || want=$work/expect-out
	cmp -s "$want" "$dir/out" || die "standard output differs from $want: $dir/out"
}

verdict() {
	echo "$down" >"$dir/verify.new"
	chmod 644 "$dir/verify.new"
	mv "$dir/verify.new" "$work/verify"
	# Without a shepherd the first process may end before the one with the verdict.
	[ $CR_MODE = cycle ] || wait_until "$CR_STEP" test -e "$work/result" || die "no result"
	reap 'after the verdict'
	[ -e "$work/result" ] || die "no result; status $status, $(tail -n 1 "$dir/err")"
	grep -q ^PASS "$work/result" || die "$(cat "$work/result")"
	[ "$status" = 0 ] || die "passed, but the exit status is $status"
	check_output
}

option() {
	sed -n "s/.* $1=\([^ ]*\) .*/\1/p" <<<"$options"
}

steps() {
	local name=$1 area=$2 options=$3 cmd pid
	down=0 status=0 shepherd=''
	more=$(option more)
	more=${more:-0}
	CR_STEP=$((CR_STEP + more))
	case $area in cli | cluster | soak) script_only ;; esac
	if [ "$area" = real ]; then
		cmd=(bash "$CR_SOURCE/real/$name.sh" "$work")
	else
		cmd=("$CR_PROGS/$name" "$work")
		[ -x "${cmd[0]}" ] || die "${cmd[0]} is not built"
	fi
	if [ $CR_MODE = plain ]; then
		start "$dir/out" "${cmd[@]}"
		await_ready ''
		sleep 0.3
		healthy 'while running'
		verdict
		return
	fi
	keep=$(option keep)
	# Where a step may take longer, so may a thread: a third of it, as by default.
	start "$dir/out" "$CR_BIN/crlaunch" -n job -d "$dir/ckpt" ${keep:+--keep "$keep"} \
		--stop-timeout $(((CR_STEP + 2) / 3)) -- "${cmd[@]}"
	await_ready ''
	case $options in
	*' refused '*) refused ;;
	*) cycle ;;
	esac
	verdict
}

# A script that starts its own jobs: its exit status is the result, its output the reason.
script_only() {
	local args rc
	[ $CR_MODE = cycle ] || { why 'skip: needs Cairn'; exit 77; }
	args=$(option args)
	# shellcheck disable=SC2086
	(CR_TEST_TMP=$dir CR_STEP=$CR_STEP as_user timeout -k 20 $((CR_STEP * 40)) \
		"$CR_SOURCE/$area/$name" ${args//,/ }) </dev/null >"$dir/out" 2>&1
	rc=$?
	if [ $rc = 124 ] || [ $rc = 137 ]; then
		why "no end after $((CR_STEP * 40)) s; its last line: $(tail -n 1 "$dir/out")"
	elif [ $rc = 77 ]; then
		why "$(grep '^skip:' "$dir/out" | tail -n 1)"
	elif [ $rc != 0 ]; then
		why "$(grep -m 1 '^FAIL:' "$dir/out" || tail -n 1 "$dir/out")"
	fi
	exit $rc
}

refused() {
	ctl checkpoint job >/dev/null
	status=$?
	[ $status = 102 ] || die "the checkpoint ended with $status, not 102"
	sleep 0.3
	healthy 'after the refused checkpoint'
	status=0
}

# How one life of the job ends: by force, or, where the work directory would otherwise be ahead
# of the image, by a checkpoint that stops it.
end_life() {
	local pause
	case $options in
	*' stop '*)
		ctl checkpoint --stop job >/dev/null ||
			die "$1: crctl checkpoint --stop: status $?, $(tail -n 1 "$dir/err")"
		reap "$1"
		[ $status = 85 ] || die "$1: a stopped job ended with $status, not 85"
		;;
	*)
		checkpoint "$1"
		kill_job
		;;
	esac
	[ ! -e "$work/result" ] || die "$1: $(cat "$work/result")"
	pause=$(option down)
	if [ "$pause" ]; then
		sleep "$pause"
		down=$((down + pause))
	fi
}

cycle() {
	checkpoint 'first checkpoint'
	# Long enough for programs that do something all the time to do it.
	sleep 0.3
	healthy 'after the first checkpoint'
	end_life 'second checkpoint'
	restart 'first restart'
	sleep 0.2
	healthy 'after the first restart'
	end_life 'checkpoint after the restart'
	restart 'second restart'
}
