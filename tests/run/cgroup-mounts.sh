#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a container sees of cgroups for each word of lxc.mount.auto, and what its root may write there.
. "$(dirname "$0")/lib.sh"
: "${who:=}" # from lib.sh
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

printf 'lxc.net.0.type = empty\n' >"$TMP/plain.conf"
chmod 644 "$TMP/plain.conf"
rw=rw,nosuid,nodev,noexec,relatime
ro=ro,nosuid,nodev,noexec,relatime
c=mnt$$ # its cgroups are looked for by name
pure=yes
! grep -q ' - cgroup ' /proc/self/mountinfo || pure=

# with WORD [SETTING] -- COMMAND: runs it in the container
with()
{
	word=$1
	shift
	set -- -s "lxc.mount.auto = proc:rw sys:mixed $word" "$@"
	case $3 in
	--) ;;
	*) set -- "$1" "$2" -s "${@:3}" ;;
	esac
	lxc execute -n $c "$@" </dev/null
}

# seen WORD [SETTING]: a line "ROOT POINT OPTIONS TYPE" for each mount
seen()
{
	with "$@" -- /bin/sed -n \
		's|^[0-9]* [0-9]* [^ ]* \([^ ]*\) \(/sys/fs/cgroup[^ ]*\) \([^ ]*\) .*- \([^ ]*\) .*|\1 \2 \3 \4|p' \
		/proc/self/mountinfo 2>&1 | sort -k 2,2
}

# Does the container get a cgroup in the old hierarchies?
has_v1()
{
	lxc start -n $c --dry-run -s "lxc.mount.auto = cgroup:rw:force" | grep -q '"source": "cgroup",'
}

# ---- in a cgroup namespace of its own ----

unified()
{
	for word in cgroup2 cgroup2:force "$@"; do
		is "$who: $word" "$(seen "$word")" "/ /sys/fs/cgroup $rw cgroup2"
	done
	for word in cgroup2:ro cgroup2:ro:force; do
		is "$who: $word" "$(seen "$word")" "/ /sys/fs/cgroup $ro cgroup2"
	done
}

hierarchies()
{
	# A limit in an old hierarchy takes the container there.
	limit="lxc.cgroup.memory.limit_in_bytes = 1G"
	for word in cgroup cgroup:mixed cgroup:ro cgroup-full:rw; do
		is "$who: $word" "$(seen $word)" "/ /sys/fs/cgroup $([ $word = cgroup:ro ] && echo $ro || echo $rw) cgroup2"
		! grep -qs ' /sys/fs/cgroup/memory ' /proc/self/mounts ||
			is "$who: $word leaves old ones to the init inside" "$(seen $word "$limit")" ""
	done
	for word in cgroup:mixed:force cgroup-full:rw:force; do
		out=$(seen $word)
		is "$who: $word: a directory first" "${out%%$'\n'*}" "/ /sys/fs/cgroup $rw tmpfs"
		like "$who: $word: the unified one" "$out" "*
/ /sys/fs/cgroup/unified $rw cgroup2*"
		is "$who: $word: nothing but its own" "$(printf '%s\n' "$out" | grep -vc '^/ ')" 0
		like "$who: $word: the old ones" "$out" "*/ /sys/fs/cgroup/* $rw cgroup
*"
	done
	is "$who: cgroup:ro:force: none can be changed" \
		"$(seen cgroup:ro:force | grep -v tmpfs | grep -vc " $ro ")" 0
	if grep -qs ' /sys/fs/cgroup/pids ' /proc/self/mounts; then
		like "$who: a leaf can be used" "$(with cgroup:rw:force -- /bin/sh -c 'cd /sys/fs/cgroup/pids &&
			mkdir sub && echo 0 >sub/cgroup.procs && grep pids /proc/self/cgroup' 2>&1)" "*:pids:/sub"
	fi
}

own_namespace()
{
	if ! has_cgroup; then
		# What it stands in is not its own.
		like "$who: cgroup:rw:force without a cgroup" "$(seen cgroup:rw:force)" "*/ /sys/fs/cgroup* $ro cgroup2*"
		[ -n "$pure" ] || is "$who: cgroup:mixed without one" "$(seen cgroup:mixed)" ""
		return
	fi
	if has_v1; then
		unified
		hierarchies
		return
	fi
	unified cgroup cgroup:mixed cgroup:rw:force cgroup-full:mixed cgroup-full:rw:force
	for word in cgroup:ro cgroup-full:ro:force; do
		is "$who: $word" "$(seen $word)" "/ /sys/fs/cgroup $ro cgroup2"
	done
}

# ---- in the host's ----

