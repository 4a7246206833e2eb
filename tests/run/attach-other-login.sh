#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-attach from another login session: the nearest cgroup above that and the container is root's,
# so the monitor starts the process. What attach.sh asks of every caller is asked there; here it is
# what this way alone could get wrong.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need_root
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

run()
{
	lxc attach -n c -- "$@" </dev/null
}

# Processes of ours that stand between a program and who attached
workers()
{
	pgrep -f "^\[lxc attach\] $LXCPATH c$"
}

no_workers()
{
	! workers
}

cgroup_of()
{
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

monitor_fds()
{
	find "/proc/$monitor/fd" -mindepth 1 | wc -l
}

no_leaves()
{
	[ -z "$(find "$USER_CGROUP" -mindepth 1 -type d)" ]
}

start()
{
	lxc start -n c
	init=$(lxc info -n c -pH)
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")
}

has_fds()
{
	[ "$(monitor_fds)" = "$fds" ]
}

has_init_alone()
{
	[ "$(pgrep -P "$monitor")" = "$init" ]
}

is_gone()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# begin SECONDS: attaches a sleep; sets job, worker and inside
begin()
{
	lxc attach -n c -- /bin/sleep "$1" >"$TMP/out" 2>&1 </dev/null &
	job=$!
	wait_for 5 pgrep -xf "/bin/sleep $1"
	inside=$(pgrep -xf "/bin/sleep $1")
	worker=$(workers)
}

place()
{
	is "a first instruction is in the cgroup" "$(run /bin/cat /proc/self/cgroup 2>&1 | grep ^0:)" 0::/
	is "nothing is said about it" "$(run /bin/true 2>&1)" ""
	begin 301
	is "seen from the host, too" "$(cgroup_of "$inside")" "$(cgroup_of "$init")"
	is "who waits stands beside the monitor" "$(cgroup_of "$worker")" "$(cgroup_of "$monitor")"
	is "as its child" "$(ps -o ppid= -p "$worker" | tr -d ' ')" "$monitor"
	is "with two descriptors" "$(find "/proc/$worker/fd" -mindepth 1 -printf '%l\n' | sed 's/:.*\[/:[/; s/socket:.*/socket/' | sort | tr '\n' ' ')" \
		"anon_inode:[pidfd] socket "
	is "in no session of the monitor's" "$(ps -o sid= -p "$worker" | tr -d ' ')" "$worker"
	is "not to be traced" "$(stat -c %u "/proc/$worker/mem")" 0
	kill "$inside"
	wait $job
	is "its signal arrives" $? 143
	ok "the wait is over" wait_for 5 no_workers
	is "-eCGROUP stays where it was called" "$(lxc attach -n c -eCGROUP -- /bin/cat /proc/self/cgroup </dev/null | grep -c "${OTHER_CGROUP##*/}")" 1
	is "so does -s" "$(lxc attach -n c -s 'USER|UTSNAME' -- "$(command -v cat)" /proc/self/cgroup </dev/null | grep -c "${OTHER_CGROUP##*/}")" 1
}

alike()
{
	is "limits are the caller's" "$(ulimit -S -n 77 && run /bin/sh -c 'ulimit -n')" 77
	head -c 6000000 /dev/urandom >"$TMP/bytes"
	is "bytes in and out" "$(lxc attach -n c -- /bin/cat <"$TMP/bytes" | sha256sum)" "$(sha256sum <"$TMP/bytes")"
	is "and through a program that ends early" "$(lxc attach -n c -- head -c 5 <"$TMP/bytes" | wc -c)" 5
	out=$(on_terminal -- sh -c "$RLXC attach -P $LXCPATH -n c -- /bin/sh -c 'cat /proc/self/cgroup; tty'")
	like "with a terminal, too" "$out" "*0::/*/dev/pts/*"
}

# What is sent is larger than any message.
large()
{
	words=
	for i in $(seq 40); do
		words="$words -v BIG$i=$(printf '%050000d' "$i")"
	done
	# shellcheck disable=SC2086
	is "a large environment" "$(lxc attach -n c $words -- /usr/bin/env </dev/null | awk '/^BIG/ && length > 50000' | wc -l)" 40
	args=$(printf '%0100000d' 7)
	is "large arguments" "$(run /bin/sh -c 'echo ${#1}' sh "$args")" 100000
	lxc stop -k -n c
	for i in $(seq 20); do
		printf 'lxc.environment = CONF%d=%05000d\n' "$i" "$i"
	done >"$TMP/large"
	as_caller sh -c 'cat >>"$1"' sh "$LXCPATH/c/config" <"$TMP/large"
	start
	for who in other user; do
		is "$who: a large one of the container" "$(run /usr/bin/env | awk '/^CONF/ && length > 5000' | wc -l)" 20
	done
	who=other
	lxc stop -k -n c
	start
}

ends()
{
	begin 302
	kill -KILL "$(pgrep -f "^$RLXC attach -P $LXCPATH -n c")"
	wait $job
	ok "the end of who attached ends it" wait_for 5 is_gone "$inside"
	ok "and the wait" wait_for 5 no_workers
	begin 303
	kill -KILL "$worker"
	wait $job
	is "the end of who waits" $? 137
	ok "ends it" wait_for 5 is_gone "$inside"
	begin 304
	lxc stop -k -n c
	wait $job
	is "the end of the container" $? 137
	ok "ends the wait" wait_for 5 no_workers
	ok "no cgroup is left" wait_for 5 no_leaves
	start
	begin 305
	kill -KILL "$monitor"
	wait $job
	is "the end of the monitor ends all" $? 137
	ok "the wait as well" wait_for 5 no_workers
	lxc stop -k -n c 2>/dev/null
	start
}

many()
{
	run /bin/true
	wait_for 5 has_init_alone
	sleep 0.2
	fds=$(monitor_fds)
	is "two hundred in a row" "$(as_caller timeout -k 5 60 sh -c 'for i in $(seq 200); do "$@" 2>&1 || echo failed; done' \
		sh "$RLXC" attach -P "$LXCPATH" -n c -- /bin/true </dev/null)" ""
	ok "leave no child" wait_for 5 has_init_alone
	ok "and no descriptor" wait_for 5 has_fds
}

# Nobody is born in a cgroup of v1: the program goes there first of all.
v1_leaves()
{
	V1=/sys/fs/cgroup/pids/rlxc-$TEST_NAME-$$
	[ -w /sys/fs/cgroup/pids/tasks ] && mkdir "$V1" || return 0
	on_exit 'find "$V1" -depth -type d -exec rmdir {} \; 2>/dev/null'
	chown "$TEST_USER" "$V1" "$V1/cgroup.procs" "$V1/tasks"
	lxc stop -k -n c
	in_cgroup "$V1" lxc start -n c -s lxc.cgroup.pids.max=60
	init=$(lxc info -n c -pH)
	begin 306
	like "init has a leaf of v1" "$(grep :pids: "/proc/$init/cgroup")" "*lxc.payload.c"
	is "the program is in it" "$(grep :pids: "/proc/$inside/cgroup")" "$(grep :pids: "/proc/$init/cgroup")"
	lxc stop -k -n c
	wait $job
	start
}

# Whoever may speak to the monitor may also speak nonsense.
nonsense()
{
	socket=$(find "/run/user/$(as_caller id -u)" "$LXCPATH/.run" -path "*/c/control" 2>/dev/null | head -n 1)
	fds=$(monitor_fds)
	# shellcheck disable=SC2154
	control="python3 $top_srcdir/tests/run/control.py $socket"
	# shellcheck disable=SC2086
	{
		ok "nonsense is survived" as_caller timeout 30 $control links
		ok "without a child" wait_for 5 has_init_alone
		ok "or a descriptor" wait_for 5 has_fds
		is "there is an end to those who wait" "$(as_caller timeout 30 $control spawns 300 </dev/null)" 256
	}
	ok "they go with who wanted them" wait_for 5 has_init_alone
	is "another one is served" "$(run /bin/echo yes)" yes
	ok "and all is as before" wait_for 5 has_fds
}

checks()
{
	has_cgroup || skip "no cgroup of their own"
	lxc create -n c -t busybox >/dev/null 2>&1
	start
	place
	alike
	large
	ends
	v1_leaves
	many
	nonsense
}

each_caller checks other
finish
