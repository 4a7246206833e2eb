#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Configurations and surroundings that are against us: each ends in a start or in a clear error, soon.
. "$(dirname "$0")/lib.sh"
who= # set by each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

mkdir "$TMP/tmp" "$TMP/foreign" "$TMP/open" "$TMP/rt" "$TMP/home"
chmod 1777 "$TMP/tmp" "$TMP/open"
chmod 700 "$TMP/foreign"
ln -s "$TMP/rt" "$TMP/link"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

config()
{
	rm -rf "$TMP/conf"
	cat >"$TMP/conf"
	chmod 644 "$TMP/conf"
}

# Plan it only: what is wrong with a configuration shows there.
plan()
{
	lxc start -n c --dry-run -f "$TMP/conf" >"$TMP/.out" 2>"$TMP/.err" </dev/null
}

# As the text of an error has to be: one line and at most a hint, nothing a terminal would obey.
clear_error()
{
	[ "$(grep -vac -e '^hint: ' -e 'warning: ' "$1")" -eq 1 ] && [ "$(wc -c <"$1")" -lt 2000 ] &&
		! LC_ALL=C grep -qa '[^[:print:][:space:]]' "$1" && ! grep -qai 'success$' "$1"
}

# judge ok|error|any TEXT RESULT
judge()
{
	wrong=
	case $1:$3 in
	*:124 | *:137) wrong="it hangs" ;;
	*:1[3-9]?) wrong="it died of a signal" ;;
	ok:0 | any:0) ;;
	ok:*) wrong="it fails" ;;
	error:0) wrong="it succeeds" ;;
	*) clear_error "$TMP/.err" || wrong="no clear error" ;;
	esac
	test_result "$([ -z "$wrong" ]; echo $?)" "$who: $2"
	[ -n "$wrong" ] || return 0
	{
		echo "$wrong (exit code $3)"
		head -c 2000 "$TMP/.err"
	} | cat -v | sed 's/^/# /'
}

try()
{
	plan
	judge "$1" "$2" $?
}

# The error is about that
about()
{
	like "$who: and it says so" "$(cat "$TMP/.err")" "$1"
}

long()
{
	head -c "$1" /dev/zero | tr '\0' "$2"
}

base()
{
	cat "$TMP/base.conf"
	printf 'lxc.net.0.type = empty\nlxc.rootfs.path = dir:%s/c/rootfs\n' "$LXCPATH"
}

# ---- files ----

