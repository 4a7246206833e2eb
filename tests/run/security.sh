#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a hostile container, image or client of the monitor tries, and what must not get inside.
. "$(dirname "$0")/lib.sh"
: "${top_srcdir:=}" "${who:=}" # from lib.sh
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

init_of()
{
	lxc info -n "$1" -pH
}

monitor_of()
{
	pgrep -f "^\[lxc monitor\] $LXCPATH $1$"
}

start()
{
	lxc start -n $c "$@" </dev/null
}

attach()
{
	lxc attach -n $c "$@" </dev/null
}

stop()
{
	lxc stop -k -n $c >/dev/null 2>&1
}

sleeper='/bin/busybox sleep 300'
c=sec$$ # its socket is looked for by name

# ---- the working directory ----

# Descriptors that the runner has open on the way inside may lead out of the container.
init_cwd()
{
	out=
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		# shellcheck disable=SC2086
		start -s lxc.init.cwd=/proc/self/fd/$fd -- $sleeper 2>/dev/null && out="$out $fd"
		stop
	done
	is "$who: lxc.init.cwd is no descriptor" "$out" ""
	# shellcheck disable=SC2086
	start -- $sleeper
	attach -- ln -s /proc/self/fd/5 /fd5
	attach -- ln -s etc /link
	stop
	# shellcheck disable=SC2086
	not_ok "$who: nor a link of the image to one" start -s lxc.init.cwd=/fd5 -- $sleeper
	stop
	# shellcheck disable=SC2086
	start -s lxc.init.cwd=/link -- $sleeper
	is "$who: links inside are followed" "$(attach -- readlink /proc/1/cwd)" /etc
	stop
}

attach_cwd()
{
	as_caller mkdir -p "$LXCPATH/links"
	attach -- mkdir -p "$LXCPATH/links"
	out=
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		as_caller mkdir "$LXCPATH/links/$fd"
		attach -- ln -s /proc/self/fd/$fd "$LXCPATH/links/$fd"
		cwd=$(as_caller sh -c 'cd "$1" && shift && exec "$@" </dev/null' sh "$LXCPATH/links/$fd" \
			"$RLXC" attach -P "$LXCPATH" -n $c -- readlink /proc/self/cwd)
		[ "$cwd" = / ] || out="$out $fd=$cwd"
	done
	is "$who: attach does not enter a descriptor" "$out" ""
}

# ---- what is open ----

descriptors()
{
	out=$(as_caller sh -c 'exec 5<"$1" 6<"$1" 7<"$1"; shift; exec "$@" </dev/null' sh "$TMP" \
		"$RLXC" attach -P "$LXCPATH" -n $c -- ls -l /proc/self/fd 2>/dev/null)
	is "$who: attach hands nothing of the caller's on" "$(printf '%s\n' "$out" | grep -c "$TMP")" 0
	like "$who: while its own are there" "$out" "*2 -> *"
}

# Root without a user namespace could change the host's own node.
null_device()
{
	[ "$who" = root ] || return
	host=$(stat -c %d /dev/null)
	# shellcheck disable=SC2086
	start -s lxc.console.path=none -- $sleeper
	pid=$(init_of $c)
	for fd in 0 1 2; do
		is "$who: $fd of init is a null device" "$(stat -L -c %t:%T "/proc/$pid/fd/$fd")" 1:3
		not_ok "$who: and not the host's" test "$(stat -L -c %d "/proc/$pid/fd/$fd")" = "$host"
	done
	not_ok "$who: nor is attach's" test "$(attach -- stat -L -c %d /proc/self/fd/0)" = "$host"
	stop
	lxc start -n $c -F -s lxc.console.path=none -- /bin/busybox sleep 300 </dev/null >/dev/null 2>&1 &
	wait_for 5 is_state $c RUNNING
	not_ok "$who: nor is a foreground start's" test "$(stat -L -c %d "/proc/$(init_of $c)/fd/0")" = "$host"
	stop
	wait $!
}

# A rebooted init gets what the first one got.
reboot_stdin()
{
	# shellcheck disable=SC2016
	lxc start -n $c -F -- /bin/sh -c '[ -e /again ] || { touch /again; reboot -f; sleep 9; }; sleep 300' \
		<"$TMP/empty" >/dev/null 2>&1 &
	wait_for 5 is_state $c RUNNING
	wait_for 5 attach -- test -e /again
	sleep 0.3
	is "$who: standard input after a reboot" "$(attach -- stat -L -c %i /proc/1/fd/0)" "$(stat -c %i "$TMP/empty")"
	attach -- rm /again
	stop
	wait $!
}

# ---- rights ----

