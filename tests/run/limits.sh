#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits of lxc.cgroup2.* and lxc.cgroup.*, device rules, and what is said when they cannot hold. The
# host may have cgroup2 alone, version 1, or both.
. "$(dirname "$0")/lib.sh"
name=lim$$ # of our own, for what is left behind
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# limit_file NAME-ON-V2 NAME-ON-V1: that file of the container's cgroup, wherever it is
limit_file()
{
	limit_pid=$(lxc info -n "$name" -pH)
	while IFS=: read -r limit_id limit_controllers limit_path; do
		if [ "$limit_id" = 0 ]; then
			for limit_dir in /sys/fs/cgroup/unified /sys/fs/cgroup; do
				[ ! -e "$limit_dir$limit_path/$1" ] || echo "$limit_dir$limit_path/$1"
			done
		elif [ "${limit_controllers#name=}" = "$limit_controllers" ]; then
			limit_dir=/sys/fs/cgroup/${limit_controllers%%,*}
			[ ! -e "$limit_dir$limit_path/$2" ] || echo "$limit_dir$limit_path/$2"
		fi
	done <"/proc/$limit_pid/cgroup" | head -n 1
}

value()
{
	cat "$(limit_file "$1" "$2")" 2>/dev/null
}

# holds NAME-ON-V2 NAME-ON-V1 WANT KEY VALUE [OTHER-WANT]: the limit holds, or it is named, and
# --strict-limits is an error then
holds()
{
	if lxc start -n "$name" --strict-limits -s "lxc.$4=$5" >"$TMP/said" 2>&1; then
		got=$(value "$1" "$2")
		[ -z "${6-}" ] || [ "$got" != "$6" ] || got=$3
		is "$who: $4 = $5 holds" "$got" "$3"
		is "$who: without a word" "$(cat "$TMP/said")" ""
		lxc stop -n "$name" -k
		return
	fi
	like "$who: $4 cannot hold, which is said" "$(cat "$TMP/said")" "*'lxc.$4'*"
	is "$who: nothing runs then" "$(state "$name")" STOPPED
	like "$who: without --strict-limits it is a warning" \
		"$(message lxc start -n "$name" -s "lxc.$4=$5")" "*warning: 'lxc.$4'*continuing without it*"
	is "$who: and the container runs" "$(state "$name")" RUNNING
	lxc stop -n "$name" -k
}

refused()
{
	exits 1 "$who: $1 = $2 is refused" lxc start -n "$name" -s "lxc.$1=$2"
	like "$who: by its name" "$(message lxc start -n "$name" -s "lxc.$1=$2")" "*'lxc.$1*'*$3*"
	is "$who: and nothing runs" "$(state "$name")" STOPPED
}

has_controller() # of this host at all, on either version
{
	for host_dir in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		! grep -qw "$1" "$host_dir/cgroup.controllers" 2>/dev/null || return 0
	done
	[ -e "/sys/fs/cgroup/$1/tasks" ]
}

# What root's containers can have, they have.
root_holds()
{
	has_controller "$1" || return 0
	ok "$who: root's containers get $1" lxc start -n "$name" --strict-limits -s "lxc.$2"
	lxc stop -n "$name" -k
}

processes()
{
	lxc start -n "$name" --strict-limits -s lxc.cgroup2.pids.max=20 >/dev/null 2>&1 || {
		lxc stop -n "$name" -k >/dev/null 2>&1
		return
	}
	# shellcheck disable=SC2016
	ok "$who: as many as it allows" lxc attach -n "$name" -- /bin/sh -c \
		'i=0; while [ $i -lt 5 ]; do sleep 0 & i=$((i+1)); done; wait'
	# shellcheck disable=SC2016
	not_ok "$who: no more processes than pids.max" lxc attach -n "$name" -- /bin/sh -c \
		'i=0; while [ $i -lt 40 ]; do sleep 3 & i=$((i+1)); done; wait'
	lxc stop -n "$name" -k
}

