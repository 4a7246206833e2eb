#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copies, renames, snapshots, restores and removals, killed at 50 of their system calls each: one
# command later there is the old state or the new one, and nothing else; copy-killed.py has the
# checks. POINTS is another number of kills.
. "$(dirname "$0")/lib.sh"
who= # set by each_caller

need_root
need strace
need python3
has busybox || skip "no busybox"
strace -f -qq -e inject=getppid:signal=KILL:when=1 true 2>/dev/null || skip "strace cannot work here"

# What is in the way of a quick test: all but a file or two.
make_source()
{
	lxc create -n a -t busybox >/dev/null
	find "$LXCPATH/a/rootfs" -mindepth 1 -maxdepth 1 ! -name etc -exec rm -rf {} +
	find "$LXCPATH/a/rootfs/etc" -mindepth 1 ! -name hostname -delete
	echo a >"$LXCPATH/a/rootfs/etc/hostname"
}

# The two kinds of caller at the same time, since each mostly waits.
begin()
{
	make_source
	user=
	[ "$who" = root ] || user=$TEST_USER
	# shellcheck disable=SC2154 # top_srcdir: of lib.sh
	python3 "$top_srcdir/tests/run/copy-killed.py" "$RLXC" "$LXCPATH" "$user" \
		"${POINTS-50}" >"$TMP/$who.lines" 2>&1 &
	eval "pid_$who=$!"
}

end()
{
	eval "wait \$pid_$1" || ok "$1: the checks come to their end" false
	while IFS=' ' read -r result text; do
		case $result in
		good) ok "$1: $text" true ;;
		bad) ok "$1: $text" false ;;
		*) echo "# $result $text" ;;
		esac
	done <"$TMP/$1.lines"
}

each_caller begin root bare
[ -z "${pid_root-}" ] || end root
[ -z "${pid_bare-}" ] || end bare
finish
