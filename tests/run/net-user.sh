#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The network that an ordinary user has without asking: by pasta and by slirp4netns, to a neighbour that
# net-user.py plays. All of it is in namespaces of its own, with a /dev/net/tun, an /etc/resolv.conf and a
# default route of its own.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

need_root
need_user
need ip
need python3
need unshare
[ -x /usr/bin/pasta ] || skip "pasta is not installed"
[ -x /usr/bin/slirp4netns ] || skip "slirp4netns is not installed"
if [ -z "${NET_USER_INSIDE-}" ]; then
	unshare -mn --propagation private true 2>/dev/null || skip "namespaces cannot be made"
	NET_USER_INSIDE=1 unshare -mn --propagation private bash "$0"
	exit
fi

# ---- the host and its neighbour ----

export DEFAULT_NET=1
host=198.51.100.2 neighbour=198.51.100.1
host6=2001:db8::2 neighbour6=2001:db8::1
install -m 644 "$top_srcdir/tests/run/net-user.py" "$TMP/net-user.py"

mkdir "$TMP/dev"
mount -t tmpfs tmpfs "$TMP/dev"
on_exit 'umount "$TMP/dev" 2>/dev/null || umount -l "$TMP/dev"'
mknod "$TMP/dev/tun" c 10 200 && chmod 666 "$TMP/dev/tun"
python3 -c 'open("'"$TMP"'/dev/tun", "r+b", buffering=0)' 2>/dev/null || skip "the kernel has no tun devices"
[ -e /dev/net/tun ] || { mkdir -p "$TMP/net" && skip "there is no /dev/net/tun to mount on"; }
mount --bind "$TMP/dev/tun" /dev/net/tun
echo "nameserver $neighbour" >"$TMP/resolv.conf"
mount --bind "$TMP/resolv.conf" "$(readlink -f /etc/resolv.conf)"

ip link set lo up
unshare -n sleep 600 &
neighbour_pid=$!
on_exit 'kill $neighbour_pid 2>/dev/null'
next_door()
{
	nsenter -t $neighbour_pid -n "$@"
}
wait_for 5 ip link add wan type veth peer name wan netns $neighbour_pid || skip "veth interfaces cannot be made"
ip addr add $host/24 dev wan
ip addr add $host6/64 dev wan nodad
ip link set wan up
next_door ip link set lo up
next_door ip addr add $neighbour/24 dev wan
next_door ip addr add $neighbour6/64 dev wan nodad
next_door ip link set wan up
add_routes()
{
	ip route add default via $neighbour && ip -6 route add default via $neighbour6
}
add_routes
sysctl -qw net.ipv4.ip_unprivileged_port_start=1024

# background COMMAND...: one that says "ready"; its pid in $background_pid
background()
{
	"$@" >"$TMP/background" 2>&1 &
	background_pid=$!
	on_exit "kill $background_pid 2>/dev/null"
	wait_for 10 grep -q ready "$TMP/background"
}
background nsenter -t $neighbour_pid -n python3 "$TMP/net-user.py" serve

# without PROGRAM: as if it was not installed
without()
{
	for place in /usr/bin /usr/local/bin /bin; do
		[ ! -x "$place/$1" ] || mount --bind /dev/null "$place/$1"
	done
}

with_again()
{
	for place in /usr/bin /usr/local/bin /bin; do
		umount "$place/$1" 2>/dev/null
	done
	:
}

# ---- containers ----

config=$TMP/config
printf 'lxc.uts.name = s\n' >"$config" # on the host's files

# begin NAME [OPTION...]: a container that waits, its monitor in $monitor
begin()
{
	begin_name=$1
	shift
	lxc start -n "$begin_name" -p "$LXCPATH/pid" "$@" </dev/null || return 1
	monitor=$(cat "$LXCPATH/pid")
}

run_tool_args()
{
	pgrep -f "/proc/$monitor/fd/" >/dev/null
}

no_tool()
{
	! run_tool_args
}

# Another one than the process $old
other_tool()
{
	run_tool_args && ! pgrep -f "/proc/$monitor/fd/" | grep -qx "${old:-none}"
}

