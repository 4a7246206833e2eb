#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-stop: shutting down, killing, rebooting, waiting, and what it refuses.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# takes MIN MAX COMMAND...: its exit code when it took that many milliseconds
takes()
{
	min=$1
	max=$2
	shift 2
	before=$(date +%s%N)
	"$@" >/dev/null 2>&1 </dev/null
	r=$?
	took=$((($(date +%s%N) - before) / 1000000))
	if [ $took -ge "$min" ] && [ $took -le "$max" ]; then echo $r; else echo "$r after $took ms"; fi
}

# An init that traps one signal, and says so
init_with()
{
	echo "trap 'echo got $1 >/dev/console; exit 0' $1; echo up; while :; do sleep 0.05; done"
}

# Nobody may have reaped it yet.
has_ended()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

monitor_pid()
{
	as_caller awk '/^PPid/ { print $2 }' "/proc/$(lxc info -n c -pH)/status"
}

end_monitor()
{
	monitor=$(monitor_pid)
	as_caller kill -TERM "$monitor"
	wait_for 12 has_ended "$monitor"
}

# Starts such an init and waits until it has set its traps: before, a signal is lost.
start_init()
{
	rm -f "$LXCPATH/log"
	lxc start -n c -L "$LXCPATH/log" "$@"
	wait_for 5 grep -q up "$LXCPATH/log"
}

logged()
{
	tr -d '\r' <"$LXCPATH/log" | grep -v '^up$' | tr '\n' ' '
}

refusals()
{
	exits 2 "$who: one that does not run" lxc stop -n c
	like "$who: is said" "$(message lxc stop -n c)" "*'c' is not running*"
	exits 2 "$who: one that does not exist" lxc stop -n nobody
	like "$who: is said" "$(message lxc stop -n nobody)" "*'nobody' does not exist*"
	exits 2 "$who: -k of one that does not run" lxc stop -n c -k
	exits 1 "$who: no name" lxc stop
	exits 1 "$who: -k --nokill" lxc stop -n c -k --nokill
	exits 1 "$who: -k -r" lxc stop -n c -k -r
	exits 1 "$who: -k -t 5" lxc stop -n c -k -t 5
	exits 1 "$who: --nolock alone" lxc stop -n c --nolock
	exits 1 "$who: -t -2" lxc stop -n c -t -2
	exits 1 "$who: -t with a word" lxc stop -n c -t soon
	is "$who: each is one line and a hint" "$(message lxc stop -n c -k -r | wc -l)" 2
	exits 2 "$who: -k -t 0 is fine" lxc stop -n c -k -t 0
	exits 2 "$who: -k --nolock is fine" lxc stop -n c -k --nolock
	as_caller mkdir "$LXCPATH/broken"
	as_caller sh -c 'echo "lxc.no.such = 1" >"$1/broken/config"' sh "$LXCPATH"
	not_ok "$who: a broken configuration" lxc stop -n broken
	as_caller rm -r "$LXCPATH/broken"
	[ "$(id -u)-$who" != 0-user ] ||
		like "$who: root, who cannot know" "$("$RLXC" stop -P "$LXCPATH" -n c 2>&1; echo $?)" \
			"*'c' of user $TEST_USER is not running for user root*hint: *as $TEST_USER*2"
}

