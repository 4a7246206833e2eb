#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything of a start killed at any point: what is left never blocks, and `stop` and `start` cope.
#
# RLXC_KILLS: rounds of a kill at a random time for each kind of caller.
. "$(dirname "$0")/lib.sh"
who= # set by each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: "${RLXC_KILLS:=35}"
name=k$$

printf 'lxc.net.0.type = empty\nlxc.environment = RLXC_TEST_MARK=%s\n' "$TMP" >"$TMP/conf"
chmod 644 "$TMP/conf"
mkfifo "$TMP/never"
exec 8<>"$TMP/never"

# Sleeps without starting a process.
pause_ms()
{
	read -rt "$(printf '0.%03d' "$1")" -u 8 || :
}

processes()
{
	grep -lsz "^RLXC_TEST_MARK=$TMP" /proc/[0-9]*/environ | cut -d/ -f3
	pgrep -f "^\[lxc monitor\] $LXCPATH $name$"
}

run_dirs()
{
	find /run/rlxc "$LXCPATH/.run" /run/user/*/rlxc -name "$name" 2>/dev/null
}

cgroups()
{
	find /sys/fs/cgroup -name "*$name" -type d 2>/dev/null
}

left()
{
	processes
	run_dirs
	cgroups
	grep -F "$TMP" /proc/self/mountinfo
}

nothing_left()
{
	[ -z "$(left)" ]
}

is_gone()
{
	# A zombie is gone, too.
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

runs()
{
	lxc start -n $name && is_state $name RUNNING && lxc attach -n $name -- true
}

# After whatever happened: it starts, it stops, and nothing stays.
recovers()
{
	wait_for 10 runs && lxc stop -k -n $name && wait_for 10 nothing_left
}

recovered()
{
	if recovers >"$TMP/.recovers" 2>&1; then
		test_result 0 "$1"
		return
	fi
	test_result 1 "$1"
	{ cat "$TMP/.recovers" && lxc start -n $name && lxc info -n $name && left; } 2>&1 | sed 's/^/# /'
	lxc stop -k -n $name >/dev/null 2>&1
	for pid in $(processes); do kill -9 "$pid"; done
}

# ---- a kill at each kind of system call, in every process of a start, a stop, an adoption ----

# tests/long/sweep.py has the checks; its long form makes 200 kills for each kind of caller.
sweep()
{
	mkdir -m 755 "$LXCPATH.sweep"
	user='' cgroup=''
	[ "$who" = root ] || user=$TEST_USER
	[ "$who" != user ] || cgroup=$USER_CGROUP
	[ -z "$user" ] || chown "$user" "$LXCPATH.sweep"
	# shellcheck disable=SC2154 # top_srcdir: of lib.sh
	timeout 120 python3 "$top_srcdir/tests/long/sweep.py" "$RLXC" "$LXCPATH.sweep" "$user" \
		"$RLXC_KILLS" "$cgroup" >"$TMP/sweep" 2>&1 || echo "bad the sweep comes to its end" >>"$TMP/sweep"
	long_result "$TMP/sweep"
}

# ---- a kill at any time ----

# The caller's pid, its monitor's, and those of the monitor's children: none is there at first.
find_target()
{
	monitor='' children=''
	{ read -r monitor _ <"/proc/$caller/task/$caller/children"; } 2>/dev/null
	[ -z "$monitor" ] || { read -r children <"/proc/$monitor/task/$monitor/children"; } 2>/dev/null
	case $1 in
	caller) echo "$caller" ;;
	monitor) echo "$monitor" ;;
	child) echo "${children%% *}" ;;
	children) echo "$children" ;;
	both) echo "$caller $monitor" ;;
	esac
}

# Sets $job, to wait for, and $caller, the pid of the command itself.
begin_command()
{
	rm -f "$LXCPATH/pid"
	# shellcheck disable=SC2016
	as_caller timeout -k 1 20 sh -c 'echo $$ >"$1" && shift && exec "$@"' sh "$LXCPATH/pid" \
		"$RLXC" "$1" -P "$LXCPATH" "${@:2}" >/dev/null 2>&1 </dev/null &
	job=$!
	caller=
	until { read -r caller <"$LXCPATH/pid"; } 2>/dev/null; do :; done
}

random_kill()
{
	target=$1
	begin_command start -n $name
	pause_ms $((RANDOM % 45))
	for pid in $(find_target "$target"); do
		kill -9 "$pid" 2>/dev/null
	done
	wait $job 2>/dev/null
	[ $? -ne 124 ] && recovers
}

random_kills()
{
	RANDOM=4711
	for target in caller monitor child children both; do
		failed=0
		for i in $(seq $(((RLXC_KILLS + 4) / 5))); do
			random_kill $target >"$TMP/.recovers" 2>&1 && continue
			failed=$((failed + 1))
			echo "# $target, round $i"
			{ cat "$TMP/.recovers" && left; } 2>&1 | sed 's/^/# /'
			lxc stop -k -n $name >/dev/null 2>&1
			for pid in $(processes); do kill -9 "$pid"; done
		done
		is "$who: $target killed at any time" $failed 0
	done
}

# newuidmap and newgidmap, as soon as they are seen
kill_mapper()
{
	begin_command start -n $name
	hit=1
	while [ $hit -ne 0 ] && [ -e "/proc/$caller/status" ] && ! is_gone "$caller"; do
		for pid in $(find_target children); do
			comm=
			{ read -r comm <"/proc/$pid/comm"; } 2>/dev/null
			case $comm in new?idmap) kill -9 "$pid" 2>/dev/null && hit=0 ;; esac
		done
	done
	wait $job
	[ $? -ne 124 ] || return 1
	[ $hit -eq 0 ] || echo "# newuidmap was too quick to be seen"
	recovers
}

# ---- what the other commands say when the monitor is dead ----

begin()
{
	runs || return 1
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH $name$")
	init=$(lxc info -n $name -pH)
	[ -n "$monitor" ] && [ -n "$init" ]
}

dead_monitor()
{
	ok "$who: it runs" begin
	lxc wait -n $name -s STOPPED -t 20 &
	waiter=$!
	pause_ms 200
	kill -9 "$monitor"
	ok "$who: init does not outlive its monitor" wait_for 5 is_gone "$init"
	ok "$who: who waits for the end sees it" wait $waiter
	is "$who: info says so" "$(lxc info -n $name -sH)" STOPPED
	is "$who: info has no pid" "$(lxc info -n $name -pH)" ""
	like "$who: ls says so" "$(lxc ls -f)" "*$name*STOPPED*"
	is "$who: it is not among the running" "$(lxc ls --running)" ""
	ok "$who: wait returns at once" lxc wait -n $name -s STOPPED -t 1
	not_ok "$who: wait for RUNNING does not" lxc wait -n $name -s RUNNING -t 1
	not_ok "$who: attach refuses" lxc attach -n $name -- true
	exits 2 "$who: stop finds nothing to stop" lxc stop -n $name
	ok "$who: and has cleaned up" wait_for 10 nothing_left
	recovered "$who: it starts again"

	ok "$who: it runs" begin
	kill -9 "$monitor"
	recovered "$who: a start right after the kill"

	ok "$who: it runs" begin
	kill -9 "$monitor"
	wait_for 5 is_gone "$init"
	lxc stop -k -n $name >/dev/null 2>&1 &
	lxc start -n $name >/dev/null 2>&1
	wait
	recovered "$who: a start beside a stop"
}

# A set-user-id init has lost the wish to die with its parent.
stubborn_init()
{
	ok "$who: it runs" begin
	lxc attach -n $name -- sh -c 'cp /bin/busybox /bin/busybox-stays && chmod 4755 /bin/busybox-stays' || return
	lxc stop -k -n $name
	printf 'lxc.init.uid = 1000\nlxc.init.cmd = /bin/busybox-stays sleep 1000\n' >"$TMP/more"
	cat "$LXCPATH/$name/config" "$TMP/more" >"$TMP/stays.conf"
	chmod 644 "$TMP/stays.conf"
	[ "$who" != root ] || chown 0:0 "$TMP/stays.conf"
	lxc start -n $name -f "$TMP/stays.conf"
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH $name$")
	init=$(lxc info -n $name -pH)
	ok "$who: the stubborn one runs" test -n "$monitor"
	kill -9 "$monitor"
	wait_for 3 is_gone "$monitor"
	pause_ms 300
	if is_gone "$init"; then
		echo "# it died all the same"
	else
		is "$who: it runs on without its monitor" "$(lxc info -n $name -sH)" RUNNING
		is "$who: its pid is known" "$(lxc info -n $name -pH)" "$init"
		ok "$who: another monitor takes over" lxc attach -n $name -- true
		kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH $name$")"
		not_ok "$who: it cannot be destroyed" lxc destroy -n $name
		exits 1 "$who: it ignores a gentle stop" lxc stop -n $name --nokill -t 1
		ok "$who: it can be killed" lxc stop -k -n $name
		ok "$who: it is gone" is_gone "$init"
		ok "$who: with all that is left" wait_for 10 nothing_left
	fi
	recovered "$who: it starts again"
}

killed_attach()
{
	ok "$who: it runs" begin
	for delay in 0 1 2 3 4 5 6 7 8 10 12 15 20 30; do
		begin_command attach -n $name -- sleep 7531
		pause_ms $delay
		kill -9 "$caller"
		wait $job 2>/dev/null
	done
	gone()
	{
		! lxc attach -n $name -- ps | grep -v grep | grep -q 'sleep 7531'
	}
	ok "$who: what was attached ends with its caller" wait_for 5 gone
	recovered "$who: it goes on"
}

checks()
{
	ok "$who: create" lxc create -n $name -t busybox -f "$TMP/conf"
	recovered "$who: it starts and stops"
	dead_monitor
	stubborn_init
	killed_attach
	[ "$who" = root ] || ok "$who: newuidmap killed" kill_mapper
	random_kills
	[ "$(id -u)" -ne 0 ] || ! has strace || ! has python3 || sweep
	ok "$who: destroy" lxc destroy -n $name
}

each_caller checks
finish