binds()
{
	out=$(seen cgroup:mixed "$keep")
	like "$who: cgroup:mixed: what is above its own is closed" "$out" "/ /sys/fs/cgroup $ro tmpfs
*"
	like "$who: cgroup:mixed: its own is not" "$out" "*/lxc.payload.$c /sys/fs/cgroup/unified*/lxc.payload.$c $rw cgroup2*"
	is "$who: cgroup:mixed: that alone" "$(printf '%s\n' "$out" | grep -v tmpfs | grep -vc "/lxc.payload.$c .*/lxc.payload.$c ")" 0
	is "$who: it is where /proc/self/cgroup says" "$(with cgroup:mixed "$keep" -- /bin/sh -c \
		'cd "/sys/fs/cgroup/unified$(sed -n s/^0:://p /proc/self/cgroup)" && grep -cx 1 cgroup.procs' 2>&1)" 1
	out=$(seen cgroup:rw "$keep")
	like "$who: cgroup:rw: all is open" "$out" "/ /sys/fs/cgroup $rw tmpfs
*/lxc.payload.$c /sys/fs/cgroup/unified*/lxc.payload.$c $rw cgroup2*"
	is "$who: cgroup:ro: nothing is" "$(seen cgroup:ro "$keep" | grep -vc " $ro ")" 0
	out=$(seen cgroup-full:mixed "$keep")
	like "$who: cgroup-full:mixed: the whole is closed" "$out" "*
/* /sys/fs/cgroup/unified $ro cgroup2
*"
	like "$who: cgroup-full:mixed: its own is open" "$out" "*/lxc.payload.$c /sys/fs/cgroup/unified*/lxc.payload.$c $rw cgroup2*"
	like "$who: cgroup-full:rw: the whole" "$(seen cgroup-full:rw "$keep")" "*/* /sys/fs/cgroup/unified $rw cgroup2*"
	like "$who: cgroup-full:ro: the whole" "$(seen cgroup-full:ro "$keep")" "*/* /sys/fs/cgroup/unified $ro cgroup2*"
}

host_namespace()
{
	keep="lxc.namespace.keep = cgroup"
	out=$(seen cgroup2:ro "$keep")
	like "$who: cgroup2 needs the namespace" "$out" "*lxc.mount.auto = cgroup2:ro: *namespace*hint: *"
	[ -n "$pure" ] || like "$who: and something else does not" "$out" "*'cgroup:mixed'*"
	if [ -n "$pure" ] || { ! has_cgroup && ! has_v1; }; then
		for word in cgroup:mixed cgroup-full:rw; do
			like "$who: $word cannot be had" "$(seen $word "$keep")" "*lxc.mount.auto = $word: *hint: *"
		done
		return
	fi
	binds
}

# ---- what may be written ----

# What of its own cgroup the container's root could write, besides what is delegated
open_files()
{
	with cgroup2 -- /bin/sh -c 'cd /sys/fs/cgroup && for f in *; do
		[ -d $f ] || ! (: >>$f) 2>/dev/null || grep -qx $f /sys/kernel/cgroup/delegate || echo $f; done' 2>&1
}

limits()
{
	has_cgroup || return
	is "$who: it can make cgroups" "$(with cgroup2 -- /bin/sh -c 'cd /sys/fs/cgroup && mkdir sub &&
		echo 0 >sub/cgroup.procs && grep ^0: /proc/self/cgroup' 2>&1)" 0::/sub
	if [ "$who" = root ]; then
		printf 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\nlxc.net.0.type = empty\n' >"$TMP/map.conf"
		lxc destroy -n $c && lxc create -n $c -f "$TMP/map.conf" -t busybox >/dev/null 2>&1
	fi
	is "$who: its root cannot write its limits" "$(open_files)" ""
	! has_v1 || is "$who: nor those of the old hierarchies" "$(with cgroup:rw:force -- /bin/sh -c '
		for f in /sys/fs/cgroup/[!u]*/*; do [ -d $f ] || ! (: >>$f) 2>/dev/null || echo ${f##*/}; done' 2>&1 |
		sort -u | tr '\n' ' ')" "cgroup.procs tasks "
	like "$who: which is tried" "$(with cgroup2 -- /bin/sh -c 'echo 3 >/sys/fs/cgroup/cgroup.max.depth' 2>&1)" "*ermission denied*"
	is "$who: cgroup2:ro: nor anything else" "$(with cgroup2:ro -- /bin/sh -c 'echo 0 >/sys/fs/cgroup/cgroup.procs' 2>&1 | grep -c 'Read-only')" 1
}

payload()
{
	find /sys/fs/cgroup -name "lxc.payload.$1" -type d 2>/dev/null
}

# The user is root inside and owns the payload's cgroup: the limits are on one above what is seen.
single_id()
{
	[ "$who" = user ] && has_cgroup || return
	uid=$(as_user id -u)
	name=one$$
	printf 'lxc.net.0.type = empty\nlxc.idmap = u 0 %s 1\nlxc.idmap = g 0 %s 1\n' "$uid" "$(as_user id -g)" >"$TMP/one.conf"
	chmod 644 "$TMP/one.conf"
	lxc create -n $name -f "$TMP/one.conf" -t busybox >/dev/null 2>&1
	ok "$who: with a single id" lxc start -n $name -s "lxc.mount.auto = proc cgroup2"
	dir=$(payload $name)
	as_caller sh -c 'echo 3 >"$0/cgroup.max.descendants"' "$dir"
	out=$(lxc attach -n $name -- /bin/sh -c 'cd /sys/fs/cgroup && echo max >cgroup.max.descendants
		mkdir a b c d e; cat cgroup.max.descendants; grep ^0: /proc/self/cgroup' 2>&1 </dev/null)
	like "$who: what its root writes is not its limit" "$out" "*mkdir: *
max
0::/"
	is "$who: which stays" "$(cat "$dir/cgroup.max.descendants")" 3
	is "$who: its processes are below" "$(cat "$dir/cgroup.procs")" ""
	like "$who: attached ones too" "$(sed -n 's/^0:://p' "/proc/$(lxc info -n $name -pH)/cgroup")" "*/lxc.payload.$name/lxc.inner"
	ok "$who: it is frozen as a whole" lxc freeze -n $name
	ok "$who: and thawed" lxc unfreeze -n $name
	lxc stop -k -n $name
	is "$who: no cgroup is left" "$(payload $name)" ""
}

all()
{
	lxc create -n $c -f "$TMP/plain.conf" -t busybox >/dev/null 2>&1
	own_namespace
	host_namespace
	limits
	single_id
}

each_caller all
finish