capabilities()
{
	[ "$who" = root ] || return
	inh="--inh-caps=+net_raw,+chown"
	# shellcheck disable=SC2086
	timeout 20 setpriv $inh "$RLXC" start -P "$LXCPATH" -n $c -- $sleeper </dev/null
	like "$who: init inherits no capability" "$(grep CapInh "/proc/$(init_of $c)/status")" "*0000000000000000"
	for how in "" -e "-s MOUNT|PID"; do
		# shellcheck disable=SC2086
		like "$who: attach $how neither" "$(timeout 20 setpriv $inh "$RLXC" attach -P "$LXCPATH" -n $c $how -- grep CapInh /proc/self/status </dev/null)" "*0000000000000000"
	done
	stop
	like "$who: a uid that means root" "$(message start -s lxc.init.uid=4294967295)" "*lxc.init.uid*is no id*"
	like "$who: and such a gid" "$(message start -s lxc.init.gid=4294967295)" "*lxc.init.gid*is no id*"
}

# Whoever joins is not to be looked at before it has become the program.
tracing()
{
	[ "$who" != root ] || return
	# shellcheck disable=SC2016
	attach -- sh -c 'while [ ! -e /enough ]; do ls -l /proc/[0-9]*/exe; done >/seen 2>/dev/null' &
	for count in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		attach -- echo $count >/dev/null
	done
	attach -- touch /enough
	wait $!
	is "$who: nobody inside sees the runner join" "$(attach -- grep -c "$(basename "$RLXC")" /seen)" 0
	attach -- rm /enough /seen
}

# The container's root fills its own quota of keys, then waits for a visitor.
keyring()
{
	[ "$who" != root ] || return
	cat >"$TMP/keys.py" <<-'END'
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		def add(name, ring):
		    return libc.syscall(248, b"user", name.encode(), b"x", 1, ring)
		if sys.argv[1] == "fill":
		    libc.syscall(250, 1, 0)
		    n = 0
		    while add("fill%d" % n, -3) >= 0:
		        n += 1
		    print("full", flush=True)
		    sys.stdin.read()
		elif sys.argv[1] == "look":
		    seen = libc.syscall(250, 10, -3, b"user", b"rlxc-secret", 0) >= 0
		    print("seen" if seen else "not there")
		else:
		    if libc.syscall(250, 1, 0) < 0 or add("rlxc-secret", -3) < 0:
		        sys.exit(77)
		    os.execv(sys.argv[2], sys.argv[2:])
	END
	chmod 644 "$TMP/keys.py"
	look="env python3 $TMP/keys.py look"
	as_caller env python3 "$TMP/keys.py" add /bin/true || return 0
	coproc filler { as_caller "$RLXC" usernsexec -- /usr/bin/env python3 "$TMP/keys.py" fill; }
	# shellcheck disable=SC2154
	holder_pid=$filler_PID holder_fd=${filler[1]}
	read -r -t 20 line <&"${filler[0]}"
	is "$who: the quota of the container's root is used up" "$line" full
	# shellcheck disable=SC2086
	is "$who: the caller has a key" "$(as_caller env python3 "$TMP/keys.py" add /usr/bin/env $look)" seen
	# The host's file system stays, for a program that looks.
	# shellcheck disable=SC2086
	is "$who: which is not there inside" "$(as_caller env python3 "$TMP/keys.py" add "$RLXC" attach -P "$LXCPATH" -n $c -s USER -- $look </dev/null 2>&1)" "not there"
	let_go
}

# Files of a process that has changed its ids are root's: offsets are set before.
clock()
{
	# shellcheck disable=SC2086
	ok "$who: the clock of a container" start -s lxc.time.offset.boot=360000s -- $sleeper
	ok "$who: runs ahead" test "$(attach -- cut -d. -f1 /proc/uptime)" -gt 360000
	stop
}

# ---- what is the container's own is not believed ----

# A name service in the image, and a /proc that is none
own_files()
{
	[ "$who" = root ] && has strace || return
	# shellcheck disable=SC2086
	start -s 'lxc.sysctl.kernel.domainname=inside' -s 'lxc.mount.entry=none proc tmpfs rw 0 0' -- $sleeper
	is "$who: sysctls do not go through its /proc" \
		"$(nsenter -t "$(init_of $c)" -u cat /proc/sys/kernel/domainname)" inside
	stop
	# shellcheck disable=SC2086
	start -- $sleeper
	attach -- sh -c 'mkdir -p /etc; echo "passwd: evil" >/etc/nsswitch.conf'
	env ASAN_OPTIONS=detect_leaks=0 timeout -k 5 30 strace -f -qq -e trace=open,openat -o "$TMP/opened" \
		"$RLXC" attach -P "$LXCPATH" -n $c -- /bin/true </dev/null
	like "$who: attach is traced" "$(cat "$TMP/opened")" "*openat*"
	is "$who: nothing of its name service is loaded" "$(grep -c -e nsswitch -e libnss "$TMP/opened")" 0
	stop
}

