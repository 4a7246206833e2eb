#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What keys do that no other test shows; keys.md lists them all. In a mount namespace with a /dev of its
# own, for /dev/log.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need_root
need python3
[ -x /usr/bin/python3 ] || skip "no /usr/bin/python3"
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
if [ -z "${EFFECTS_INSIDE-}" ]; then
	unshare -m --propagation private true 2>/dev/null || skip "namespaces cannot be made"
	rm -rf "$TMP"
	EFFECTS_INSIDE=1 exec unshare -m --propagation private bash "$0" "$@"
fi

: >"$TMP/empty"
chmod 644 "$TMP/empty"

# The device nodes and terminals of the host, without its /dev/log. Nothing of it is below $TMP in the
# end, which is removed with all that is in it.
own_dev()
{
	mkdir "$TMP/dev"
	mount -t tmpfs -o mode=755 tmpfs "$TMP/dev" || skip "no tmpfs"
	for test_file in /dev/*; do
		test_name=$TMP$test_file
		if [ "$test_file" = /dev/log ]; then
			continue
		elif [ -L "$test_file" ]; then
			cp -P "$test_file" "$test_name"
		elif [ -c "$test_file" ]; then
			: >"$test_name" && mount --bind "$test_file" "$test_name"
		fi
	done
	mkdir "$TMP/dev/pts" && mount --bind /dev/pts "$TMP/dev/pts"
	mount --move "$TMP/dev" /dev || skip "/dev cannot be covered"
}

# write LINE...: a configuration of these lines
write()
{
	configured "" "$@" --
}

# on_host LINE... -- COMMAND...: as init of a container with the host's files, where there is Python
on_host()
{
	configured "" "$@"
	shift "${test_n:?}"
	lxc start -n c -f "$LXCPATH/conf" -F -- "$@" </dev/null
}

# The same with busybox and the usual mounts
inside()
{
	on_host "lxc.include = $LXCPATH/c/config" "$@"
}

# ---- the system's log ----

listen()
{
	python3 - "$TMP/syslog" <<-'END' &
		import os, socket, sys
		listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		listener.bind("/dev/log")
		os.chmod("/dev/log", 0o666)
		with open(sys.argv[1], "wb", 0) as out:
		    while True:
		        out.write(listener.recv(8192) + b"\n")
	END
	on_exit "kill $! 2>/dev/null"
	wait_for 10 test -e "$TMP/syslog"
}

syslog()
{
	: >"$TMP/syslog"
	inside 'lxc.log.syslog = local3' 'lxc.log.level = DEBUG' -- /bin/true
	# local3 is 19, and DEBUG 7
	ok "$who: log.syslog" wait_for 5 grep -aq '^<159>.*rlxc\[[0-9]*\]: .*state RUNNING' "$TMP/syslog"
	: >"$TMP/syslog"
	inside 'lxc.log.syslog = daemon' 'lxc.log.level = ERROR' -- /bin/true
	is "$who: lxc.log.level holds there, too" "$(cat "$TMP/syslog")" ""
}

# ---- the console's buffer ----

buffer_has()
{
	lxc console -n c --show-log </dev/null | grep -q "^$1"
}

buffer()
{
	lxc start -n c -s lxc.console.buffer.size=4096 -- /bin/sh -c \
		'{ echo first; head -c 5000 /dev/zero | tr "\0" x; echo; echo last; } >/dev/console; exec sleep 1000'
	ok "$who: console.buffer.size" wait_for 5 buffer_has last
	not_ok "$who: which keeps no more" buffer_has first
	lxc stop -k -n c
}

# ---- lines that empty others ----

emptied()
{
	like "$who: a device without link" "$(inside 'lxc.net.3.type = phys' -- /bin/true 2>&1)" "*lxc.net.3*"
	is "$who: net =" "$(inside 'lxc.net.3.type = phys' 'lxc.net =' 'lxc.net.0.type = empty' -- /bin/echo runs)" runs
	is "$who: hook =" "$(inside 'lxc.hook.pre-start = false' 'lxc.hook.mount = false' 'lxc.hook =' -- /bin/echo runs)" runs
}

# ---- ids and clocks ----

# The first id of the caller in /etc/subuid or /etc/subgid; of root's own ones only some
first_id()
{
	[ "$who" != root ] || { echo 100000 && return; }
	awk -F: -v user="$TEST_USER" -v uid="$(id -u "$TEST_USER")" '$1 == user || $1 == uid { print $2; exit }' "$1"
}

ids()
{
	uid=$(first_id /etc/subuid)
	gid=$(first_id /etc/subgid)
	is "$who: idmap" "$(on_host "lxc.idmap = u 0 $uid 1000" "lxc.idmap = u 2000 $((uid + 1000)) 1" "lxc.idmap = g 0 $gid 500" \
		-- /bin/cat /proc/self/uid_map /proc/self/gid_map | tr -s ' \n' ' ')" \
		" 0 $uid 1000 2000 $((uid + 1000)) 1 0 $gid 500 "
	[ ! -e /proc/self/ns/time ] ||
		like "$who: time.offset.monotonic" "$(inside 'lxc.time.offset.monotonic = 5m' -- /bin/cat /proc/self/timens_offsets | tr -s ' \n' ' ')" \
			"*monotonic 300 0 *"
}

# The sixteen limits in the order of /proc/PID/limits
limits()
{
	want='1000 4000000 3000000000 4000000 1 8000000 900 100 6000 4000000000 5 300 7000 0 0 9 '
	set --
	for line in cpu=1000 fsize=4000000 data=3000000000 stack=4000000 core=1 rss=8000000 nproc=900 nofile=100 \
		memlock=6000 as=4000000000 locks=5 sigpending=300 msgqueue=7000 nice=0 rtprio=0 rttime=9; do
		set -- "$@" "lxc.prlimit.$line"
	done
	is "$who: prlimit, all of them" "$(inside "$@" -- /bin/cat /proc/self/limits | sed 1d | cut -c27-46 | tr -d ' ' | tr '\n' ' ')" "$want"
}

# ---- cores ----

# The number of this process's domain, 0 for that of all, or why there are none
cookie='import ctypes
number = ctypes.c_ulong()
libc = ctypes.CDLL(None, use_errno=True)
failed = libc.prctl(62, 0, 0, 0, ctypes.byref(number))
print("errno %d" % ctypes.get_errno() if failed else number.value)'

cores()
{
	case $(python3 -c "$cookie") in
	'errno 19') want='errno 19' ;; # threads of cores there are none
	errno*) want="*'c'*lxc.sched.core*hint: *CONFIG_SCHED_CORE*" ;;
	*) want="[1-9]*" ;;
	esac
	like "$who: sched.core" "$(on_host 'lxc.sched.core = 1' -- /usr/bin/python3 -c "$cookie" 2>&1)" "$want"
	like "$who: sched.core and the host's processes" "$(inside 'lxc.namespace.keep = pid' 'lxc.sched.core = 1' -- /bin/true 2>&1)" \
		"*lxc.sched.core needs a pid namespace*"
}

# ---- security ----

# Starts the rest of its arguments with a filter that allows all. Without a privilege that needs
# no_new_privs, and then no program that maps more than the caller's own ids gets its rights.
filtered='import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000), 8)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 1, ctypes.addressof(allow)), 16)
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, program, 0, 0):
    sys.exit("no filter")
os.execv(sys.argv[1], sys.argv[1:])'

seccomp()
{
	# There no_new_privs also keeps rlxc's profile away, which lets it make user namespaces.
	[ "$who" = root ] || [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" != 1 ] || return
	set --
	[ "$who" = root ] ||
		set -- "lxc.idmap = u 0 $(as_caller id -u) 1" "lxc.idmap = g 0 $(as_caller id -g) 1"
	for value in 0 1; do
		write "$@" lxc.net.0.type=empty lxc.mount.auto=proc:rw "lxc.seccomp.profile = $TMP/policy" "lxc.seccomp.allow_nesting = $value"
		is "$who: seccomp.allow_nesting" "$(as_caller timeout 60 python3 -c "$filtered" "$RLXC" start -P "$LXCPATH" -n c \
			-f "$LXCPATH/conf" -F -- /bin/grep Seccomp_filters /proc/self/status </dev/null 2>&1 | tr -d '\t')" Seccomp_filters:2
	done
}

selinux()
{
	[ ! -e /sys/fs/selinux ] || return
	is "$who: selinux.context where there is no SELinux" "$(inside 'lxc.selinux.context = a_t' 'lxc.selinux.context.keyring = b_t' \
		"lxc.log.file = $LXCPATH/log" 'lxc.log.level = INFO' -- /bin/echo runs 2>/dev/null)" runs
	like "$who: which is said" "$(cat "$LXCPATH/log")" "*this kernel runs without *lxc.selinux.?*"
}

# A kernel whose AppArmor knows no mounts, as far as its files tell
incomplete()
{
	[ -d /sys/kernel/security ] || return
	mount -t tmpfs tmpfs /sys/kernel/security
	mkdir -p /sys/kernel/security/apparmor/features
	write "lxc.include = $LXCPATH/c/config" 'lxc.apparmor.profile = some-profile'
	like "$who: AppArmor without rules for mounts" "$(lxc start -n c -f "$LXCPATH/conf" --dry-run 2>&1)" \
		"*no rules for mounts*hint: *lxc.apparmor.allow_incomplete = 1*"
	like "$who: apparmor.allow_incomplete" \
		"$(lxc start -n c -f "$LXCPATH/conf" --dry-run -s lxc.apparmor.allow_incomplete=1 2>&1)" "*some-profile*"
	umount /sys/kernel/security
}

# ---- what is root's ----

no_ends()
{
	for line in l2proxy=1 veth.mode=router veth.pair=x veth.ipv4.route=10.0.0.0/8 veth.ipv6.route=fd00::/64 \
		veth.vlan.id=5 veth.vlan.tagged.id=6 veth.n_rxqueues=2 veth.n_txqueues=2; do
		like "$who: ${line%=*} is root's" "$(lxc start -n c --dry-run -s lxc.net.0.type=veth -s lxc.net.0.link=lo -s "lxc.net.0.$line" 2>&1)" \
			"*'lxc.net.0.${line%=*}' is for containers of root only*hint: *"
	done
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	syslog
	buffer
	emptied
	ids
	limits
	cores
	seccomp
	selinux
	incomplete
	[ "$who" = root ] || no_ends
}

own_dev
listen
printf '2\ndenylist\nchmod errno 1\n' >"$TMP/policy"
chmod 644 "$TMP/policy"
each_caller checks root user
finish
