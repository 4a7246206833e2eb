#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root file system that is against us: whatever stands where we want to mount, the start works or
# fails with one clear error, and nothing outside changes. A tree of ours stands for /etc.
#
# ROUNDS: of starts that race with renames, for each kind of caller (default 150).

# Mounts of the test, and those of a start that goes wrong, stay in here.
if [ "$(id -u)" -eq 0 ] && [ -z "${RLXC_TEST_UNSHARED-}" ]; then
	RLXC_TEST_UNSHARED=1 exec unshare -m --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
who= # set by each_caller
busybox=/bin/busybox
[ -x $busybox ] || busybox=/usr/bin/busybox
[ -x $busybox ] || skip "no busybox"
: "${ROUNDS:=150}"

canary=$TMP/canary
mkdir "$canary" "$canary/pts" "$canary/b" "$canary/file" "$TMP/good"
for file in passwd shadow tty1 console ptmx fstab; do echo "the host's $file" >"$canary/$file"; done
chmod 644 "$canary"/[a-z]*[a-z1]
chmod 755 "$canary/pts" "$canary/b" "$canary/file"
chmod 600 "$canary/shadow"
# Also as an ordinary user it is as open as can be: nothing but our care protects it.
chmod 777 "$canary"
echo "shared" >"$TMP/good/shared"
chmod 755 "$TMP/good"

# Everything that a start could change by mistake
outside()
{
	find "$canary" "$TMP/good" -printf '%p %y %m %U:%G %s %T@ %i %n %l\n' | sort
	cat "$canary"/[a-z]* "$canary"/*/* 2>/dev/null | cksum
	# Not the mounts of tests that run beside this one
	awk -v mine="$TMP" -v all="${TMP%/*}/" 'index($5, all) != 1 || index($5, mine) == 1' /proc/self/mountinfo
	find /dev -maxdepth 1 -printf '%p %y %m %U:%G %l\n' | sort
	hostname
}

# Files of the container's root: with root's help directly, else from inside a user namespace.
prepare()
{
	case $who:$(id -u) in
	root:* | *:0) sh -ec "$1" sh "$rootfs" "$canary" ;;
	*)
		"$RLXC" usernsexec -m "u:0:$first:65536" -m "g:0:$first_gid:65536" -s -- \
			sh -ec "$1" sh "$rootfs" "$canary"
		;;
	esac
}

make_rootfs()
{
	umount -q "$rootfs"/* "$rootfs"/*/* "$rootfs"/*/*/* 2>/dev/null
	prepare 'chmod -R u+rwx "$1" 2>/dev/null || :; rm -rf "$1"
		mkdir -p "$1"; cd "$1"; mkdir -m 755 bin proc sys dev mnt etc a x sys/fs sys/fs/cgroup dev/pts \
			dev/shm dev/mqueue a/b a/b/c x/y; cp '$busybox' bin/busybox; chmod 755 .
		for f in sh true echo cat; do ln bin/busybox bin/$f; done
		touch dev/console dev/tty1 dev/ptmx x/y/file' || exit 99
	own
}

own()
{
	[ "$(id -u)" -ne 0 ] || chown -Rh "$first:$first_gid" "$rootfs"
}

# What stands at $1 of the root file system: $2
plant()
{
	# shellcheck disable=SC2016
	case $2 in
	link) code='ln -s "$2" "$T"' ;;
	link-file) code='ln -s "$2/passwd" "$T"' ;;
	relative-link) code='ln -s ../../../../../../../../../../"$2" "$T"' ;;
	proc-link) code='ln -s /proc/1/root"$2" "$T"' ;;
	loop) code='ln -s "${T##*/}" "$T"' ;;
	fifo) code='mkfifo "$T"' ;;
	device) code='mknod -m 666 "$T" c 1 7' ;;
	file) code='echo content >"$T"' ;;
	missing) code=: ;;
	closed) code='mkdir -m 000 "$T"' ;;
	mount) code='mkdir "$T"; mount -t tmpfs none "$T"' ;;
	esac
	prepare 'T=$1/'"$1; rm -rf \"\$T\"; $code"
	[ "$(id -u)" -ne 0 ] || chown -h "$first:$first_gid" "$rootfs/$1" 2>/dev/null || :
}