shutting_down()
{
	lxc start -n c
	is "$who: busybox shuts down" "$(takes 0 5000 lxc stop -n c)" 0
	is "$who: it has stopped" "$(state c)" STOPPED
	is "$who: nothing is printed" "$(lxc start -n c && lxc stop -n c 2>&1)" ""

	for signal in SIGUSR1:10 12:12 SIGRTMIN+5:39 '':30; do
		as_caller sed -i "s/^lxc.signal.halt.*/lxc.signal.halt = ${signal%:*}/" "$LXCPATH/c/config"
		start_init -- /bin/sh -c "$(init_with "${signal#*:}")"
		is "$who: lxc.signal.halt = ${signal%:*}" "$(takes 0 3000 lxc stop -n c -t 10) $(logged)" "0 got ${signal#*:} "
	done
	start_init -s lxc.signal.halt=SIGUSR1 -- /bin/sh -c "$(init_with USR1)"
	is "$who: that of lxc-start -s" "$(takes 0 3000 lxc stop -n c -t 10) $(logged)" "0 got USR1 "
	start_init -s lxc.signal.halt=SIGUSR1 -- /bin/sh -c "$(init_with HUP)"
	as_caller sed -i "s/^lxc.signal.halt.*/lxc.signal.halt = SIGHUP/" "$LXCPATH/c/config"
	is "$who: one that was put right meanwhile" "$(takes 0 3000 lxc stop -n c -t 10) $(logged)" "0 got HUP "
	as_caller sed -i "s/^lxc.signal.halt.*/lxc.signal.halt = SIGINT/" "$LXCPATH/c/config"
	as_caller sh -c 'printf "lxc.include = %s/c/config\nlxc.signal.halt = SIGUSR2\n" "$1" >"$1/other"' sh "$LXCPATH"
	start_init -- /bin/sh -c "$(init_with USR2)"
	is "$who: --rcfile" "$(takes 0 3000 lxc stop -n c -t 10 --rcfile "$LXCPATH/other") $(logged)" "0 got USR2 "
	as_caller sed -i 's/^lxc.signal/#&/' "$LXCPATH/c/config"
	lxc start -n c
	lxc attach -n c -- ln -sf /bin/busybox /sbin/init
	lxc stop -n c -k
	lxc start -n c
	is "$who: busybox is known without a configuration" "$(takes 0 5000 lxc stop -n c -t 10 --nokill) $(state c)" "0 STOPPED"
	lxc start -n c
	exits 0 "$who: also what it reboots at" lxc stop -n c -r -t 10
	lxc stop -n c -k
	start_init -- /bin/sh -c "$(init_with TERM)"
	is "$who: a program that listens to SIGTERM alone gets that" "$(takes 0 3000 lxc stop -n c -t 10) $(logged)" "0 got TERM "
	as_caller sed -i 's/^#lxc.signal/lxc.signal/' "$LXCPATH/c/config"

	start_init -- /bin/sh -c "$(init_with USR2)"
	exits 1 "$who: --rcfile that is not there" lxc stop -n c -t 10 --rcfile "$TMP/no"
	is "$who: sends nothing" "$(state c)" RUNNING
	lxc stop -k -n c

	start_init -- /bin/sh -c "trap '' INT PWR; echo up; while :; do sleep 0.05; done"
	is "$who: -W" "$(takes 0 900 lxc stop -n c -W)" 0
	is "$who: does not kill" "$(state c)" RUNNING
	is "$who: -t 0 neither" "$(takes 0 900 lxc stop -n c -t 0) $(state c)" "0 RUNNING"
	is "$who: --nokill" "$(takes 1000 3000 lxc stop -n c -t 1 --nokill) $(state c)" "1 RUNNING"
	like "$who: says why" "$(message lxc stop -n c -t 1 --nokill)" "*did not shut down within 1 s*hint: *"
	is "$who: after the timeout it is killed" "$(takes 1000 3000 lxc stop -n c -t 1) $(state c)" "0 STOPPED"
	start_init -- /bin/sh -c "trap 'sleep 0.5; exit' INT; echo up; while :; do sleep 0.05; done"
	is "$who: -t -1" "$(takes 400 5000 lxc stop -n c -t -1) $(state c)" "0 STOPPED"
	start_init -- /bin/sh -c "trap 'sleep 0.3; exit' INT; echo up; while :; do sleep 0.05; done"
	is "$who: -W ends it as well" "$(lxc stop -n c -W; echo $?)" 0
	ok "$who: a little later" wait_for 5 is_state c STOPPED
}

# SIGTERM to the monitor is how a service manager or a logout ends it: a shutdown, even when the init
# got the same signal and takes it for "reboot".
terminated()
{
	start_init -s lxc.signal.halt=SIGUSR1 -- /bin/sh -c "$(init_with USR1)"
	ended=$(takes 0 3000 end_monitor)
	is "$who: SIGTERM to the monitor asks init to shut down" "$ended $(logged)" "0 got USR1 "
	lxc start -n c
	monitor=$(monitor_pid)
	init=$(lxc info -n c -pH)
	as_caller kill -TERM "$init" "$monitor"
	ok "$who: SIGTERM to busybox and the monitor is no reboot" wait_for 9 is_state c STOPPED
	ok "$who: the monitor is gone" wait_for 2 has_ended "$monitor"
	if [ "$who" = user ]; then
		start_init -- /bin/sh -c "trap 'echo x' INT PWR; echo up; while :; do sleep 0.05; done"
		is "$who: who ends at no signal is killed" "$(takes 7000 9900 end_monitor)" 0
	fi
	lxc start -n c
	if has_cgroup; then
		lxc freeze -n c
		is "$who: a frozen one ends" "$(takes 0 9900 end_monitor)" 0
	fi
	lxc stop -n c -k >/dev/null 2>&1
	ok "$who: it starts again" lxc start -n c
	lxc stop -n c -k
}

killing()
{
	lxc start -n c
	init=$(lxc info -n c -pH)
	is "$who: -k" "$(takes 0 2000 lxc stop -n c -k)" 0
	ok "$who: init is gone" test ! -e "/proc/$init"
	# Every process of the container, also of one that ignores all
	start_init -- /bin/sh -c "trap '' TERM INT HUP; sleep 1000 & (trap '' TERM; sleep 1001) & echo up; wait; sleep 1002"
	init=$(lxc info -n c -pH)
	ns=$(as_caller readlink "/proc/$init/ns/pid")
	is "$who: -k of several" "$(takes 0 2000 lxc stop -n c -k)" 0
	is "$who: none is left" "$(as_caller sh -c 'ls -l /proc/[0-9]*/ns/pid 2>/dev/null' | grep -c -F "$ns")" 0
	start_init -s lxc.signal.stop=SIGUSR1 -- /bin/sh -c "$(init_with USR1)"
	is "$who: lxc.signal.stop" "$(takes 0 2000 lxc stop -n c -k) $(logged)" "0 got USR1 "
	lxc start -n c
	lxc stop -n c -k &
	lxc stop -n c -k &
	lxc stop -n c -k
	r=$?
	wait
	case $r in 0 | 2) r=fine ;; esac
	is "$who: three at a time" "$r $(state c)" "fine STOPPED"
}

