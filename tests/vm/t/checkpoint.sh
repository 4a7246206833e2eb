#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Checkpoints by criu: a program whose state is in its memory alone goes on after a dump, and after
# a restore, confined as it was and watched by a monitor.
. "$(dirname "$0")/vm.sh"
need criu
criu check >/dev/null 2>&1 || skip "criu does not work with this kernel"
on_exit 'lxc-destroy -f c >/dev/null 2>&1'
DIR=$(lxc-config lxc.lxcpath)/c
IMAGES=$TMP/images

# What it tells is in a tmpfs, and its word in no file.
make_counter()
{
	lxc-create -t busybox c >/dev/null 2>&1
	sed -i '/^lxc.net/d' "$DIR/config"
	printf '%s\n' 'lxc.console.path = none' 'lxc.tty.max = 0' 'lxc.net.0.type = empty' \
		'lxc.init.cmd = /counter' 'lxc.cgroup2.pids.max = 100' >>"$DIR/config"
	cat >"$DIR/rootfs/counter" <<-'END'
		#!/bin/sh
		read -r word </proc/sys/kernel/random/uuid
		count=0
		trap 'exit 0' PWR INT TERM
		while :; do
			count=$((count + 1))
			echo "$word $count" >/dev/shm/new
			mv /dev/shm/new /dev/shm/told
			sleep 0.2
		done
	END
	chmod 755 "$DIR/rootfs/counter"
}

told()
{
	lxc-attach c -- cat /dev/shm/told 2>/dev/null </dev/null
}

# counts_on WORD COUNT: it is the same process, and has passed that count
counts_on()
{
	local word count
	read -r word count <<<"$(told)"
	[ "$word" = "$1" ] && [ "${count:-0}" -gt "$2" ]
}

# What criu complains about
criu_log()
{
	grep -a Error "$1" | sed 's/^/# /'
}

nothing_left()
{
	[ -z "$(left_over)" ]
}

facts()
{
	local pid
	pid=$(lxc-info -pH c)
	sed -n 's/^\(Seccomp\|CapBnd\|NoNewPrivs\):/\1/p' "/proc/$pid/status"
	sed 's/^[0-9]* [0-9]* [0-9:]* //; s/shared:[0-9]*//; s/master:[0-9]*//' "/proc/$pid/mountinfo" | sort
	cat "/proc/$pid/cgroup"
	for kind in cgroup ipc mnt net pid uts; do
		[ "$(readlink "/proc/$pid/ns/$kind")" = "$(readlink "/proc/self/ns/$kind")" ] || echo "own $kind"
	done
	lxc-cgroup c pids.max
}

is_stopped()
{
	[ "$(lxc-info -sH c)" = STOPPED ]
}

make_counter
lxc-start c || skip "it does not start"
ok "it counts" wait_for 60 test -n "$(told)"
read -r word count <<<"$(told)"
before=$(facts)
host=$(grep ' - cgroup2 ' /proc/self/mountinfo)

ok "a pre-dump" lxc-checkpoint -n c -D "$IMAGES/p" -p
criu_log "$IMAGES/p/pre-dump.log"
ok "a checkpoint that adds to it" lxc-checkpoint -n c -D "$IMAGES/a" --predump-dir ../p
criu_log "$IMAGES/a/dump.log"
ok "the container goes on" wait_for 60 counts_on "$word" "$count"
lxc-stop -k c

ok "a restore" lxc-checkpoint -n c -D "$IMAGES/a" -r
criu_log "$IMAGES/a/restore.log"
is "it runs" "$(lxc-info -sH c)" RUNNING
ok "and goes on counting" wait_for 60 counts_on "$word" "$count"
is "as confined as before" "$(facts)" "$before"
is "the host has cgroup2 as before" "$(grep ' - cgroup2 ' /proc/self/mountinfo)" "$host"
like "restored while it runs" "$(lxc-checkpoint -n c -D "$IMAGES/a" -r 2>&1)" "*already*"

ok "a restored one is written again, and stops" lxc-checkpoint -n c -D "$IMAGES/b" -s
criu_log "$IMAGES/b/dump.log"
ok "it has stopped" is_stopped
ok "nothing of it is left" wait_for 60 nothing_left
lxc-checkpoint -n c -D "$IMAGES/b" -r -F >"$TMP/out" 2>&1 &
ok "restored in the foreground" wait_for 60 counts_on "$word" "$count"
ok "it stops when asked to" lxc-stop c
ok "then the command returns" wait $!
ok "nothing of it is left" wait_for 60 nothing_left

rm "$IMAGES/b/pstree.img"
not_ok "a restore that fails" lxc-checkpoint -n c -D "$IMAGES/b" -r
ok "it stays stopped" is_stopped
ok "nothing of it is left" wait_for 60 nothing_left
ok "it starts as ever" lxc-start c
finish
