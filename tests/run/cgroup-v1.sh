#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Controllers on v1 hierarchies: leaves where something needs them, init in each, limits that hold, and
# nothing left afterwards; without cgroup2 they do all that a cgroup is for.
#
# Run again by itself, with LEGACY set, where cgroup2 is not mounted.
. "$(dirname "$0")/lib.sh"
: "${LEGACY:=}"
[ "$(id -u)" -eq 0 ] || skip "needs root, to make cgroups"
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
grep -q ' - cgroup cgroup ' /proc/self/mountinfo || skip "this host has no v1 hierarchies"
[ -e /sys/fs/cgroup/pids/tasks ] && [ -e /sys/fs/cgroup/freezer/tasks ] ||
	skip "no v1 hierarchy of pids or freezer at /sys/fs/cgroup"
who=root
name=v1$$
on_exit 'end_containers'

printf 'lxc.net.0.type = empty\n' >"$TMP/plain.conf"
printf 'lxc.net.0.type = empty\nlxc.cgroup.pids.max = 100\n' >"$TMP/limit.conf"
chmod 644 "$TMP"/*.conf

# Its leaves, and those alone that are in old hierarchies
leaves()
{
	find /sys/fs/cgroup -name "lxc.*$name*" -type d | sort
}

old_leaves()
{
	leaves | while read -r dir; do
		[ ! -e "$dir/tasks" ] || echo "$dir"
	done
}

nothing_left()
{
	[ -z "$(leaves)" ]
}

gone()
{
	ok "$1" wait_for 5 nothing_left || leaves | sed 's/^/# /'
}

init()
{
	lxc info -n $name -pH
}

monitor()
{
	pgrep -f "^\[lxc monitor\] $LXCPATH $name$"
}

# Is init listed in every leaf?
init_is_in()
{
	pid=$(init)
	for dir in "$@"; do
		grep -qx "$pid" "$dir/cgroup.procs" || { echo "not in $dir"; return 1; }
	done
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# ---- leaves ----

begins_and_ends()
{
	lxc create -n $name -t busybox -f "$TMP/limit.conf" >/dev/null 2>&1
	ok "$who: starts" lxc start -n $name
	# shellcheck disable=SC2046
	set -- $(old_leaves)
	like "$who: leaves are made" " $* " "* /sys/fs/cgroup/*/lxc.payload.$name *"
	[ "$who" = user ] || is "$who: one for each hierarchy" $# \
		"$(grep -c ' - cgroup cgroup ' /proc/self/mountinfo)"
	ok "$who: init is in each" init_is_in "$@"
	is "$who: nothing of it is elsewhere" "$(grep -vc "/lxc.payload.$name\$" "/proc/$(init)/cgroup")" "$elsewhere"
	is "$who: the limit holds" "$(cat "$pids/lxc.payload.$name/pids.max")" 100
	is "$who: who attaches is in them" "$(lxc attach -n $name -- /bin/cat /proc/self/cgroup)" \
		"$(lxc attach -n $name -- /bin/cat /proc/1/cgroup)"
	first=$(init)
	lxc stop -r -n $name
	ok "$who: reboots" wait_for 20 rebooted "$first"
	ok "$who: and the new init is in each" init_is_in "$@"
	is "$who: under the same limit" "$(cat "$pids/lxc.payload.$name/pids.max")" 100
	lxc stop -k -n $name
	gone "$who: a stop leaves nothing"
}

rebooted()
{
	pid=$(init) && [ -n "$pid" ] && [ "$pid" != "$1" ] && is_state $name RUNNING
}

# Without a need on cgroup2 there is none on v1.
only_when_needed()
{
	lxc start -n $name -f "$TMP/plain.conf" -s "lxc.rootfs.path = $LXCPATH/$name/rootfs"
	is "$who: no need, no leaf" "$(old_leaves)" ""
	lxc stop -k -n $name
}

