#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reboot and halt from inside, and lxc-stop -r.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

init()
{
	lxc info -n c -pH
}

# start_init SCRIPT: with a shell as init, which says "up" once it has set its traps
start_init()
{
	rm -f "$LXCPATH/log"
	lxc start -n c -L "$LXCPATH/log" -- /bin/sh -c "$1"
	wait_for 5 grep -q up "$LXCPATH/log"
}

# Another init than $1 runs.
is_rebooted()
{
	now=$(init)
	[ -n "$now" ] && [ "$now" != "$1" ] && is_state c RUNNING
}

monitor()
{
	pgrep -f "^\[lxc monitor\] $LXCPATH c$"
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n c -L "$LXCPATH/log" -p "$LXCPATH/pid"
	old=$(init) before=$(monitor)
	lxc wait -n c -s STOPPED -t 10 &
	waiter=$!
	sleep 0.15
	lxc attach -n c -- /sbin/reboot -f </dev/null
	ok "$who: reboot -f" wait_for 5 is_rebooted "$old"
	wait $waiter
	is "$who: STOPPED was announced" $? 0
	ok "$who: it works inside" lxc attach -n c -- /bin/true
	is "$who: it is the same monitor" "$(monitor)" "$before"
	is "$who: the file of -p stays" "$(cat "$LXCPATH/pid")" "$before"
	like "$who: the console's log goes on" "$(grep -c 'activate this console' "$LXCPATH/log")" 2
	is "$who: the host name is set again" "$(lxc attach -n c -- /bin/hostname </dev/null)" c
	old=$(init)
	lxc attach -n c -- /sbin/reboot </dev/null
	ok "$who: reboot by way of init" wait_for 10 is_rebooted "$old"

	old=$(init)
	exits 0 "$who: lxc-stop -r" lxc stop -n c -r -t 20
	ok "$who: it has another init at once" is_rebooted "$old"
	old=$(init)
	exits 0 "$who: lxc-stop -r -W" lxc stop -n c -r -W
	ok "$who: reboots later" wait_for 10 is_rebooted "$old"
	for i in 1 2 3 4 5; do
		old=$(init)
		lxc attach -n c -- /sbin/reboot -f </dev/null
		wait_for 5 is_rebooted "$old" || break
	done
	is "$who: many times" "$i $(state c) $(monitor)" "5 RUNNING $before"
	if has_cgroup; then
		exits 0 "$who: it can still be frozen" lxc freeze -n c -t 5
		exits 0 "$who: and thawed" lxc unfreeze -n c -t 5
	fi
	lxc attach -n c -- /sbin/poweroff -f </dev/null
	ok "$who: poweroff -f" wait_for 5 is_state c STOPPED
	ok "$who: the file of -p is gone" wait_for 5 test ! -e "$LXCPATH/pid"
	lxc start -n c
	lxc attach -n c -- /sbin/halt -f </dev/null
	ok "$who: halt -f" wait_for 5 is_state c STOPPED
	lxc start -n c
	lxc attach -n c -- /sbin/poweroff </dev/null
	ok "$who: poweroff by way of init" wait_for 10 is_state c STOPPED

	start_init 'trap "" TERM INT; echo up; while :; do sleep 0.05; done'
	exits 1 "$who: -r of an init that does not" lxc stop -n c -r -t 1
	like "$who: says so" "$(message lxc stop -n c -r -t 1)" "*did not reboot within 1 s*hint: *lxc.signal.reboot*"
	is "$who: and does not kill" "$(state c)" RUNNING
	lxc stop -n c -k
	start_init 'trap "exit 0" TERM INT; echo up; while :; do sleep 0.05; done'
	exits 1 "$who: -r of an init that ends instead" lxc stop -n c -r -t 20
	is "$who: which then has ended" "$(state c)" STOPPED
	as_caller sed -i 's/^lxc.signal.reboot.*/lxc.signal.reboot = SIGUSR2/' "$LXCPATH/c/config"
	start_init 'trap "echo got USR2; reboot -f" USR2; echo up; while :; do sleep 0.05; done'
	exits 0 "$who: lxc.signal.reboot" lxc stop -n c -r -t 20
	like "$who: was sent" "$(cat "$LXCPATH/log")" "*got USR2*"
	lxc stop -n c -k
	exits 2 "$who: -r of a stopped one" lxc stop -n c -r

	# What ends otherwise is no reboot.
	lxc start -n c -- /bin/sh -c 'kill -HUP $$; sleep 0.3; exit 0'
	ok "$who: an ordinary end" wait_for 5 is_state c STOPPED
	# An ephemeral one stays over a reboot.
	lxc create -n e -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n e -s lxc.ephemeral=1
	exits 0 "$who: an ephemeral one reboots" lxc stop -n e -r -t 20
	ok "$who: and stays" test -e "$LXCPATH/e/config"
	lxc attach -n e -- /sbin/poweroff -f </dev/null
	ok "$who: until it halts" wait_for 5 test ! -e "$LXCPATH/e"
	# In the foreground
	lxc start -n c -F -- /bin/sh -c 'if [ -e /tmp/once ]; then echo second; else : >/tmp/once; echo first; reboot -f; sleep 5; fi' \
		>"$TMP/out" 2>&1 </dev/null
	is "$who: in the foreground, the same command goes on" "$? $(tr '\n' ' ' <"$TMP/out")" "0 first second "
}

each_caller checks
finish
