#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A container's life with plain commands, by each way a user comes in. With systemd it is in a scope of
# its own wherever the user has a manager; where not, it starts without a cgroup and says so.
. "$(dirname "$0")/vm.sh"
on_exit 'end_user alice; end_user bob'

running= # another user with a running container

# life WAY USER PATTERN: c1 is there already
life()
{
	is "$2, $1: it starts, runs, is entered" \
		"$(via "$1" "$2" sh -c 'lxc-start c1 && lxc-ls -1 --running && lxc-attach c1 -- hostname')" "c1
c1"
	like "$2, $1: its cgroup" "$(place c1 "$2")" "$3"
	ok "$2, $1: it stops" via "$1" "$2" lxc-stop -t 20 c1
	is "$2, $1: no cgroup is left" "$(left_over $running)" ""
}

# Nothing to delegate a cgroup: the message says what to do about a limit, and strictly it is an error.
bare()
{
	like "$1: a limit cannot hold, it runs all the same" \
		"$(via "$1" alice sh -c 'lxc-start c1 -s lxc.cgroup2.pids.max=50; lxc-info -sH c1')" \
		"*warning*lxc.cgroup2.pids.max*RUNNING"
	ok "$1: it stops" via "$1" alice lxc-stop -t 20 c1
	not_ok "$1: strictly, that is an error" via "$1" alice lxc-start c1 --strict-limits -s lxc.cgroup2.pids.max=50
}

make_container c1 alice
make_container c1 bob
if [ -n "$with_systemd" ]; then
	ok "alice's sessions are over" gone alice
	bare cron
	bare su-
	life su alice '*'
	life machinectl alice "$(in_scope c1 alice)"
	ok "alice lingers" linger alice
	life cron alice "$(in_scope c1 alice)"
else
	life cron alice "$(in_scope c1 alice)"
fi
life su- alice "$(in_scope c1 alice)"
life su alice "$(in_scope c1 alice)"
life ssh alice "$(in_scope c1 alice)"

# Two users, a name they share
stay bob
ok "bob: it starts" via ssh bob lxc-start c1
running=bob
life ssh alice "$(in_scope c1 alice)"
is "bob: his still runs" "$(as bob lxc-info -sH -n c1)" RUNNING
like "bob: its cgroup" "$(place c1 bob)" "$(in_scope c1 bob)"
is "alice sees none of it" "$(as alice lxc-ls -1 --running)" ""
ok "bob: it stops" as bob lxc-stop -t 20 c1
is "no cgroup is left" "$(left_over)" ""
ok "it is removed" as alice lxc-destroy c1
finish
