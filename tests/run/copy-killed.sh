#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copies, renames, snapshots, restores and removals, killed at 50 of their system calls each (a dozen
# on btrfs and in images): one command later there is the old state or the new one, and nothing else;
# copy-killed.py has the checks. POINTS is another number of kills.
if [ "$(id -u)" -eq 0 ] && [ -z "${KILLED_INSIDE-}" ] && unshare --mount true 2>/dev/null; then
	KILLED_INSIDE=1 exec unshare --mount --propagation private -- bash "$0" "$@"
fi
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
	lxc create -n a -t busybox "$@" >/dev/null || return
	[ ! -e "$LXCPATH/a/rootdev" ] || mount -o loop "$LXCPATH/a/rootdev" "$LXCPATH/a/rootfs"
	find "$LXCPATH/a/rootfs" -mindepth 1 -maxdepth 1 ! -name etc -exec rm -rf {} +
	find "$LXCPATH/a/rootfs/etc" -mindepth 1 ! -name hostname -delete
	echo a >"$LXCPATH/a/rootfs/etc/hostname"
	[ ! -e "$LXCPATH/a/rootdev" ] || umount "$LXCPATH/a/rootfs"
}

# All at the same time, since each mostly waits: begin NAME POINTS OPTION... of the creation
begin()
{
	name=$1 points=$2 user=
	shift 2
	make_source "$@" || return
	[ "$who" = root ] || user=$TEST_USER
	# shellcheck disable=SC2154 # top_srcdir: of lib.sh
	python3 "$top_srcdir/tests/run/copy-killed.py" "$RLXC" "$LXCPATH" "$user" \
		"${POINTS-$points}" >"$TMP/$name.lines" 2>&1 &
	eval "pid_$name=$!"
	begun="$begun $name"
}

begin_dir()
{
	begin "$who" 50
}

begin_btrfs()
{
	mkdir "$TMP/disk"
	truncate -s 200M "$TMP/btrfs.img"
	mkfs.btrfs -q "$TMP/btrfs.img" >/dev/null 2>&1 && mount -o loop "$TMP/btrfs.img" "$TMP/disk" || return
	on_exit 'umount "$TMP/disk"'
	LXCPATH=$TMP/disk/lxc
	mkdir "$LXCPATH"
	begin btrfs 12 -B btrfs
}

begin_image()
{
	LXCPATH=$TMP/image
	mkdir "$LXCPATH"
	begin image 12 -B loop --fssize 8M
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

begun=
each_caller begin_dir root bare
who=root
[ -z "${KILLED_INSIDE-}" ] || ! has mkfs.btrfs || begin_btrfs
[ -z "${KILLED_INSIDE-}" ] || ! has debugfs || begin_image
for name in $begun; do
	end "$name"
done
finish