echoes() # KIND HOST PORT
{
	call "$@" hello | grep -q '^from .* hello$'
}

ask()
{
	lxc attach -n s -- timeout 10 python3 "$TMP/net-user.py" ask "$@" 2>&1
}

# From the neighbour and from the host itself
call()
{
	next_door timeout 10 python3 "$TMP/net-user.py" ask "$@" 2>&1
}

call_here()
{
	timeout 10 python3 "$TMP/net-user.py" ask "$@" 2>&1
}

# slirp4netns tells the kernel inside, which takes its time.
has_ipv6()
{
	lxc attach -n s -- ip -6 route show default | grep -q .
}

traffic()
{
	for kind in tcp udp; do
		is "$tool: $kind over IPv4, from the host's address" "$(ask $kind $neighbour 7000 hello)" "from $host hello"
		wait_for 5 has_ipv6
		is "$tool: $kind over IPv6" "$(ask $kind $neighbour6 7000 hello)" "from $host6 hello"
	done
}

outside()
{
	ok "$tool: starts with no line about networks" begin s -f "$config" -- sleep 1000
	ok "$tool: a program serves it" run_tool_args
	case $who in
	user) like "$tool: in the monitor's cgroup" "$(cat /proc/"$(pgrep -f "/proc/$monitor/fd/" | head -n 1)"/cgroup)" "*/lxc.monitor.s*" ;;
	esac
	like "$tool: addresses are listed" "$(lxc ls -f 2>&1)" "*10.0.2.100*"
	traffic
	like "$tool: lxc-info counts bytes" "$(lxc info -n s -S --format json)" '*"link":"eth0","tx_bytes":[1-9]*'
	background call_nobody
	like "$tool: the host's loopback is not reached" "$(ask tcp 10.0.2.2 7009 hello)" "*Error*"
	kill $background_pid
	for round in first second; do
		old=$(pgrep -f "/proc/$monitor/fd/")
		kill -9 "$old"
		ok "$tool: killed a $round time, it is started again" wait_for 30 other_tool
		ok "$tool: the container runs" is_state s RUNNING
		ok "$tool: it has a network again" wait_for 30 asks
	done
	lxc stop -k -n s
	begin s -f "$config" -s lxc.net.0.type=user -s lxc.net.0.name=lan7 -s lxc.net.0.mtu=1300 \
		-s lxc.net.0.hwaddr=02:00:00:00:00:77 -- sleep 1000
	like "$tool: name, size and hardware address" "$(lxc attach -n s -- ip link show lan7 2>&1)" "*mtu 1300*02:00:00:00:00:77*"
	old=$(pgrep -f "/proc/$monitor/fd/")
	lxc stop -k -n s
	ok "$tool: stop leaves no process" wait_for 5 no_tool
	ok "$tool: that process is gone" test ! -d "/proc/${old:-self}"
}

asks()
{
	ask tcp $neighbour 7000 hello | grep -qx "from $host hello"
}

call_nobody()
{
	exec python3 "$TMP/net-user.py" hold 127.0.0.1 7009
}

# published [OPTION...]
published()
{
	ok "$tool: starts with published ports" begin s -f "$config" --publish 7001:7000 --publish 7001:7000/udp \
		--publish $host:7002:7000 "$@" -- python3 "$TMP/net-user.py" serve
	wait_for 10 call tcp $host 7001 up
	is "$tool: a published port answers" "$(call tcp $host 7001 hello)" "from $neighbour hello"
	is "$tool: and one of UDP" "$(call udp $host 7001 hello)" "from $neighbour hello"
	is "$tool: one of a single address" "$(call tcp $host 7002 hello)" "from $neighbour hello"
	like "$tool: on that alone" "$(call_here tcp 127.0.0.1 7002 hello)" "*Error*"
	like "$tool: the host itself reaches it" "$(call_here tcp 127.0.0.1 7001 hello)" "from * hello"
	if [ "$tool" = pasta ]; then
		like "$tool: over IPv6" "$(call tcp $host6 7001 hello)" "from $neighbour6 hello"
		like "$tool: UDP over IPv6" "$(call udp $host6 7001 hello)" "from $neighbour6 hello"
	fi
	[ "$who" = root ] || killed_while_published
	lxc stop -k -n s
	ok "$tool: the port is free again" wait_for 5 python3 -c \
		"import socket; s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('$host', 7001))"
}

