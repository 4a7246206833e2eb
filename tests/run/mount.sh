#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rlxc mount and rlxc umount: files of the host in a running container, also a hostile one.
. "$(dirname "$0")/lib.sh"
: "${who:=}" # from lib.sh
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: >"$TMP/empty"
chmod 644 "$TMP/empty"

inside()
{
	lxc attach -n c -- "$@" </dev/null
}

says()
{
	like "$who: $1" "$(lxc "${@:3}" 2>&1 </dev/null)" "$2"
}

entries()
{
	inside grep -c " $1 " /proc/self/mounts
}

given()
{
	ok "$who: a directory" lxc mount -n c "$src" /mnt/new/data
	is "$who: is there" "$(inside cat /mnt/new/data/file)" content
	ok "$who: as a mount of the container alone" test "$(grep -c " $LXCPATH/c/rootfs/mnt" /proc/self/mounts)" = 0
	ok "$who: with options" lxc mount c "$src" /ro --options=ro,noexec
	like "$who: they hold" "$(inside grep ' /ro ' /proc/self/mounts)" "* ro,*noexec*"
	not_ok "$who: nothing is written" inside touch /ro/x
	ok "$who: a file" lxc mount -n c "$src/file" /etc/one
	is "$who: it is there" "$(inside cat /etc/one)" content
	for target in /mnt/new/data /ro /etc/one; do
		ok "$who: $target is taken away" lxc umount -n c $target
		is "$who: and is" "$(entries $target)" 0
	done
	ok "$who: the host's is what it was" test "$(cat "$src/file")" = content
}

refused()
{
	says "no path of the host" "*'data' is no absolute path*hint: *" mount c data /mnt
	says "no path inside" "*'mnt' is no absolute path*" mount c "$src" mnt
	says "the root itself" "*'/' is no absolute path below the root*" mount c "$src" /
	says "nothing there" "*cannot take '/no/such' from the host: No such file*" mount c /no/such /mnt
	says "an option of a file system" "*'size=1' is not possible*hint: *" mount c "$src" /mnt --options=size=1
	says "an id map" "*'idmap' is not possible*" mount c "$src" /mnt --options=bind,idmap=container
	says "a directory on a file" "*cannot use '/etc/passwd' of the container*" mount c "$src" /etc/passwd
	says "a file on a directory" "*cannot mount '$src/file' on '/etc'*a file on a file" mount c "$src/file" /etc
	says "nothing is mounted" "*nothing is mounted on '/etc'*" umount c /etc
	says "no such mount" "*cannot use '/no/x' of the container: No such file*" umount c /no/x
	says "too few words" "*name what to mount*" mount c "$src"
	is "$who: none is mounted" "$(inside cat /proc/self/mounts)" "$before"
}

# What the container has at the target leads elsewhere, or changes meanwhile.
hostile()
{
	for trap in "ln -s $src/.. /trap" "ln -s /proc/1/root /trap" "ln -s etc /trap" "mkfifo /trap"; do
		# shellcheck disable=SC2086
		inside $trap
		not_ok "$who: through: $trap" lxc mount -n c "$src" /trap/data
		not_ok "$who: on it: $trap" lxc mount -n c "$src" /trap
		not_ok "$who: away: $trap" lxc umount -n c /trap/data
		inside rm /trap
	done
	is "$who: nothing was mounted" "$(inside cat /proc/self/mounts)" "$before"
	ok "$who: nor made" test "$(find "$src/.." -name data | wc -l)" = 0
}

# A user gives only what is his to open.
closed()
{
	[ "$who" != root ] && [ "$(id -u)" -eq 0 ] || return 0
	mkdir -p "$TMP/closed/in"
	chmod 700 "$TMP/closed"
	says "what the caller cannot reach" "*cannot take '$TMP/closed/in' from the host: Permission denied*" \
		mount c "$TMP/closed/in" /mnt
}

checks()
{
	src=$LXCPATH/host/src
	as_caller mkdir -p "$src"
	as_caller sh -c 'echo content >"$1/file"; chmod 755 "$1" "$1/.."; chmod 644 "$1/file"' sh "$src"
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	says "one that does not run" "*'c' is not running*" mount c "$src" /mnt
	ok "$who: start" lxc start -n c -- /bin/busybox sleep 300
	before=$(inside cat /proc/self/mounts)
	given
	refused
	hostile
	closed
	lxc stop -k -n c
}

each_caller checks
finish