config()
{
	{
		cat "$TMP/base.conf"
		printf 'lxc.rootfs.path = dir:%s\nlxc.net.0.type = empty\n' "$rootfs"
		printf '%s\n' "$@"
	} >"$TMP/conf"
	chmod 644 "$TMP/conf"
}

start()
{
	lxc start -n c -F -f "$TMP/conf" -- "${@:-/bin/echo}" ran >"$TMP/.out" 2>"$TMP/.err" </dev/null
}

# One error and at most one hint; warnings may come before.
is_clear()
{
	[ "$(grep -vc -e '^hint: ' -e 'warning: ' "$TMP/.err")" -eq 1 ] &&
		grep -q "^rlxc [a-z]*: cannot start 'c': ....*" "$TMP/.err" &&
		! grep -qi -e success -e 'ended during the start' "$TMP/.err"
}

# judge RESULT WANTED TEXT: WANTED is ok, error or any.
judge()
{
	wrong=
	case $2:$1 in
	ok:0 | any:0) [ "$(cat "$TMP/.out")" = ran ] || wrong="not the output of a program that ran" ;;
	ok:*) wrong="it does not start" ;;
	error:0) wrong="it starts" ;;
	*:124 | *:137) wrong="it hangs" ;;
	*) is_clear || wrong="no clear error" ;;
	esac
	outside >"$TMP/.after"
	diff "$TMP/.before" "$TMP/.after" >"$TMP/.diff" || wrong="$wrong; something outside has changed"
	test_result "$([ -z "$wrong" ]; echo $?)" "$who: $3"
	[ -n "$wrong" ] || return 0
	{
		echo "$wrong (exit code $1)"
		cat "$TMP/.out" "$TMP/.err" "$TMP/.diff"
	} | sed 's/^/# /'
}

try()
{
	wanted=$1
	text=$2
	shift 2
	start "$@"
	judge $? "$wanted" "$text"
}

shm='lxc.mount.entry = shm dev/shm tmpfs nosuid,nodev,create=dir 0 0'
mqueue='lxc.mount.entry = mqueue dev/mqueue mqueue nosuid,nodev,noexec,create=dir 0 0'
dir="lxc.mount.entry = $TMP/good"
# The configuration that mounts there, what is planted, and which kind of target it is
cases()
{
	cat <<-END
		dir|proc|lxc.mount.auto = proc:mixed
		dir|sys|lxc.mount.auto = sys:mixed
		dir|sys/fs/cgroup|lxc.mount.auto = cgroup:rw:force
		dir|sys/fs|lxc.mount.auto = cgroup:rw:force
		dir|dev|lxc.autodev = 1
		dir|dev|lxc.autodev = 0
		dir|dev/pts|lxc.autodev = 0
		file|dev/console|lxc.autodev = 0
		file|dev/tty1|lxc.autodev = 0
		file|dev/ptmx|lxc.autodev = 0
		dir|dev/shm|$shm
		dir|dev/mqueue|$mqueue
		dir|mnt|$dir mnt none bind,create=dir 0 0
		dir|mnt|$dir mnt none bind 0 0
		dir|a|$dir a/b/c none bind,create=dir 0 0
		dir|a/b|$dir a/b/c none bind,create=dir 0 0
		dir|a/b/c|$dir a/b/c none rbind,ro,create=dir 0 0
		dir|x/y|$dir/shared x/y/file none bind,create=file 0 0
		file|x/y/file|$dir/shared x/y/file none bind,create=file 0 0
	END
}

expected()
{
	case $3 in *cgroup*) echo any && return ;; esac
	case $1:$2 in
	*link* | *:loop) echo error ;;
	*:missing)
		case $3 in
		*create=* | *auto*) echo any ;;
		*) echo error ;;
		esac
		;;
	dir:fifo | dir:device | dir:file) echo error ;;
	file:closed | file:mount) echo error ;;
	file:*) echo ok ;;
	*) echo any ;;
	esac
}

