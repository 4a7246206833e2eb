#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Network interfaces of root's containers: veth, macvlan and phys with traffic, what is set inside,
# routes and neighbours of the host, scripts, the way back at stop, reboot and after a killed monitor,
# and what is refused. The links of the host are not touched: all of it is in a network namespace of
# this test.
. "$(dirname "$0")/lib.sh"
need ip
own_network "$@"

rootfs=$TMP/rootfs
small_rootfs "$rootfs"

# config NAME LINE...
config()
{
	local name=$1
	shift
	mkdir -p "$LXCPATH/$name"
	printf '%s\n' "lxc.rootfs.path = dir:$rootfs" "lxc.init.cmd = /bin/sleep 1000" \
		"lxc.mount.auto = proc:rw sys:ro" "$@" >"$LXCPATH/$name/config"
}

start()
{
	lxc start -n c "$@"
}

stop()
{
	lxc stop -k -n c
}

inside()
{
	lxc attach -n c -- "$@" </dev/null
}

# One line for each link: name and MTU
links()
{
	ip -o link 2>/dev/null | sed -E 's/^[0-9]+: ([^:@]+)[^<]*<[^>]*>.*mtu ([0-9]+).*/\1 \2/' | sort
}

host_network()
{
	links
	{
		ip -4 route show table all
		ip -6 route show table all | grep -v -e '^multicast' -e '^fe80' -e '^anycast' -e 'local fe80'
	} 2>/dev/null | sed 's/ linkdown//; s/ $//' | sort
	{
		ip neigh show proxy
		ip -6 neigh show proxy
	} | sort
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# The interface inside that $1 says something about, on one line
address()
{
	inside ip -o addr show dev "$1" 2>/dev/null | tr -s ' \\' ' '
}

ip link add br0 type bridge || skip "this kernel has no bridge"
ip link set br0 up
ip addr add 10.9.0.1/24 dev br0
ip addr add fd09::1/64 dev br0 nodad
ip link set br0 addrgenmode none
ip route add default via 10.9.0.254

# ---- veth on a bridge ------------------------------------------------------------------------------

ipv6=$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null)
config c "lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.flags = up" \
	"lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx" "lxc.net.0.mtu = 1400" \
	"lxc.net.0.ipv4.address = 10.9.0.2/24" "lxc.net.0.ipv4.gateway = auto" \
	"lxc.net.0.ipv6.address = fd09::2/64" "lxc.net.0.ipv6.gateway = auto" \
	"lxc.net.7.type = veth" "lxc.net.7.veth.pair = out7" "lxc.net.7.name = in%d" \
	"lxc.net.7.veth.n_rxqueues = 2" "lxc.net.7.veth.n_txqueues = 3" \
	"lxc.net.9.type = none" "lxc.net.10.type = veth" \
	"lxc.sysctl.net.ipv4.conf.eth0.rp_filter = 1"
host_network >"$TMP/before"
plan=$(start --dry-run)
like "the plan: bridge" "$plan" '*"index": 0, "type": "veth", "name": "eth0", "link": "br0", "mode": "bridge", "pair": "vethXXXXXX"*'
like "the plan: addresses" "$plan" '*"ipv4": ?"10.9.0.2/24"?, "ipv4_gateway": "auto", "ipv6": ?"fd09::2/64"?*'
like "the plan: a name of its own" "$plan" '*"index": 7, "type": "veth", "name": "in0"*"pair": "out7"*"index": 10, "type": "veth", "name": "eth1"*'
host_network >"$TMP/after"
ok "a plan makes nothing" diff "$TMP/before" "$TMP/after"

ok "veth: it starts" start
like "veth: addresses inside" "$(address eth0)" "*inet 10.9.0.2/24 brd 10.9.0.255*inet6 fd09::2/64*"
like "veth: MAC and MTU" "$(inside ip link show dev eth0)" "*UP*mtu 1400*00:16:3e:*"
like "veth: the gateway is the bridge" "$(inside ip route)" "*default via 10.9.0.1 dev eth0*"
like "veth: that of IPv6 as well" "$(inside ip -6 route)" "*default via fd09::1 dev eth0*"
is "veth: the names inside" "$(inside sh -c 'cd /sys/class/net && echo *')" "eth0 eth1 in0 lo"
is "veth: one without flags is down" "$(inside cat /sys/class/net/in0/operstate)" down
like "veth: its queues" "$(nsenter --net="/proc/$(lxc info -n c -pH)/ns/net" ip -d link show dev in0 2>/dev/null)" \
	"*numtxqueues 3 numrxqueues 2*"
