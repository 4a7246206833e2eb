#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits that a process runs into, freezing, and attaching from another login session.
. "$(dirname "$0")/vm.sh"
on_exit 'end_user alice'

inside()
{
	as alice lxc-attach c1 -- "$@"
}

counter()
{
	cat "/proc/$(init_of c1 alice)/root/tmp/n" 2>/dev/null
}

counter_moves()
{
	local before
	before=$(counter)
	sleep 1
	[ "$(counter)" != "$before" ]
}

stat_of()
{
	sed -n "s/^$2 //p" "$cgroup/$1"
}

limits()
{
	is "memory.max is the configuration's" "$(cat "$cgroup/memory.max")" 33554432
	ok "below the limit of memory" inside dd if=/dev/zero of=/dev/null bs=8M count=1
	not_ok "above it, the process is killed" inside dd if=/dev/zero of=/dev/null bs=64M count=1
	ok "by the kernel, for the limit" test "$(stat_of memory.events oom_kill)" -gt 0
	like "pids.max: no more processes" \
		"$(inside sh -c 'for i in $(seq 60); do sleep 4 & done; wait')" "*can't fork*"
	ok "and the kernel has counted it" test "$(stat_of pids.events max)" -gt 0
	before=$(stat_of cpu.stat usage_usec)
	inside timeout 4 sh -c 'while :; do :; done' >/dev/null
	used=$(($(stat_of cpu.stat usage_usec) - before))
	ok "cpu.max: the loop was held back" test "$(stat_of cpu.stat nr_throttled)" -gt 5
	ok "to a fifth of four seconds and a little ($used us)" test $used -lt 1600000
}

frozen()
{
	as alice lxc-attach c1 -- sh -c \
		'(i=0; while :; do i=$((i + 1)); echo $i >/tmp/n; sleep 0.1; done) </dev/null >/dev/null 2>&1 &'
	ok "something counts" wait_for 10 counter_moves
	ok "freeze" as alice lxc-freeze c1
	is "the state" "$(as alice lxc-info -sH -n c1)" FROZEN
	not_ok "nothing counts" counter_moves
	ok "unfreeze" as alice lxc-unfreeze c1
	ok "it counts again" counter_moves
}

# The session that started it is closed: each of these is another one.
attached()
{
	ssh alice@localhost lxc-attach c1 -- sleep 54321 </dev/null &
	ok "a process is attached" wait_for 60 pgrep -f '^sleep 54321'
	is "it is in the container's cgroup" \
		"$(sed -n 's/^0:://p' "/proc/$(pgrep -f '^sleep 54321')/cgroup")" "$(place c1 alice)"
	ok "stop" as alice lxc-stop -t 20 c1
	not_ok "it has ended, too" pgrep -f '^sleep 54321'
}

stay alice
make_container c1 alice 'lxc.cgroup2.memory.max = 32M' 'lxc.cgroup2.memory.swap.max = 0' \
	'lxc.cgroup2.pids.max = 30' 'lxc.cgroup2.cpu.max = 20000 100000'
ok "it starts" via ssh alice lxc-start --strict-limits c1 || finish
cgroup=$(cgroup_of c1 alice)
limits
frozen
attached
is "no cgroup is left" "$(left_over)" ""
finish
