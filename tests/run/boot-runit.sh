#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers that start with a host whose init is runit: one of root and one of an ordinary user, as
# lxc-autostart(1) says. The host is a pid and a mount namespace with runit as pid 1, which is booted, shut
# down, and booted again.
# shellcheck disable=SC2016,SC2154
. "$(dirname "$0")/lib.sh"
need_root
need_user
for program in runit runsvdir chpst sv nsenter; do
	need $program
done
unshare --pid --fork --mount true 2>/dev/null || skip "namespaces cannot be made"
make_user_cgroup || :

# ---- the host ----

# Where it is told to stop is the distribution's choice.
stopit=$(grep -ao '/[a-z/]*runit[./]stopit' "$(command -v runit)" | head -n 1)
mkdir "$TMP/bin" "$TMP/runit"
printf '#!/bin/sh\ncommand=$1\nshift\nexec "%s" "$command" -P "$LXCPATH" "$@"\n' "$RLXC" >"$TMP/bin/rlxc"
printf '#!/bin/sh\n' >"$TMP/runit/1"
cat >"$TMP/runit/2" <<-END
	#!/bin/sh
	exec env - PATH="$TMP/bin:$PATH" LXCPATH="$TMP/root" runsvdir -P /etc/runit/services
END
cat >"$TMP/runit/3" <<-END
	#!/bin/sh
	PATH=$PATH
	sv -w 196 force-stop /etc/runit/services/*
	sv exit /etc/runit/services/*
END
: >"$TMP/console"

machine=
on_exit '[ -z "$machine" ] || kill -9 "$machine"'

is_on()
{
	machine=$(pgrep -P "$job" -x runit)
}

# As runit-init(8) boots
power_on()
{
	unshare --pid --fork --kill-child --mount --mount-proc sh -c '
		mount -t tmpfs -o mode=755 run /run
		mount --bind "$1/runit" /etc/runit
		mount --bind "$1/console" /dev/console
		exec runit' sh "$TMP" >"$TMP/out" 2>&1 </dev/null &
	job=$!
	wait_for 30 is_on
}

# As it shuts down; what comes back is what unshare says of its end.
power_off()
{
	nsenter -t "$machine" -m -p sh -c '>"$1"; chmod 100 "$1"; >"$2"; chmod 0 "$2"; kill -CONT 1' sh \
		"$stopit" "${stopit%stopit}reboot"
	timeout 120 tail --pid="$machine" -f /dev/null
	machine=
}

# ---- its services ----

# make_service WHO DIRECTORY: a container whose init writes down what it meets
make_service()
{
	who=$1
	LXCPATH=$TMP/$who
	mkdir -p "$LXCPATH" "$2"
	[ "$who" = root ] || chown "$TEST_USER:" "$LXCPATH" "$2"
	echo 'trap "echo ended >>/log; exit" PWR; echo booted >>/log; while :; do sleep 1 & wait; done' >"$TMP/init"
	ok "$who: a container is made" lxc create -n c -t busybox
	printf '%s\n' 'lxc.net.0.type = empty' 'lxc.init.cmd = /bin/sh /init' 'lxc.signal.halt = SIGPWR' \
		"lxc.mount.entry = $TMP/init init none bind,create=file" >>"$LXCPATH/c/config"
	cp -R "$top_srcdir/etc/runit" "$2/lxc.c"
	[ "$who" = root ] || chown -R "$TEST_USER:" "$2/lxc.c"
}

services=$TMP/runit/services
make_service root "$services"
make_service user "$TMP/user/services"
# The user's own services are one of root's.
mkdir "$services/$TEST_USER"
cat >"$services/$TEST_USER/run" <<-END
	#!/bin/sh
	[ -z "$USER_CGROUP" ] || echo \$\$ >"$USER_CGROUP/cgroup.procs"
	exec chpst -u "$TEST_USER" env HOME="$TMP/user" LXCPATH="$TMP/user" runsvdir -P "$TMP/user/services"
END
cat >"$services/$TEST_USER/finish" <<-END
	#!/bin/sh
	exec chpst -u "$TEST_USER" sv -w 60 exit $TMP/user/services/*
END
chmod 755 "$TMP"/bin/* "$TMP"/runit/[123] "$services/$TEST_USER"/*

# ---- its life ----

log()
{
	cat "$TMP/$1/c/rootfs/log" 2>/dev/null
}

has_booted() # WHO TIMES
{
	[ "$(log "$1" | grep -c booted)" -eq "$2" ]
}


for times in 1 2; do
	ok "boot $times: runit is pid 1" power_on
	for who in root user; do
		ok "boot $times: the container of $who starts" wait_for 120 has_booted $who $times
	done
	ok "boot $times: the host is shut down" power_off
	for who in root user; do
		is "boot $times: the container of $who was asked to end" "$(log $who | tail -n 1)" ended
	done
	is "boot $times: no cgroup of the user's is left" "$(find "${USER_CGROUP:-/nowhere}" -mindepth 1 -type d 2>/dev/null)" ""
done
finish