is "veth: a sysctl of an interface" "$(inside cat /proc/sys/net/ipv4/conf/eth0/rp_filter)" 1
like "veth: the host's ends" "$(ip -o link show master br0 2>/dev/null)" "*: veth??????@*mtu 1400*state UP*link/ether fe:*"
ok "veth: the name of lxc.net.7.veth.pair" ip link show dev out7
is "veth: no IPv6 on a port of the bridge" \
	"$(cat /proc/sys/net/ipv6/conf/"$(ip -o link show master br0 2>/dev/null | sed 's/.*: \(veth[^@]*\)@.*/\1/')"/disable_ipv6)" 1
ok "veth: ping from inside" inside ping -c 1 -W 3 10.9.0.1
[ "$ipv6" != 0 ] || ok "veth: ping by IPv6" wait_for 5 inside ping6 -c 1 -W 1 fd09::1
inside sh -c 'echo hello | nc -l -p 700' &
is "veth: TCP from the host" "$(wait_for 3 inside sh -c 'grep -q :02BC /proc/net/tcp*' && busybox nc -w 3 10.9.0.2 700 </dev/null)" hello
wait $!
like "lxc-info has the address" "$(lxc info -n c -i)" "*10.9.0.2*"
like "lxc-info has the host's ends, and what they carried" "$(lxc info -n c -S)" \
	"*Link:           veth*TX bytes:  *Total bytes:*Link:           out7*Link:           veth*"
like "the running container knows its host end" "$(lxc info -n c --live -c lxc.net.0.veth.pair)" "lxc.net.0.veth.pair = veth??????"
ok "veth: it stops" stop
host_network >"$TMP/after"
ok "veth: and the host is as before" diff "$TMP/before" "$TMP/after"

# In a user namespace, too
config c "lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536" \
	"lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.flags = up" \
	"lxc.net.0.ipv4.address = 10.9.0.3/24 10.9.0.254" "lxc.net.0.ipv4.gateway = 10.9.0.1"
ok "with ids mapped: it starts" start
like "with ids mapped: a broadcast address" "$(address eth0)" "*inet 10.9.0.3/24 brd 10.9.0.254*"
ok "with ids mapped: ping" inside ping -c 1 -W 3 10.9.0.1
first=$(lxc info -n c -pH)
ok "reboot" lxc stop -r -n c -t 0
stop
config c "lxc.init.cmd = /bin/sh -c 'trap \"reboot -f\" USR1; while :; do sleep 0.1; done'" \
	"lxc.signal.reboot = SIGUSR1" \
	"lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.flags = up" "lxc.net.0.veth.pair = fixed0" \
	"lxc.net.0.ipv4.address = 10.9.0.3/24" "lxc.net.0.ipv4.gateway = 10.9.0.1"
ok "reboot: it starts" start
first=$(lxc info -n c -pH)
sleep 0.3
lxc stop -r -n c
rebooted()
{
	now=$(lxc info -n c -pH)
	[ -n "$now" ] && [ "$now" != "$first" ]
}
ok "reboot: another init" wait_for 10 rebooted
ok "reboot: ping, with the same host name" inside ping -c 1 -W 3 10.9.0.1
ok "reboot: which is there" ip link show dev fixed0
stop
host_network >"$TMP/after"
ok "reboot: nothing is left" diff "$TMP/before" "$TMP/after"

# ---- Open vSwitch: what its program is told ---------------------------------------------------------

mkdir "$TMP/bin"
cat >"$TMP/bin/ovs-vsctl" <<-END
	#!/bin/sh
	echo "\$*" >>"$TMP/ovs"
	case \$* in
	*br-exists*) [ "\${3-}" = ovs0 ] || exit 2 ;;
	*add-port*vlan_mode=trunk*) echo "ovs-vsctl: no trunks today" >&2; exit 1 ;;
	esac
