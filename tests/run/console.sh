#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-console: ttys and the console, the escape, both ends; and the log files of the console.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

# holds NUMBER STEP...: connected to that tty in the background, as $job
holds()
{
	rm -f "$LXCPATH/there"
	# shellcheck disable=SC2086
	on_terminal size=25x85 "expect=tty $1" "mark=$LXCPATH/there" "${@:2}" -- $con -t "$1" >"$TMP/out" 2>&1 &
	job=$!
	wait_for 10 test -e "$LXCPATH/there"
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# A container whose ttys have shells without a login
make_shells()
{
	as_caller "$RLXC" attach -P "$LXCPATH" c -- /bin/sh -c 'for n in 1 2 3 4 5; do
		echo "tty$n::respawn:/bin/sh"; done >>/etc/inittab
		sed -i /getty/d /etc/inittab' </dev/null
}

refusals()
{
	exits 1 "$who: nobody" lxc console -n nobody
	exits 1 "$who: a stopped one" lxc console -n d
	like "$who: is said" "$(message lxc console -n d)" "*'d' is not running*"
	exits 1 "$who: no name" lxc console
	exits 1 "$who: a bad tty" lxc console -n c -t x
	exits 1 "$who: -t -2" lxc console -n c -t -2
	exits 1 "$who: a bad escape" lxc console -n c -e ab
	exits 1 "$who: a tty too high" lxc console -n c -t 6
	like "$who: says how many there are" "$(message lxc console -n c -t 6)" "*no tty 6*hint: *lxc.tty.max*5*"
}

# shellcheck disable=SC2034 # what is shown is only waited for
ttys()
{
	# shellcheck disable=SC2086
	{
		out=$(on_terminal size=25x85 'expect=Connected to tty 1' 'expect=<Ctrl.a q> to exit the console, <Ctrl.a Ctrl.a> to enter Ctrl.a itself' \
			'send=\r' 'expect=# ' 'send=tty\r' 'expect=/dev/tty1' 'send=echo $((6*7))\r' 'expect=^42' 'send=stty size\r' 'expect=25 85' \
			'size=31x91' 'send=stty size\r' 'expect=31 91' 'send=\x01q' -- $con)
		is "$who: the first free one" $? 0
		out=$(on_terminal 'expect=tty 3' 'send=\r' 'expect=# ' 'send=tty\r' 'expect=/dev/tty3' 'send=\x01q' -- $con -t 3)
		is "$who: -t 3" $? 0
		# Ctrl+a Ctrl+a is one Ctrl+a, and after the prefix another key is itself.
		out=$(on_terminal 'expect=tty 2' 'send=\r' 'expect=# ' 'send=cat -v\r' 'sleep=0.2' 'send=x\x01\x01y\r' 'expect=^x\^Ay' \
			'send=\x01z\r' 'expect=^z' 'send=\x03' 'send=\x01q' -- $con -t 2)
		is "$who: the prefix itself" $? 0
		out=$(on_terminal 'expect=<Ctrl.b q>' 'expect=<Ctrl.b Ctrl.b> to enter Ctrl.b' 'send=\x01q' 'sleep=0.3' 'send=\x02q' -- $con -t 2 -e ^b)
		is "$who: -e ^b" $? 0
		out=$(on_terminal 'expect=<Ctrl.x q>' 'send=\x18q' -- $con -t 2 -e x)
		is "$who: -e x" $? 0
		out=$(on_terminal 'expect=<Ctrl.x q>' 'send=\x18q' -- $con -t 2 -e X)
		is "$who: -e X" $? 0
		out=$(on_terminal 'expect=<Ctrl.\] q>' 'send=\x1dq' -- $con -t 2 -e ^])
		is "$who: -e ^]" $? 0
		# Ctrl-C and Ctrl-Z go inside.
		out=$(on_terminal 'expect=tty 4' 'send=\r' 'expect=# ' 'send=sleep 50\r' 'sleep=0.3' 'send=\x03' 'send=echo c=$?\r' 'expect=c=130' \
			'send=sh -c "echo go|tr o 1; exec sleep 51"\r' 'expect=g1' 'send=\x1a' 'expect=Stopped' 'send=kill -9 %1\r' 'send=\x01q' -- $con -t 4)
		is "$who: Ctrl-C and Ctrl-Z go inside" $? 0

		# One who holds it, and another who wants it
		holds 1 'expect=another lxc-console has taken tty 1'
		busy=$(message lxc console -n c -t 1)
		like "$who: is refused" "$busy" "*tty 1*in use*--steal*"
		exits 1 "$who: with code 1" lxc console -n c -t 1
		out=$(on_terminal 'expect=tty 2' 'send=\x01q' -- $con)
		is "$who: the next free one is another" $? 0
		out=$(on_terminal 'expect=tty 1' 'send=\r' 'expect=# ' 'send=\x01q' -- $con -t 1 --steal)
		is "$who: --steal takes it" $? 0
		wait $job
		is "$who: and tells whoever had it" $? 1
		exits 1 "$who: --steal of any" lxc console -n c --steal
		out=$(on_terminal 'expect=tty 1' 'send=\x01q' -- $con)
		is "$who: and free again" $? 0

		out=$(on_terminal 'expect=tty 0' 'send=\r' 'expect=# ' 'send=tty\r' 'expect=/dev/console' 'send=echo $((6*9))\r' 'expect=^54' 'send=\x01q' -- $con -t 0)
		is "$who: -t 0 is the console" $? 0
		out=$(on_terminal 'expect=tty 0' 'send=stty size\r' 'expect=24 66' 'send=\x01q' -- sh -c "stty rows 24 cols 66; exec $con -t 0")
		is "$who: again, with its size" $? 0

		# Without a terminal
		exits 0 "$who: no input is no visit" lxc console -n c -t 5
		rm -f "$TMP/typed"
		{ printf 'echo $((5*5))\n'; wait_for 10 grep -q ^25 "$TMP/typed"; printf '\001q'; } | lxc console -n c -t 5 >"$TMP/typed" 2>/dev/null
		is "$who: typed by a pipe" "$(tr -d '\r' <"$TMP/typed" | grep -c '^25$')" 1
		is "$who: the words go to stderr" "$({ sleep 0.2; printf '\001q'; } | lxc console -n c -t 5 2>&1 >/dev/null | head -n 2 | tr '\n' '|')" "|Connected to tty 5|"

		out=$(on_terminal 'expect=tty 1' hangup -- $con -t 1)
		out=$(on_terminal 'expect=tty 1' 'kill=TERM' -- $con -t 1)
		is "$who: SIGTERM gives the terminal back" $? 143
		out=$(on_terminal 'expect=tty 1' 'send=\x01q' -- $con -t 1)
		is "$who: a killed one leaves the tty free" $? 0

		holds 1
		job1=$job
		holds 0
		lxc stop -k -n c
		wait $job1
		is "$who: it ends with the container" $? 0
		wait $job
		is "$who: so does that of the console" $? 0
		lxc start -n c
		holds 1
		as_caller kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
		wait $job
		is "$who: and a monitor that is killed leaves the terminal as it was" $? 0
		lxc stop -k -n c >/dev/null 2>&1
		wait_for 5 is_state c STOPPED
	}
	lxc start -n c -c none
	exits 1 "$who: no console, -t 0" lxc console -n c -t 0
	like "$who: is said" "$(message lxc console -n c -t 0)" "*no console*"
	lxc stop -k -n c
	lxc start -n c -s lxc.tty.max=0
	exits 1 "$who: no ttys" lxc console -n c
	like "$who: is said" "$(message lxc console -n c)" "*no tty*hint: *lxc.tty.max*"
	lxc stop -k -n c
}

