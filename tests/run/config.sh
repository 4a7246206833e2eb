#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-config: values of the system configuration, what the lines of a configuration mean here, what the
# manual says about keys.
. "$(dirname "$0")/lib.sh"
need python3
who= # see each_caller

config()
{
	as_caller timeout -k 5 60 "$RLXC" config "$@" </dev/null
}

# conf NAME LINE...
conf()
{
	as_caller sh -c 'file=$1; shift; printf "%s\n" "$@" >"$file"' sh "$LXCPATH/$1" "${@:2}"
}

values()
{
	is "$who: a value" "$(config lxc.bdev.lvm.vg)" lxc
	is "$who: one that is not set" "$(config lxc.cgroup.use)" "lxc.cgroup.use is not set."
	is "$who: no such key" "$(config lxc.nothing)" "Unknown configuration item: lxc.nothing"
	exits 1 "$who: and its exit code" config lxc.nothing
	exits 1 "$who: two keys" config lxc.bdev.lvm.vg lxc.bdev.zfs.root
	like "$who: the list" "$(config -l | tr '\n' ' ')" "lxc.lxcpath lxc.default_config *"
}

check()
{
	conf good '# a comment' 'lxc.uts.name = web' 'lxc.net.0.type = empty' '' ' lxc.tty.max = 4'
	is "$who: check: each line" "$(config check "$LXCPATH/good")" \
		"$LXCPATH/good:2:1: lxc.uts.name = web -- Host name inside.
$LXCPATH/good:3:1: lxc.net.0.type = empty -- empty: loopback only.
$LXCPATH/good:5:2: lxc.tty.max = 4 -- How many ttys there are for lxc-console(1), /dev/tty1 and so on.
$LXCPATH/good: 0 mistakes"
	exits 0 "$who: nothing wrong" config check "$LXCPATH/good"

	conf part 'lxc.tty.max = many'
	conf bad "lxc.include = $LXCPATH/part" 'lxc.init.cmd = /bin/sh # a shell' 'lxc.mount.auto = proc:rw # all' \
		'lxc.uts.nam = a' 'lxc.pts = 9' 'lxc.kmsg = 0' 'other = 1' 'lxc.ephemeral'
	is "$who: check: every mistake, with its place" "$(config check "$LXCPATH/bad" | grep -v -e ' -- ' -e hint | sed "s|$LXCPATH/||")" \
		"part:1:15: error: 'lxc.tty.max' must be a number from 0 to 4294967295, not 'many'
bad:2:1: warning: '# a shell' is part of the value
bad:3:1: warning: taking what is behind 'proc:rw' for a comment
bad:4:1: error: unknown key 'lxc.uts.nam'
bad:5:1: warning: 'lxc.pts' is an old name
bad:6:1: lxc.kmsg = 0
bad:6:1: warning: 'lxc.kmsg' has no effect any more, continuing without it
bad:7:1: warning: ignoring a line that does not begin with 'lxc.'
bad:8:14: error: there is no '=' after 'lxc.ephemeral'
bad: 3 mistakes"
	like "$who: check: what to do" "$(config check "$LXCPATH/bad")" "*hint: did you mean 'lxc.uts.name'?*"
	exits 1 "$who: wrong" config check "$LXCPATH/bad"
	is "$who: on stdout alone" "$(config check "$LXCPATH/bad" 2>&1 >/dev/null)" ""
	is "$who: check as JSON" "$(config check --format json "$LXCPATH/bad" | python3 -c 'import json, sys
answer = json.load(sys.stdin)
print(answer["works"], *[line["status"] for line in answer["lines"]])
line = answer["lines"][-1]
print(line["line"], line["column"], line["error"], line["hint"])
line = answer["lines"][5]
print(line["key"], line["value"], line["warning"])')" "False error ok warning warning error warning warning warning error
8 14 there is no '=' after 'lxc.ephemeral' a line reads 'KEY = VALUE', or 'KEY =' to clear it
lxc.pty.max 9 'lxc.pts' is an old name"

	# What is right, and cannot be had here
	conf none 'lxc.rootfs.path = zfs:none' 'lxc.namespace.keep = mnt' 'lxc.net.0.type = empty'
	like "$who: check: what a start refuses" "$(config check "$LXCPATH/none")" "*
$LXCPATH/none: error: *mount namespace*
$LXCPATH/none: 1 mistake"
	exits 1 "$who: it does not start" config check "$LXCPATH/none"
	conf limits 'lxc.cgroup2.memory.max = 1G' 'lxc.net.0.type = empty'
	if [ "$who" = bare ]; then
		like "$who: check: a limit that does not hold" "$(config check "$LXCPATH/limits")" "*
$LXCPATH/limits: warning: 'lxc.cgroup2.memory.max' does not hold: *
$LXCPATH/limits: 0 mistakes"
	fi
	exits 0 "$who: a limit is no mistake" config check "$LXCPATH/limits"
	conf sysctl 'lxc.sysctl.vm.swappiness = 7' 'lxc.sysctl.net.ipv4.ip_forward = 1'
	is "$who: check: what would change the host" "$(config check "$LXCPATH/sysctl" | grep -c 'warning: .lxc.sysctl.vm.swappiness. .*the host$')" \
		"$([ "$who" = root ] && echo 1 || echo 0)"
	conf hostile "$(printf 'lxc.cgroup2.a\033[31m = b\033[31m')"
	like "$who: check: nothing for the terminal" "$(config check "$LXCPATH/hostile")" '*:1:1: lxc.cgroup2.a?x1b?31m = b?x1b?31m*'
	conf ignored "lxc.rootfs.path = dir:$LXCPATH" 'lxc.mount.entry = /srv /srv none bind 0 0' \
		'lxc.mount.entry = /srv srv none bind,noexce 0 0' 'lxc.net.0.type = empty'
	is "$who: check: what has no effect" "$(config check "$LXCPATH/ignored" | sed -n "s|^$LXCPATH/ignored: ||p")" \
		"warning: the mount target '/srv' is not below the root file system (inside the container it is 'srv')
warning: the option 'noexce' of the mount on 'srv' means nothing for a bind mount
0 mistakes"
	conf mounts 'lxc.mount.entry = tmpfs tmp tmpfs defaults 0 0'
	exits 0 "$who: what others include needs no root file system" config check "$LXCPATH/mounts"
	like "$who: no such file" "$(config check "$LXCPATH/nothing" 2>&1)" "*cannot read '$LXCPATH/nothing': No such file*hint: *"
	exits 1 "$who: no file named" config check
	exits 1 "$who: two files named" config check "$LXCPATH/good" "$LXCPATH/good"
	ok "$who: check makes nothing" test "$(ls "$LXCPATH" | tr '\n' ' ')" = "bad good hostile ignored limits mounts none part sysctl "
}

