#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a user's containers stand in is taken away: the scope while the container starts, the service
# manager, controllers while it runs. Each ends in a message or in a container that goes on, with no
# cgroup and no process left, and with everything in order for the next start.
. "$(dirname "$0")/vm.sh"
on_exit 'end_user alice'
need_manager

meanwhile=/home/alice/meanwhile # run by the monitor, when the container's first process is there

top=/sys/fs/cgroup/user.slice/user-$(id -u alice).slice
manager=$top/user@$(id -u alice).service

# Starts c1 while something else happens.
start_while()
{
	printf 'XDG_RUNTIME_DIR=/run/user/%d\nexport XDG_RUNTIME_DIR\n%s\n' "$(id -u alice)" "$1" >$meanwhile
	via su- alice lxc-start c1 -s "lxc.net.0.script.up=sh $meanwhile" >"$TMP/said"
}

is_stopped()
{
	[ "$(as alice lxc-info -sH -n c1)" = STOPPED ]
}

all_gone()
{
	[ -z "$(left_over)" ] && ! pgrep -u alice -f '^\[lxc monitor\]' && ! pgrep -f '^/sbin/init$' -u 100000
}

# Whatever came of the start
is_over()
{
	ok "$1: it is stopped within ten seconds" wait_for 12 is_stopped
	ok "$1: nothing is left" wait_for 5 all_gone || {
		left_over
		ps -ef
	} | sed 's/^/# /'
}

starts_again()
{
	ok "$1: it starts again" via su- alice lxc-start --strict-limits c1
	like "$1: in a scope" "$(place c1 alice)" "$(in_scope c1 alice)"
	ok "$1: and stops" as alice lxc-stop -t 20 c1
	is "$1: no cgroup is left" "$(left_over)" ""
}

# ---- the scope, while the container starts -----------------------------------------------------

asked()
{
	start_while 'systemctl --user stop --no-block lxc-c1.scope; sleep 0.3'
	is_over "stopped"
}

killed()
{
	start_while 'systemctl --user kill -s KILL lxc-c1.scope; sleep 5'
	like "killed: the start says so" "$(cat "$TMP/said")" \
		"lxc-start: *the container's monitor ended during the start*"
	is_over "killed"
}

# At other moments, the first of them when the monitor has just come into the scope
raced()
{
	local delay
	for delay in 0 0.2 0.5; do
		(
			wait_for 30 test -d "$manager/app.slice/lxc-c1.scope"
			sleep $delay
			as alice systemctl --user stop lxc-c1.scope
		) >/dev/null &
		via su- alice lxc-start c1 >"$TMP/said"
		wait $!
		is_over "stopped after $delay s"
	done
}

manager_lost()
{
	start_while 'pkill -KILL -x -u alice systemd; sleep 3'
	ok "no manager: it is over" wait_for 20 all_gone
	ok "no manager: the start has said so" test -s "$TMP/said"
	systemctl restart "$(basename "$manager")"
}

# ---- a controller, while it runs ---------------------------------------------------------------

# The kernel takes it from a cgroup that passes it on to none.
take_away()
{
	find "$top" -depth -type d | while read -r dir; do
		for controller; do
			echo "-$controller" >"$dir/cgroup.subtree_control"
		done 2>/dev/null
	done
	! grep -w "$1" "$top/cgroup.subtree_control"
}

give_back()
{
	find "$top" -type d ! -path '*/lxc.*' | while read -r dir; do
		for controller; do
			echo "+$controller" >"$dir/cgroup.subtree_control"
		done 2>/dev/null
	done
}

taken()
{
	ok "taken: it starts" via su- alice lxc-start --strict-limits c1
	ok "taken: root takes two controllers away" take_away memory pids
	like "taken: asking for a limit says what is missing" "$(as alice lxc-cgroup c1 memory.max)" \
		"lxc-cgroup: *'memory'*"
	like "taken: setting one, too" "$(as alice lxc-cgroup c1 pids.max 50)" "lxc-cgroup: *'pids'*"
	like "taken: it is listed" "$(as alice lxc-ls -f)" "*c1*RUNNING*"
	like "taken: statistics of what is left" "$(as alice lxc-info -S -n c1)" "*CPU use*"
	is "taken: it can be entered" "$(as alice lxc-attach c1 -- hostname)" c1
	ok "taken: frozen" as alice lxc-freeze c1
	ok "taken: thawed" as alice lxc-unfreeze c1
	ok "taken: stopped" as alice lxc-stop -t 20 c1
	is "taken: no cgroup is left" "$(left_over)" ""
}

without()
{
	take_away memory pids
	like "without: a start names the limits" "$(via su- alice lxc-start c1)" \
		"*warning*'lxc.cgroup2.memory.max'*'memory'*continuing without*"
	like "without: it runs" "$(as alice lxc-info -sH -n c1)" RUNNING
	ok "without: it stops" as alice lxc-stop -t 20 c1
	like "without: strictly, that is an error" "$(via su- alice lxc-start --strict-limits c1)" \
		"lxc-start: *'lxc.cgroup2.memory.max'*'memory'*hint: *"
	is "without: no cgroup is left" "$(left_over)" ""
	give_back memory pids
}

make_container c1 alice 'lxc.cgroup2.memory.max = 64M' 'lxc.cgroup2.pids.max = 100'
stay alice
starts_again "at first"
asked
killed
starts_again "after that"
raced
starts_again "after all of them"
manager_lost
starts_again "with a new manager"
taken
without
starts_again "in the end"
finish
