#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-cgroup: values of a running container's cgroups, by the names of both versions.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

# Where controllers are on version 1, limits are what gives a container cgroups there.
printf 'lxc.cgroup2.%s\n' 'pids.max = max' 'memory.max = max' 'cpu.weight = 100' >"$TMP/limits"
chmod 644 "$TMP/limits"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# The file's text, with what follows it seen.
get()
{
	lxc cgroup -n c "$@" | sed 's/$/|/'
}

# The directory of the container's cgroup that has FILE, of either version.
dir_of()
{
	local pid line path dir
	pid=$(lxc info -n c -pH)
	while read -r line; do
		path=${line#*:*:}
		for dir in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/{pids,memory,cpu,cpuacct,devices}; do
			[ "${path##*/}" != lxc.payload.c ] || [ ! -e "$dir$path/$1" ] || { echo "$dir$path" && return 0; }
		done
	done <"/proc/$pid/cgroup"
	return 1
}

errors()
{
	exits 1 "$who: of a stopped one" lxc cgroup -n c pids.max
	like "$who: is said" "$(message lxc cgroup -n c pids.max)" "*'c' is not running*hint: *"
	like "$who: of nobody" "$(message lxc cgroup -n nobody pids.max)" "*'nobody' does not exist*"
	for file in ../pids.max /etc/passwd pids.max/../x . .. '' pids; do
		exits 1 "$who: '$file' is no file" lxc cgroup -n c "$file"
		like "$who: which is said before anybody is asked" "$(message lxc cgroup -n c "$file")" "*name of a cgroup file*"
	done
	exits 1 "$who: no file" lxc cgroup -n c
	exits 1 "$who: two values" lxc cgroup -n c pids.max 1 2
	like "$who: a controller that nobody has" "$(message lxc cgroup -n c memroy.max)" "*no cgroup controller 'memroy'*"
}

without_cgroup()
{
	for file in pids.max memory.limit_in_bytes devices.allow; do
		exits 1 "$who: $file without a cgroup" lxc cgroup -n c $file
		like "$who: is said, with what to do" "$(message lxc cgroup -n c $file)" "*cgroup*hint: *"
	done
	is "$who: nothing is printed" "$(lxc cgroup -n c pids.max 2>/dev/null)" ""
}

# What every cgroup2 has.
core()
{
	is "$who: the file's text and an empty line" "$(get cgroup.freeze)" "0|
|"
	like "$who: a file of several lines" "$(get cgroup.events)" "populated 1|
frozen 0|
|"
	is "$who: a v1 name" "$(get freezer.state)" "THAWED|
|"
	is "$who: setting is silent" "$(lxc cgroup -n c freezer.state FROZEN 2>&1)" ""
	ok "$who: it stands still" wait_for 5 is_state c FROZEN
	is "$who: reading what was set" "$(get freezer.state)" "FROZEN|
|"
	is "$who: by the other name" "$(get cgroup.freeze)" "1|
|"
	exits 0 "$who: -n may be left out" lxc cgroup c freezer.state THAWED
	ok "$who: it goes on" wait_for 5 is_state c RUNNING
	like "$who: processor time" "$(lxc cgroup -n c cpuacct.usage | head -n 1 | grep -x '[0-9]*')" "?*"
	is "$who: JSON" "$(lxc cgroup -n c freezer.state --format json |
		python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["name"], d["file"], d["value"])')" \
		"c freezer.state THAWED"
	not_ok "$who: a value that the kernel refuses" lxc cgroup -n c cgroup.freeze 7
	like "$who: with its reason" "$(message lxc cgroup -n c cgroup.freeze 7)" "*'c'*writing '7' to 'cgroup.freeze': *"
	not_ok "$who: one that version 1 refuses" lxc cgroup -n c freezer.state COLD
	like "$who: with what there is" "$(message lxc cgroup -n c freezer.state COLD)" "*COLD*hint: it takes FROZEN or THAWED*"
	not_ok "$who: no such file" lxc cgroup -n c cgroup.nosuch
	like "$who: is said" "$(message lxc cgroup -n c cgroup.nosuch)" "*'c'*no file 'cgroup.nosuch'*"
}

