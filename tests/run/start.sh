#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lxc-start: background and foreground, its options, what is refused, the terminal.
. "$(dirname "$0")/lib.sh"
who= # see each_caller
need python3
[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || skip "no busybox"

: >"$TMP/empty"
chmod 644 "$TMP/empty"

fg()
{
	lxc start -n c -F "$@" </dev/null
}

message()
{
	"$@" 2>&1 >/dev/null </dev/null
}

# Everything that a start of the container $dry could leave behind, with times: its own alone, since
# other tests start and end theirs meanwhile
surroundings()
{
	find "$TMP" -path "$TMP/.*" -prune -o -printf '%p %s %T@ %i\n' 2>/dev/null | sort
	find /run/rlxc "$(as_caller sh -c 'echo /run/user/$(id -u)')"/rlxc -path "*/$dry*" 2>/dev/null
	find /sys/fs/cgroup -name "lxc.*$dry*" 2>/dev/null
}

ns_of()
{
	as_caller readlink "/proc/$1/ns/$2"
}

init_of()
{
	lxc info -n "$1" -pH
}

background()
{
	is "$who: it starts and says nothing" "$(lxc start -n c 2>&1)" ""
	is "$who: it runs" "$(state c)" RUNNING
	ok "$who: it runs already" lxc start -n c
	like "$who: and that is said" "$(message lxc start -n c)" "*'c' is already running*"
	like "$who: the monitor's title" "$(ps -eo args | grep -F "$LXCPATH c")" "*\[lxc monitor] $LXCPATH c*"
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")
	is "$who: the monitor's directory" "$(as_caller readlink "/proc/$monitor/cwd")" /
	is "$who: the monitor leads its session" "$(ps -o sid= -p "$monitor" | tr -d ' ')" "$monitor"
	ok "$who: it ends" lxc stop -k -n c
	is "$who: it has ended" "$(state c)" STOPPED

	as_caller sh -c 'exec 9<"$1/empty" && shift && exec "$@"' sh "$TMP" \
		"$RLXC" start -P "$LXCPATH" -d c
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")
	like "$who: a descriptor of the caller is not kept" "$(as_caller ls -l "/proc/$monitor/fd" | grep -c "$TMP/empty")" 0
	is "$who: nor inside" "$(as_caller ls -l "/proc/$(init_of c)/fd" 2>/dev/null | grep -c "$TMP/empty")" 0
	lxc stop -k -n c

	exits 0 "$who: a command that ends at once" lxc start -n c -- /bin/sh -c 'exit 3'
	ok "$who: it is gone" wait_for 5 is_state c STOPPED
	exits 1 "$who: no such command" lxc start -n c -- /no/such
	like "$who: and its name is said" "$(message lxc start -n c -- /no/such)" "*'/no/such'*No such file*hint: *"
	is "$who: nothing of it stays" "$(state c)" STOPPED
	ok "$who: -d with a name that is a word" lxc start c -d
	ok "$who: the command line's order is free" lxc stop c -k
}

options()
{
	mkdir -p "$TMP/pids"
	[ "$who" = root ] || [ "$(id -u)" -ne 0 ] || chown "$TEST_USER" "$TMP/pids"
	as_caller sh -c 'cd "$1/pids" && exec "$2" start -P "$3" c -p pid' sh "$TMP" "$RLXC" "$LXCPATH"
	monitor=$(pgrep -f "^\[lxc monitor\] $LXCPATH c$")
	is "$who: -p names the monitor, without a newline" "$(od -c -An "$TMP/pids/pid" | tr -d ' \n')" "$monitor"
	is "$who: its mode" "$(stat -c %a "$TMP/pids/pid")" 600
	lxc stop -k -n c
	ok "$who: it is removed at the end" test ! -e "$TMP/pids/pid"
	exits 1 "$who: -p in nowhere" lxc start -n c -p "$TMP/no/pid"
	like "$who: says which" "$(message lxc start -n c -p "$TMP/no/pid")" "*'$TMP/no/pid'*"
	exits 1 "$who: -p of a failing start" lxc start -n c -p "$TMP/pids/pid" -- /no/such
	ok "$who: is removed as well" test ! -e "$TMP/pids/pid"
	rm -rf "$TMP/pids"

	is "$who: -s" "$(fg -s lxc.uts.name=other -- /bin/hostname)" other
	is "$who: the last -s" "$(fg -s lxc.uts.name=x -s lxc.uts.name=y -- /bin/hostname)" y
	is "$who: -s with a space" "$(fg -s 'lxc.environment = A=b c' -- /bin/sh -c 'echo "$A"')" "b c"
	exits 1 "$who: -s without =" lxc start -n c -s lxc.uts.name
	exits 1 "$who: -s with an unknown key" lxc start -n c -s lxc.no.such=1
	like "$who: which is named" "$(message lxc start -n c -s lxc.no.such=1)" "*lxc.no.such*"
	exits 1 "$who: -s with a bad value" lxc start -n c -s lxc.autodev=7
	exits 1 "$who: -s with a key that is not carried out" lxc start -n c -s lxc.net.0.type=phys

	ok "$who: -c none" lxc start -n c -F -c none -- /bin/sh -c 'test ! -e /dev/console'
	ok "$who: without it there is a console" lxc start -n c -F -- /bin/sh -c 'test -c /dev/console'
	as_caller touch "$LXCPATH/.file"
	exits 1 "$who: -c with a file" lxc start -n c -c "$LXCPATH/.file"
	like "$who: which is no terminal" "$(message lxc start -n c -c "$LXCPATH/.file")" "*'$LXCPATH/.file' is not a terminal*"
	exits 1 "$who: -c with nothing" lxc start -n c -c "$TMP/no"
	ok "$who: -L" lxc start -n c -L "$LXCPATH/log" -- /bin/sh -c 'echo first >/dev/console'
	wait_for 5 is_state c STOPPED
	ok "$who: -L again" lxc start -n c -L "$LXCPATH/log" -- /bin/sh -c 'echo second'
	wait_for 5 is_state c STOPPED
	is "$who: is appended to" "$(tr -d '\r' <"$LXCPATH/log" | tr '\n' ' ')" "first second "
	is "$who: its mode" "$(stat -c %a "$LXCPATH/log")" 640
	exits 1 "$who: -L in nowhere" lxc start -n c -L "$TMP/no/log"
	ok "$who: -C" lxc start -n c -F -C -- /bin/true
	is "$who: -C closes" "$(as_caller sh -c 'exec 9<"$1/empty" && shift && exec "$@"' sh "$TMP" \
		"$RLXC" start -P "$LXCPATH" -C -F c -- /bin/sh -c 'ls -l /proc/1/fd' </dev/null | grep -c empty)" 0

	as_caller sh -c 'printf "lxc.include = %s/c/config\nlxc.uts.name = byfile\n" "$1" >"$1/other"' sh "$LXCPATH"
	is "$who: -f" "$(fg -f "$LXCPATH/other" -- /bin/hostname)" byfile
	is "$who: -s is stronger than -f" "$(fg -f "$LXCPATH/other" -s lxc.uts.name=d -- /bin/hostname)" d
	is "$who: --rcfile" "$(fg --rcfile "$LXCPATH/other" -- /bin/hostname)" byfile
	exits 1 "$who: -f with nothing" lxc start -n c -f "$TMP/no"
	ok "$who: -f alone" lxc start -n volatile -f "$LXCPATH/other"
	is "$who: a container that is not defined" "$(state volatile)" RUNNING
	like "$who: is listed" "$(lxc ls -1)" "*volatile*"
	is "$who: but not as defined" "$(lxc ls -1 --defined)" c
	lxc stop -k -n volatile
	is "$who: and then forgotten" "$(lxc ls -1)" c
	exits 1 "$who: it exists no more" lxc info -n volatile
	ok "$who: and has no directory" test ! -e "$LXCPATH/volatile"
}

refusals()
{
	like "$who: no room for stdin and stdout" "$(message lxc start -n c -s lxc.prlimit.nofile=2)" \
		"*standard input*hint: lxc.prlimit.nofile*3*"
	exits 1 "$who: no such container" lxc start -n nobody
	like "$who: is said" "$(message lxc start -n nobody)" "*'nobody'*does not exist*"
	exits 1 "$who: no name" lxc start
	like "$who: is said" "$(message lxc start)" "*no container name specified*"
	exits 1 "$who: an unknown option" lxc start -n c --no-such
	exits 1 "$who: an ambiguous one" lxc start -n c --share=c
	exits 1 "$who: an option without its argument" lxc start -n c -p
	exits 1 "$who: an argument too many" lxc start -n c --daemon=yes
	exits 1 "$who: -P twice" lxc start -n c -P "$TMP"
	exits 1 "$who: a bad name" lxc start -n ../c
	exits 0 "$who: --version" lxc start --version
	exits 0 "$who: --help" lxc start --help
	exits 0 "$who: --usage" lxc start --usage
	like "$who: an error as JSON" "$(message lxc start -n nobody --format json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["command"])')" lxc-start
	is "$who: -q" "$(message lxc start -q -n nobody)" ""
	as_caller mkdir "$LXCPATH/broken"
	as_caller sh -c 'echo "lxc.no.such = 1" >"$1/broken/config"' sh "$LXCPATH"
	like "$who: a broken configuration" "$(message lxc start -n broken)" "*$LXCPATH/broken/config*lxc.no.such*"
	exits 1 "$who: is no success" lxc start -n broken
	as_caller sh -c 'echo "lxc.rootfs.path = dir:/no/such" >"$1/broken/config"' sh "$LXCPATH"
	exits 1 "$who: no root file system" lxc start -n broken
	like "$who: is named" "$(message lxc start -n broken)" "*'/no/such'*hint: *"
	as_caller rm -r "$LXCPATH/broken"
}

dry_run()
{
	dry=dry$$
	before=$(surroundings)
	plan=$(lxc start -n $dry -f "$LXCPATH/c/config" --dry-run -s lxc.uts.name='q"uo\te' \
		-L "$LXCPATH/no-log" -p "$LXCPATH/no-pid" 2>&1)
	is "$who: --dry-run touches nothing" "$(surroundings)" "$before"
	is "$who: --dry-run prints JSON" "$(printf '%s\n' "$plan" | python3 -c '
import json, sys
plan = json.load(sys.stdin)
print(plan["name"], plan["hostname"], plan["argv"], plan["foreground"], plan["execute"])')" \
		"$dry q\"uo\\te ['/sbin/init'] False False"
	is "$who: and no container" "$(state c)" STOPPED
	ok "$who: --dry-run of a command" lxc start -n c --dry-run -F -- /bin/true
	exits 1 "$who: --dry-run of what is refused" lxc start -n c --dry-run -s lxc.no.such=1
	lxc start -n c
	is "$who: --dry-run of one that runs leaves it alone" "$(lxc start -n c --dry-run | python3 -c 'import json, sys; print(json.load(sys.stdin)["name"])') $(state c)" "c RUNNING"
	lxc stop -k -n c
}

# joined OPTION... -- COMMAND...: in c2. Namespaces of a user's container come with its user namespace.
joined()
{
	if [ "$who" = root ]; then
		lxc start -n c2 -F "$@" </dev/null
	else
		lxc start -n c2 -F -s lxc.namespace.share.user=c "$@" </dev/null
	fi
}

sharing()
{
	lxc start -n c
	init=$(init_of c)
	for ns in net ipc uts; do
		is "$who: --share-$ns with a container" "$(joined --share-$ns c -- /bin/readlink /proc/self/ns/$ns)" \
			"$(ns_of "$init" $ns)"
		is "$who: --share-$ns with a process" "$(joined --share-$ns "$init" -- /bin/readlink /proc/self/ns/$ns)" \
			"$(ns_of "$init" $ns)"
		is "$who: by the path of a namespace" \
			"$(joined -s "lxc.namespace.share.$ns=/proc/$init/ns/$ns" -- /bin/readlink /proc/self/ns/$ns)" \
			"$(ns_of "$init" $ns)"
	done
	is "$who: --share-uts takes the name over" "$(joined --share-uts c -- /bin/hostname)" c
	is "$who: --share-pid" "$(joined --share-pid c -- /bin/readlink /proc/self/ns/pid)" "$(ns_of "$init" pid)"
	like "$who: shows its processes" "$(joined --share-pid c -- /bin/ps)" "*syslogd*"
	is "$who: it is another one otherwise" \
		"$([ "$(joined -- /bin/readlink /proc/self/ns/net)" != "$(ns_of "$init" net)" ] && echo other)" other
	if [ "$who" != root ]; then
		is "$who: the ids are those of the other" "$(joined --share-net c -- /bin/cat /proc/self/uid_map)" \
			"$(as_caller cat "/proc/$init/uid_map")"
		is "$who: init is its root" "$(joined --share-net c -- /usr/bin/id -u)" 0
		like "$who: without its user namespace" "$(message lxc start -n c2 --share-net c)" "*hint: *lxc.namespace.share.user = c*"
	fi
	lxc stop -k -n c
	exits 1 "$who: --share-net with a stopped one" lxc start -n c2 --share-net c
	like "$who: says so" "$(message lxc start -n c2 --share-net c)" "*lxc.namespace.share.net: container 'c' does not run*"
	exits 1 "$who: --share-net with nobody" lxc start -n c2 --share-net nobody
	exits 1 "$who: --share-net with no process" lxc start -n c2 --share-net 99999999
	exits 1 "$who: --share-net with nothing" lxc start -n c2 --share-net ""
	exits 1 "$who: --share-net with a file" lxc start -n c2 -F -s lxc.namespace.share.net=/etc/passwd -- /bin/true
	exits 1 "$who: --share-net with a namespace of another kind" \
		lxc start -n c2 -F -s lxc.namespace.share.net=/proc/self/ns/uts -- /bin/true
}

# The process of that start, below the layers of the shell functions
foreground()
{
	is "$who: output passes" "$(fg -- /bin/echo here)" here
	is "$who: errors pass separately" "$(fg -- /bin/sh -c 'echo no; echo yes >&2' 2>&1 >/dev/null)" yes
	is "$who: input passes" "$(echo in | lxc start -n c -F -- /bin/cat)" in
	echo infile >"$TMP/in"
	chmod 644 "$TMP/in"
	lxc start -n c -F -- /bin/cat <"$TMP/in" >"$TMP/out"
	is "$who: files pass" "$(cat "$TMP/out")" infile
	is "$who: much output" "$(fg -- /bin/sh -c 'head -c 1000000 /dev/zero' | wc -c)" 1000000
	exits 0 "$who: init ends well" lxc start -n c -F -- /bin/true
	exits 0 "$who: init fails" lxc start -n c -F -- /bin/sh -c 'exit 5'
	exits 0 "$who: init is killed" lxc start -n c -F -- /bin/sh -c 'kill -9 1; exit 5'
	exits 1 "$who: init cannot run" lxc start -n c -F -- /no/such
	like "$who: and that is said once" "$(message lxc start -n c -F -- /no/such | grep -c /no/such)" 1
	for signal in TERM HUP INT USR1; do
		want=$signal
		[ $signal != HUP ] || want=TERM
		rm -f "$TMP/out" # an "up" of the one before would be taken for this one's
		lxc start -n c -F -p "$LXCPATH/pid" -- \
			/bin/sh -c "trap 'echo got $want; exit 0' $want; echo up; while :; do sleep 0.1; done" \
			>"$TMP/out" 2>&1 </dev/null &
		job=$!
		wait_for 10 grep -q up "$TMP/out"
		kill -$signal "$(cat "$LXCPATH/pid")"
		wait $job
		is "$who: SIG$signal is passed on" "$? $(tail -n 1 "$TMP/out")" "0 got $want"
	done
}

terminal()
{
	t="$RLXC start -P $LXCPATH -n c -F"
	# shellcheck disable=SC2086
	{
		out=$(on_terminal size=33x77 'expect=activate this console' 'send=\r' 'expect=# ' 'send=stty size\r' \
			'expect=33 77' 'size=20x100' 'send=sleep 0.2; stty size\r' 'expect=20 100' \
			'send=echo $((6*7))\r' 'expect=^42' 'send=sleep 50\r' 'sleep=0.3' 'send=\x03' \
			'send=echo still=$?\r' 'expect=still=130' 'send=tty\r' 'expect=/dev/' 'send=poweroff -f\r' -- $t)
		is "$who: an init on a terminal" $? 0
		like "$who: what it showed" "$out" "*42*"
		# To this template's init SIGINT is "halt".
		hears='trap "echo got USR1" USR1; trap "echo got TERM" TERM; trap "echo got INT >/got; exit 0" INT
			echo up; while :; do sleep 0.1; done'
		for way in kill=INT hangup kill=KILL; do
			out=$(on_terminal 'expect=up' 'kill=USR1' 'expect=got USR1' 'kill=TERM' 'expect=got TERM' \
				$way -- $t -- /bin/sh -c "$hears")
			ok "$who: signals to lxc-start are passed on" test $? -ne 99
			ok "$who: after $way the container ends" wait_for 20 is_state c STOPPED
			is "$who: it was asked to" "$(lxc start -n c -F -- /bin/sh -c 'cat /got; rm /got' </dev/null)" "got INT"
		done
		on_terminal -- $t -- /bin/sh -c 'echo last words; exit 4' >"$TMP/out"
		is "$who: on a terminal failure is success too" $? 0
		like "$who: nothing is lost at the end" "$(cat "$TMP/out")" "*last words*"
		on_terminal -- $t -- /no/such >"$TMP/out"
		is "$who: but not to start is not" $? 1
		like "$who: and is said" "$(cat "$TMP/out")" "*'/no/such'*"
		out=$(on_terminal 'expect=activate this console' 'send=\r' 'expect=# ' 'send=reboot -f\r' \
			'expect=activate this console' 'send=\r' 'expect=# ' 'send=echo $((6*8))\r' 'expect=^48' 'send=poweroff -f\r' -- $t)
		is "$who: a reboot on the terminal" $? 0
		out=$(on_terminal 'expect=x' -- sh -c "echo x; $t -- /bin/sh -c 'test -t 0 && echo tty' </dev/null | cat")
		is "$who: on a terminal, input and output elsewhere" "$(printf '%s' "$out" | grep -c tty)" 0
	}
}

checks()
{
	lxc create -n c -t busybox -f "$TMP/empty" >/dev/null 2>&1
	lxc create -n c2 -t busybox -f "$TMP/empty" >/dev/null 2>&1
	background
	sharing
	lxc destroy -n c2
	options
	refusals
	dry_run
	foreground
	terminal
}

each_caller checks
finish