END
chmod 755 "$TMP/bin/ovs-vsctl"
PATH=$TMP/bin:$PATH
# told [LINE...]: what it was told since, but for the questions, is this
told()
{
	is "ovs, $1" "$(grep -v br-exists "$TMP/ovs" | sed 's/^--timeout=10 //')" "$(printf '%s\n' "${@:2}")"
	: >"$TMP/ovs"
}
ip link add ovs0 type veth peer name ovs1
host_network >"$TMP/before"
ovs=("lxc.net.0.type = veth" "lxc.net.0.link = ovs0" "lxc.net.0.veth.pair = port0" "lxc.net.0.flags = up"
	"lxc.monitor.signal.pdeath = 0")
config c "${ovs[@]}" "lxc.net.0.veth.vlan.id = 5" "lxc.net.0.veth.vlan.tagged.id = 6" "lxc.net.0.veth.vlan.tagged.id = 7"
ok "ovs: it starts" start
told "a port" "add-port ovs0 port0 tag=5 trunks=6,7 vlan_mode=native-untagged"
ok "ovs: which is there" ip link show port0
stop
told "no port" "--if-exists del-port ovs0 port0"
config c "${ovs[@]}"
start
kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
ok "ovs: the monitor is killed, and it is ended" stop
told "no port then" "add-port ovs0 port0" "--if-exists del-port ovs0 port0"
gone()
{
	! ip link show "$1"
}
wait_for 5 gone port0 # which the kernel removes in its own time
like "ovs: refused" "$(message start -s lxc.net.0.veth.vlan.id=none -s lxc.net.0.veth.vlan.tagged.id=6)" \
	"*'lxc.net.0' cannot be a port of Open vSwitch's 'ovs0': ovs-vsctl: no trunks today*hint: *"
told "and taken back" "add-port ovs0 port0 trunks=6 vlan_mode=trunk" "--if-exists del-port ovs0 port0"
like "ovs: no VLAN at all" "$(message start -s lxc.net.0.veth.vlan.id=none)" "*'lxc.net.0.veth.vlan.id = none'*hint: *"
host_network >"$TMP/after"
ok "ovs: nothing is left" diff "$TMP/before" "$TMP/after"
ip link delete ovs0

# ---- gateways --------------------------------------------------------------------------------------

gateway()
{
	config c "lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.flags = up" \
		"lxc.net.0.ipv4.address = 10.9.0.2/24" "lxc.net.0.ipv6.address = fd09::2/64" "$@"
	start && inside ip route && inside ip -6 route
	stop
}
like "gateway: dev" "$(gateway "lxc.net.0.ipv4.gateway = dev" "lxc.net.0.ipv6.gateway = dev")" \
	"*default dev eth0*default dev eth0*"
like "gateway: outside of the network" "$(gateway "lxc.net.0.ipv4.gateway = 10.77.0.1" "lxc.net.0.ipv6.gateway = fd77::1")" \
	"*default via 10.77.0.1*10.77.0.1 dev eth0*fd77::1 dev eth0*default via fd77::1*"
like "gateway: link-local" "$(gateway "lxc.net.0.ipv6.gateway = fe80::1")" "*default via fe80::1 dev eth0*"

# ---- router mode, routes ---------------------------------------------------------------------------

echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
host_network >"$TMP/before"
config c "lxc.net.0.type = veth" "lxc.net.0.flags = up" "lxc.net.0.veth.mode = router" \
	"lxc.net.0.veth.pair = r0" "lxc.net.0.ipv4.address = 10.8.0.2/32" "lxc.net.0.ipv4.gateway = 169.254.0.1" \
	"lxc.net.0.ipv6.address = fd08::2/128" "lxc.net.0.ipv6.gateway = fe80::1" \
	"lxc.net.0.veth.ipv4.route = 10.80.0.0/16" "lxc.net.0.veth.ipv6.route = fd80::/48"