# Directory of a container's own cgroup, empty when it has none
cgroup_of()
{
	path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	for dir in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		case $path in */lxc.payload.*) [ ! -d "$dir$path" ] || echo "$dir$path" ;; esac
	done
}

no_monitor()
{
	! pgrep -f "^\[lxc monitor\] $LXCPATH c$"
}

kill_monitor()
{
	as_caller kill -9 "$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")"
	wait_for 5 no_monitor
}

# A monitor that was killed takes its container along, unless lxc.monitor.signal.pdeath says no.
without_monitor()
{
	lxc start -n c
	init=$(lxc info -n c -pH)
	kill_monitor
	ok "$who: init ends with its monitor" wait_for 5 has_ended "$init"
	ok "$who: the state is right" wait_for 5 is_state c STOPPED
	ok "$who: and it starts again" lxc start -n c
	lxc stop -n c -k

	lxc start -n c -s lxc.monitor.signal.pdeath=0
	init=$(lxc info -n c -pH)
	kill_monitor
	sleep 0.2
	ok "$who: with pdeath = 0 init survives" test -e "/proc/$init"
	is "$who: it is still seen" "$(state c) $(lxc info -n c -pH) $(lxc ls -1 --running)" "RUNNING $init c"
	exits 0 "$who: for lxc-start it is running" lxc start -n c
	like "$who: which says so" "$(message lxc start -n c)" "*'c' is already running*"
	kill_monitor
	exits 0 "$who: it can be waited for" lxc wait -n c -s RUNNING -t 0
	exits 1 "$who: it has not stopped" lxc wait -n c -s STOPPED -t 0
	kill_monitor
	exits 0 "$who: it can reboot" lxc stop -n c -r
	is "$who: -W asks its init" "$(takes 0 900 lxc stop -n c -W)" 0
	ok "$who: which halts" wait_for 8 is_state c STOPPED
	ok "$who: and can be started over" lxc start -n c -s lxc.monitor.signal.pdeath=0
	init=$(lxc info -n c -pH)
	kill_monitor
	is "$who: a request to stop reaches it" "$(takes 0 8000 lxc stop -n c) $(state c)" "0 STOPPED"
	ok "$who: it is gone" wait_for 5 has_ended "$init"
	ok "$who: it starts again" lxc start -n c
	lxc stop -n c -k
	lxc start -n c -s lxc.monitor.signal.pdeath=0
	init=$(lxc info -n c -pH)
	cgroup=$(cgroup_of "$init")
	kill_monitor
	is "$who: -k reaches it, too" "$(takes 0 3000 lxc stop -n c -k) $(state c)" "0 STOPPED"
	ok "$who: it is gone" wait_for 5 has_ended "$init"
	ok "$who: nothing of it stays in the cgroups" test -z "$cgroup" -o ! -e "$cgroup"
}

ephemeral()
{
	lxc create -n e -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc start -n e -s lxc.ephemeral=1
	lxc stop -n e
	ok "$who: an ephemeral container goes at its end" wait_for 5 test ! -e "$LXCPATH/e"
	exits 2 "$who: and is then unknown" lxc stop -n e
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	refusals
	shutting_down
	terminated
	killing
	without_monitor
	ephemeral
}

each_caller checks
finish