files()
{
	base | config
	try ok "the configuration of the next checks"

	(base && printf 'lxc.environment = A=' && long 1000000 x && echo) | config
	try any "a line of 1 MB"
	(base && printf 'lxc.uts.name = ' && long 1000000 x && echo) | config
	try error "a host name of 1 MB"
	(base && long 1000000 k && printf ' = v\n') | config
	try ok "a line of 1 MB that is not ours"
	(base && printf lxc. && long 1000000 k && printf ' = v\n') | config
	try error "a key of 1 MB"
	(base && printf 'lxc.sysctl.' && long 100000 k && printf ' = v\n') | config
	try any "a sysctl of 100 KB"
	(base && long 5000000 '#' && echo) | config
	try error "5 MB"
	about "*4 MiB*"
	(base && seq -f 'lxc.environment = V%.0f=1' 10000) | config
	try any "10,000 lines of a list"
	(base && yes 'lxc.mount.entry = none mnt tmpfs rw 0 0' | head -n 10000) | config
	try any "10,000 mounts"
	(base && yes 'lxc.cap.drop = sys_time' | head -n 10000) | config
	try any "10,000 capabilities"
	(base && yes 'lxc.hook.pre-start = /bin/true' | head -n 10000) | config
	try any "10,000 hooks"
	(base && seq -f 'lxc.net.%.0f.type = empty' 10000) | config
	try any "10,000 networks"
	(base && seq -f 'lxc.idmap = u %.0f 100000 1' 10000) | config
	try error "10,000 maps"

	(base && echo "lxc.include = $TMP/conf") | config
	try error "it includes itself"
	about "*included by itself*"
	for i in $(seq 20); do
		echo "lxc.include = $TMP/inc$((i + 1))" >"$TMP/inc$i"
	done
	: >"$TMP/inc21"
	echo "lxc.include = $TMP/inc1" >"$TMP/inc7-loop"
	(base && echo "lxc.include = $TMP/inc6") | config
	try ok "included 16 deep"
	(base && echo "lxc.include = $TMP/inc5") | config
	try error "included 17 deep"
	about "*16 files deep*"
	mkdir "$TMP/incdir"
	for i in $(seq 300); do echo "lxc.include = $TMP/incdir" >"$TMP/incdir/$i.conf"; done
	(base && echo "lxc.include = $TMP/incdir") | config
	try error "a directory of files that include it"
	(base && echo "lxc.include = /dev/zero") | config
	try error "it includes /dev/zero"
	(base && echo "lxc.include = $TMP/.fifo") | config
	mkfifo "$TMP/.fifo"
	try error "it includes a fifo"
	about "*is a fifo*"
	rm "$TMP/.fifo" && ln -s .fifo "$TMP/.fifo"
	try error "it includes a link to itself"
	rm -r "$TMP/.fifo" "$TMP"/inc*

	head -c 300000 "$RLXC" | config
	try any "a program"
	(base && printf 'lxc.uts.name = a\0b\n') | config
	try any "a NUL byte"
	base | sed 's/$/\r/' | config
	try ok "CRLF"
	(printf '\xef\xbb\xbf' && base) | config
	try ok "a byte order mark"
	(base && printf 'lxc.uts.name = a\033[31mb\n') | config
	try error "ESC in a host name"
	(base && printf 'lxc.\033[2J\007 = b\n') | config
	try error "ESC in a key"
	(base && printf 'lxc.environment = A=\033]0;x\007\n') | config
	try any "ESC in a variable"
	(base && printf 'lxc.mount.entry = \033[2J mnt none bind 0 0\n') | config
	try any "ESC in a mount"
	(base && printf 'lxc.uts.name = %s\n' "$(long 65 h)") | config
	try error "a host name of 65 characters"
	for value in '' -1 1x 99999999999 18446744073709551616 -9223372036854775809 0x7fffffff 1e9 ' ' '1 2' \
		4294967296 "$(long 300 9)"; do
		(base && echo "lxc.tty.max = $value") | config
		try any "lxc.tty.max = ${value:0:30}"
		(base && echo "lxc.pty.max = $value") | config
		try any "lxc.pty.max = ${value:0:30}"
	done
	for value in 'u 0 4294967295 1' 'u 0 100000 4294967295' 'u 0 100000 18446744073709551615' 'u -1 0 1' \
		'u 4294967295 100000 1' 'u 0 100000 0' 'u 0 0 1x' 'b 0'; do
		(base && echo "lxc.idmap = $value") | config
		try error "lxc.idmap = $value"
	done
	for value in 'KILL' 'SIGRTMIN+99' '0' '-9' '65' '4294967305' 'SIG'; do
		(base && echo "lxc.signal.halt = $value") | config
		try any "lxc.signal.halt = $value"
	done
	(base && echo 'lxc.mount.entry = a b c d e f g h') | config
	try any "a mount with too many fields"
	(base && printf 'lxc.mount.entry = a\\0 b\\777 none bind 0 0\n') | config
	try any "a mount with bad octal escapes"
	(base && echo "lxc.mount.entry = none $(long 5000 m) tmpfs create=dir 0 0") | config
	try any "a mount target of 5,000 characters"

	rm -f "$TMP/conf" && mkfifo "$TMP/conf"
	try error "the configuration is a fifo"
	about "*is a fifo*"
	rm -f "$TMP/conf" && mkdir "$TMP/conf"
	try error "the configuration is a directory"
	rmdir "$TMP/conf" && ln -s /dev/zero "$TMP/conf"
	try error "the configuration is /dev/zero"
	rm "$TMP/conf" && ln -s conf "$TMP/conf"
	try error "the configuration is a loop"
	rm "$TMP/conf"
	try error "the configuration is missing"
	base | config
	as_caller bash -c 'exec "$0" start -P "$1" -n c --dry-run -f <(cat "$2")' \
		"$RLXC" "$LXCPATH" "$TMP/conf" >/dev/null 2>"$TMP/.err" </dev/null
	judge ok "the configuration comes from a pipe" $?

	lxc create -n f -t none
	rm -f "$LXCPATH/f/config" && as_caller mkfifo "$LXCPATH/f/config"
	for command in "start -n f" "info -n f" "ls -f" "stop -n f" "attach -n f -- true"; do
		# shellcheck disable=SC2086
		lxc $command >"$TMP/.out" 2>"$TMP/.err" </dev/null
		result=$?
		ok "$who: a container with a fifo: ${command%% *} ends" test $result -lt 124
	done
	rm -rf "$LXCPATH/f"
}

# Root gives no other user its rights.
untrusted()
{
	[ "$who" = root ] || return 0
	base | config
	chmod 666 "$TMP/conf"
	try error "others can write the configuration"
	chmod 664 "$TMP/conf"
	chgrp 12345 "$TMP/conf"
	try error "a group can write the configuration"
	chmod 644 "$TMP/conf"
	chown 12345 "$TMP/conf"
	try error "another one owns the configuration"
	base >"$TMP/inc"
	chmod 666 "$TMP/inc"
	echo "lxc.include = $TMP/inc" | config
	try error "others can write an included one"
	rm -f "$TMP/inc"
}