ok "router: it starts" start
like "router: routes to it" "$(ip route)" "*10.8.0.2 dev r0*10.80.0.0/16 dev r0*"
like "router: by IPv6" "$(ip -6 route)" "*fd08::2 dev r0*fd80::/48 dev r0*"
like "router: its gateway is us" "$(ip neigh show proxy)" "*169.254.0.1 dev r0*"
is "router: forwarding" "$(cat /proc/sys/net/ipv4/conf/r0/forwarding)" 1
ok "router: ping, by way of the gateway" inside ping -c 1 -W 3 10.9.0.1
ok "router: ping from the host" busybox ping -c 1 -W 3 10.8.0.2
ok "router: it stops" stop
host_network >"$TMP/after"
ok "router: nothing is left" diff "$TMP/before" "$TMP/after"

# ---- macvlan ---------------------------------------------------------------------------------------

# What is on lower0 comes out at lower1.
ip link add lower0 type veth peer name lower1
ip link set lower0 up
ip link set lower1 up
ip addr add 10.7.0.1/24 dev lower1
ip addr add 10.7.0.9/32 dev lower0
host_network >"$TMP/before"
for mode in private vepa bridge passthru; do
	config c "lxc.net.0.type = macvlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" \
		"lxc.net.0.macvlan.mode = $mode" "lxc.net.0.ipv4.address = 10.7.0.2/24"
	ok "macvlan, $mode: it starts" wait_for 5 start
	ok "macvlan, $mode: ping" inside ping -c 1 -W 3 10.7.0.1
	stop
done
config c "lxc.net.0.type = macvlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" "lxc.net.0.mtu = 1300" \
	"lxc.net.0.name = lower0" "lxc.net.0.ipv4.address = 10.7.0.2/24" "lxc.net.0.ipv4.gateway = auto"
ok "macvlan: a name that the host has, too" wait_for 5 start
like "macvlan: MTU" "$(inside ip link show dev lower0)" "*mtu 1300*"
like "macvlan: auto" "$(inside ip route)" "*default via 10.7.0.9 dev lower0*"
inside ping -c 1 -W 3 10.7.0.1 >/dev/null
sent()
{
	inside cat /sys/class/net/lower0/statistics/tx_bytes
}
first=$(sent)
between=$(lxc info -n c -S --format json | sed -n 's/.*"link":"lower0","tx_bytes":\([0-9]*\).*/\1/p')
ok "macvlan: lxc-info has the bytes of its own end" test "$first" -le "${between:-0}" -a "${between:-0}" -le "$(sent)"
stop

# ---- l2proxy ---------------------------------------------------------------------------------------

config c "lxc.net.0.type = macvlan" "lxc.net.0.link = lower0" "lxc.net.0.flags = up" "lxc.net.0.l2proxy = 1" \
	"lxc.net.0.ipv4.address = 10.7.0.2/24" "lxc.net.0.ipv6.address = fd07::2/64" \
	"lxc.monitor.signal.pdeath = 0"
echo 0 >/proc/sys/net/ipv4/conf/lower0/forwarding
like "l2proxy: the sysctl it needs" "$(message start)" "*'lxc.net.0.l2proxy = 1'*net.ipv4.conf.lower0.forwarding*hint: *sysctl -w*"
echo 1 >/proc/sys/net/ipv4/conf/lower0/forwarding
echo 1 >/proc/sys/net/ipv6/conf/lower0/forwarding
echo 1 >/proc/sys/net/ipv6/conf/lower0/proxy_ndp
host_network >"$TMP/before"
ok "l2proxy: it starts" start
like "l2proxy: the host answers" "$(ip neigh show proxy; ip -6 neigh show proxy)" "*10.7.0.2 dev lower0*fd07::2 dev lower0*"
stop
host_network >"$TMP/after"
ok "l2proxy: nothing is left" diff "$TMP/before" "$TMP/after"
start
kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
ok "l2proxy: the monitor is killed, and it is ended" stop
host_network >"$TMP/after"
ok "l2proxy: nothing is left then" diff "$TMP/before" "$TMP/after"
start -s lxc.monitor.signal.pdeath=SIGKILL
kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
ok "l2proxy: the monitor is killed, and init with it" wait_for 5 is_state c STOPPED
not_ok "l2proxy: which lxc-stop says" stop
host_network >"$TMP/after"
ok "l2proxy: and cleans up after" diff "$TMP/before" "$TMP/after"