devices()
{
	set -- -s lxc.cgroup2.devices.deny=a -s 'lxc.cgroup2.devices.allow=c 1:3 rwm' \
		-s 'lxc.cgroup2.devices.allow=/dev/random r' -s 'lxc.cgroup2.devices.allow=c 5:* rw' \
		-s 'lxc.cgroup2.devices.allow=c 136:* rw'
	if lxc start -n "$name" --strict-limits "$@" >"$TMP/said" 2>&1; then
		for boot in first second; do
			ok "$who: an allowed device ($boot boot)" lxc attach -n "$name" -- /bin/sh -c 'echo >/dev/null'
			ok "$who: one allowed by its path" lxc attach -n "$name" -- /bin/sh -c ': </dev/random'
			not_ok "$who: for reading alone" lxc attach -n "$name" -- /bin/sh -c ': >/dev/random'
			not_ok "$who: another one" lxc attach -n "$name" -- /bin/sh -c ': </dev/zero'
			[ $boot = first ] || break
			boots=$(lxc info -n "$name" -pH)
			lxc stop -n "$name" -r -t 10
			[ "$(lxc info -n "$name" -pH)" != "$boots" ] || break
		done
	else
		like "$who: device rules cannot hold, which is said" "$(cat "$TMP/said")" "*device rules*"
		like "$who: without --strict-limits it is one warning" \
			"$(message lxc start -n "$name" "$@")" "*warning: device rules*continuing without it*"
		is "$who: one alone" "$(lxc stop -n "$name" -k; message lxc start -n "$name" "$@" | wc -l)" 1
		is "$who: and the container runs" "$(state "$name")" RUNNING
	fi
	lxc stop -n "$name" -k
}

# The rules of every distribution's containers, of both versions
common()
{
	ok "$who: the usual device rules" lxc start -n "$name" -s lxc.cgroup.devices.deny=a \
		-s 'lxc.cgroup.devices.allow=c *:* m' -s 'lxc.cgroup.devices.allow=b *:* m' \
		-s 'lxc.cgroup.devices.allow=c 1:3 rwm' -s lxc.cgroup2.devices.deny=a \
		-s 'lxc.cgroup2.devices.allow=c *:* m' -s 'lxc.cgroup2.devices.allow=b *:* m' \
		-s 'lxc.cgroup2.devices.allow=c 1:3 rwm' -s 'lxc.cgroup2.devices.allow=c 1:5 rwm'
	is "$who: let a container run" "$(state "$name")" RUNNING
	ok "$who: and use what it may" lxc attach -n "$name" -- /bin/sh -c 'echo >/dev/null'
	lxc stop -n "$name" -k
}

leaves()
{
	find /sys/fs/cgroup -type d -name "lxc.payload.$name*" 2>/dev/null
}

checks()
{
	lxc create -n "$name" -t busybox -f "$TMP/empty" >/dev/null 2>&1
	before=$(leaves)
	holds memory.max memory.limit_in_bytes 67108864 cgroup2.memory.max 64M
	holds memory.max memory.limit_in_bytes 67108864 cgroup.memory.limit_in_bytes 67108864
	holds pids.max pids.max 33 cgroup2.pids.max 33
	holds pids.max pids.max 34 cgroup.pids.max 34
	holds cpu.weight cpu.shares 50 cgroup.cpu.shares 512 512
	holds cpu.weight cpu.shares 200 cgroup2.cpu.weight 200 2048
	holds cpu.max cpu.cfs_quota_us "50000 100000" cgroup2.cpu.max "50000 100000" 50000
	holds cgroup.max.depth none 5 cgroup2.cgroup.max.depth 5
	if [ "$who" = root ]; then
		root_holds memory cgroup2.memory.max=64M
		root_holds pids cgroup2.pids.max=64
		root_holds cpu cgroup2.cpu.weight=50
	fi
	processes
	devices
	common
	refused cgroup2.memry.max 1 "no cgroup controller 'memry'"
	refused cgroup2.cgroup.procs 1 "moves processes"
	refused cgroup2.memory/max 1 "has a '/' in it"
	refused cgroup2.memory..max 1 "has '..' in it"
	refused cgroup2.devices.allow "c 1:3" ""
	if lxc start -n "$name" --strict-limits -s lxc.cgroup2.cgroup.max.depth=5 >/dev/null 2>&1; then
		lxc stop -n "$name" -k
		refused cgroup2.cgroup.max.depth much "the kernel takes no such value"
		refused cgroup2.cgroup.max.bogus 1 "no such file"
	fi
	like "$who: --dry-run shows them" "$(lxc start -n "$name" --dry-run -s lxc.cgroup2.pids.max=5 2>/dev/null)" \
		'*"cgroup_limits": *lxc.cgroup2.pids.max*'
	is "$who: no cgroup is left" "$(leaves)" "$before"
}

each_caller checks
finish