# Somebody takes its port before it is back: it is tried until the port is free.
killed_while_published()
{
	old=$(pgrep -f "/proc/$monitor/fd/")
	kill -STOP "$monitor"
	kill -9 "$old"
	wait_for 10 no_listener
	background python3 "$TMP/net-user.py" hold 0.0.0.0 7001
	kill -CONT "$monitor"
	ok "$tool: killed, and its port is taken" wait_for 30 grep -q 'publish = 7001:7000/tcp.*trying again' "$LXCPATH/log-$tool"
	kill $background_pid
	ok "$tool: when that is free, the port answers again" wait_for 60 echoes tcp $host 7001
	ok "$tool: so does that of UDP" wait_for 30 echoes udp $host 7001
}

no_listener()
{
	! ss -Hlnt 'sport = :7001' | grep -q .
}

lookup()
{
	lxc attach -n c -- nslookup a.test 2>&1
}

# A system container with files of its own
system_container()
{
	lxc create -n c -t busybox >/dev/null 2>&1 || { test_result 1 "$tool: create"; return; }
	root=$LXCPATH/c/rootfs
	ok "$tool: a system container starts" begin c
	like "$tool: it finds names" "$(lookup)" "*203.0.113.7*"
	old=$(pgrep -f "/proc/$monitor/fd/")
	lxc stop -r -n c
	ok "$tool: reboot ends the program" wait_for 10 test ! -d "/proc/${old:-self}"
	ok "$tool: and starts it again" wait_for 10 run_tool_args
	wait_for 5 is_state c RUNNING
	like "$tool: with a network again" "$(lookup)" "*203.0.113.7*"
	kill -9 "$monitor"
	ok "$tool: it dies with the monitor" wait_for 5 no_tool
	lxc stop -k -n c 2>/dev/null # with -9 to the monitor the container may have gone, too
	ok "$tool: nothing is left" wait_for 5 is_state c STOPPED
	[ "$tool" = pasta ] || return
	resolver
}

in_container()
{
	lxc attach -n c -- cat /etc/resolv.conf 2>/dev/null
}

# as_root_inside COMMAND...: the files belong to the container's root
as_root_inside()
{
	as_caller "$RLXC" usernsexec -s -- "$@"
}

resolver()
{
	ours="nameserver 10.0.2.3"
	for text in "" "# nothing" "nameserver 127.0.0.53" "nameserver ::1"; do
		as_root_inside sh -c "rm -f '$root/etc/resolv.conf'; [ -z '$text' ] || echo '$text' >'$root/etc/resolv.conf'"
		begin c
		is "resolv.conf: '$text' gives way" "$(in_container)" "$ours"
		lxc stop -k -n c
		is "resolv.conf: the file '$text' is as it was" "$(cat "$root/etc/resolv.conf")" "$text"
	done
	as_root_inside sh -c "echo 'nameserver 192.0.2.53' >'$root/etc/resolv.conf'"
	begin c
	is "resolv.conf: a server that may work stays" "$(in_container)" "nameserver 192.0.2.53"
	lxc stop -k -n c
	as_root_inside sh -c "rm '$root/etc/resolv.conf'; ln -s /run/there '$root/etc/resolv.conf'; ln -sf /etc/passwd '$root/run/there'"
	begin c
	not_ok "resolv.conf: a link is not followed" lxc attach -n c -- grep -q 10.0.2.3 /etc/passwd
	lxc stop -k -n c
	as_root_inside rm "$root/etc/resolv.conf"
	ok "a read-only root file system without the file starts" begin c -s lxc.rootfs.options=ro
	like "and has a network" "$(lxc attach -n c -- ip addr 2>&1)" "*10.0.2.100*"
	lxc stop -k -n c
	ok "and is not touched" test ! -e "$root/etc/resolv.conf"
}

# ---- what goes wrong ----

message()
{
	lxc start -n s -f "$config" "$@" 2>&1 </dev/null -- sleep 1000
	lxc stop -k -n s >/dev/null 2>&1
}