explain()
{
	is "$who: explain" "$(config explain lxc.uts.name)" "lxc.uts.name (text)
  Host name inside. Default: that of the host."
	is "$who: explain, in paragraphs" "$(config explain lxc.net.0.type | sed -n 1,3p)" "lxc.net.N.type
  empty: loopback only. none: the network of the host, when all devices are of
  this type."
	is "$who: explain, several" "$(config explain lxc.tty | grep '^lxc' | tr '\n' ' ')" "lxc.tty.max (number) lxc.tty.dir (text) "
	is "$who: explain, an old name" "$(config explain lxc.utsname)" "$(config explain lxc.uts.name)"
	like "$who: explain, a mistyped one" "$(config explain lxc.uts.nam 2>&1)" "*unknown key 'lxc.uts.nam'*did you mean 'lxc.uts.name'?*"
	exits 1 "$who: and its exit code" config explain lxc.uts.nam
	is "$who: explain as JSON" "$(config explain lxc.uts.name --format json)" \
		'[{"key":"lxc.uts.name","type":"text","text":"Host name inside. Default: that of the host."}]'
	ok "$who: explain, all" test "$(config explain | grep -c '^lxc\.')" -gt 100
	is "$who: as wide as a terminal" "$(config explain | awk 'length > 80')" ""
}

checks()
{
	values
	check
	explain
}

each_caller checks root user bare
finish