# Who is executed by a link to /proc/self/exe is the runner itself, inside. Its file is kept open until
# nobody in there executes it any more.
own_program()
{
	before=$(sha256sum "$RLXC")
	attach -- ln -s /proc/self/exe /lxc-unshare
	attach -- /lxc-unshare -s UTSNAME /bin/sleep 20 >/dev/null 2>&1 &
	# shellcheck disable=SC2016
	attach -- timeout 20 sh -c 'until pid=$(grep -l -a ^/lxc-unshare /proc/[0-9]*/cmdline); do :; done
		pid=${pid#/proc/} pid=${pid%%/*}; exec 3<"/proc/$pid/exe" || exit
		echo >/met; kill -9 "$pid"; while [ -d "/proc/$pid" ]; do :; done
		echo harm >>/proc/self/fd/3 && echo >/written' 2>/dev/null
	wait $!
	ok "$who: the runner is executed by a link of the container" attach -- test -e /met
	not_ok "$who: who has no way to write to the runner" attach -- test -e /written
	is "$who: nor was it changed" "$(sha256sum "$RLXC")" "$before"
	attach -- rm -f /lxc-unshare /met
}

# Lets who keeps a file of the runner open inside write to it, when nobody executes it.
harmless()
{
	touch "$rootfs/go"
	ok "$who: $1 is kept inside" wait_for 20 test -e "$rootfs/tried"
	not_ok "$who: and cannot be written" test -e "$rootfs/written"
	is "$who: nor was it changed" "$(sha256sum "$RLXC")" "$before"
	stop
	rm -f "$rootfs/go" "$rootfs/tried" "$rootfs/written"
}

# Root without id maps, and a program that only this test executes. As long as somebody does, it cannot be
# written anyway; but the monitor may be gone, or execute another file than an upgrade has put there.
upgraded_program()
{
	[ "$who" = root ] || return
	mkdir "$TMP/programs"
	cp "$RLXC" "$(dirname "$(helper_program rlxc-init)")"/rlxc-* "$TMP/programs/"
	local RLXC=$TMP/programs/rlxc rootfs=$LXCPATH/$c/rootfs
	before=$(sha256sum "$RLXC")
	cat >"$rootfs/keep" <<-'END'
		#!/bin/sh
		try()
		{
			until [ -e /go ]; do sleep 0.1; done
			echo harm >>/proc/self/fd/3 && echo >/written
			echo >/tried
		}
		if [ $$ != 1 ]; then # a start hook
			exec 3</proc/1/exe || exit
			try >/dev/null 2>&1 &
			exit
		fi
		until path=$(grep -l -a ^/lxc-unshare /proc/[0-9]*/cmdline); do sleep 0.1; done
		exec 3<"${path%cmdline}exe"
		path=${path#/proc/}
		kill -9 "${path%%/*}"
		try
		sleep 300
	END
	chmod 755 "$rootfs/keep"
	# shellcheck disable=SC2086
	start -s lxc.hook.start=/keep -s lxc.monitor.signal.pdeath=0 -- $sleeper
	monitor=$(monitor_of $c)
	kill -9 "$monitor"
	wait_for 20 test ! -e "/proc/$monitor"
	harmless "the file of what became init"
	start -- /keep
	cp "$RLXC" "$RLXC.new"
	mv "$RLXC.new" "$RLXC"
	attach -- ln -s /proc/self/exe /lxc-unshare
	attach -- /lxc-unshare -s UTSNAME /bin/sleep 60 >/dev/null 2>&1
	harmless "the file of attach"
	rm -f "$rootfs/lxc-unshare" "$rootfs/keep"
}

# A program that was executed anew finds its helpers by a variable of its own. Nobody else's counts.
false_program()
{
	as_caller mkdir "$LXCPATH/false"
	as_caller cp /bin/false "$LXCPATH/false/rlxc-init"
	is "$who: the environment does not say where our programs are" \
		"$(RLXC_PROGRAM=$LXCPATH/false/rlxc lxc execute -n $c -- /bin/echo ours </dev/null 2>&1)" ours
}

own_cgroups()
{
	# shellcheck disable=SC2016
	is "$who: nothing of the host's cgroups can be written" "$(attach -- sh -c '
		for f in $(find /sys/fs/cgroup -name release_agent 2>/dev/null); do
			{ echo /evil >"$f"; } 2>/dev/null && echo "$f"
		done' 2>/dev/null)" ""
}

# ---- the monitor ----

socket_of()
{
	find /run/rlxc "/run/user/$(as_caller id -u)" "$LXCPATH/.run" -path "*/$1/control" 2>/dev/null | head -n 1
}

control()
{
	control_how=$1
	shift
	# shellcheck disable=SC2086
	as_caller env $control_how python3 "$top_srcdir/tests/run/control.py" "$(socket_of $c)" "$@"
}

fds_of()
{
	# shellcheck disable=SC2012
	ls "/proc/$1/fd" | wc -l
}

holder()
{
	coproc hold { control "" "$@" 2>&1; }
	# shellcheck disable=SC2154
	holder_pid=$hold_PID holder_fd=${hold[1]}
	read -r -t 20 line <&"${hold[0]}"
	[ "$line" = up ]
}

let_go()
{
	eval "exec $holder_fd>&-"
	wait "$holder_pid"
}

clients()
{
	# shellcheck disable=SC2086
	start -s lxc.tty.max=2 -- $sleeper
	monitor=$(monitor_of $c)
	is "$who: who asks is answered" "$(control "" ask)" answered
	if [ "$who" != root ]; then
		is "$who: but not from another user namespace, of the same user" "$(control "unshare -r" ask)" refused
	fi
	before=$(fds_of "$monitor")
	control "" garbage
	is "$who: rubbish is survived" "$(control "" ask)" answered
	is "$who: and leaves no descriptor" "$(fds_of "$monitor")" "$before"
	holder consoles 40
	is "$who: neither does a change of terminals" "$(($(fds_of "$monitor") - before < 4))" 1
	let_go
	holder silent 100
	is "$who: who says nothing makes room" "$(state $c)" RUNNING
	let_go
	holder waiting 64
	like "$who: who waits does not, which is said" "$(message lxc stop -k -n $c)" "*64 commands wait*"
	ok "$who: and not taken for an end" kill -0 "$monitor"
	let_go
	wait_for 5 is_state $c RUNNING
	ok "$who: when they are gone it can be stopped" lxc stop -k -n $c
}

# Without a pid namespace of its own, what init started outlives it.
survivors()
{
	has_cgroup || return
	left="sleep 98765$$"
	for dead in init monitor; do
		start -s lxc.namespace.keep=pid -- /bin/sh -c "$left & $left" 2>/dev/null || return
		wait_for 5 pgrep -x -f "$left"
		kill -9 "$(${dead}_of $c)"
		wait_for 5 is_state $c STOPPED
		stop
		not_ok "$who: with its $dead ends all that it started" pgrep -x -f "$left"
		for pid in $(pgrep -x -f "$left"); do
			kill -9 "$pid"
		done
	done
}

# ---- files of the host ----

files()
{
	dir=$LXCPATH/files
	as_caller mkdir "$dir"
	as_caller sh -c 'echo precious >"$1/file"; ln -s file "$1/link"; ln "$1/file" "$1/second"; mkfifo "$1/fifo"' sh "$dir"
	for name in link second fifo; do
		exits 1 "$who: a pid file that is a $name" start -p "$dir/$name"
		ok "$who: is not removed" test -e "$dir/$name"
		exits 1 "$who: a console log that is a $name" start -L "$dir/$name"
	done
	is "$who: and nothing is written" "$(as_caller cat "$dir/file")" precious
	stop
	[ "$who" = root ] || return
	mkdir "$dir/theirs" "$dir/theirs/ours"
	[ -z "${TEST_USER-}" ] || chown "$TEST_USER" "$dir/theirs"
	[ -z "${TEST_USER-}" ] ||
		like "$who: a log below a directory of somebody else" "$(message start -o "$dir/theirs/ours/log" -l debug)" \
			"*others than root can change*"
}

# pivot_root refuses a shared root, and what could be done instead leaves the host's tree in reach.
shared_root()
{
	[ "$who" = root ] && has strace || return
	ok "$who: a shared root file system" env ASAN_OPTIONS=detect_leaks=0 timeout -k 5 30 strace -f -o "$TMP/trace" -e trace=pivot_root,chroot \
		"$RLXC" start -P "$LXCPATH" -n $c -F -s lxc.rootfs.options=rshared -- /bin/true
	like "$who: is pivoted into" "$(grep -c 'pivot_root.*= 0' "$TMP/trace") $(grep -c chroot "$TMP/trace")" "1 0"
	stop
}

checks()
{
	lxc create -n $c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	init_cwd
	null_device
	reboot_stdin
	capabilities
	clock
	clients
	survivors
	files
	shared_root
	# shellcheck disable=SC2086
	start -- $sleeper
	attach_cwd
	descriptors
	tracing
	keyring
	own_program
	own_cgroups
	stop
	upgraded_program
	false_program
	own_files
}

each_caller checks
finish
