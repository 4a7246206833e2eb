#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-top, and the statistics of lxc-info and lxc-ls.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

# Where controllers are on version 1, limits are what gives a container cgroups there.
printf 'lxc.cgroup2.%s\n' 'pids.max = max' 'memory.max = max' 'cpu.weight = 100' >"$TMP/limits"
chmod 644 "$TMP/limits"
header=time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

top()
{
	as_caller timeout -k 5 20 "$RLXC" top -P "$LXCPATH" "$@" </dev/null
}

# lines N ARG...: the first N of -b
lines()
{
	top -b "${@:2}" 2>/dev/null | head -n "$1"
}

# names N ARG...: of the containers in them
names()
{
	lines "$@" | sed 1d | cut -d, -f2 | tr '\n' ' '
}

# field NAME: that number of the last look as JSON
field()
{
	lines 1 --format json -n a | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

batch()
{
	is "$who: the header" "$(lines 1)" "$header"
	lines 3 -d 1 >"$TMP/lines"
	is "$who: ten fields in each line" "$(awk -F, '{print NF}' "$TMP/lines" | sort -u)" 10
	is "$who: one line for each that runs" "$(names 3)" "a b "
	is "$who: -r" "$(names 3 -r)" "b a "
	is "$who: -n" "$(names 3 -d 1 -n b)" "b b "
	like "$who: the time is in milliseconds" "$(($(date +%s) - $(sed -n '2s/\([0-9]*\)[0-9][0-9][0-9],.*/\1/p' "$TMP/lines")))" "[0-9]"
	is "$who: every second" "$(names 5 -d 1)" "a b a b "
	is "$who: JSON, a line each" "$(lines 2 --format json |
		python3 -c 'import json, sys; print([json.loads(line)["name"] for line in sys.stdin])')" "['a', 'b']"
	as_caller timeout --preserve-status -s INT 1 "$RLXC" top -P "$LXCPATH" -b -d 30 >"$TMP/lines"
	is "$who: SIGINT is the end, no failure" "$? $(sed 1d "$TMP/lines" | wc -l)" "0 2"
	exits 1 "$who: no disk space" sh -c '"$0" top -b -P "$1" >/dev/full' "$RLXC" "$LXCPATH"
}

# What is busy comes first.
order()
{
	lxc attach -n b -- /bin/sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done' </dev/null
	is "$who: -s c" "$(names 3 -s c)" "b a "
	is "$who: -s cpu -r" "$(names 3 -s cpu -r)" "a b "
	like "$who: seconds of user time" "$(field cpu_ns)" "[1-9]*"
}

memory()
{
	case $(field memory_bytes) in
	None)
		is "$who: unknown memory is a dash" "$(lxc ls -f -F RAM,SWAP --filter '^a$' | sed -n 2p)" "-   -    "
		is "$who: lxc-info leaves it out" "$(lxc info -n a -S | grep -c -e '^Memory' -e '^KMem')" 0
		return
		;;
	esac
	lxc attach -n b -- /bin/sh -c 'dd if=/dev/zero of=/tmp/file bs=1M count=8' </dev/null >/dev/null 2>&1
	is "$who: -s m" "$(names 3 -s m)" "b a "
	like "$who: RAM" "$(lxc ls -f -F NAME,RAM --running | sed -n '/^b /s/\.[0-9]*MB *$//p')" "b *[0-9]"
	used=$(lxc info -n b -SH | sed -n 's/^Memory use: *//p')
	ok "$who: eight megabytes more" test "$used" -gt 8000000
	like "$who: KMem" "$(lxc info -n b -SH | grep '^KMem use: *[0-9]')" "?*"
}

