#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-device: nodes of the host in running containers of root and of users, with a hostile /dev, and
# interfaces for containers of root, with their way back at stop and after a killed monitor. The links
# of the host are not touched: root's turn is in a network namespace of this test.
. "$(dirname "$0")/lib.sh"
need busybox
if [ "$(id -u)" -eq 0 ]; then
	need ip
	own_network "$@"
fi
who=

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

inside()
{
	lxc attach -n c -- "$@" </dev/null
}

# make_rootfs: with ids that the caller's containers can write
make_rootfs()
{
	lxc create -n c -t busybox >"$TMP/.log" 2>&1 || skip "$who: no container: $(cat "$TMP/.log")"
	as_caller sed -i '/^lxc.net/d' "$LXCPATH/c/config"
	as_caller sh -c 'printf "%s\n" "lxc.net.0.type = empty" "$2" >>"$1"' - "$LXCPATH/c/config" "${1-}"
}

numbers()
{
	inside stat -c '%F %t:%T' "$1" 2>/dev/null
}

usage()
{
	exits 1 "$who: no words" lxc device -n c
	exits 1 "$who: no device" lxc device -n c add
	exits 1 "$who: a word too many" lxc device -n c add /dev/fuse /dev/a /dev/b
	like "$who: an unknown verb" "$(message lxc device -n c mount /dev/fuse)" "*'mount' is neither add nor del*"
	exits 1 "$who: an empty verb" lxc device -n c '' /dev/fuse
	like "$who: of a stopped container" "$(message lxc device -n c add /dev/fuse)" "*'c' is not running*hint: start it*"
	like "$who: of nobody" "$(message lxc device -n nobody add /dev/fuse)" "*'nobody' does not exist*"
}

refused()
{
	like "$who: what is not there" "$(message lxc device -n c add /dev/no-such)" "*cannot find '/dev/no-such' on the host*"
	like "$who: what is no device" "$(message lxc device -n c add /etc/passwd)" "*'/etc/passwd' is no device node*hint: *"
	like "$who: a relative path" "$(message lxc device -n c add dev/null)" "*no absolute path*"
	like "$who: a relative path inside" "$(message lxc device -n c add /dev/null null)" "*no absolute path*"
	like "$who: the way up" "$(message lxc device -n c add /dev/null /dev/../../x)" "*leads outside*"
	like "$who: what is there already" "$(message lxc device -n c add /dev/null)" "*has '/dev/null' already*hint: *third word*"
	like "$who: nothing to take away" "$(message lxc device -n c del /dev/no-such)" "*'/dev/no-such' of the container: No such file*"
	like "$who: what is no node" "$(message lxc device -n c del /etc/passwd)" "*no device node*"
	ok "$who: and it stays" inside test -f /etc/passwd
}

node()
{
	is "$who: add is silent" "$(lxc device -n c add /dev/null /dev/second 2>&1)" ""
	is "$who: the node is there" "$(numbers /dev/second)" "character special file 1:3"
	ok "$who: and works" inside sh -c 'echo x >/dev/second'
	like "$who: not twice" "$(message lxc device -n c add /dev/null /dev/second)" "*has '/dev/second' already*"
	ok "$who: directories are made, and verbs cut short" lxc device c a /dev/zero /dev/deep/er/zero
	is "$who: the node in them" "$(inside head -c 3 /dev/deep/er/zero | od -An -tx1 | tr -d ' ')" 000000
	ok "$who: del" lxc device -n c del /dev/null /dev/second
	ok "$who: and nothing is left" inside test ! -e /dev/second
	ok "$who: del by the name inside" lxc device -n c d /dev/deep/er/zero
	ok "$who: and nothing is left of it" inside test ! -e /dev/deep/er/zero
	ok "$who: again" lxc device -n c add /dev/null /dev/second
}

# Links of the container's root are not followed, neither to the container's own files nor out.
hostile()
{
	inside sh -c 'ln -s /etc /dev/link; ln -s /etc/target /dev/last; echo data >/dev/full-file' || return
	like "$who: a link on the way" "$(message lxc device -n c add /dev/null /dev/link/x)" "*symbolic link*"
	like "$who: a link at the end" "$(message lxc device -n c add /dev/null /dev/last)" "*symbolic link*"
	like "$who: a link at del" "$(message lxc device -n c del /dev/link/passwd)" "*symbolic link*"
	like "$who: a file in the way" "$(message lxc device -n c add /dev/null /dev/full-file/x)" "*not a directory*"
	like "$who: a file in its place" "$(message lxc device -n c add /dev/null /dev/full-file)" "*already*"
	ok "$who: nothing came of it" inside sh -c '! test -e /etc/target && ! test -e /etc/x && grep -q data /dev/full-file'
	ok "$who: nor on the host" test ! -e /etc/x
}