limit_holds()
{
	rm -f "$LXCPATH/$name/rootfs/tmp/"*
	lxc execute -n $name -- /bin/sh -c 'while [ ! -e /tmp/go ]; do sleep 0.1; done
		/bin/sh -c "for i in 1 2 3 4 5 6 7 8 9; do sleep 2 & done; echo all" >/tmp/out 2>&1' >/dev/null 2>&1 &
	wait_for 5 grep -q . "$pids/lxc.payload.$name/cgroup.procs"
	echo 6 >"$pids/lxc.payload.$name/pids.max"
	touch "$LXCPATH/$name/rootfs/tmp/go"
	wait_for 10 grep -q '^max [1-9]' "$pids/lxc.payload.$name/pids.events"
	like "$who: a limit is felt inside" "$(cat "$LXCPATH/$name/rootfs/tmp/out")" "*can't fork*"
	lxc stop -k -n $name
	wait
	gone "$who: and leaves nothing"
}

killed_monitor()
{
	lxc start -n $name
	kill -9 "$(monitor)"
	wait_for 5 no_monitor
	like "$who: a killed monitor leaves the leaves" "$(old_leaves)" "*$name*"
	lxc stop -k -n $name 2>/dev/null # init may have ended with its terminals
	gone "$who: a stop finds all of them"

	lxc start -n $name
	pid=$(init)
	kill -9 "$(monitor)"
	kill -9 "$pid"
	wait_for 5 no_monitor
	ok "$who: the next start clears up" wait_for 5 lxc start -n $name
	is "$who: under the same names" "$(old_leaves | grep -vc "/lxc.payload.$name\$")" 0
	lxc stop -k -n $name
	gone "$who: what the next one made goes, too"
}

no_monitor()
{
	! monitor
}

failed_start()
{
	exits 1 "$who: a start that fails" lxc start -n $name -s "lxc.init.cmd = /no/such/init"
	gone "$who: leaves nothing"
}

taken_names()
{
	mkdir "$pids/lxc.payload.$name"
	lxc start -n $name
	is "$who: an empty left-over is made anew" "$(old_leaves | sed 's|.*/||' | sort -u)" "lxc.payload.$name"
	lxc stop -k -n $name
	gone "$who: and removed"
	mkdir "$pids/lxc.payload.$name"
	sleep 30 &
	sleeper=$!
	echo $sleeper >"$pids/lxc.payload.$name/cgroup.procs"
	lxc start -n $name
	ok "$who: one in use is not" test -d "$pids/lxc.payload.$name-1"
	lxc stop -k -n $name
	ok "$who: nor removed" test -d "$pids/lxc.payload.$name"
	ok "$who: with what is in it" kill -0 $sleeper
	kill $sleeper
	wait $sleeper 2>/dev/null
	rmdir "$pids/lxc.payload.$name"
}

# A limit of processes that is reached at some step of a start
too_few_processes()
{
	mkdir "$pids/$name-few"
	said=
	for max in 1 2 3 4 5 6; do
		echo $max >"$pids/$name-few/pids.max"
		(
			sh -c 'echo $PPID' >"$pids/$name-few/cgroup.procs"
			exec "$RLXC" start -P "$LXCPATH" -n $name 2>"$TMP/said"
		) && break
		said=$said$(grep -c '^hint: a limit of processes' "$TMP/said")
		gone "$who: a start that may have $max processes fails and leaves nothing"
	done
	[ -n "$LEGACY" ] || like "$who: with a hint" "$said" "1*"
	lxc stop -k -n $name 2>/dev/null
	wait_for 5 rmdir "$pids/$name-few"
}

too_little_memory()
{
	exits 1 "$who: too little memory to start" lxc start -n $name -s "lxc.cgroup2.memory.max = 4096"
	like "$who: is named" "$(message lxc start -n $name -s "lxc.cgroup2.memory.max = 4096")" \
		"*hint: is 'lxc.cgroup2.memory.max = 4096' enough to start with*"
	gone "$who: and leaves nothing"
}

# What the container's root made below its leaf, where it may
made_inside()
{
	lxc start -n $name -s "lxc.mount.auto = cgroup:rw:force"
	if lxc attach -n $name -- /bin/sh -c 'cd /sys/fs/cgroup/pids 2>/dev/null && mkdir -p sub/sub'; then
		ok "$who: cgroups made inside are there" test -d "$pids/lxc.payload.$name/sub/sub"
		[ "$who" = root ] || not_ok "$who: its limit is not its own" lxc attach -n $name -- \
			/bin/sh -c 'echo max >/sys/fs/cgroup/pids/pids.max'
	fi
	lxc stop -k -n $name
	gone "$who: and go with the container"
}

# ---- the freezer ----