# Where the controller is in one of the container's cgroups; else the message says why not.
limits()
{
	if dir=$(dir_of pids.max); then
		is "$who: pids.max" "$(get pids.max)" "max|
|"
		exits 0 "$who: can be set" lxc cgroup -n c pids.max 33
		is "$who: and was" "$(cat "$dir/pids.max")" 33
		is "$who: reads back" "$(get pids.max)" "33|
|"
		not_ok "$who: no number" lxc cgroup -n c pids.max many
		is "$who: leaves it" "$(cat "$dir/pids.max")" 33
		like "$who: pids.nosuch" "$(message lxc cgroup -n c pids.nosuch)" "*'pids'*no file 'pids.nosuch'*"
	else
		like "$who: why pids.max is not there" "$(message lxc cgroup -n c pids.max)" "*the controller 'pids' *"
	fi
	if dir=$(dir_of memory.max) || dir=$(dir_of memory.limit_in_bytes); then
		is "$who: memory.max" "$(get memory.max)" "max|
|"
		is "$who: memory.limit_in_bytes" "$(get memory.limit_in_bytes)" "9223372036854771712|
|"
		exits 0 "$who: memory.limit_in_bytes can be set" lxc cgroup -n c memory.limit_in_bytes 64M
		is "$who: memory.max says the same" "$(get memory.max)" "67108864|
|"
		is "$who: as does the kernel" "$(cat "$dir/memory.max" "$dir/memory.limit_in_bytes" 2>/dev/null)" 67108864
		exits 0 "$who: memory.max can be set" lxc cgroup -n c memory.max max
		is "$who: memory.limit_in_bytes says the same" "$(get memory.limit_in_bytes)" "9223372036854771712|
|"
		exits 0 "$who: a value that begins with a dash" lxc cgroup -n c -- memory.limit_in_bytes -1
		other=memory.max # what is translated, on either host
		[ -e "$dir/memory.limit_in_bytes" ] || other=memory.limit_in_bytes
		not_ok "$who: no value at all" lxc cgroup -n c $other ''
		like "$who: is refused" "$(message lxc cgroup -n c $other '')" "*'$other' takes no empty value*"
	else
		like "$who: why memory.max is not there" "$(message lxc cgroup -n c memory.max)" "*the controller 'memory' *"
		like "$who: by its v1 name as well" "$(message lxc cgroup -n c memory.limit_in_bytes)" "*the controller 'memory' *"
	fi
	if dir=$(dir_of cpu.shares) || dir=$(dir_of cpu.weight); then
		exits 0 "$who: cpu.weight can be set" lxc cgroup -n c cpu.weight 200
		is "$who: cpu.shares is twice its default" "$(get cpu.shares)" "2048|
|"
	else
		like "$who: why cpu.weight is not there" "$(message lxc cgroup -n c cpu.weight)" "*the controller 'cpu' *"
	fi
}

opens_null()
{
	lxc attach -n c -- /bin/sh -c ': </dev/null' </dev/null
}

devices()
{
	ok "$who: /dev/null can be opened" opens_null
	if ! lxc cgroup -n c devices.deny 'c 1:3 rwm' 2>/dev/null; then
		[ "$who" = user ] || ok "$who: devices.deny" lxc cgroup -n c devices.deny 'c 1:3 rwm'
		like "$who: why there are no device rules" "$(message lxc cgroup -n c devices.deny 'c 1:3 rwm')" "*devices*hint: *"
		return
	fi
	not_ok "$who: it was denied" opens_null
	exits 0 "$who: devices.allow" lxc cgroup -n c devices.allow 'c 1:3 rwm'
	ok "$who: it was allowed" opens_null
	not_ok "$who: no rule" lxc cgroup -n c devices.allow 'x 1:3 rwm'
	not_ok "$who: devices.allow cannot be read" lxc cgroup -n c devices.allow
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/limits" >/dev/null 2>&1
	errors
	lxc start -n c 2>/dev/null
	if ! has_cgroup; then
		without_cgroup
		return
	fi
	core
	limits
	devices
	# Somebody else may look, and nobody's cgroup but this one was touched.
	as_caller mkdir "$LXCPATH/none"
	exits 1 "$who: below another path there is no such container" "$RLXC" cgroup -P "$LXCPATH/none" -n c pids.max
}

each_caller checks
finish