mistakes()
{
	like "a port that is no port" "$(message --publish 70000:1)" \
		"*'lxc.net.0.publish' must be *HOST-PORT:CONTAINER-PORT*not '70000:1'*"
	like "a port of a network that has none" "$(message -s lxc.net.0.type=empty --publish 1:1)" \
		"*'--publish' needs a network of type user*hint: set 'lxc.net.0.type = user'*"
	like "two of them" "$(message -s lxc.net.0.type=user -s lxc.net.4.type=user)" \
		"*lxc.net.0 and lxc.net.4 are both of type user*"
	like "an address" "$(message -s lxc.net.0.type=user -s lxc.net.0.ipv4.address=10.0.0.1/24)" \
		"*lxc.net.0.ipv4.address*"
	like "a low port" "$(message --publish 80:80)" \
		"*'lxc.net.0.publish = 80:80/tcp': Permission denied*hint: low ports are root's; *sysctl -w net.ipv4.ip_unprivileged_port_start=80*"
	background python3 "$TMP/net-user.py" hold 0.0.0.0 7001
	like "a taken port" "$(message --publish 7001:7000)" \
		"*'lxc.net.0.publish = 7001:7000/tcp': Address already in use*hint: who has the port says: ss -lntup 'sport = :7001'*"
	without pasta
	like "an address that the host has not" "$(message --publish 192.0.2.77:7003:7000)" \
		"*'lxc.net.0.publish = 192.0.2.77:7003:7000/tcp': Cannot assign requested address*"
	like "a port of IPv6 that it cannot publish" "$(message --publish "[::1]:7003:7000")" \
		"*publishes on IPv4 only*hint: install pasta*"
	kill $background_pid
	without slirp4netns
	like "no program: a container starts without a network" "$(message)" \
		"*warning: neither pasta nor slirp4netns is installed (apt-get install passt), continuing without a network*"
	begin s -f "$config" -- sleep 1000 2>/dev/null
	ok "it runs" is_state s RUNNING
	lxc stop -k -n s
	like "no program: who asks for it gets an error" "$(message -s lxc.net.0.type=user)" \
		"*'lxc.net.0.type = user' needs the program pasta or slirp4netns*hint: install one of them: apt-get install passt*"
	with_again slirp4netns
	with_again pasta
	is "no line of complaint with another type" "$(message -s lxc.net.0.type=empty)" ""
	ok "a program that cannot makes room for the next one" without_routes
	chmod 600 "$TMP/dev/tun"
	like "no tun device: a container starts" "$(message)" "*warning: *tun*continuing without a network*"
	like "no tun device: who asks for it gets an error" "$(message -s lxc.net.0.type=user)" "*hint: *modprobe tun*"
	chmod 666 "$TMP/dev/tun"
}

# pasta wants a host with a way out
without_routes()
{
	ip route del default
	ip -6 route del default
	begin s -f "$config" -- sleep 1000
	pgrep -f "slirp4netns.*/proc/$monitor/fd/" >/dev/null
	result=$?
	lxc stop -k -n s
	add_routes
	return $result
}

each_tool()
{
	tool=pasta
	outside
	published -l INFO -o "$LXCPATH/log-$tool"
	system_container
	lxc destroy -f -n c >/dev/null 2>&1
	without pasta
	tool=slirp4netns
	outside
	published -l INFO -o "$LXCPATH/log-$tool"
	system_container
	with_again pasta
}

# A container of root's may have one as well.
root_publishes()
{
	tool="root, pasta"
	published
}

# ---- veth, by lxc-user-nic ----

has_ports()
{
	[ "$(ip -o link show master br0 | wc -l)" -eq "$1" ]
}

veth_message()
{
	lxc start -n "$1" -f "$TMP/veth" "${@:2}" -- sleep 1000 2>&1 </dev/null
}

