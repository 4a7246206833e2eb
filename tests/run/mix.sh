#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Commands of all kinds at the same time, on the same few containers: the short form of
# tests/long/mix.py, which has the checks. SECONDS_LONG and WORKERS are those of the long one.
. "$(dirname "$0")/lib.sh"
who= # set by each_caller

need python3
has busybox || skip "no busybox"

checks()
{
	user=''
	[ "$who" = root ] || [ "$(id -u)" -ne 0 ] || user=$TEST_USER
	cgroup=''
	[ "$who" != user ] || [ "$(id -u)" -ne 0 ] || cgroup=$USER_CGROUP
	# shellcheck disable=SC2154 # top_srcdir: of lib.sh
	timeout 300 python3 "$top_srcdir/tests/long/mix.py" "$RLXC" "$LXCPATH" "$user" \
		"${SECONDS_LONG-6}" "${WORKERS-12}" "$cgroup" >"$TMP/mix" 2>&1 ||
		echo "bad the commands come to their end" >>"$TMP/mix"
	long_result "$TMP/mix"
}

each_caller checks root user
finish