targets()
{
	outside >"$TMP/.before"
	planted=
	kinds="link link-file relative-link proc-link loop fifo file missing closed"
	[ "$(id -u)" -ne 0 ] || kinds="$kinds device mount"
	while IFS='|' read -r type target line <&7; do
		config 'lxc.tty.max = 1' 'lxc.autodev = 0' "$line"
		for kind in $kinds; do
			make_rootfs
			[ "$planted" != mount ] || outside >"$TMP/.before"
			plant "$target" "$kind"
			planted=$kind
			[ "$planted" != mount ] || outside >"$TMP/.before"
			wanted=$(expected "$type" "$kind" "$line")
			try "$wanted" "/$target is a ${kind//-/ } (${line#lxc.})"
		done
	done 7<<<"$(cases)"
}

# What a start makes itself is real, also beside the traps.
right_place()
{
	make_rootfs
	config 'lxc.tty.max = 1' 'lxc.mount.auto = proc:mixed sys:mixed' "$dir mnt none bind,create=dir 0 0"
	outside >"$TMP/.before"
	try ok "without a trap"
	lxc start -n c -F -f "$TMP/conf" -- /bin/sh -c 'cat /proc/mounts' >"$TMP/.mounts" 2>&1 </dev/null
	for target in /proc /sys /dev /dev/pts /dev/console /dev/tty1 /mnt; do
		ok "$who: $target is mounted" grep -q "^[^ ]* $target " "$TMP/.mounts"
	done
}

# What hides files of /proc is the host's null device, whatever the image calls one (CVE-2025-31133).
masks()
{
	config 'lxc.autodev = 0' 'lxc.mount.auto = proc:mixed'
	for kind in link-file proc-link file device missing; do
		[ $kind != device ] || [ "$(id -u)" -eq 0 ] || continue
		make_rootfs
		plant dev/null $kind
		outside >"$TMP/.before"
		try ok "/dev/null is a $kind"
		is "$who: and nothing of it is in /proc" "$(lxc start -n c -F -f "$TMP/conf" -- /bin/busybox \
			stat -c %t:%T /proc/timer_list </dev/null)" 1:3
	done
}

others()
{
	make_rootfs
	for value in ../.. ../../../etc /etc a/../../.. .. "$canary"; do
		config 'lxc.tty.max = 1' "lxc.tty.dir = $value"
		outside >"$TMP/.before"
		try any "lxc.tty.dir = $value"
	done
	make_rootfs
	plant dev/lxc link
	config 'lxc.tty.max = 1' 'lxc.autodev = 0' 'lxc.tty.dir = lxc'
	outside >"$TMP/.before"
	try error "lxc.tty.dir is a link"

	for target in ../outside mnt/../../outside /../outside 'mnt/..\040/x' ../../../../../../../../../tmp/x; do
		make_rootfs
		config "$dir $target none bind,create=dir 0 0"
		outside >"$TMP/.before"
		try any "the target of an entry is $target"
		ok "$who: and nothing is made there" test ! -e "$(dirname "$rootfs")/outside"
	done

	for kind in link relative-link proc-link loop fifo missing; do
		make_rootfs
		plant mnt/source $kind
		config "lxc.mount.entry = mnt/source mnt none bind,relative 0 0"
		outside >"$TMP/.before"
		try error "the source of a relative entry is a $kind"
		config "lxc.mount.entry = mnt/source mnt none bind,relative,optional 0 0"
		try ok "the same, optional"
	done

	make_rootfs
	plant bin/sh fifo
	config
	outside >"$TMP/.before"
	try error "the program is a fifo" /bin/sh
	config 'lxc.init.cmd = /bin/sh'
	start() { lxc start -n c -F -f "$TMP/conf" >"$TMP/.out" 2>"$TMP/.err" </dev/null; }
	try error "init is a fifo"
	start() { lxc start -n c -F -f "$TMP/conf" -- "${@:-/bin/echo}" ran >"$TMP/.out" 2>"$TMP/.err" </dev/null; }
	make_rootfs
	plant bin/echo device 2>/dev/null
	try error "the program is a device or missing"
	make_rootfs
	plant bin/echo link-file
	try error "the program is a link to outside"
	make_rootfs
	plant w link
	config 'lxc.init.cwd = /w/x'
	try error "lxc.init.cwd is below a link"
	config 'lxc.init.cwd = /proc/self/fd/0'
	try any "lxc.init.cwd is in /proc"

	# The place itself
	make_rootfs
	as_caller ln -s "$rootfs" "$LXCPATH/a-link"
	config "lxc.rootfs.path = $LXCPATH/a-link"
	outside >"$TMP/.before"
	try ok "the root file system is a link"
	as_caller ln -s loop "$LXCPATH/loop"
	as_caller mkfifo "$LXCPATH/fifo"
	for path in "$LXCPATH/loop" "$LXCPATH/fifo" "$LXCPATH/none" "$canary/passwd" "$canary/shadow/x"; do
		config "lxc.rootfs.path = $path"
		try error "the root file system is ${path##*/}"
	done
	make_rootfs
	prepare 'chmod 000 "$1"'
	config
	outside >"$TMP/.before"
	try any "the root file system is closed"
	make_rootfs
}