veths()
{
	like "veth: without a grant" "$(veth_message s)" \
		"*on bridge 'br0': lxc-user-nic: not permitted*hint: as root, to grant ten of them: echo '$TEST_USER veth br0 10' >> $policy"
	like "veth: on what is no bridge no grant helps" "$(veth_message s -s lxc.net.0.link=wan)" \
		"*hint: 'wan' is not a bridge: *"
	echo "$TEST_USER veth br0 1" >"$policy"
	like "veth: a name that the program refuses" "$(veth_message s -s lxc.net.0.name=é)" \
		"*bad argument 7*hint: lxc.net.0.name: letters, digits, *"
	ok "veth: with one" begin s -f "$TMP/veth" -- sleep 1000
	ok "veth: the bridge has a port" has_ports 1
	is "veth: there is traffic" "$(ask tcp 10.77.0.1 7000 hello)" "from 10.77.0.2 hello"
	like "veth: name and size inside" "$(lxc attach -n s -- ip link show lan0 2>&1)" "*mtu 1400*"
	like "veth: its hardware address" "$(lxc attach -n s -- ip link show lan0 2>&1)" "*link/ether 02:00:00:00:77:02*"
	like "veth: its addresses" "$(lxc attach -n s -- ip -o addr show lan0 2>&1)" "*inet 10.77.0.2/24*inet6 fd77::2/64*"
	like "veth: its routes" "$(lxc attach -n s -- sh -c 'ip route; ip -6 route' 2>&1)" \
		"*default via 10.77.0.1 dev lan0*default dev lan0*"
	like "veth: beyond the quota" "$(veth_message t)" \
		"*lxc-user-nic: quota reached*hint: as root, to grant one more: echo '$TEST_USER veth br0 1' >> $policy"
	lxc stop -k -n s
	like "veth: script.down" "$(cat "$LXCPATH/down")" "s net down veth br0 veth*"
	ok "veth: a stop takes the interface away" has_ports 0
	ok "veth: and frees the quota" begin t -f "$TMP/veth" -- sleep 1000
	lxc stop -k -n t
	begin s -f "$TMP/veth" -s lxc.net.0.flags= -s lxc.net.0.ipv4.gateway= -s lxc.net.0.ipv6.gateway= -- sleep 1000
	like "veth: without flags" "$(lxc attach -n s -- ip link show lan0 2>&1)" "*state DOWN*"
	lxc stop -k -n s
	like "veth: a name for the host is root's to give" "$(veth_message s -s lxc.net.0.veth.pair=mine)" \
		"*'lxc.net.0.veth.pair' is for containers of root only*"
	like "veth: no such bridge" "$(veth_message s -s lxc.net.0.link=br7)" \
		"*'lxc.net.0.link = br7': the host has no such interface*"
	lxc create -n c -t busybox >/dev/null 2>&1
	grep -v uts "$TMP/veth" | as_caller tee -a "$LXCPATH/c/config" >/dev/null
	begin c
	wait_for 5 is_state c RUNNING
	before=$(ip -o link show master br0)
	lxc stop -r -n c
	ok "veth: a reboot stays within the quota" wait_for 10 other_port "$before"
	like "veth: and has its address again" "$(lxc attach -n c -- ip addr show lan0 2>&1)" "*10.77.0.2*"
}

other_port()
{
	has_ports 1 && [ "$(ip -o link show master br0)" != "$1" ]
}

veth_host()
{
	ip link add br0 type bridge
	ip addr add 10.77.0.1/24 dev br0
	ip link set br0 up
	background python3 "$TMP/net-user.py" serve
	cat >"$TMP/veth" <<-EOF
		lxc.uts.name = s
		lxc.net.0.type = veth
		lxc.net.0.link = br0
		lxc.net.0.name = lan0
		lxc.net.0.mtu = 1400
		lxc.net.0.flags = up
		lxc.net.0.hwaddr = 02:00:00:00:77:02
		lxc.net.0.ipv4.address = 10.77.0.2/24
		lxc.net.0.ipv4.gateway = 10.77.0.1
		lxc.net.0.ipv6.address = fd77::2/64
		lxc.net.0.ipv6.gateway = dev
		lxc.net.0.script.down = echo >>$TMP/veths/down
	EOF
}

each_caller each_tool user
each_caller mistakes bare
each_caller root_publishes root
private_install
veth_host
LXCPATH=$TMP/veths && mkdir "$LXCPATH" && chown "$TEST_USER" "$LXCPATH"
who=bare
veths
end_containers
finish