# A device that the caller may not open: the permissions are named, and nothing is half made.
permissions()
{
	closed=
	for closed in /dev/loop-control /dev/mem /dev/snapshot /dev/mapper/control /dev/cpu_dma_latency /dev/vcs /dev/tty0; do
		[ -c "$closed" ] && [ "$(stat -c %a "$closed" | tail -c 2)" = 0 ] && break
		closed=
	done
	[ -n "$closed" ] || return 0
	like "$who: a node for others" "$(message lxc device -n c add "$closed" /dev/closed)" \
		"*the permissions of '$closed' (*) keep you from it*hint: *group*"
	ok "$who: nothing is half made" inside test ! -e /dev/closed
	like "$who: an interface" "$(message lxc device -n c add lo)" "*interfaces are root's*hint: *veth*"
}

containers()
{
	make_rootfs "lxc.tty.max = 1"
	usage
	ok "$who: it starts" lxc start -n c || return
	refused
	node
	hostile
	[ "$who" = root ] || permissions
	ok "$who: it stops" lxc stop -k -n c
	ok "$who: starts again" lxc start -n c
	ok "$who: without the node" inside test ! -e /dev/second
	lxc stop -k -n c
}

# ---- what only root has ----------------------------------------------------------------------------

# Where the program of the rules is in force, the node brings its rule along.
rules()
{
	make_rootfs "lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c *:* m
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 5:* rwm
lxc.cgroup2.devices.allow = c 136:* rwm"
	ok "rules: it starts" lxc start -n c || return
	has_cgroup || { lxc stop -k -n c && return; }
	inside mknod /dev/early c 1 9
	not_ok "rules: hold" inside head -c 1 /dev/early
	ok "rules: add" lxc device -n c add /dev/urandom /dev/late
	ok "rules: allow it now" inside head -c 1 /dev/late
	ok "rules: and by any name" inside head -c 1 /dev/early
	ok "rules: del" lxc device -n c del /dev/late
	not_ok "rules: hold again" inside head -c 1 /dev/early
	ok "rules: what was made by mknod goes as well" lxc device -n c del /dev/early
	ok "rules: it is gone" inside test ! -e /dev/early
	lxc stop -k -n c
}

# Root's container with an id map: the nodes are bound, since none can be made in there.
mapped()
{
	make_rootfs "lxc.idmap = u 0 300000 65536
lxc.idmap = g 0 300000 65536"
	chown -R 300000:300000 "$LXCPATH/c/rootfs"
	chmod 755 "$LXCPATH" "$LXCPATH/c"
	ok "mapped: it starts" lxc start -n c || return
	ok "mapped: add" lxc device -n c add /dev/zero /dev/second
	is "mapped: the node" "$(numbers /dev/second)" "character special file 1:5"
	is "mapped: works" "$(inside head -c 2 /dev/second | od -An -tx1 | tr -d ' ')" 0000
	mknod -m 600 "$TMP/closed" c 1 5
	like "mapped: what its root may not open" "$(message lxc device -n c add "$TMP/closed" /dev/third)" \
		"*the permissions of '$TMP/closed' (600) keep root of the container from it*hint: *chmod*"
	ok "mapped: nothing is half made" inside test ! -e /dev/third
	mkdir "$TMP/nodev"
	mount -t tmpfs -o nodev tmpfs "$TMP/nodev"
	on_exit 'umount "$TMP/nodev" 2>/dev/null'
	mknod -m 666 "$TMP/nodev/zero" c 1 5
	like "mapped: a node that is none" "$(message lxc device -n c add "$TMP/nodev/zero" /dev/third)" "*mounted nodev*hint: *"
	ok "mapped: del" lxc device -n c del /dev/second
	ok "mapped: and nothing is left" inside test ! -e /dev/second
	lxc stop -k -n c
}

# A group of whoever starts the container opens what is the group's alone, also in one with an id map.
kept_groups()
{
	make_rootfs "lxc.idmap = u 0 300000 65536
lxc.idmap = g 0 300000 65536
lxc.init.groups = keep
lxc.mount.entry = $TMP/grouped dev/grouped none bind,create=file"
	chown -R 300000:300000 "$LXCPATH/c/rootfs"
	mknod -m 660 "$TMP/grouped" c 1 5
	chown 0:4711 "$TMP/grouped"
	ok "groups: it starts" lxc start -n c || return
	not_ok "groups: who has not the group" inside head -c 1 /dev/grouped
	lxc stop -k -n c
	ok "groups: it starts for a member" in_group start -n c || return
	is "groups: init has it" "$(inside sed -n 's/^Groups:[[:space:]]*//p' /proc/1/status)" "65534 "
	ok "groups: an attached member" in_group attach -n c -- head -c 1 /dev/grouped
	mv "$TMP/grouped" "$TMP/node"
	ok "groups: add asks with them" in_group device -n c add "$TMP/node" /dev/node
	like "groups: and without" "$(message lxc device -n c add "$TMP/node" /dev/node-2)" \
		"*keep root of the container from it*hint: *lxc.init.groups = keep*"
	lxc stop -k -n c
}

