#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-freeze and lxc-unfreeze, and what a frozen container means for the other commands.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# Does something still count in there?
counts()
{
	count=$(wc -c <"$LXCPATH/c/rootfs/tmp/count")
	sleep 0.3
	[ "$(wc -c <"$LXCPATH/c/rootfs/tmp/count")" != "$count" ]
}

without_cgroup()
{
	lxc start -n c
	exits 1 "$who: without a cgroup nothing can be frozen" lxc freeze -n c
	like "$who: which is said, with what to do" "$(message lxc freeze -n c)" "*cgroup*hint: *"
	is "$who: it still runs" "$(state c)" RUNNING
	exits 0 "$who: there is nothing to thaw" lxc unfreeze -n c
	lxc stop -n c -k
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	exits 1 "$who: freeze of a stopped one" lxc freeze -n c
	is "$who: is said once" "$(message lxc freeze -n c | grep -c "'c' is not running")" 1
	exits 1 "$who: freeze of nobody" lxc freeze -n nobody
	like "$who: is said" "$(message lxc freeze -n nobody)" "*'nobody' does not exist*"
	exits 0 "$who: unfreeze of a stopped one" lxc unfreeze -n c
	exits 1 "$who: unfreeze of nobody" lxc unfreeze -n nobody
	if ! has_cgroup; then
		without_cgroup
		return
	fi

	lxc start -n c -- /bin/sh -c 'trap "exit 0" INT; : >/tmp/count; chmod 644 /tmp/count; while :; do echo >>/tmp/count; sleep 0.02; done'
	wait_for 5 test -s "$LXCPATH/c/rootfs/tmp/count"
	exits 0 "$who: unfreeze of a running one" lxc unfreeze -n c
	ok "$who: it counts" counts
	lxc wait -n c -s 'FREEZING|FROZEN' &
	waiter=$!
	sleep 0.2
	is "$who: freeze is silent" "$(lxc freeze -n c 2>&1)" ""
	not_ok "$who: it counts no more" counts
	is "$who: its state" "$(state c)" FROZEN
	wait $waiter
	is "$who: whoever waited saw it" $? 0
	exits 0 "$who: it can be waited for afterwards" lxc wait -n c -s FROZEN -t 5
	exits 1 "$who: and is not RUNNING" lxc wait -n c -s RUNNING -t 0
	is "$who: lxc-ls --frozen" "$(lxc ls -1 --frozen)" c
	is "$who: lxc-ls --running" "$(lxc ls -1 --running)" c
	is "$who: lxc-ls --stopped" "$(lxc ls -1 --stopped)" ""
	like "$who: lxc-ls -f" "$(lxc ls -f)" "*c    FROZEN *"
	exits 0 "$who: freeze again" lxc freeze -n c
	exits 1 "$who: attach says so instead of waiting" lxc attach -n c -- /bin/true
	like "$who: with the way out" "$(message lxc attach -n c -- /bin/true)" "*frozen*hint: *lxc-unfreeze*"
	exits 0 "$who: start is still a note" lxc start -n c

	lxc wait -n c -s RUNNING -t 10 &
	waiter=$!
	sleep 0.2
	is "$who: unfreeze is silent" "$(lxc unfreeze -n c 2>&1)" ""
	wait $waiter
	is "$who: whoever waited saw it" $? 0
	is "$who: it goes on" "$(state c)" RUNNING
	ok "$who: and counts" counts
	lxc freeze -n c
	exits 0 "$who: a shutdown of a frozen one reaches it" lxc stop -n c -t 20 --nokill
	is "$who: and it ends" "$(state c)" STOPPED

	lxc start -n c
	lxc freeze -n c
	exits 0 "$who: so does a reboot" lxc stop -n c -r -t 20
	is "$who: after which it runs" "$(state c)" RUNNING
	lxc stop -n c -k

	lxc start -n c
	lxc freeze -n c
	exits 0 "$who: -k of a frozen one" lxc stop -n c -k
	is "$who: ends it" "$(state c)" STOPPED
	# Frozen behind our back, by whoever owns the cgroup
	lxc start -n c
	path=$(sed -n 's/^0:://p' "/proc/$(lxc info -n c -pH)/cgroup")
	for dir in "/sys/fs/cgroup$path" "/sys/fs/cgroup/unified$path"; do
		[ ! -e "$dir/cgroup.freeze" ] || break
	done
	echo 1 >"$dir/cgroup.freeze"
	ok "$who: another's freeze is noticed" wait_for 5 is_state c FROZEN
	echo 0 >"$dir/cgroup.freeze"
	ok "$who: and the thaw" wait_for 5 is_state c RUNNING
	# On and off, many times
	for i in 1 2 3 4 5 6 7 8; do
		lxc freeze -n c && lxc unfreeze -n c || break
	done
	is "$who: many times ($i)" "$i $(state c)" "8 RUNNING"
	lxc attach -n c -- /bin/sh -c 'sleep 100' </dev/null >/dev/null 2>&1 &
	job=$!
	sleep 0.2
	lxc freeze -n c
	lxc stop -n c -k
	wait $job
	is "$who: an attached program ends with it" $? 137
}

each_caller checks

late()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n c
	path=$(sed -n 's/^0:://p' "/proc/$(lxc info -n c -pH)/cgroup")
	for dir in "/sys/fs/cgroup$path" "/sys/fs/cgroup/unified$path"; do
		[ ! -e "$dir/cgroup.freeze" ] || break
	done
	mkdir -p "$TMP/mnt"
	unshare -m timeout 60 python3 "${top_srcdir:?}/tests/run/stuck.py" "$TMP/mnt" "$(lxc info -n c -pH)" "$dir" >"$TMP/stuck" 2>&1 &
	server=$!
	wait_for 10 grep -q waits "$TMP/stuck" || skip "no process could be made to wait: $(cat "$TMP/stuck")"
	exits 1 "$who: a process that cannot be frozen" lxc freeze -n c -t 1
	like "$who: is named" "$(message lxc freeze -n c -t 1)" "*not frozen after 1 s and goes on*process [0-9]* (python3)*hint: *"
	is "$who: and the rest goes on" "$(state c)" RUNNING
	is "$who: none of it is frozen" "$(cat "$dir/cgroup.freeze")" 0
	lxc stop -n c -k 2>"$TMP/said" &
	job=$!
	ok "$who: a kill that it outlives names it" wait_for 10 grep -q 'in the way: process [0-9]* (python3)' "$TMP/said"
	kill $server
	wait $job
	is "$who: and waits for its end" "$? $(state c)" "0 STOPPED"
}

if [ "$(id -u)" -eq 0 ] && [ -c /dev/fuse ] && has python3; then
	rm -rf "$TMP/root"
	each_caller late root
fi
finish