interactive()
{
	exits 1 "$who: without a terminal" top
	like "$who: is said" "$(message top)" "*terminal*hint: --batch*"
	out=$(on_terminal size=24x150 'expect=Container.*Name.*TOTAL 2 of 2' send=q -- "$RLXC" top -P "$LXCPATH")
	is "$who: q" $? 0
	like "$who: begins with the second screen" "$out" $'\033\[?1049h*'
	like "$who: and leaves it" "$out" $'*\033\[?1049l'
	for key in n c b m s k r; do
		on_terminal size=24x150 expect=TOTAL send=$key expect=TOTAL send=$key expect=TOTAL send=q -- \
			"$RLXC" top -P "$LXCPATH" -d 60 >"$TMP/screen"
		is "$who: key $key" $? 0
	done
	on_terminal size=24x150 'expect=\na .*\nb .*TOTAL' send=r 'expect=\nb .*\na .*TOTAL' send=n 'expect=\na .*\nb .*TOTAL' \
		send=q -- "$RLXC" top -P "$LXCPATH" -d 60 >"$TMP/screen"
	is "$who: r turns the order around" $? 0
	on_terminal size=24x150 'expect=TOTAL 2 of 2' size=4x80 'expect=TOTAL 1 of 2' size=30x80 'expect=TOTAL 2 of 2' \
		send='\x1b[A' sleep=0.2 send='\x03' -- "$RLXC" top -P "$LXCPATH" -d 60 >"$TMP/screen"
	is "$who: the size is followed, Ctrl-C is the end" $? 0
	on_terminal size=24x150 expect=TOTAL expect=TOTAL send=q -- "$RLXC" top -P "$LXCPATH" -d 1 >"$TMP/screen"
	is "$who: it goes on by itself" $? 0
	for signal in INT.0 QUIT.0 TERM.143 HUP.129; do
		out=$(on_terminal size=24x150 expect=TOTAL kill=${signal%.*} -- "$RLXC" top -P "$LXCPATH")
		is "$who: SIG${signal%.*}" $? ${signal#*.}
		like "$who: gives the terminal back" "$out" $'*\033\[?1049l'
	done
	# A shell between, or the kernel would not stop it.
	# shellcheck disable=SC2016
	out=$(on_terminal size=24x150 expect=TOTAL send='\x1a' 'expect=stopped 148' send='\r' expect=TOTAL send=q 'expect=over 0' -- \
		bash -c 'set -m; "$0" top -P "$1"; echo "stopped $?"; stty -a | grep -q " icanon" && read -r line; fg; echo "over $?"' \
		"$RLXC" "$LXCPATH")
	is "$who: Ctrl-Z, and back" $? 0
	like "$who: with the first screen meanwhile" "$out" $'*\033\[?1049l*stopped 148*\033\[?1049h*\033\[?1049l*over 0*'
}

# A list opens what it shows and wakes nobody.
frugal()
{
	as_caller touch "$LXCPATH/strace"
	has strace && strace -o "$LXCPATH/strace" true 2>/dev/null || return 0
	as_caller strace -f -o "$LXCPATH/strace" "$RLXC" ls -P "$LXCPATH" -f -F NAME,STATE,RAM >/dev/null
	is "$who: one status file for each" "$(grep -c '"status".* = [0-9]' "$LXCPATH/strace")" 2
	is "$who: no monitor is asked" "$(grep -c '^[0-9]* *connect(' "$LXCPATH/strace")" 0
	is "$who: no file of the cgroup but that of memory" \
		"$(grep -E '"(cpu|io|memory|blkio|cpuacct)\.[a-z_.]*"' "$LXCPATH/strace" | grep -cvE '"memory\.(current|usage_in_bytes)"')" 0
	as_caller strace -f -o "$LXCPATH/strace" "$RLXC" ls -P "$LXCPATH" -f >/dev/null
	is "$who: none at all for the plain table" "$(grep -c '/lxc\.payload\.' "$LXCPATH/strace")" 0
}

checks()
{
	for name in a b off; do
		lxc create -n $name -t busybox -f "$TMP/limits" >/dev/null 2>&1
	done
	is "$who: nothing runs" "$(as_caller timeout -s INT 1 "$RLXC" top -P "$LXCPATH" -b)" "$header"
	lxc start -n a 2>/dev/null
	lxc start -n b 2>/dev/null
	batch
	if has_cgroup; then
		order
		memory
		frugal
	else
		is "$who: nothing is known" "$(lines 2 | sed -n 's/^[0-9]*,//;2p')" "a,,,,,,,,"
	fi
	interactive
}

each_caller checks
finish