names()
{
	for name in .. . '' a/b -n --help "$(long 300 n)" "$(printf 'a\nb')" "$(printf 'a\033[2Jb')" '%n%s' 'a b' \
		'a;b' "$(printf 'a\001')" ../c ./c c/ /c; do
		lxc create -t none -n "$name" >"$TMP/.out" 2>"$TMP/.err" </dev/null
		judge any "create -n $(printf %s "${name:0:20}" | cat -v | tr '\n' ' ')" $?
		for command in start info stop attach destroy; do
			[ "$name" != '%n%s' ] || continue # is a name
			lxc $command -n "$name" >"$TMP/.out" 2>"$TMP/.err" </dev/null
			result=$?
			judge error "$command of it" $result
		done
	done
	lxc destroy -n '%n%s' >/dev/null 2>&1
	is "$who: no such container was made" "$(ls "$LXCPATH")" c
	as_caller mkdir "$LXCPATH/$(printf 'x\033[2Jy')" "$LXCPATH/a b"
	as_caller touch "$LXCPATH/$(printf 'x\033[2Jy')/config" "$LXCPATH/a b/config"
	is "$who: ls shows no such name" "$(lxc ls -1)" c
	rm -r "$LXCPATH/x"* "$LXCPATH/a b"
}

# ---- the surroundings ----

# with COMMAND... -- ARG...: our program, prepared by a shell
surrounded()
{
	# shellcheck disable=SC2016
	as_caller timeout -k 5 60 bash -c "$1; shift; exec \"\$@\"" bash - "$RLXC" "${@:2}" >"$TMP/.out" 2>"$TMP/.err"
}