# Over a reboot one stays connected to what has the same name then.
# shellcheck disable=SC2034 # what is shown is only waited for
reboots()
{
	# shellcheck disable=SC2086
	{
		holds 1 'send=\r' 'expect=# ' 'send=echo $((6*7))\r' 'expect=^42' 'expect=tty 0 is rebooting' \
			'expect=# ' 'send=echo $((6*9))\r' 'expect=^54' 'send=stty size\r' 'expect=25 85' 'send=\x01q'
		init=$(lxc info -n c -pH)
		out=$(on_terminal 'expect=tty 0' 'send=\r' 'expect=# ' 'send=echo tty 0 is rebooting >/dev/tty1; reboot -f\r' \
			'expect=activate this console' 'send=\r' 'expect=# ' 'send=tty\r' 'expect=/dev/console' 'send=\x01q' -- $con -t 0)
		is "$who: the console stays over a reboot" $? 0
		wait $job
		is "$who: so does a tty, with its size" $? 0
		ok "$who: it was one" test "$init" != "$(lxc info -n c -pH)"
	}
}

# What the console printed last, in memory
buffer()
{
	# shellcheck disable=SC2016
	lxc start -n c -s lxc.console.buffer.size=auto -- /bin/sh -c 'printf "\033[31mred\nblue\n" >/dev/console; read -r x </dev/console
		echo "got $x" >/dev/console; exec sleep 100'
	is_printed() { lxc console -n c --show-log | grep -q "$1"; }
	wait_for 10 is_printed blue
	is "$who: --show-log" "$(lxc console -n c --show-log | od -An -c | tr -d ' \n')" '033[31mred\r\nblue\r\n'
	like "$who: on a terminal only to be seen" "$(on_terminal -- $con --show-log)" '\\x1b?31mred?blue*'
	is "$who: --clear shows it once more" "$(lxc console -n c --show-log --clear | grep -c red)" 1
	is "$who: then there is nothing" "$(lxc console -n c --show-log | wc -c)" 0
	{ printf 'more\n'; wait_for 10 is_printed more; } | lxc console -n c -t 0 >/dev/null 2>&1
	ok "$who: and then what comes next" wait_for 10 is_printed 'got more'
	exits 1 "$who: --clear alone" lxc console -n c --clear
	exits 1 "$who: --show-log of a tty" lxc console -n c --show-log -t 1
	lxc stop -k -n c
	lxc start -n c
	exits 1 "$who: no buffer" lxc console -n c --show-log
	like "$who: is said" "$(message lxc console -n c --show-log)" "*no buffer*hint: *lxc.console.buffer.size*"
	lxc stop -k -n c
	exits 1 "$who: not running" lxc console -n c --show-log
}