# ---- phys ------------------------------------------------------------------------------------------

ip link add phys0 address 02:00:00:00:00:07 mtu 1450 type veth peer name phys1
ip link set phys1 up
ip addr add 10.6.0.1/24 dev phys1
config c "lxc.net.0.type = phys" "lxc.net.0.link = phys0" "lxc.net.0.flags = up" "lxc.net.0.name = wan" \
	"lxc.net.0.hwaddr = 02:00:00:00:00:99" "lxc.net.0.mtu = 1280" "lxc.net.0.ipv4.address = 10.6.0.2/24" \
	"lxc.net.1.type = veth" "lxc.net.1.name = phys0" "lxc.monitor.signal.pdeath = 0"
given_back()
{
	like "phys, $1: it is back as it was" "$(ip -o link show dev phys0 2>&1)" "*phys0*mtu 1450*02:00:00:00:00:07*"
}
like "phys: a prefix" "$(start --dry-run -s lxc.net.0.link=phy+)" '*"type": "phys"*"link": "phys0"*'
like "phys: of nothing" "$(message start -s lxc.net.0.link=wlan+)" "*'lxc.net.0.link = wlan+': the host has no interface *hint: *"
ok "phys: it starts" start
not_ok "phys: the host has it no more" ip link show dev phys0
like "phys: inside" "$(address wan) $(inside ip link show dev wan)" "*10.6.0.2/24*mtu 1280*02:00:00:00:00:99*"
ok "phys: ping" inside ping -c 1 -W 3 10.6.0.1
inside sh -c 'ip link set wan down; ip link set wan name other; ip link set other mtu 1300'
ok "phys: it stops" stop
given_back "renamed inside"
start
kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
like "phys: the monitor is killed" "$(message start)" "*'c' is already running*"
ok "phys: and it is ended" stop
given_back "the monitor killed"
ok "phys: it starts again" start
ip link add phys0 type bridge
ok "phys: its name is taken by now" stop
back=$(ip -o link | sed -n 's/^[0-9]*: \([^@]*\)@.*02:00:00:00:00:07.*/\1/p')
like "phys: it is back under another one" "$back" "?*"
ip link del phys0
ip link set "$back" name phys0
like "phys: a failing start" "$(message start -s lxc.net.0.ipv4.address=10.6.0.2/24)" "*'lxc.net.0.ipv4.address = 10.6.0.2/24'*"
given_back "a failing start"
like "phys: twice the same" "$(message start -s lxc.net.1.type=phys -s lxc.net.1.link=phys0)" "*lxc.net.*phys0*"
given_back "twice the same"

# ---- hardware addresses ----------------------------------------------------------------------------

# Of the sixteen, eight are those of interfaces, and four are known to a bridge.
for i in 0 2 4 6; do
	ip link add used$i address 02:00:00:00:00:0$i type veth peer name used$((i + 1)) address 02:00:00:00:00:0$((i + 1))
done
ip link set used0 master br0
for i in 8 9 a b; do
	bridge fdb add 02:00:00:00:00:0$i dev used0 master static
done
printf '%s\n' "lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.hwaddr = 02:00:00:00:00:0x" >"$TMP/initial"
for i in 1 2 3 4 5 6; do
	lxc create -n drawn$i -t none -f "$TMP/initial" >/dev/null
done
is "hwaddr: none is drawn that is in use" "$(cat "$LXCPATH"/drawn*/config | grep -c 'hwaddr = 02:00:00:00:00:0[c-f]$')" 6
echo "lxc.net.0.hwaddr = 02:00:00:00:00:03" >>"$TMP/initial"
like "hwaddr: a given one that is in use" "$(message lxc create -n drawn -t none -f "$TMP/initial")" "*hwaddr*is in use*"
for i in 0 2 4 6; do
	ip link delete used$i
done

# ---- scripts ---------------------------------------------------------------------------------------

