#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian with systemd as init, as alice and as root (there under a generated AppArmor profile): made,
# started with limits, used from another session, stopped, removed.
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

# A unit of those that want much: namespaces of its own, a user, devices
sandboxed()
{
	as "$1" lxc-attach deb -- systemd-run -q --wait -p PrivateTmp=yes -p ProtectSystem=strict \
		-p ProtectHome=yes -p DynamicUser=yes -p PrivateDevices=yes -p NoNewPrivileges=yes \
		-p ProtectKernelTunables=yes -p ProtectControlGroups=yes -p ProtectProc=invisible -- \
		/bin/sh -c 'test "$(id -u)" -gt 1000 && echo >/tmp/x && ! test -e /dev/tty1 && for dir in / /proc/sys; do
			grep -q "^[^ ]* [^ ]* [^ ]* [^ ]* $dir ro," /proc/self/mountinfo || exit; done'
}

# What no rule allows; denials that the profile names are silent.
denied()
{
	dmesg | grep 'apparmor="DENIED".*profile="lxc-deb_'
}

life()
{
	local user=$1
	ok "$user: it is made" as "$user" lxc-create -t local deb -- --fstree $archive || return
	ok "$user: it starts, with limits" via ssh "$user" lxc-start deb --strict-limits \
		-s lxc.net.0.type=empty -s lxc.cgroup2.memory.max=512M -s lxc.cgroup2.pids.max=200 \
		-s 'lxc.cgroup2.cpu.max=150000 100000' -s lxc.apparmor.profile=generated || return
	ok "$user: systemd is up" wait_for 300 answers "$user"
	is "$user: no unit has failed" \
		"$(as "$user" lxc-attach deb -- systemctl --failed --plain --no-legend)" ""
	ok "$user: its services run" as "$user" lxc-attach deb -- systemctl is-active dbus systemd-journald systemd-logind
	ok "$user: a unit in its own namespaces starts" sandboxed "$user"
	is "$user: AppArmor says nothing" "$(denied)" ""
	is "$user: the limit of processes" "$(cat "$(cgroup_of deb "$user")/pids.max")" 200
	ok "$user: it stops" as "$user" lxc-stop --nokill -t 60 deb
	ok "$user: it is removed" as "$user" lxc-destroy deb
	is "$user: no cgroup is left" "$(left_over)" ""
}

stay alice
life alice
[ -z "$with_systemd" ] || life root # where systemd gives it a scope
finish
