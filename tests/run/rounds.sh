#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many lives of containers, four at a time: nothing is left of them, and the monitor does not grow.
#
# ROUNDS: how many for each kind of caller (default 60; 200 for a thorough run).
. "$(dirname "$0")/lib.sh"
who= # set by each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: "${ROUNDS:=60}"
prefix=r$$

printf 'lxc.net.0.type = empty\nlxc.environment = RLXC_TEST_MARK=%s\n' "$TMP" >"$TMP/conf"
chmod 644 "$TMP/conf"

life()
{
	lxc create -n "$1" -t busybox -f "$TMP/conf" || return
	lxc start -n "$1" || return
	[ "$(lxc attach -n "$1" -- sh -c 'echo in')" = in ] || return
	if [ $(($2 % 5)) -eq 0 ]; then
		lxc destroy -f -n "$1"
		return
	fi
	lxc stop -k -n "$1" && lxc destroy -n "$1"
}

lane()
{
	for ((i = 0; i < ROUNDS / 4; i++)); do
		life "$prefix-$1-$i" "$i" >"$TMP/.lane$1" 2>&1 </dev/null && continue
		echo "lane $1, round $i, in the state $(state "$prefix-$1-$i"):"
		cat "$TMP/.lane$1"
	done
}

processes()
{
	grep -lsz "^RLXC_TEST_MARK=$TMP" /proc/[0-9]*/environ
	pgrep -af "^\[lxc monitor\] $LXCPATH"
	# What reaps a monitor's cgroup is a moment later than the end.
	pgrep -a rlxc-reaper | grep -F "$prefix"
}

rest()
{
	processes
	grep -F "$TMP" /proc/self/mountinfo
	find "$LXCPATH" -mindepth 1 ! -name .run ! -name .rlxc-ids
	find /run/rlxc /run/user/*/rlxc -name "$prefix-*" 2>/dev/null
	find /sys/fs/cgroup -name "*$prefix-*" -type d 2>/dev/null
	grep -F -e "$LXCPATH" -e "$prefix-" /proc/net/unix
	grep -F "$LXCPATH" "$(as_caller sh -c 'echo ~')/.local/share/lxc/.rlxc-ids" 2>/dev/null
}

clean()
{
	[ -z "$(rest)" ]
}

many()
{
	started=$(date +%s)
	for lane in 1 2 3 4; do
		lane $lane >"$TMP/.failures$lane" &
	done
	wait
	is "$who: $((ROUNDS / 4 * 4)) lives, $(($(date +%s) - started)) s" "$(cat "$TMP"/.failures?)" ""
	wait_for 10 clean
	is "$who: nothing is left" "$(rest)" ""
}

fds_of()
{
	as_caller ls "/proc/$1/fd" | wc -l
}

memory_of()
{
	awk '/^VmData|^VmStk/ {sum += $2} END {print sum}' "/proc/$1/status"
}

ask()
{
	for ((i = 0; i < $1; i++)); do
		lxc attach -n "$prefix" -- true || echo "attach $i"
		lxc info -n "$prefix" -S >/dev/null || echo "info $i"
	done </dev/null
}

one_monitor()
{
	lxc create -n "$prefix" -t busybox -f "$TMP/conf"
	ok "$who: one starts" lxc start -n "$prefix"
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH $prefix$")
	ask 5 # what is made once is there
	fds=$(fds_of "$monitor")
	memory=$(memory_of "$monitor")
	is "$who: 100 attaches and 100 infos" "$(ask 100)" ""
	like "$who: the monitor has descriptors" "$fds" "[1-9]*"
	is "$who: and no more than before" "$(fds_of "$monitor")" "$fds"
	# The C library takes and returns memory by 132 KB.
	ok "$who: nor more memory" test "$(memory_of "$monitor")" -le $((memory + 132))
	is "$who: nor children" "$(lxc attach -n "$prefix" -- ps | grep -c ' true')" 0
	# What is half asked, or not understood, is let go, too.
	for ((i = 0; i < 20; i++)); do
		timeout -s KILL 0.0$((RANDOM % 9 + 1)) "$RLXC" wait -P "$LXCPATH" -n "$prefix" -s STOPPED
	done >/dev/null 2>&1
	same_fds()
	{
		[ "$(fds_of "$monitor")" = "$fds" ]
	}
	ok "$who: nor after clients that were killed" wait_for 5 same_fds
	ok "$who: it ends" lxc stop -k -n "$prefix"
	ok "$who: and goes" lxc destroy -n "$prefix"
	wait_for 10 clean
	is "$who: nothing is left of it" "$(rest)" ""
}

checks()
{
	many
	one_monitor
}

each_caller checks root user
finish