cat >"$TMP/script" <<-'END'
	#!/bin/sh
	file=$1
	shift
	{
		echo "args $*"
		env | grep '^LXC_' | sort
	} >>"$file"
	case $LXC_NET_NS in
	?*) readlink "$LXC_NET_NS" >>"$file.ns" ;;
	esac
END
chmod 755 "$TMP/script"
config c "lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.veth.pair = s0" \
	"lxc.net.0.script.up = $TMP/script $TMP/up" "lxc.net.0.script.down = $TMP/script $TMP/down" \
	"lxc.net.1.type = empty" "lxc.net.1.script.up = $TMP/script $TMP/up-empty"
start
pid=$(lxc info -n c -pH)
ns=$(readlink "/proc/$pid/ns/net")
stop
like "script.up: arguments" "$(head -n 1 "$TMP/up")" "args c net up veth br0 s0"
like "script.up: variables" "$(cat "$TMP/up")" "*LXC_HOOK_VERSION=0*LXC_NAME=c*LXC_PID=$pid*"
not_ok "script.up: none of version 1" grep LXC_NET_TYPE "$TMP/up"
is "script.up: of type empty" "$(head -n 1 "$TMP/up-empty")" "args c net up empty"
is "script.down: arguments" "$(head -n 1 "$TMP/down")" "args c net down veth br0 s0"
is "script.down: the namespace" "$(cat "$TMP/down.ns")" "$ns"
rm "$TMP/up" "$TMP/down"
start -s lxc.hook.version=1
stop
is "script.up, version 1: arguments" "$(head -n 1 "$TMP/up")" "args veth br0 s0"
like "script.up, version 1: variables" "$(cat "$TMP/up")" \
	"*LXC_HOOK_SECTION=net*LXC_HOOK_TYPE=up*LXC_HOOK_VERSION=1*LXC_NET_PARENT=br0*LXC_NET_PEER=s0*LXC_NET_TYPE=veth*"
like "script.down, version 1" "$(cat "$TMP/down")" "args veth br0 s0*LXC_HOOK_TYPE=down*"
host_network >"$TMP/before"
like "script.up fails" "$(message start -s "lxc.net.0.script.up=/bin/false")" "*'/bin/false'* failed with exit status 1*"
host_network >"$TMP/after"
ok "script.up fails: nothing is left" diff "$TMP/before" "$TMP/after"
ok "script.down fails: that is no matter" start -s "lxc.net.0.script.down=/bin/false"
stop
host_network >"$TMP/after"
ok "script.down fails: nothing is left" diff "$TMP/before" "$TMP/after"

# ---- many, with holes, and of old ------------------------------------------------------------------

config c
for i in $(seq 0 499); do
	echo "lxc.net.$((i * 3)).type = veth"
	echo "lxc.net.$((i * 3)).link = br0"
	echo "lxc.net.$((i * 3)).flags = up"
	echo "lxc.net.$((i * 3)).ipv4.address = 10.$((20 + i / 250)).$((i % 250)).2/24"
done >>"$LXCPATH/c/config"
ok "500 interfaces: it starts" start
is "500 interfaces: inside" "$(inside ip -o link | wc -l)" 501
is "500 interfaces: with addresses" "$(inside ip -o -4 addr | grep -c 'inet 10\.2')" 500
is "500 interfaces: the last one" "$(inside ip -o -4 addr show dev eth499 | grep -c 10.21.249.2/24)" 1
ok "500 interfaces: it stops" stop
host_network >"$TMP/after"
ok "500 interfaces: nothing is left" diff "$TMP/before" "$TMP/after"

config c "lxc.network.type = veth" "lxc.network.link = br0" "lxc.network.flags = up" "lxc.network.ipv4 = 10.9.0.4/24" \
	"lxc.network.type = veth" "lxc.network.name = second"