in_group()
{
	setpriv --groups 4711 "$RLXC" "$1" -P "$LXCPATH" "${@:2}" </dev/null
}

# Name and MTU of each link, a line each
links()
{
	ip -o link 2>/dev/null | sed -E 's/^[0-9]+: ([^:@]+)[^<]*<[^>]*>.*mtu ([0-9]+).*/\1 \2/' | sort
}

dummy()
{
	ip link show dev "$1" >/dev/null 2>&1 && return
	ip link add "$1" type dummy 2>/dev/null || ip link add "$1" type veth peer name "$1-p" ||
		skip "this kernel has no interfaces to move"
	ip link set "$1" mtu 1400
}

monitor_is_gone()
{
	! pgrep -f "^\[lxc monitor\] $LXCPATH c\$"
}

interfaces()
{
	make_rootfs
	dummy card0
	dummy card1
	links >"$TMP/before"
	ok "net: it starts" lxc start -n c || return
	is "net: add is silent" "$(lxc device -n c add card0 2>&1)" ""
	not_ok "net: it has left the host" ip link show dev card0
	ok "net: it is inside" inside ip link show dev card0
	ok "net: another one, renamed" lxc device -n c add card1 eth5
	ok "net: it is inside" inside ip link show dev eth5
	like "net: one that is not there" "$(message lxc device -n c add card9)" "*the host has no network interface 'card9'*hint: *"
	dummy card2
	like "net: a name that is taken inside" "$(message lxc device -n c add card2 eth5)" "*has an interface 'eth5' already*hint: *third word*"
	ok "net: it stays on the host" ip link show dev card2
	like "net: one that does not move" "$(message lxc device -n c add lo lo5)" "*cannot move interface 'lo'*hint: *loopback*"
	like "net: no name of one" "$(message lxc device -n c add 'a b')" "*no name of a network interface*"
	like "net: a long name" "$(message lxc device -n c add card2 0123456789abcdef)" "*no name of a network interface*"
	like "net: what was never given" "$(message lxc device -n c del lo)" "*no interface of the host's is in the container as 'lo'*hint: *"
	inside ip link set card0 name surprise
	ok "net: del by the name that it has now" lxc device -n c del surprise
	ok "net: it has its old name" ip link show dev card0
	ok "net: del under another name" lxc device -n c del eth5 card7
	ok "net: it has that" ip link show dev card7
	ip link set card7 name card1
	ip link del card2
	links >"$TMP/after"
	ok "net: the host is as before" diff "$TMP/before" "$TMP/after"

	lxc device -n c add card0
	lxc device -n c add card1 eth5
	inside ip link set eth5 name other 2>/dev/null
	inside ip link set other mtu 1300 2>/dev/null
	ip link add card0 type dummy 2>/dev/null || ip link add card0 type veth peer name card9
	like "net: its name is taken by now" "$(message lxc device -n c del card0)" "*the host has an interface 'card0' by now*hint: *third word*"
	ok "net: it stays inside" inside ip link show dev card0
	ip link del card0
	ok "net: stop" lxc stop -k -n c
	links >"$TMP/after"
	ok "net: gives them back, with name and MTU" diff "$TMP/before" "$TMP/after"

	ok "net: starts again" lxc start -n c -s lxc.monitor.signal.pdeath=0
	lxc device -n c add card0 eth7
	kill -9 "$(ps -o ppid= -p "$(lxc info -n c -pH)")"
	ok "net: a killed monitor" wait_for 5 monitor_is_gone
	ok "net: another one goes on" lxc device -n c add card1
	ok "net: knows what the first has lent" lxc device -n c del card0
	ok "net: stop" lxc stop -k -n c
	ok "net: the interfaces are back" wait_for 5 ip link show dev card1
	links >"$TMP/after"
	ok "net: all of them" diff "$TMP/before" "$TMP/after"
}

as_root()
{
	LXCPATH=$TMP/root-$1
	mkdir "$LXCPATH"
	"$1"
	end_containers
}

if [ "$(id -u)" -eq 0 ]; then
	who=root
	for part in rules mapped kept_groups interfaces; do
		as_root $part
	done
fi
each_caller containers
finish
