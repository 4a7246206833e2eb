#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-execute: exit codes, input and output, ids, what is left behind, signals.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
echo 'lxc.net.0.type = empty' >"$TMP/net"
chmod 644 "$TMP/empty" "$TMP/net"

run()
{
	lxc execute -n c -- "$@" </dev/null
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

executor()
{
	pgrep -f "^$RLXC execute -P $LXCPATH -n c" | while read -r pid; do
		pgrep -P "$pid" -f "^$RLXC execute -P $LXCPATH -n c" >/dev/null || echo "$pid"
	done | head -n 1
}

codes()
{
	exits 0 "$who: success" lxc execute -n c -- /bin/true
	for code in 1 2 77 126 255; do
		exits $code "$who: exit code $code" lxc execute -n c -- /bin/sh -c "exit $code"
	done
	exits 137 "$who: killed by SIGKILL" lxc execute -n c -- /bin/sh -c 'kill -9 $$'
	exits 143 "$who: killed by SIGTERM" lxc execute -n c -- /bin/sh -c 'kill -15 $$'
	exits 127 "$who: no such program" lxc execute -n c -- /no/such
	like "$who: is said" "$(message run /no/such)" "*'/no/such'*No such file*"
	exits 127 "$who: none in PATH" lxc execute -n c -- no-such
	exits 126 "$who: not executable" lxc execute -n c -- /etc/passwd
	like "$who: is said" "$(message run /etc/passwd)" "*'/etc/passwd'*Permission denied*"
	exits 126 "$who: a directory" lxc execute -n c -- /etc
	exits 1 "$who: no such container" lxc execute -n nobody -- /bin/true
	exits 1 "$who: no command" lxc execute -n c
	like "$who: is said" "$(message lxc execute -n c)" "*no command*hint: *lxc.execute.cmd*"
	exits 3 "$who: lxc.execute.cmd" lxc execute -n c -s "lxc.execute.cmd=/bin/sh -c 'exit 3'"
	exits 4 "$who: a command is stronger" lxc execute -n c -s 'lxc.execute.cmd=/bin/false' -- /bin/sh -c 'exit 4'
	exits 1 "$who: a bad -s" lxc execute -n c -s lxc.no.such=1 -- /bin/true
	exits 1 "$who: a bad -u" lxc execute -n c -u x -- /bin/true
	exits 1 "$who: a bad -g" lxc execute -n c -g -1 -- /bin/true
	exits 0 "$who: a program without a path" lxc execute -n c -- true
	exits 5 "$who: a name before, no --" lxc execute c /bin/sh -- -c 'exit 5'
	is "$who: all is gone" "$(state c)" STOPPED
}

program()
{
	is "$who: output" "$(run /bin/echo a b)" "a b"
	is "$who: errors apart" "$(run /bin/sh -c 'echo no; echo yes >&2' 2>&1 >/dev/null)" yes
	is "$who: input" "$(echo in | lxc execute -n c -- /bin/cat)" in
	is "$who: a lot through pipes" "$(head -c 3000000 /dev/zero | lxc execute -n c -- /bin/cat | wc -c)" 3000000
	is "$who: it is pid 2" "$(run /bin/sh -c 'echo $$')" 2
	is "$who: pid 1 is init" "$(run /bin/cat /proc/1/comm)" init
	is "$who: an orphan is reaped" "$(run /bin/sh -c '(sleep 0.1 &) ; sleep 0.4; cat /proc/[0-9]*/stat' | grep -c ' Z ')" 0
	exits 6 "$who: with an orphan that lives on" lxc execute -n c -- /bin/sh -c '(sleep 0.3 &) ; exit 6'
	is "$who: an orphan is waited for" "$(run /bin/sh -c '(sleep 0.3; echo late) & exit 6')" late
	is "$who: -u and -g" "$(lxc execute -n c -u 5 -g 6 -- /bin/sh -c 'echo $(id -u) $(id -g) $(id -G)' </dev/null)" "5 6 6"
	is "$who: -u alone" "$(lxc execute -n c -u 7 -- /bin/sh -c 'echo $(id -u) $(id -g)' </dev/null)" "7 0"
	is "$who: no capabilities then" "$(lxc execute -n c -u 7 -- /bin/grep CapEff /proc/self/status </dev/null | tr -d '\t')" CapEff:0000000000000000
	is "$who: the environment is clean" "$(SECRET=x run /usr/bin/env | grep -c SECRET)" 0
	is "$who: container=lxc" "$(run /bin/sh -c 'echo $container')" lxc
	is "$who: -f" "$(lxc execute -n c -f "$LXCPATH/c/config" -s lxc.uts.name=z -- /bin/hostname </dev/null)" z
	is "$who: its root directory is the container's" "$(run /bin/sh -c 'pwd; ls -d /proc/1/root/bin')" "/
/proc/1/root/bin"
	not_ok "$who: its init cannot be written to" lxc execute -n c -- /bin/sh -c 'echo x >>/proc/1/exe'
	is "$who: no descriptor leaks" "$(run /bin/sh -c 'for fd in /proc/1/fd/*; do echo ${fd##*/}; done' | sort -u | tr '\n' ' ')" "0 1 2 "
}

background()
{
	is "$who: -d says nothing" "$(lxc execute -n c -d -- /bin/sleep 100 2>&1)" ""
	is "$who: it runs" "$(state c)" RUNNING
	exits 1 "$who: a second one is refused" lxc execute -n c -- /bin/true
	is "$who: the first is untouched" "$(state c)" RUNNING
	like "$who: it can be attached to" "$(lxc attach -n c -- /bin/ps </dev/null)" "*sleep 100*"
	before=$(date +%s%N)
	exits 0 "$who: it is stopped" lxc stop -n c
	ok "$who: at once" test $((($(date +%s%N) - before) / 1000000)) -lt 900
	exits 0 "$who: -d with a program that fails" lxc execute -n c -d -- /bin/false
	ok "$who: ends" wait_for 5 is_state c STOPPED
}

signals()
{
	for signal in INT USR1 HUP; do
		lxc execute -n c -- /bin/sh -c "trap 'echo got $signal; exit 9' $signal; echo up; while :; do sleep 0.1; done" \
			>"$TMP/out" 2>&1 </dev/null &
		job=$!
		wait_for 10 grep -q up "$TMP/out"
		kill -$signal "$(executor)"
		wait $job
		r=$?
		if [ $signal = HUP ]; then
			is "$who: SIGHUP ends it" "$r" 143
		else
			is "$who: SIG$signal is passed on" "$r $(tail -n 1 "$TMP/out")" "9 got $signal"
		fi
	done
	lxc execute -n c -- /bin/sh -c 'echo up; exec sleep 100' >"$TMP/out" 2>&1 </dev/null &
	job=$!
	wait_for 10 grep -q up "$TMP/out"
	kill -TERM "$(executor)"
	wait $job
	is "$who: SIGTERM ends it" $? 143
	lxc execute -n c -- /bin/sh -c 'trap "" TERM; echo up; while :; do sleep 0.2; done' >"$TMP/out" 2>&1 </dev/null &
	job=$!
	wait_for 10 grep -q up "$TMP/out"
	before=$(date +%s%N)
	kill -TERM "$(executor)"
	wait $job
	r=$?
	is "$who: one that ignores it is killed" $r 137
	ok "$who: after a second, it took $((($(date +%s%N) - before) / 1000000)) ms" test $((($(date +%s%N) - before) / 1000000)) -lt 4000
	lxc execute -n c -- /bin/sleep 100 >/dev/null 2>&1 </dev/null &
	job=$!
	wait_for 10 is_state c RUNNING
	lxc stop -k -n c
	wait $job
	is "$who: lxc-stop -k" $? 137
}

terminal()
{
	t="$RLXC execute -P $LXCPATH -n c"
	# shellcheck disable=SC2086
	{
		out=$(on_terminal size=31x71 'expect=# ' 'send=stty size\r' 'expect=31 71' 'send=sh -c "echo go|tr o 1; exec sleep 50"\r' 'expect=g1' 'send=\x03' \
			'send=echo code=$?\r' 'expect=code=130' 'size=22x99' 'send=stty size\r' 'expect=22 99' \
			'send=sleep 60 &\r' 'expect=# ' 'send=jobs\r' 'expect=Running' 'send=kill %1\r' \
			'send=sh -c "echo go|tr o 1; exec sleep 70"\r' 'expect=g1' 'send=\x1a' 'expect=Stopped' 'send=kill -9 %2; tty\r' 'expect=/dev/' 'send=exit 12\r' 'sleep=0.2' 'send=exit 12\r' -- $t -- /bin/sh)
		is "$who: a shell on a terminal, its code" $? 12
		like "$who: without complaints" "$(printf '%s' "$out" | grep -c 'job control\|cannot access')" 0
		out=$(on_terminal size=31x71 'expect=# ' 'send=stty size\r' 'expect=31 71' 'send=sh -c "echo go|tr o 1; exec sleep 50"\r' 'expect=g1' 'send=\x03' \
			'send=echo code=$?\r' 'expect=code=130' 'send=sh -c "echo go|tr o 1; exec sleep 70"\r' 'expect=g1' 'send=\x1a' 'expect=Stopped' 'send=kill -9 %1; tty\r' \
			'expect=/dev/' 'send=exit 12\r' 'sleep=0.2' 'send=exit 12\r' -- $RLXC execute -P $LXCPATH -n s -f $TMP/net -- /bin/busybox sh)
		is "$who: so on the host's files" $? 12
		on_terminal 'expect=up' 'sleep=0.2' 'send=\x03' -- $t -- /bin/sh -c 'echo up; exec sleep 100' >/dev/null
		is "$who: Ctrl-C ends a program" $? 130
		on_terminal 'expect=up' 'send=typed\r' 'send=\x04' -- $t -- /bin/sh -c 'echo up; cat' >"$TMP/out"
		is "$who: what is typed arrives" "$? $(grep -c typed "$TMP/out")" "0 2"
	}
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	codes
	program
	background
	signals
	terminal
}

each_caller checks
finish