ok "lxc.network.*: it starts" start
ok "lxc.network.*: ping" inside ping -c 1 -W 3 10.9.0.1
ok "lxc.network.*: the second one" inside ip link show dev second
stop
config c "lxc.net.0.type = empty" "lxc.net.0.flags = up" "lxc.net.0.ipv4.address = 127.0.0.9/8"
start
like "empty: an address" "$(address lo)" "*127.0.0.1/8*127.0.0.9/8*"
stop
config other "lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.ipv4.address = 10.9.0.5/24"
config c "lxc.net.0.type = veth" "lxc.net.0.link = br0"
lxc start -n other
links >"$TMP/before"
ok "a shared namespace: it starts" start --share-net other
links >"$TMP/after"
ok "a shared namespace: gets no interface" diff "$TMP/before" "$TMP/after"
like "a shared namespace: has that of the other" "$(address eth0)" "*10.9.0.5/24*"
stop
lxc stop -k -n other

# ---- what is refused -------------------------------------------------------------------------------

host_network >"$TMP/before"
# refused "what" "PATTERN of the message" LINE...
refused()
{
	local what=$1 pattern=$2 got
	shift 2
	config c "$@"
	got=$(message start)
	# shellcheck disable=SC2254
	like "refused, $what" "$got" "$pattern"
	host_network >"$TMP/after"
	cmp -s "$TMP/before" "$TMP/after" || test_result 1 "refused, $what: nothing is left"
}
veth=("lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.flags = up")
refused "no such bridge" "*'lxc.net.0.link = br9': the host has no such interface*hint: *ip link add br9*" \
	"lxc.net.0.type = veth" "lxc.net.0.link = br9"
refused "not a bridge" "*'lxc.net.0.link = lower0' is not a bridge*hint: *macvlan*" \
	"lxc.net.0.type = veth" "lxc.net.0.link = lower0"
refused "a name on the host that is taken" "*'lxc.net.0'*File exists*hint: *'lower1'*veth.pair*" \
	"${veth[@]}" "lxc.net.0.veth.pair = lower1"
refused "the same name twice" "*lxc.net.0 and lxc.net.1 would both be called 'eth0'*hint: *" \
	"${veth[@]}" "lxc.net.0.name = eth0" "lxc.net.1.type = veth" "lxc.net.1.name = eth0"
refused "the name lo" "*'lxc.net.0.name = lo'*" "${veth[@]}" "lxc.net.0.name = lo"
refused "a name that is too long" "*/c/config:*'lxc.net.0.name'*16 bytes*" "${veth[@]}" "lxc.net.0.name = abcdefghijklmnop"
refused "an address that is none" "*/c/config:*'lxc.net.0.ipv4.address'*'10.9.0.300/24'*" "${veth[@]}" "lxc.net.0.ipv4.address = 10.9.0.300/24"
refused "an address twice" "*'lxc.net.0.ipv4.address = 10.9.0.2/24'*" \
	"${veth[@]}" "lxc.net.0.ipv4.address = 10.9.0.2/24" "lxc.net.0.ipv4.address = 10.9.0.2/24"
refused "a gateway without flags" "*'lxc.net.0.ipv4.gateway = dev' needs an interface that is up*hint: add 'lxc.net.0.flags = up'*" \
	"lxc.net.0.type = veth" "lxc.net.0.link = br0" "lxc.net.0.ipv4.address = 10.9.0.2/24" "lxc.net.0.ipv4.gateway = dev"
refused "a gateway without an address" "*'lxc.net.0.ipv4.gateway = auto' needs an address*hint: *ipv4.address*" \
	"${veth[@]}" "lxc.net.0.ipv4.gateway = auto"
refused "auto without a link" "*'lxc.net.0.ipv4.gateway = auto' needs*hint: add 'lxc.net.0.link*" \
	"lxc.net.0.type = veth" "lxc.net.0.flags = up" "lxc.net.0.ipv4.address = 10.9.0.2/24" "lxc.net.0.ipv4.gateway = auto"
refused "auto where the link has no address" "*'lxc.net.0.ipv4.gateway = auto': 'phys0' has no IPv4 address*hint: *ip addr add*" \
	"lxc.net.0.type = macvlan" "lxc.net.0.link = phys0" "lxc.net.0.flags = up" \
	"lxc.net.0.ipv4.address = 10.9.0.2/24" "lxc.net.0.ipv4.gateway = auto"
