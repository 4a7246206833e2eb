#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian with systemd as init, as alice and as root: made, started with limits, used from another
# session, stopped, removed.
. "$(dirname "$0")/vm.sh"
archive=/var/lib/rlxc-vm/debian12-systemd.tar
on_exit 'end_user alice; as root lxc-destroy -f deb >/dev/null'

answers()
{
	case $(as "$1" lxc-attach deb -- systemctl is-system-running) in
	running | degraded) ;;
	*) return 1 ;;
	esac
}

life()
{
	local user=$1
	ok "$user: it is made" as "$user" lxc-create -t local deb -- --fstree $archive || return
	ok "$user: it starts, with limits" via ssh "$user" lxc-start deb --strict-limits \
		-s lxc.net.0.type=empty -s lxc.cgroup2.memory.max=512M -s lxc.cgroup2.pids.max=200 \
		-s 'lxc.cgroup2.cpu.max=150000 100000' || return
	ok "$user: systemd is up" wait_for 120 answers "$user"
	is "$user: no unit has failed" \
		"$(as "$user" lxc-attach deb -- systemctl --failed --plain --no-legend)" ""
	is "$user: the limit of processes" "$(cat "$(cgroup_of deb "$user")/pids.max")" 200
	ok "$user: it stops" as "$user" lxc-stop --nokill -t 60 deb
	ok "$user: it is removed" as "$user" lxc-destroy deb
	is "$user: no cgroup is left" "$(left_over)" ""
}

stay alice
life alice
[ -z "$with_systemd" ] || life root # where systemd gives it a scope
finish
