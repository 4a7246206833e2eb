#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service manager ends the container's scope: when asked, and after the last logout unless the
# user lingers. It ends cleanly within ten seconds, and starts again.
. "$(dirname "$0")/vm.sh"
on_exit 'end_user alice'
need_manager

is_over()
{
	[ ! -d "/proc/$pid" ]
}

starts()
{
	rm -f $log
	ok "$1: it starts" via ssh alice lxc-start c1 -l INFO -o $log
	pid=$(init_of c1 alice)
	like "$1: in a scope" "$(place c1 alice)" "$(in_scope c1 alice)"
}

# Systemd signals all processes of a scope, the ones inside as well; what init does about it is its own
# affair, that it is told to shut down and ends by itself is ours.
is_clean()
{
	like "$1: init was asked to end" "$(cat $log)" "*asked to end*"
	not_ok "$1: and not killed" grep "killing" $log
	is "$1: it is stopped" "$(as alice lxc-info -sH -n c1)" STOPPED
	is "$1: no cgroup is left" "$(left_over)" ""
	is "$1: no unit has failed" "$(via ssh alice systemctl --user --failed --plain --no-legend)" ""
}

make_container c1 alice 'lxc.cgroup2.pids.max = 100'
log=/home/alice/log

stay alice
starts stop
since=$(date +%s)
ok "stop: systemctl" as alice systemctl --user stop lxc-c1.scope
ok "stop: it took less than ten seconds ($(($(date +%s) - since)) s)" test $(($(date +%s) - since)) -le 10
ok "stop: init has ended" is_over
is_clean stop

starts logout
leave alice
# The manager of a user stays for ten seconds after the last session.
ok "logout: init has ended" wait_for 25 is_over
is_clean logout
starts again
ok "again: it stops" as alice lxc-stop -t 20 c1

ok "alice lingers" linger alice
starts linger
sleep 12
not_ok "linger: it goes on" is_over
is "linger: it runs" "$(as alice lxc-info -sH -n c1)" RUNNING
ok "linger: it stops" as alice lxc-stop -t 20 c1
finish