counts()
{
	count=$(wc -c <"$LXCPATH/$name/rootfs/tmp/count")
	sleep 0.3
	[ "$(wc -c <"$LXCPATH/$name/rootfs/tmp/count")" != "$count" ]
}

freezes()
{
	lxc start -n $name
	lxc attach -n $name -- /bin/sh -c '(while :; do echo -n . >>/tmp/count; sleep 0.05; done) >/dev/null 2>&1 &'
	ok "$who: it counts" counts
	ok "$who: freeze" lxc freeze -n $name
	is "$who: it is frozen" "$(state $name)" FROZEN
	is "$who: by the v1 freezer" "$(cat "$freezer/lxc.payload.$name/freezer.state")" FROZEN
	not_ok "$who: it counts no more" counts
	ok "$who: unfreeze" lxc unfreeze -n $name
	is "$who: it runs" "$(state $name)" RUNNING
	ok "$who: it counts again" counts
	lxc freeze -n $name
	ok "$who: a frozen one can be killed" lxc stop -k -n $name
	gone "$who: all of it"
	lxc start -n $name
	lxc freeze -n $name
	kill -9 "$(monitor)"
	wait_for 5 no_monitor
	ok "$who: also without its monitor" lxc stop -k -n $name
	gone "$who: all of it, too"
}

# Without a pid namespace nothing ends with init by itself.
no_pid_namespace()
{
	ok "$who: without a pid namespace" lxc start -n $name -F -s "lxc.namespace.keep = pid" -- /bin/sh -c \
		'for i in 1 2 3; do setsid sleep 1234 >/dev/null 2>&1 & done; sleep 0.3; ps >/tmp/seen'
	like "$who: there were some" "$(cat "$LXCPATH/$name/rootfs/tmp/seen")" "*sleep 1234*"
	gone "$who: what it left behind is ended"
}

# ---- the callers ----

as_root()
{
	pids=/sys/fs/cgroup/pids
	freezer=/sys/fs/cgroup/freezer
	elsewhere=0
	[ -z "$LEGACY" ] || elsewhere=1 # 0::/
	begins_and_ends
	[ -n "$LEGACY" ] || only_when_needed
	limit_holds
	killed_monitor
	failed_start
	taken_names
	made_inside
	no_pid_namespace
	too_few_processes
	[ ! -e /sys/fs/cgroup/memory/tasks ] || too_little_memory
	[ -z "$LEGACY" ] || freezes
}

# Directories as pam_cgfs or an administrator prepares them, in three hierarchies
prepare_user()
{
	for at in memory pids freezer; do
		dir=/sys/fs/cgroup/$at/rlxc-$TEST_NAME-$$
		[ -e "/sys/fs/cgroup/$at/tasks" ] && mkdir "$dir" || continue
		chown "$TEST_USER" "$dir" "$dir/cgroup.procs" "$dir/tasks"
		USER_DIRS="$USER_DIRS $dir"
	done
	on_exit 'find $USER_DIRS -depth -type d -exec rmdir {} \;'
}

as_caller()
{
	if [ "$who" = root ]; then
		"$@"
		return
	fi
	(
		for dir in $USER_DIRS; do
			sh -c 'echo $PPID' >"$dir/cgroup.procs"
		done
		as_user "$@"
	)
}

as_user_without_cgroup2()
{
	pids=/sys/fs/cgroup/pids/rlxc-$TEST_NAME-$$
	freezer=/sys/fs/cgroup/freezer/rlxc-$TEST_NAME-$$
	elsewhere=$(($(wc -l </proc/self/cgroup) - $(set -- $USER_DIRS && echo $#)))
	begins_and_ends
	freezes
	[ -z "$LEGACY" ] || return 0 # the rest is as it is with a cgroup2 that is not the user's
	limit_holds
	killed_monitor
	failed_start
	taken_names
	made_inside
}

turn root as_root
USER_DIRS=
need_user
as_user test -x "$RLXC" || skip "$TEST_USER cannot run $RLXC"
prepare_user
turn user as_user_without_cgroup2

if [ -z "$LEGACY" ]; then
	ok "on a host without cgroup2" env LEGACY=1 RLXC_MUST_RUN=1 unshare -m --propagation private sh -c \
		'while read -r _ dir type _; do [ "$type" != cgroup2 ] || umount "$dir" || exit 1; done </proc/mounts
		exec "$0"' "$0"
fi
finish
