#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file system that runs full at each file that a command makes, and at some of their blocks: the
# command works, or says so in one line and a hint and leaves all as it was.
if [ "$(id -u)" -eq 0 ] && [ -z "${FULL_INSIDE-}" ] && unshare --mount true 2>/dev/null; then
	FULL_INSIDE=1 exec unshare --mount --propagation private -- bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

need_root
[ -n "${FULL_INSIDE-}" ] || skip "no mount namespace"
has busybox || skip "no busybox"
on_exit 'umount "$TMP/root" "$TMP/bare" 2>/dev/null'
printf 'lxc.net.0.type = empty\n' >"$TMP/plain.conf"
chmod 644 "$TMP/plain.conf"

# All files with owners, modes and contents
everything()
{
	(
		cd "$LXCPATH" || exit
		find . -printf '%P %y %m %U:%G %l\n' | sort
		find . -type f -exec sha1sum {} + | sort
	)
}

# room FILES KIB: that much is left
room()
{
	# shellcheck disable=SC2046
	set -- "$@" $(stat -f -c '%b %f %c %d' "$LXCPATH")
	mount -o "remount,nr_inodes=$(($5 - $6 + $1)),size=$((($3 - $4) * 4 + $2))k" "$LXCPATH"
}

# May it have been made, or did it fail as it should?
is_right()
{
	if [ "$1" = 0 ]; then
		worked=$((worked + 1))
		return
	fi
	failed=$((failed + 1))
	case $2 in
	*"
"*"
"*) return 1 ;;
	*"No space left on device"*"hint: df "*) [ "$(everything)" = "$before" ] ;;
	*) return 1 ;;
	esac
}

few="0,500 1,500 2,500 3,500 4,500 5,500 6,500 7,500 8,500 9,500 10,500 11,500 12,500 13,500 14,500 16,500 18,500
99,0 99,4 99,8 99,12 99,16 99,24 99,40 99,500"
many="0,9000 1,9000 2,9000 3,9000 4,9000 5,9000 7,9000 9,9000 20,9000 40,9000 80,9000
4000,0 4000,4 4000,8 4000,16 4000,200 4000,9000"

# try ROOMS TEXT UNDO COMMAND ARG...: with more and more room, until it works
try()
{
	rooms=$1 text=$2 undo=$3 worked=0 failed=0 wrong=
	shift 3
	before=$(everything)
	for room in $rooms; do
		# shellcheck disable=SC2086
		room ${room%,*} ${room#*,}
		said=$(lxc "$@" 2>&1 >/dev/null </dev/null)
		r=$?
		if ! is_right $r "$said"; then
			wrong=$wrong$(printf '\n# with room for %s: %s %s\n' "$room" "$r" "$said"
				diff <(echo "$before") <(everything))
		fi
		room 4000 9000
		[ $r != 0 ] || $undo
	done
	# shellcheck disable=SC2154 # set by each_caller
	is "$who: $text, $failed times without room" "$wrong" ""
	ok "$who: $text: it was both" test $failed -gt 2 -a $worked -gt 0
}

no_k()
{
	lxc destroy -n k
}

no_snapshot()
{
	lxc snapshot -n a -d ALL
}

first_state()
{
	echo one >"$LXCPATH/a/rootfs/etc/hostname"
	before=$(everything)
}

# A few files only
make_source()
{
	lxc create -n a -t busybox -f "$TMP/plain.conf" >/dev/null
	find "$LXCPATH/a/rootfs" -mindepth 1 -maxdepth 1 ! -name etc -exec rm -rf {} +
	find "$LXCPATH/a/rootfs/etc" -mindepth 1 ! -name hostname -delete
	head -c 20000 /dev/urandom >"$LXCPATH/a/rootfs/etc/random"
}

checks()
{
	mount -t tmpfs -o "size=9m,mode=755" tmpfs "$LXCPATH" || return
	[ "$who" = root ] || chown "$TEST_USER:" "$LXCPATH"
	head -c 4096 /dev/zero >"$LXCPATH/ballast" # a size of 0 is none
	try "$many" "create" no_k create -n k -t busybox -f "$TMP/plain.conf"
	make_source
	try "$few" "copy" no_k copy -n a -N k
	try "$few" "copy -s" no_k copy -n a -N k -s
	try "$few" "snapshot" no_snapshot snapshot -n a
	lxc snapshot -n a
	first_state
	try "$few" "restore" first_state snapshot -n a -r snap0
	ok "$who: all of it goes" lxc destroy -s -n a
	is "$who: really" "$(ls -A "$LXCPATH")" ballast
	umount "$LXCPATH"
}

each_caller checks root bare
finish