# A whole life with those surroundings; @2 ok: each step has to work, any: none may hang or die.
life()
{
	for step in "create -n s -t busybox -f $TMP/life.conf" "start -n s" "info -n s" "ls -f" "attach -n s -- true" \
		"stop -k -n s" "start -n s -F -- /bin/true" "destroy -n s"; do
		command=${step%% *}
		# shellcheck disable=SC2086
		surrounded "$2" $command -P "$LXCPATH" ${step#* } </dev/null
		result=$?
		if [ "$3" = any ]; then
			judge any "$1: $command" $result
		elif [ "$3" = dead ]; then
			ok "$who: $1: $command ends" test $result -ne 124
		else
			ok "$who: $1: $command" test $result -eq 0
			[ $result -eq 0 ] || sed 's/^/# /' "$TMP/.err"
		fi
	done
	lxc stop -k -n s >/dev/null 2>&1
	lxc destroy -n s >/dev/null 2>&1
	ok "$who: $1: nothing is left in the way" lxc create -n s -t none
	lxc destroy -n s
}

descriptors()
{
	echo "lxc.net.0.type = empty" >"$TMP/life.conf"
	chmod 644 "$TMP/life.conf"
	for close in '' '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 2>&-' '1>&- 2>&-' '0<&- 1>&- 2>&-'; do
		lxc create -n d -t none -f "$TMP/life.conf" >/dev/null 2>&1
		cksum <"$LXCPATH/d/config" >"$TMP/.config-sum"
		lxc destroy -n d
		for step in "create -n s -t busybox -f $TMP/life.conf" "start -d -n s" "attach -n s -- true" \
			"ls" "stop -k -n s" "start -n s -F -- /bin/true" "destroy -n s"; do
			# shellcheck disable=SC2086
			surrounded "exec $close" ${step%% *} -P "$LXCPATH" ${step#* }
			ok "$who: without ${close:-nothing}: ${step%% -[nt]*}" test $? -eq 0
		done
	done
	# What is written goes nowhere, not into the first file that is opened.
	lxc create -n s -t busybox -f "$TMP/life.conf"
	surrounded "exec 1>&- 2>&-" start -P "$LXCPATH" -n s --logfile "$LXCPATH/log" -l DEBUG
	surrounded "exec 0<&- 1>&- 2>&-" attach -P "$LXCPATH" -n s -- sh -c 'echo to-out; echo to-err >&2; ls -l /proc/self/fd >/fds'
	is "$who: no output in a file of ours" "$(grep -rlsE 'to-(out|err)' "$LXCPATH" | grep -v rootfs)" ""
	is "$who: what is attached has them again" "$(lxc attach -n s -- cat /fds 2>&1 | grep -c null)" 2
	lxc stop -k -n s
	lxc destroy -n s
}

surroundings()
{
	life "without HOME" 'unset HOME'
	life "with a relative HOME" 'export HOME=relative/home'
	life "with an empty HOME" 'export HOME='
	life "with a HOME that is not there" 'export HOME=/nonexistent/home' any
	life "without PATH" 'unset PATH'
	life "with a strange PATH" "export PATH=.:$TMP/tmp:relative"
	life "with no environment" 'for v in $(compgen -e); do unset $v; done'
	life "with a huge environment" 'export BIG=$(head -c 120000 /dev/zero | tr "\0" e) BIG2=$(head -c 120000 /dev/zero | tr "\0" e)'
	life "with umask 0777" 'umask 0777'
	life "with umask 0" 'umask 0'
	life "with 16 descriptors" 'ulimit -n 16' any
	life "with 64 descriptors" 'ulimit -n 64'
	[ "$who" = root ] || life "with few processes" 'ulimit -u 1' any
	# Nobody can say much then.
	life "with no file size" 'ulimit -f 0' dead
	life "with a small stack" 'ulimit -s 256'
	life "with signals ignored" "trap '' HUP INT QUIT PIPE TERM CHLD USR1 ALRM"
	life "in a directory that is gone" "mkdir $TMP/tmp/gone.\$\$ && cd $TMP/tmp/gone.\$\$ && rmdir $TMP/tmp/gone.\$\$"

	[ "$who" != root ] || return 0
	as_user mkdir -m 755 "$TMP/tmp/mine"
	as_user mkdir -m 700 "$TMP/tmp/private"
	as_user ln -sfn "$TMP/tmp/private" "$TMP/tmp/link"
	foreign=$TMP/foreign
	[ "$(id -u)" -eq 0 ] || foreign=/root
	for dir in relative "$foreign" "$TMP/open" "$TMP/tmp/mine" "$TMP/tmp/link" "$TMP/none" /etc /dev/null '' \
		/proc/self/cwd "$(long 5000 d)"; do
		life "XDG_RUNTIME_DIR=${dir:0:60}" "export XDG_RUNTIME_DIR='$dir'"
	done
	is "$who: nothing was made there" "$(find "$TMP/foreign" "$TMP/open" "$TMP/tmp/mine" "$TMP/tmp/private" -mindepth 1)" ""
	life "with a good XDG_RUNTIME_DIR" "export XDG_RUNTIME_DIR=$TMP/tmp/private"
	rm -rf "$TMP/tmp/mine" "$TMP/tmp/private" "$TMP/tmp/link"
}

left_of()
{
	find /sys/fs/cgroup /run -path "$LXCPATH" -prune -o -name "*$1" -print 2>/dev/null
}

nothing_left_of()
{
	[ -z "$(left_of "$1")" ]
}

# Whatever step has no descriptor left: it says so, and takes back what is made.
few_descriptors()
{
	few=few-$$
	lxc create -n $few -t busybox -f "$TMP/life.conf"
	for n in $(seq 6 14); do
		surrounded "ulimit -n $n" start -P "$LXCPATH" -n $few </dev/null
		ok "$who: $n descriptors: no start" test $? -eq 1
		like "$who: $n descriptors: it says so" "$(cat "$TMP/.err")" "*Too many open files*"
		wait_for 5 nothing_left_of "$few" || sed 's/^/# /' "$TMP/.err"
		is "$who: $n descriptors: nothing is left" "$(left_of "$few")" ""
	done
	lxc destroy -n $few
}

# Two logins with different run-time directories see the same containers, and start none twice.
two_logins()
{
	[ "$who" != root ] || return 0
	as_user mkdir -m 700 "$TMP/tmp/one" "$TMP/tmp/two"
	lxc create -n s -t busybox -f "$TMP/life.conf"
	surrounded "export XDG_RUNTIME_DIR=$TMP/tmp/one" start -P "$LXCPATH" -n s
	surrounded "export XDG_RUNTIME_DIR=$TMP/tmp/two" start -P "$LXCPATH" -n s
	is "$who: one start, whatever XDG_RUNTIME_DIR is" "$(pgrep -fc "^\[lxc monitor\] $LXCPATH s$")" 1
	like "$who: and it says so" "$(cat "$TMP/.err")" "*'s' is running, started from another login*"
	not_ok "$who: nor can it be destroyed" surrounded "export XDG_RUNTIME_DIR=$TMP/tmp/two" destroy -P "$LXCPATH" -n s
	ok "$who: its rootfs is there" test -e "$LXCPATH/s/rootfs"
	surrounded "export XDG_RUNTIME_DIR=$TMP/tmp/one" stop -k -P "$LXCPATH" -n s
	surrounded "export XDG_RUNTIME_DIR=$TMP/tmp/two" stop -k -P "$LXCPATH" -n s
	lxc destroy -n s
	rm -rf "$TMP/tmp/one" "$TMP/tmp/two"
}

checks()
{
	ok "$who: create" lxc create -n c -t none
	as_caller mkdir "$LXCPATH/c/rootfs"
	grep idmap "$LXCPATH/c/config" >"$TMP/base.conf"
	files
	untrusted
	names
	descriptors
	few_descriptors
	surroundings
	two_logins
	lxc destroy -n c >/dev/null 2>&1
}

each_caller checks root user
finish
