#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What service managers use: readiness of a start in the foreground, and the script lxc-containers.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
python=/usr/bin/python3 # that every user can reach
[ -x $python ] || python=python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
: >"$TMP/empty"
chmod 644 "$TMP/empty"

cat >"$TMP/manager" <<'PY'
# manager COMMAND...: runs it as a service of type notify; prints what it says, and ends it.
import os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(20)
p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]), stdin=subprocess.DEVNULL)
try:
    print(s.recv(100).decode(), flush=True)
except TimeoutError:
    print("nothing", flush=True)
print("main" if p.poll() is None else "gone", flush=True)
sys.stdin.readline()
p.send_signal(signal.SIGTERM)
try:
    p.wait(20)
except subprocess.TimeoutExpired:
    p.kill()
    print("killed")
PY

readiness()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null
	as_caller mkdir -p "$LXCPATH/sockets"
	coproc as_caller $python "$TMP/manager" "$LXCPATH/sockets/n" "$RLXC" start -P "$LXCPATH" -s lxc.net.0.type=empty -F -n c
	read -r -t 30 said <&"${COPROC[0]}"
	is "$who: a start in the foreground says when it is ready" "$said" READY=1
	is "$who: the container runs then" "$(state c)" RUNNING
	read -r -t 5 said <&"${COPROC[0]}"
	is "$who: its process is the service" "$said" main
	not_ok "$who: init does not see the manager's socket" lxc attach -n c -- grep -q NOTIFY_SOCKET /proc/1/environ
	ok "$who: stop" lxc stop -n c -t 10
	echo >&"${COPROC[1]}"
	# shellcheck disable=SC2154
	wait "$COPROC_PID" 2>/dev/null
	is "$who: stopped" "$(state c)" STOPPED
	lxc destroy -n c
}
each_caller readiness root user

# lxc-containers, with an lxc-autostart that says how it was called
mkdir -p "$TMP/bin" "$TMP/etc/default"
# shellcheck disable=SC2016
printf '#!/bin/sh\nfor word; do printf "[%%s]" "$word"; done\n' >"$TMP/bin/lxc-autostart"
chmod 755 "$TMP/bin/lxc-autostart"
# shellcheck disable=SC2154
sed "s|@BINDIR@|$TMP/bin|; s|@SYSCONFDIR@|$TMP/etc|" "$top_srcdir/etc/lxc-containers.in" >"$TMP/containers"
containers()
{
	sh "$TMP/containers" "$@" 2>&1
}
is "start" "$(containers start)" "[-g][onboot,]"
is "stop" "$(containers stop)" "[-a][-A][-s][-t][5]"
is "restart" "$(containers restart)" "[-a][-A][-s][-t][5][-g][onboot,]"
cat >"$TMP/etc/default/lxc" <<'CONF'
BOOTGROUPS="a b,"
SHUTDOWNDELAY=30
OPTIONS="-A -a"
STOPOPTS="-k"
CONF
is "start, with settings" "$(containers start)" "[-A][-a][-g][a b,]"
is "stop, with settings" "$(containers stop)" "[-k][-t][30]"
echo LXC_AUTO=false >>"$TMP/etc/default/lxc"
is "switched off" "$(containers start)" ""
exits 2 "no such verb" sh "$TMP/containers" frob
exits 2 "no verb" sh "$TMP/containers"
finish
