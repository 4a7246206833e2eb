#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a monitor keeps for itself while nothing happens: hundreds of containers pay it each. Pages of the
# program's file are shared by all; what it has written is not.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
[ -r /proc/self/smaps_rollup ] || skip "this kernel does not sum memory up"

LIMIT_KIB=128

cat >"$TMP/config" <<EOF
lxc.mount.auto = cgroup:mixed proc:mixed sys:mixed
lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio
lxc.net.0.type = empty
lxc.tty.max = 4
lxc.pty.max = 1024
EOF
chmod 644 "$TMP/config"

own_kib()
{
	awk '/^Private_Dirty:/ { print $2 }' "/proc/$1/smaps_rollup"
}

is_small()
{
	[ "$(own_kib "$1")" -le $LIMIT_KIB ]
}

checks()
{
	ok "$who: a container" lxc create -n c -t busybox -f "$TMP/config"
	ok "$who: starts" lxc start -n c
	monitor=$(awk '/^PPid:/ { print $2 }' "/proc/$(lxc info -n c -p -H)/status")
	if grep -q '\.so' "/proc/$monitor/maps"; then
		echo "# not measured: this rlxc maps libraries"
		lxc stop -k -n c
		return
	fi
	ok "$who: its monitor keeps at most $LIMIT_KIB KiB" wait_for 20 is_small "$monitor" ||
		cat "/proc/$monitor/smaps_rollup"
	for _ in 1 2 3; do lxc attach -n c -- /bin/true >/dev/null 2>&1 </dev/null; done
	lxc info -n c >/dev/null 2>&1
	lxc freeze -n c >/dev/null 2>&1
	lxc unfreeze -n c >/dev/null 2>&1
	ok "$who: also after work" wait_for 20 is_small "$monitor" || cat "/proc/$monitor/smaps_rollup"
	ok "$who: is stopped" lxc stop -k -n c
}

each_caller checks
finish