# writes N: a container's init writes N bytes to its console
writes()
{
	lxc start -n c "${@:2}" -- /bin/sh -c "stty -opost </dev/console; head -c $1 /dev/zero | tr '\\0' x >/dev/console"
	wait_for 10 is_state c STOPPED
}

logs()
{
	log=$LXCPATH/log
	page=$(getconf PAGESIZE)
	writes 100 -s "lxc.console.logfile=$log"
	is "$who: lxc.console.logfile" "$(stat -c %s "$log")" 100
	writes 50 -s "lxc.console.logfile=$log"
	is "$who: is appended to" "$(stat -c %s "$log")" 150
	as_caller rm -f "$log"
	writes 200000 -s "lxc.console.logfile=$log"
	is "$who: without a limit" "$(stat -c %s "$log")" 200000
	as_caller rm -f "$log"
	writes 10000 -s "lxc.console.logfile=$log" -s lxc.console.size=1
	is "$who: lxc.console.size is a page at least" "$(stat -c %s "$log")" $((10000 % page == 0 ? page : 10000 % page))
	ok "$who: without rotation there is one file" test ! -e "$log.1"
	as_caller rm -f "$log"
	writes 10000 -s "lxc.console.logfile=$log" -s lxc.console.size=1 -s lxc.console.rotate=1
	is "$who: lxc.console.rotate" "$(stat -c %s "$log") $(stat -c %s "$log.1")" "$((10000 % page)) $page"
	as_caller rm -f "$log" "$log.1"
	writes 40000 -s "lxc.console.logfile=$log" -s lxc.console.size=5KB -s lxc.console.rotate=1
	is "$who: the size is a power of two" "$(stat -c %s "$log.1")" 8192
	exits 1 "$who: a bad size" lxc start -n c -s lxc.console.size=many
	as_caller rm -f "$log"
	as_caller ln -s "$LXCPATH/elsewhere" "$log"
	exits 1 "$who: a link for a log" lxc start -n c -s "lxc.console.logfile=$log"
	ok "$who: is not followed" test ! -e "$LXCPATH/elsewhere"
	as_caller rm -f "$log"
	as_caller mkfifo "$log"
	exits 1 "$who: a FIFO for a log" lxc start -n c -s "lxc.console.logfile=$log"
	as_caller rm -f "$log"
	# A log that outlives a slow console: nobody reads, nothing waits
	is "$who: nobody reads the console" "$(lxc start -n c -F -- /bin/sh -c 'head -c 300000 /dev/zero >/dev/console; echo through' </dev/null)" through
}

# lxc.console.path: a terminal of the host mirrors the console.
path()
{
	on_terminal 'expect=READY' 'expect=from inside' 'send=typed\r' 'expect=got typed' 'send=stop\r' -- sh -c "
		echo READY; $RLXC start -P $LXCPATH -n c -c \$(tty) -- /bin/sh -c 'exec </dev/console >/dev/console 2>&1; stty -echo; echo from inside; read x; echo got \$x; read y'
		while [ \"\$($RLXC info -P $LXCPATH -n c -sH)\" = RUNNING ]; do sleep 0.1; done" >"$TMP/out"
	is "$who: lxc.console.path" $? 0
	lxc stop -k -n c >/dev/null 2>&1
}

checks()
{
	con="$RLXC console -P $LXCPATH -n c"
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc create -n d -t none -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n c
	make_shells
	lxc stop -k -n c
	lxc start -n c
	refusals
	reboots
	ttys
	buffer
	logs
	path
}

each_caller checks
finish
