#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hundred million bytes through lxc-attach and lxc-console: each of them arrives, once, in order.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: >"$TMP/empty"
chmod 644 "$TMP/empty"
head -c 100000000 /dev/urandom >"$TMP/data"
head -c 20000000 "$TMP/data" >"$TMP/some"
chmod 644 "$TMP/data" "$TMP/some"

bytes()
{
	as_caller timeout -k 5 120 python3 "${top_srcdir:?}/tests/run/bytes.py" "$@"
}

same()
{
	lxc attach -n c -- cat "/tmp/$1" | cmp - "$TMP/$1"
}

checks()
{
	much=some # of a terminal: each of its bytes is worth a look by the kernel
	[ "$who" != root ] || much=data
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n c
	for file in data some; do
		lxc attach -n c -- /bin/sh -c "cat >/tmp/$file" <"$TMP/$file"
	done
	ok "$who: into the container by a file" as_caller cmp "$TMP/data" "$LXCPATH/c/rootfs/tmp/data"
	ok "$who: out of it by a pipe" same data
	ok "$who: out of it by a terminal" bytes out "$TMP/$much" "$RLXC" attach -P "$LXCPATH" -n c -- \
		/bin/sh -c "echo go; stty raw -echo; exec cat /tmp/$much"
	ok "$who: into it by a terminal" bytes in "$TMP/some" "$RLXC" attach -P "$LXCPATH" -n c -- \
		/bin/sh -c 'stty raw -echo; echo go; head -c 20000000 | sha256sum; sleep 1'
	lxc stop -k -n c
	# Whoever comes to a tty gets what waits there; what does not fit waits itself.
	lxc start -n c -- /bin/sh -c 'exec <>/dev/tty1 >&0; echo go; stty raw -echo; cat /tmp/some'
	ok "$who: out of it by a tty" bytes out "$TMP/some" "$RLXC" console -P "$LXCPATH" -n c -t 1
	lxc stop -k -n c 2>/dev/null
}

each_caller checks root user
finish