refused "a MTU that the kernel refuses" "*'lxc.net.0.mtu = 100000'*hint: *" "${veth[@]}" "lxc.net.0.mtu = 100000"
refused "a MTU that is none" "*/c/config:*'lxc.net.0.mtu'*" "${veth[@]}" "lxc.net.0.mtu = big"
refused "a MTU of macvlan" "*'lxc.net.0.mtu = 9000'*hint: *" \
	"lxc.net.0.type = macvlan" "lxc.net.0.link = lower0" "lxc.net.0.mtu = 9000"
refused "a multicast MAC address" "*'lxc.net.0.hwaddr = 01:16:3e:00:00:01'*hint: *" \
	"${veth[@]}" "lxc.net.0.hwaddr = 01:16:3e:00:00:01"
refused "macvlan without link" "*'lxc.net.0.type = macvlan' needs an interface of the host*hint: add 'lxc.net.0.link*" \
	"lxc.net.0.type = macvlan"
refused "phys: no such link" "*'lxc.net.0.link = eth77': the host has no such interface*hint: *" \
	"lxc.net.0.type = phys" "lxc.net.0.link = eth77"
refused "phys: loopback" "*lxc.net.0*lo*" "lxc.net.0.type = phys" "lxc.net.0.link = lo"
refused "no type" "*'lxc.net.0' has no type*hint: *" "lxc.net.0.link = br0"
refused "the host's end vanishes" "*'lxc.net.0' (veth 'eth0') is not in the container's network*hint: *script.up*" \
	"${veth[@]}" "lxc.net.0.veth.pair = gone0" "lxc.net.0.script.up = ip link delete gone0 #"
refused "VLANs of a bridge that knows none" "*'lxc.net.0.veth.vlan.*bridge 'br0' does not look at VLANs*hint: *vlan_filtering 1*" \
	"${veth[@]}" "lxc.net.0.veth.vlan.id = 5"
refused "a VLAN tagged and not" "*'lxc.net.0.veth.vlan.tagged.id = 5'*" \
	"${veth[@]}" "lxc.net.0.veth.vlan.id = 5" "lxc.net.0.veth.vlan.tagged.id = 5"
refused "a VLAN without a bridge" "*'lxc.net.0.veth.vlan.*hint: *" "lxc.net.0.type = veth" "lxc.net.0.veth.vlan.id = 5"
refused "a VLAN past the last" "*'lxc.net.0.vlan.id = 5000'*4094*" \
	"lxc.net.0.type = vlan" "lxc.net.0.link = lower0" "lxc.net.0.vlan.id = 5000"
refused "l2proxy of an ipvlan" "*'lxc.net.0.l2proxy = 1' needs an ipvlan of mode l3s*hint: *" \
	"lxc.net.0.type = ipvlan" "lxc.net.0.link = lower0" "lxc.net.0.l2proxy = 1"
echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
host_network >"$TMP/before"
refused "router mode without forwarding" "*veth.mode = router*net.ipv6.conf.all.forwarding*hint: *sysctl*" \
	"lxc.net.0.type = veth" "lxc.net.0.veth.mode = router" "lxc.net.0.flags = up" "lxc.net.0.ipv6.address = fd08::2/128"
refused "the second of two" "*'lxc.net.1.link = br9'*" "${veth[@]}" "lxc.net.1.type = veth" "lxc.net.1.link = br9"
refused "a program that is not there" "*'/no/such'*" "${veth[@]}" "lxc.init.cmd = /no/such"

# ---- ordinary users --------------------------------------------------------------------------------

if getent passwd "${TEST_USER:-}" >/dev/null && as_user test -x "$RLXC"; then
	for type in vlan macvlan ipvlan phys; do
		printf 'lxc.net.0.type = %s\nlxc.net.0.link = lower0\n' $type >"$TMP/user.conf"
		like "an ordinary user: no $type" \
			"$(message as_user "$RLXC" execute -P "$TMP/user" -n u -f "$TMP/user.conf" -- /bin/true)" \
			"*'lxc.net.0.type = $type' is for containers of root only*hint: *"
	done
fi
finish