# ---- a root file system that changes while it is used ----

swapper()
{
	exec python3 - "$1" "$2" <<'END'
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
a, b = (os.fsencode(arg) for arg in sys.argv[1:])
while os.getppid() != 1:
    libc.renameat2(-100, a, -100, b, 2)
END
}

# race TEXT PATH1 PATH2
race()
{
	outside >"$TMP/.before"
	swapper "$2" "$3" 2>/dev/null &
	swap=$!
	bad=0 fine=0
	for ((i = 0; i < ROUNDS / 3; i++)); do
		if start; then
			[ "$(cat "$TMP/.out")" = ran ] && fine=$((fine + 1)) && continue
		elif is_clear; then
			continue
		fi
		bad=$((bad + 1))
		sed 's/^/# /' "$TMP/.out" "$TMP/.err"
	done
	kill -9 $swap
	wait $swap 2>/dev/null
	is "$who: $1 ($((ROUNDS / 3)) starts, $fine successful)" $bad 0
	is "$who: nothing outside has changed" "$(outside | diff "$TMP/.before" -)" ""
}

races()
{
	has python3 || return 0
	make_rootfs
	prepare 'rm -rf "$1.evil"; cp -a "$1" "$1.evil"; cd "$1.evil"; rm -rf proc dev mnt a
		for f in proc dev mnt a; do ln -s "$2" $f; done; ln -s "$2" "$1/a/trap"; ln -s "$2" "$1/trap"'
	[ "$(id -u)" -ne 0 ] || chown -Rh "$first:$first_gid" "$rootfs.evil"
	config 'lxc.tty.max = 1' 'lxc.mount.auto = proc:mixed' "$dir a/b/c none bind,create=dir 0 0" \
		"$dir mnt none bind,create=dir 0 0"
	race "the root file system is exchanged" "$rootfs" "$rootfs.evil"
	[ ! -L "$rootfs/a" ] || swap_back
	config 'lxc.autodev = 0' 'lxc.tty.max = 1' "$dir a/b/c/d none bind,create=dir 0 0"
	race "a directory on the way is exchanged" "$rootfs/a/b" "$rootfs/a/trap"
	make_rootfs
	plant trap link
	config 'lxc.autodev = 0' 'lxc.tty.max = 1'
	race "/dev is exchanged" "$rootfs/dev" "$rootfs/trap"
	make_rootfs
	prepare 'rm -rf "$1.evil"'
}

swap_back()
{
	mv -T "$rootfs" "$rootfs.x" && mv -T "$rootfs.evil" "$rootfs" && mv -T "$rootfs.x" "$rootfs.evil"
}

# ---- attach to a container whose files are against us ----

# attach WANTED-CODES TEXT
attach()
{
	lxc attach -n c <"$TMP/.input" >"$TMP/.out" 2>"$TMP/.err"
	result=$?
	outside >"$TMP/.after"
	case " $1 " in
	*" $result "*) ok "$who: $2" diff "$TMP/.before" "$TMP/.after" ;;
	*)
		test_result 1 "$who: $2"
		{ echo "exit code $result, not $1" && cat "$TMP/.out" "$TMP/.err"; } | sed 's/^/# /'
		;;
	esac
}

