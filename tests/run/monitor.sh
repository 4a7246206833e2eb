#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-monitor and rlxc events: every change of state, in order, whoever starts, stops or is killed.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"
need python3

: >"$TMP/empty"
chmod 644 "$TMP/empty"

watcher=
on_exit '[ -z "$watcher" ] || kill -9 "$watcher" 2>/dev/null'

# Where a watcher is told.
fifo_of()
{
	readlink /proc/"$1"/fd/* 2>/dev/null | grep -m 1 '/\.watch/[0-9a-f]*$'
}

watches()
{
	[ -s "$TMP/$1.pid" ] && [ -n "$(fifo_of "$(cat "$TMP/$1.pid")")" ]
}

pid_of()
{
	cat "$TMP/$1.pid"
}

# watch LABEL COMMAND ARG...: in the background, from now on; its output is in LABEL.out
watch()
{
	label=$1
	shift
	rm -f "$TMP/$label".*
	# shellcheck disable=SC2016
	as_caller sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$TMP/$label.pid" \
		"$RLXC" "$1" -P "$LXCPATH" "${@:2}" >"$TMP/$label.out" 2>"$TMP/$label.err" &
	watcher=$!
	wait_for 10 watches "$label"
}

# end LABEL: as Ctrl-C does; sets $code
end()
{
	kill -INT "$(pid_of "$1")"
	wait "$watcher"
	code=$?
	watcher=
}

has_lines()
{
	[ "$(wc -l <"$TMP/$1.out")" -ge "$2" ]
}

# after LABEL N: what it has printed, N lines at least
after()
{
	wait_for 10 has_lines "$1" "$2"
	cat "$TMP/$1.out"
}

# states LABEL N [NAME]: "STARTING RUNNING ..." of a JSON output of N lines at least
states()
{
	after "$1" "$2" | python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
print(*[e["state"] for e in events if e["name"] == sys.argv[1]])' "${3-c}"
}

# Of the label j; who took over from a monitor may have seen the end.
last_are()
{
	case $(states j 1 | sed 's/STOPPING //g') in *"$1") ;; *) return 1 ;; esac
}

# field LABEL STATE FIELD: of the last event with that state
field()
{
	python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
print([e[sys.argv[3]] for e in events if e["state"] == sys.argv[2]][-1])' "$TMP/$1.out" "$2" "$3"
}

# lines NAME STATE...: as LXC prints them; a number is an exit status
lines()
{
	name=$1
	shift
	for word; do
		case $word in
		[0-9]*) echo "'$name' exited with status [$word]" ;;
		*) echo "'$name' changed state to [$word]" ;;
		esac
	done
}

monitor_of()
{
	pgrep -f "^\[lxc monitor\] $LXCPATH $1$"
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

life()
{
	watch m monitor
	want=$(lines c STARTING RUNNING)
	lxc start -n c
	if has_cgroup; then
		lxc freeze -n c
		lxc unfreeze -n c
		want="$want
$(lines c FREEZING FROZEN THAWED RUNNING)"
	fi
	lxc attach -n c -- /bin/busybox reboot -f >/dev/null 2>&1
	want="$want
$(lines c 0 STOPPING STOPPED STARTING RUNNING)"
	after m "$(wc -l <<<"$want")" >/dev/null
	lxc stop -n c -k
	want="$want
$(lines c 0 STOPPING STOPPED)"
	is "$who: a life, as LXC tells it" "$(after m "$(wc -l <<<"$want")")" "$want"
	fifo=$(fifo_of "$(pid_of m)")
	end m
	is "$who: Ctrl-C ends it" "$code $(cat "$TMP/m.err")" "0 "
	not_ok "$who: and nothing is left of it" test -e "${fifo%/*}"
}

results()
{
	watch j events --format json
	lxc start -n c -- /bin/sh -c 'exit 3'
	is "$who: a program that ends" "$(states j 4)" "STARTING RUNNING STOPPING STOPPED"
	is "$who: its exit status" "$(field j STOPPED exit_status) $(field j STOPPED signal)" "3 None"
	is "$who: not known before" "$(field j RUNNING exit_status)" None
	lxc start -n c -- /bin/sleep 60
	after j 6 >/dev/null
	is "$who: its pid" "$(field j RUNNING pid)" "$(lxc info -n c -pH)"
	lxc stop -n c -k
	after j 8 >/dev/null
	is "$who: it is killed" "$(field j STOPPED exit_status) $(field j STOPPED signal)" "None 9"
	lxc start -n c -- /bin/no-such-program 2>/dev/null
	is "$who: a start that fails" "$(states j 11 | cut -d ' ' -f 9-)" "STARTING ABORTING STOPPED"
	like "$who: says why" "$(field j ABORTING reason)" "*'/bin/no-such-program'*No such file*"
	like "$who: the time is UTC" "$(field j STOPPED time)" "$(date -u +%Y-%m-%dT)*Z"
	end j
}

names()
{
	watch m monitor -n 'c|d' -n 'x[0-9]'
	for name in c cd d x1 x12; do
		lxc start -n $name -f "$LXCPATH/c/config" -- /bin/true
		lxc wait -n $name -s STOPPED
	done
	is "$who: whole names, and expressions" "$(after m 15)" \
		"$(for name in c d x1; do lines $name STARTING RUNNING 0 STOPPING STOPPED; done)"
	end m
	watch e events 'd' 'x.*'
	for name in d c x3; do
		lxc start -n $name -f "$LXCPATH/c/config" -- /bin/true
		lxc wait -n $name -s STOPPED
	done
	is "$who: also as words" "$(after e 8 | cut -d ' ' -f 2,3 | tr '\n' ,)" \
		"d STARTING,d RUNNING,d STOPPING,d STOPPED,x3 STARTING,x3 RUNNING,x3 STOPPING,x3 STOPPED,"
	like "$who: with the exit status" "$(tail -n 1 "$TMP/e.out")" "*Z x3 STOPPED status=0"
	end e
	for command in monitor events; do
		exits 1 "$who: $command: a bad expression" lxc $command -n c -n '(c'
		like "$who: is shown" "$(message lxc $command -n '(c')" \
			"*invalid regular expression '(c': *"
	done
	exits 0 "$who: -Q" lxc monitor -Q
	like "$who: has nothing to do" "$(message lxc monitor -Q)" "*no lxc-monitord*"
}

# With an init that outlives the monitor.
start_asleep()
{
	lxc start -n c -s lxc.monitor.signal.pdeath=SIGCHLD -- /bin/sleep 600
}

killed_monitors()
{
	watch j events --format json
	lxc start -n c -- /bin/sleep 600
	as_caller kill -9 "$(monitor_of c)"
	is "$who: the end of a container with its monitor" "$(states j 3)" "STARTING RUNNING STOPPED"
	start_asleep
	as_caller kill -9 "$(monitor_of c)"
	ok "$who: what runs without one" lxc stop -n c -k
	is "$who: is stopped" "$(states j 7 | cut -d ' ' -f 4-)" "STARTING RUNNING STOPPING STOPPED"
	start_asleep
	init=$(lxc info -n c -pH)
	as_caller kill -9 "$(monitor_of c)"
	# Of a user's container it belongs to a subordinate id.
	kill -9 "$init" 2>/dev/null || lxc stop -n c -k
	ok "$who: or ends" wait_for 10 last_are "STARTING RUNNING STOPPED"
	start_asleep
	ok "$who: the next start" wait_for 10 last_are "STOPPED STARTING RUNNING"
	end j

	# One that was there before; and who begins when its monitor is gone already.
	watch j events --format json --running
	is "$who: what runs is told first" "$(states j 1) $(field j RUNNING present)" "RUNNING True"
	is "$who: with its pid" "$(field j RUNNING pid)" "$(lxc info -n c -pH)"
	as_caller kill -9 "$(monitor_of c)"
	end j
	watch j events --format json --running
	is "$who: without a monitor, too" "$(states j 1) $(field j RUNNING pid)" \
		"RUNNING $(lxc info -n c -pH)"
	lxc stop -n c -k
	is "$who: and its end" "$(states j 3) $(field j STOPPED present)" "RUNNING STOPPING STOPPED False"
	end j
}

# What two monitors of a container may tell in another order than it happened; two processes stand for
# them.
crossing()
{
	watch j events --format json
	fifo=$(fifo_of "$(pid_of j)")
	sleep 600 &
	old=$!
	sleep 600 &
	new=$!
	{
		echo "no such line"
		echo "1 $old 0 -1 STARTING x"
		echo "2 $old 7 -1 RUNNING x"
		echo "3 $old 7 512 STOPPING x"
		echo "4 $new 0 -1 STARTING x"
		echo "5 $old 0 512 STOPPED x"
		echo "6 $new 8 -1 RUNNING x"
	} >"$fifo"
	is "$who: monitors that cross" "$(states j 6 x)" \
		"STARTING RUNNING STOPPING STOPPED STARTING RUNNING"
	is "$who: with what the first one said" "$(field j STOPPED exit_status)" 2
	kill $old
	kill $new
	is "$who: the end of the second one" "$(states j 7 x)" \
		"STARTING RUNNING STOPPING STOPPED STARTING RUNNING STOPPED"
	is "$who: of which nothing is known" "$(field j STOPPED exit_status)" None
	end j
}

# What a monitor finds that a watcher has left, or that is not read.
watchers()
{
	watch m monitor
	fifo=$(fifo_of "$(pid_of m)")
	kill -9 "$(pid_of m)"
	wait "$watcher" 2>/dev/null
	ok "$who: a killed watcher leaves something" test -p "$fifo"
	lxc start -n c
	not_ok "$who: which the next event removes" test -e "$fifo"

	watch m monitor
	fifo=$(fifo_of "$(pid_of m)")
	kill -STOP "$(pid_of m)"
	dd if=/dev/zero of="$fifo" bs=4096 oflag=nonblock 2>/dev/null
	exits 0 "$who: one that does not read is waited for by nobody" lxc stop -n c -k
	not_ok "$who: it is dropped" test -e "$fifo"
	kill -CONT "$(pid_of m)"
	wait "$watcher"
	is "$who: that is a failure" $? 1
	like "$who: and is said" "$(cat "$TMP/m.err")" "*changes of state are lost*"

	watch m monitor
	# shellcheck disable=SC2016
	as_caller sh -c '"$@" | head -n 1' - timeout 30 "$RLXC" events -P "$LXCPATH" >"$TMP/first" &
	reader=$!
	wait_for 10 two_watch
	lxc start -n c
	wait $reader
	like "$who: whose reader is gone ends" "$(cat "$TMP/first")" "*Z c STARTING"
	ok "$who: the other one goes on" kill -0 "$(pid_of m)"
	end m
	lxc stop -n c -k
}

two_watch()
{
	fifo=$(fifo_of "$(pid_of m)")
	[ "$(find "${fifo%/*}" -type p | wc -l)" = 2 ]
}

# some NUMBER...: starts and stops these, one after the other
some()
{
	for n; do
		lxc start -n "n$n" -f "$LXCPATH/c/config" >/dev/null 2>&1
		[ $((n % 2)) = 0 ] || lxc attach -n "n$n" -- /bin/busybox reboot -f >/dev/null 2>&1
	done
	for n; do
		[ $((n % 2)) = 0 ] || lxc wait -n "n$n" -s RUNNING -t 20
		lxc stop -n "n$n" -k
	done
}

crowd()
{
	watch j events --format json
	for first in 1 6 11 16; do
		some $first $((first + 1)) $((first + 2)) $((first + 3)) $((first + 4)) &
		crowd_pid[first]=$!
	done
	wait "${crowd_pid[@]}"
	life="STARTING RUNNING STOPPING STOPPED"
	after j $((20 * 4 + 10 * 4)) >/dev/null
	is "$who: twenty at once, every change is told once and in order" "$(python3 -c '
import json, sys
states = {}
for line in open(sys.argv[1]):
    event = json.loads(line)
    states.setdefault(event["name"], []).append(event["state"])
for name in sorted(states, key=lambda name: int(name[1:])):
    print(name, *states[name])' "$TMP/j.out")" "$(for n in $(seq 20); do
		[ $((n % 2)) = 0 ] && echo "n$n $life" || echo "n$n $life $life"
	done)"
	end j
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	[ "$who" = root ] || echo 'lxc.net.0.type = empty' >>"$LXCPATH/c/config"
	life
	results
	killed_monitors
	crossing
	watchers
	[ "$who" = bare ] && return # it is no other than user in what follows
	names
	crowd
}

each_caller checks
finish
