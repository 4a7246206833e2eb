#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-wait: every state, timeouts, and what it refuses.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

takes()
{
	min=$1
	max=$2
	shift 2
	before=$(date +%s%N)
	"$@" >/dev/null 2>&1 </dev/null
	r=$?
	took=$((($(date +%s%N) - before) / 1000000))
	if [ $took -ge "$min" ] && [ $took -le "$max" ]; then echo $r; else echo "$r after $took ms"; fi
}

# expecting STATES NAME COMMAND...: lxc-wait is told of the states while the command runs
expecting()
{
	lxc wait -n "$2" -s "$1" -t 10 &
	waiter=$!
	shift 2
	sleep 0.15
	"$@" >/dev/null 2>&1 </dev/null
	wait $waiter
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	is "$who: STOPPED" "$(lxc wait -n c -s STOPPED 2>&1; echo $?)" 0
	exits 0 "$who: STOPPED of nobody" lxc wait -n nobody -s STOPPED
	exits 1 "$who: RUNNING of nobody, in vain" lxc wait -n nobody -s RUNNING -t 0
	is "$who: -t 0 looks once" "$(takes 0 900 lxc wait -n c -s RUNNING -t 0)" 1
	is "$who: -t 1 waits so long" "$(takes 950 2000 lxc wait -n c -s RUNNING -t 1)" 1
	like "$who: says so" "$(message lxc wait -n c -s RUNNING -t 0)" "*'c' did not reach*"
	exits 1 "$who: no state" lxc wait -n c
	like "$who: is said" "$(message lxc wait -n c)" "*--state*"
	exits 1 "$who: no such state" lxc wait -n c -s BUSY
	like "$who: those that exist are said" "$(message lxc wait -n c -s BUSY)" "*'BUSY'*hint: *STOPPED*FROZEN*"
	exits 1 "$who: lower case" lxc wait -n c -s stopped
	exits 1 "$who: an empty one" lxc wait -n c -s 'STOPPED|'
	exits 1 "$who: a bad timeout" lxc wait -n c -s STOPPED -t soon
	exits 1 "$who: no name" lxc wait -s STOPPED
	for state in STARTING RUNNING STOPPING ABORTING FREEZING FROZEN THAWED; do
		exits 1 "$who: $state is a state, but not now" lxc wait -n c -s $state -t 0
		exits 0 "$who: $state or STOPPED" lxc wait -n c -s "$state|STOPPED" -t 0
	done

	ok "$who: RUNNING before the start" expecting RUNNING c lxc start -n c
	exits 0 "$who: RUNNING already" lxc wait -n c -s RUNNING -t 0
	is "$who: not STOPPED, -t 1" "$(takes 950 2000 lxc wait -n c -s STOPPED -t 1)" 1
	is "$who: not STOPPED, -t 0 does not hang" "$(takes 0 900 lxc wait -n c -s STOPPED -t 0)" 1
	ok "$who: STOPPING" expecting STOPPING c lxc stop -n c -k
	lxc start -n c
	ok "$who: STOPPED" expecting STOPPED c lxc stop -n c -k
	lxc start -n c
	ok "$who: STOPPED at a shutdown" expecting 'STOPPED|ABORTING' c lxc stop -n c
	if has_cgroup; then
		lxc start -n c
		ok "$who: FREEZING" expecting FREEZING c lxc freeze -n c
		ok "$who: THAWED" expecting THAWED c lxc unfreeze -n c
		ok "$who: FROZEN" expecting FROZEN c lxc freeze -n c
		lxc unfreeze -n c
		lxc stop -n c -k
	fi
	lxc start -n c
	for i in 1 2 3; do
		lxc wait -n c -s STOPPED -t 20 &
	done
	lxc stop -n c -k
	for i in 1 2 3; do
		wait -n
		is "$who: several wait ($i)" $? 0
	done
	lxc start -n c
	lxc wait -n c -s STOPPED -t 20 &
	waiter=$!
	sleep 0.1
	as_caller kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
	wait $waiter
	is "$who: a killed monitor ends the wait" $? 0
}

each_caller checks
finish
