#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-autostart. Which containers it handles in which order is tests/runner/test-boot-order.c.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: >"$TMP/empty"
chmod 644 "$TMP/empty"

add() # NAME LINE...: a container with these lines
{
	name=$1
	shift
	lxc create -n "$name" -t none -f "$TMP/empty" >/dev/null
	as_caller sh -c 'cat "$1/base/config" - >"$1/$2/config"' sh "$LXCPATH" "$name" <<CONF
$(printf '%s\n' "$@")
CONF
}

states()
{
	for name in a b c d; do printf '%s ' "$(state $name)"; done
}

began() # NAME: when its init did, in clock ticks
{
	cut -d' ' -f22 "/proc/$(lxc info -n "$1" -pH)/stat"
}

one_caller()
{
	ok "$who: with no container there is nothing to do" lxc autostart
	ok "$who: nor in a directory that is not there" as_caller "$RLXC" autostart -P "$LXCPATH/none"
	lxc create -n base -t busybox -f "$TMP/empty" >/dev/null
	add a lxc.start.auto=1 lxc.start.order=2
	add b lxc.start.auto=1 lxc.start.order=1
	add c lxc.start.auto=1 lxc.group=web lxc.start.delay=1
	add d lxc.group=web
	is "$who: list" "$(lxc autostart -L | tr '\n' ,)" "b 0,a 0,"
	is "$who: list a group" "$(lxc autostart -L -g web | tr '\n' ,)" "c 1,"
	is "$who: list as JSON" "$(lxc autostart -L --format json)" '[{"name":"b","delay":0},{"name":"a","delay":0}]'
	is "$who: list what would end as JSON" "$(lxc autostart -L -s --format json)" '[]'
	is "$who: nothing was started" "$(states)" "STOPPED STOPPED STOPPED STOPPED "
	ok "$who: start" lxc autostart
	is "$who: those without a group" "$(states)" "RUNNING RUNNING STOPPED STOPPED "
	ok "$who: again is fine" lxc autostart
	ok "$who: start a group" lxc autostart -A -g web -l DEBUG
	# Root makes no such file below a directory that is others' too.
	[ "$who" = root ] || ok "$who: each has its log" as_caller test -s "$LXCPATH/c/c.log" -a -s "$LXCPATH/d/d.log"
	is "$who: with those that do not start by themselves" "$(states)" "RUNNING RUNNING RUNNING RUNNING "
	ok "$who: after c there is its pause" test $(($(began d) - $(began c))) -ge "$(getconf CLK_TCK)"
	is "$who: list what would end" "$(lxc autostart -L -s -a | tr '\n' ,)" "a,b,c,"
	pid=$(lxc info -n a -pH)
	ok "$who: reboot" lxc autostart -r -g ''
	changed()
	{
		new=$(lxc info -n a -pH) && [ -n "$new" ] && [ "$new" != "$pid" ]
	}
	ok "$who: is a new init" wait_for 10 changed
	wait_for 10 sh -c "[ \"\$($RLXC info -P $LXCPATH -n b -sH)\" = RUNNING ]" # it reboots too
	ok "$who: shut down" lxc autostart -s -t 10
	is "$who: only those" "$(states)" "STOPPED STOPPED RUNNING RUNNING "
	ok "$who: kill all" lxc autostart -k -a -A
	ok "$who: they are gone" wait_for 10 sh -c "[ -z \"\$($RLXC ls -P $LXCPATH --active)\" ]"
	# The first one in the order of a shutdown does not listen.
	lxc start -n d -- /bin/sh -c 'trap "" TERM INT PWR; while :; do sleep 1; done'
	lxc start -n c
	lxc autostart -s -a -A -t 50 &
	job=$!
	ok "$who: one that hangs keeps no other waiting" wait_for 30 is_state c STOPPED
	is "$who: it is waited for" "$(state d)" RUNNING
	lxc stop -k -n d
	wait $job
	is "$who: until it has ended" $? 0
	as_caller sh -c 'echo lxc.rootfs.path = /nowhere >>"$1"' sh "$LXCPATH/b/config"
	out=$(lxc autostart 2>&1)
	is "$who: some failed" $? 2
	like "$who: which is said" "$out" "*'b'*/nowhere*"
	is "$who: the others started" "$(state a)" RUNNING
	lxc autostart -k -a
	wait_for 10 sh -c "[ -z \"\$($RLXC ls -P $LXCPATH --active)\" ]"
	as_caller sh -c 'echo lxc.rootfs.path = /nowhere >>"$1"' sh "$LXCPATH/a/config"
	exits 1 "$who: all failed" lxc autostart
	exits 1 "$who: no such option" lxc autostart --frob
	for name in a b c d base; do lxc destroy -n $name; done
}
each_caller one_caller root user
finish