attaches()
{
	echo 'exit 7' >"$TMP/.input"
	make_rootfs
	config 'lxc.tty.max = 1' 'lxc.mount.auto = proc:mixed sys:mixed'
	prepare 'for f in sleep umount mkfifo rm; do ln "$1/bin/busybox" "$1/bin/$f"; done'
	ok "$who: a container to attach to" lxc start -n c -f "$TMP/conf" -- /bin/sleep 1000
	outside >"$TMP/.before"
	for kind in missing fifo device file closed link loop proc-link; do
		[ $kind != device ] || [ "$(id -u)" -eq 0 ] || continue
		plant etc/passwd $kind
		attach 7 "passwd is a $kind"
	done
	for path in /dev/zero /proc/self/mem /proc/kmsg /dev/console /dev/tty; do
		prepare "rm -rf \"\$1/etc/passwd\"; ln -s $path \"\$1/etc/passwd\""
		attach 7 "passwd is a link to $path"
	done
	prepare 'rm -f "$1/etc/passwd"; head -c 3000000 /dev/zero | tr "\0" a >"$1/etc/passwd"'
	attach 7 "passwd is one line of 3 MB"
	prepare 'seq -f "user%.0f:x:%.0f:5:::/bin/none" 5 300000 >"$1/etc/passwd"'
	attach 7 "passwd has 300,000 lines"
	prepare '(printf root:x:0:0:::/; head -c 10240 /dev/zero | tr "\0" s; echo) >"$1/etc/passwd"'
	attach 7 "the shell's path has 10 KB"
	for entry in root:x:0:0:::/bin/none root:x:0:0::: root:x:0:0:::../../bin/none root:x:0 \
		root:x:4294967296:0:::/bin/none 'root:x: 0:0:::/bin/none' ::::::: ; do
		prepare "echo '$entry' >\"\$1/etc/passwd\""
		attach 7 "passwd reads $entry"
	done
	prepare 'printf "root:x:0:0:::/bin/\0sh\n" >"$1/etc/passwd"'
	attach "7 126" "the shell has a NUL in it"
	prepare 'echo root:x:0:0:::/etc/passwd >"$1/etc/passwd"'
	attach 126 "the shell is no program"
	prepare 'echo root:x:0:0:::/etc >"$1/etc/passwd"'
	attach 126 "the shell is a directory"
	prepare 'rm "$1/etc/passwd" "$1/bin/sh"; mkfifo -m 755 "$1/bin/sh"'
	attach 126 "the shell is a fifo"
	plant bin/sh link-file
	attach 127 "the shell is a link to outside"
	prepare 'rm "$1/bin/sh"; ln "$1/bin/busybox" "$1/bin/sh"'
	attach 7 "the shell is back"

	if has python3; then
		terminal()
		{
			on_terminal 'expect=in-\d' -- "$RLXC" attach -P "$LXCPATH" -n c -- /bin/sh -c 'echo in-$((1 + 1))'
		}
		ok "$who: on a terminal" terminal
		ok "$who: its devpts goes" lxc attach -n c -- /bin/sh -c \
			'umount /dev/tty1; umount /dev/console; umount -l /dev/pts'
		for code in : '>/dev/pts/ptmx' 'mkfifo /dev/pts/ptmx' 'ln -s /dev/null /dev/pts/ptmx' \
			'ln -s /dev/pts/ptmx /dev/pts/ptmx' 'ln /bin/sh /dev/pts/ptmx || >/dev/pts/ptmx'; do
			lxc attach -n c -- /bin/sh -c "rm -f /dev/pts/ptmx; $code"
			ok "$who: a false ptmx ($code)" terminal
		done
	fi
	ok "$who: it ends" lxc stop -k -n c
	is "$who: nothing outside has changed" "$(outside | diff "$TMP/.before" -)" ""
}

checks()
{
	rootfs=$LXCPATH/c/rootfs
	ok "$who: create" lxc create -n c -t none
	grep idmap "$LXCPATH/c/config" >"$TMP/base.conf"
	first=$(awk '/idmap = u 0/ {print $5}' "$TMP/base.conf")
	first_gid=$(awk '/idmap = g 0/ {print $5}' "$TMP/base.conf")
	: "${first:=0}" "${first_gid:=0}"
	right_place
	targets
	masks
	others
	attaches
	races
	umount -q "$rootfs"/* 2>/dev/null
	prepare 'rm -rf "$1"'
	lxc destroy -n c >/dev/null 2>&1
}

each_caller checks root user
finish
