#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A container whose monitor was killed: another one takes over what runs, or clears away what has
# ended. And a state file that is damaged, copied, of another boot, or names a process that is
# another one by now. killed.sh has the kills.
. "$(dirname "$0")/lib.sh"
who= # set by each_caller
has busybox || skip "no busybox"
need python3

monitor()
{
	pgrep -f "^\[lxc monitor\] $LXCPATH c$"
}

monitor_cgroup()
{
	sed -n 's/^0:://p' "/proc/$(monitor | head -n 1)/cgroup"
}

no_monitor()
{
	[ -z "$(monitor)" ]
}

kill_monitor()
{
	as_caller kill -9 "$(monitor | head -n 1)" # not a child of it that is about to end
	wait_for 5 no_monitor
}

message()
{
	"$@" 2>&1 </dev/null
}

init()
{
	lxc info -n c -pH
}

has_ended()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

run_dir()
{
	find /run/rlxc "$LXCPATH/.run" "/run/user/$(id -u "${TEST_USER:-root}")/rlxc" -path "*/c/state" 2>/dev/null |
		while read -r file; do
			# Others have containers of that name, too.
			[ "$(sed -n 's/^init //p' "$file" | tail -n 1)" != "$1" ] || dirname "$file"
		done
}

# Directory of a container's own cgroup, empty when it has none
cgroup_of()
{
	path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		case $path in */lxc.payload.* | */lxc.monitor.*) [ ! -d "$top$path" ] || echo "$top$path" ;; esac
	done
}

start()
{
	lxc start -n c -s lxc.monitor.signal.pdeath=0 "$@"
}

create()
{
	printf '%s\n' "lxc.net.0.type = empty" "lxc.tty.max = 1" "lxc.hook.version = 1" \
		"lxc.hook.stop = sh -c 'echo stop \$LXC_TARGET >>$LXCPATH/hooks'" \
		"lxc.hook.post-stop = sh -c 'echo post-stop \$LXC_TARGET >>$LXCPATH/hooks'" >"$TMP/conf"
	chmod 644 "$TMP/conf"
	lxc create -n c -t busybox -f "$TMP/conf" >/dev/null
}

taken_over()
{
	start -s lxc.uts.name=given -- /bin/busybox init
	init=$(init)
	first=$(monitor_cgroup)
	kill_monitor
	is "$who: without monitor: the state" "$(state c)" RUNNING
	is "$who: and the init are known" "$(init)" "$init"
	ok "$who: there is a monitor" test -n "$(monitor)"
	is "$who: of the same name inside" "$(lxc attach -n c -- hostname)" given
	if has_cgroup; then
		is "$who: it is where the first one was" "$(monitor_cgroup)" "$first"
		ok "$who: freeze" lxc freeze -n c
		kill_monitor
		is "$who: another one sees that it is frozen" "$(state c)" FROZEN
		ok "$who: unfreeze" lxc unfreeze -n c
	fi
	for command in "attach -n c -- true" "wait -n c -s RUNNING -t 5" "ls -f" "freeze -n c" "unfreeze -n c"; do
		case $command in *freeze*) has_cgroup || continue ;; esac
		kill_monitor
		# shellcheck disable=SC2086
		ok "$who: ${command%% *} brings another one" lxc $command
		ok "$who: which stays" test -n "$(monitor)"
	done
	kill_monitor
	jobs=
	for _ in 1 2 3 4 5 6 7 8; do
		lxc attach -n c -- true &
		jobs="$jobs $!"
	done
	failed=0
	for job in $jobs; do wait "$job" || failed=$((failed + 1)); done
	is "$who: of many at once none fails" $failed 0
	is "$who: and they make one" "$(monitor | wc -l)" 1
	kill_monitor
	ok "$who: reboot" lxc stop -n c -r -t 10
	not_ok "$who: is a new init" test "$(init)" = "$init"
	is "$who: of the same options" "$(lxc attach -n c -- hostname)" given
	init=$(init)
	like "$who: and the same program" "$(tr '\0' ' ' <"/proc/$init/cmdline")" "/bin/busybox init*"
	kill_monitor
	ok "$who: stop" lxc stop -n c -t 10
	ok "$who: ends it" has_ended "$init"
	is "$who: with its hooks" "$(cat "$LXCPATH/hooks")" "stop reboot
post-stop reboot
stop stop
post-stop stop"
}

# hold_lock SECONDS FILE: as a process that takes over, and takes that long
hold_lock()
{
	rm -f "$LXCPATH/held"
	as_caller timeout 60 python3 -c 'import fcntl, sys, time
lock = open(sys.argv[2], "r+")
fcntl.lockf(lock, fcntl.LOCK_EX)
open(sys.argv[3], "w")
time.sleep(float(sys.argv[1]))' "$1" "$2" "$LXCPATH/held" &
	wait_for 10 test -e "$LXCPATH/held"
}

# Longer than anybody would wait for a thing that hangs
slow_one()
{
	start
	dir=$(run_dir "$(init)")
	kill_monitor
	hold_lock 3 "$dir/lock"
	ok "$who: who meets another that takes over waits for it" lxc attach -n c -- true
	wait
	lxc stop -k -n c
}

# ---- terminals ----

# shellcheck disable=SC2016
answering='answer() { while :; do
	read -r x <"/dev/$1" && echo "$1 has $x" >"/dev/$1" || sleep 0.1
done; }
answer tty1 & answer console'

# answers NAME NUMBER
answers()
{
	on_terminal 'send=word\r' "expect=$1 has word" 'send=\x01q' -- "$RLXC" console -P "$LXCPATH" -n c -t "$2" >"$TMP/out"
}

terminals()
{
	start -s lxc.tty.dir=some -s "lxc.console.logfile=$LXCPATH/log" -- /bin/sh -c "$answering"
	for i in 1 2; do
		kill_monitor
		ok "$who: adopted, $i: the console answers" answers console 0
		ok "$who: and a tty" answers tty1 1
	done
	is "$who: nothing is stacked" "$(lxc attach -n c -- cat /proc/mounts | grep -c ' /dev/.*tty1 \| /dev/.*console ')" 3
	is "$who: the log goes on" "$(grep -c 'console has word' "$LXCPATH/log")" 2
	ok "$who: no /dev/pts: it is taken over" lxc attach -n c -- mount -t tmpfs none /dev/pts
	kill_monitor
	like "$who: and that is said" "$(message lxc info -n c -s)" "*'/dev/pts'*no devpts*RUNNING*"
	lxc stop -k -n c
	start -s lxc.console.path=none -s lxc.tty.max=0 -- /bin/sh -c 'exec sleep 1000'
	kill_monitor
	like "$who: a container without a console gets none" "$(message lxc console -n c -t 0)" "*no console*"
	like "$who: nor a tty" "$(message lxc console -n c -t 1)" "*no tty*"
	lxc stop -k -n c
	# A directory of the host's for /dev keeps the links of the last boot.
	for i in 1 2; do
		ok "$who: lxc.autodev = 0, boot $i" start -s lxc.autodev=0 -s lxc.tty.dir=some
		lxc stop -k -n c
	done
}

# ---- hooks ----

# While a hook holds it up
stopping()
{
	as_caller rm -f "$LXCPATH/there" "$LXCPATH/go"
	start -s "lxc.hook.stop=sh -c 'touch $LXCPATH/there; until [ -e $LXCPATH/go ]; do sleep 0.1; done'"
	lxc stop -k -n c &
	wait_for 10 test -e "$LXCPATH/there"
	exits 1 "$who: it stops: it does not start" lxc start -n c
	like "$who: and that is said" "$(message lxc start -n c)" "*'c' is stopping*lxc-wait -s STOPPED*"
	as_caller touch "$LXCPATH/go"
	wait
}

# Of the hook's own children a caller without cgroups is not told.
hook_ends()
{
	as_caller rm -f "$LXCPATH/child"
	start -s "lxc.hook.pre-start=sh -c 'echo \$\$ >$LXCPATH/pid; sleep 1000 & echo \$! >$LXCPATH/child; exec sleep 1000'" >/dev/null 2>&1 &
	wait_for 10 test -s "$LXCPATH/child"
	like "$who: a hook runs: it is starting" "$(message lxc start -n c)" "*'c' is starting*"
	cgroup=$(cgroup_of "$(monitor)")
	kill_monitor
	wait
	ok "$who: the hook ends with its monitor" wait_for 10 has_ended "$(cat "$LXCPATH/pid")"
	lxc info -n c -s >/dev/null
	if has_cgroup; then
		ok "$who: so does what it has started" wait_for 10 has_ended "$(cat "$LXCPATH/child")"
		ok "$who: its cgroup is gone" wait_for 10 test ! -e "${cgroup:-/}"
	else
		as_caller kill "$(cat "$LXCPATH/child")"
	fi
}

cleared_away()
{
	rm -f "$LXCPATH/hooks"
	start -s lxc.ephemeral=1 -s lxc.rootfs.path="dir:$LXCPATH/c/rootfs"
	init=$(init)
	dir=$(run_dir "$init")
	cgroup=$(cgroup_of "$init")
	kill_monitor
	kill -9 "$init"
	wait_for 5 has_ended "$init"
	ok "$who: both ended: something is left" test -e "$dir/state"
	lxc ls -f >"$TMP/ls"
	is "$who: the next command clears it away" "$(cat "$TMP/ls" "$LXCPATH/hooks")" "stop stop
post-stop stop"
	ok "$who: with the run-time files" test ! -e "$dir"
	ok "$who: the cgroups" test -z "$cgroup" -o ! -e "$cgroup"
	ok "$who: and an ephemeral container" test ! -e "$LXCPATH/c"
	create
	start -s lxc.ephemeral=1 -s lxc.rootfs.path="dir:$LXCPATH/c/rootfs"
	kill_monitor
	lxc stop -k -n c
	ok "$who: one that was taken over is gone at its end" test ! -e "$LXCPATH/c"
	create

	for command in "start -n c" "destroy -n c"; do
		rm -f "$LXCPATH/hooks"
		start
		init=$(init)
		kill_monitor
		kill -9 "$init"
		wait_for 5 has_ended "$init"
		# shellcheck disable=SC2086
		ok "$who: ${command%% *} as the next command" lxc $command
		is "$who: runs the hooks once" "$(cat "$LXCPATH/hooks")" "stop stop
post-stop stop"
		lxc stop -k -n c >/dev/null 2>&1
	done
	create

	start
	init=$(init)
	kill_monitor
	as_caller cp "$LXCPATH/c/config" "$LXCPATH/config.good"
	as_caller sh -c "echo 'lxc.uts.nonsense = 1' >>'$LXCPATH/c/config'"
	like "$who: a configuration that says nothing" "$(message lxc attach -n c -- true)" "*no other can take over*lxc.uts.nonsense*"
	is "$who: it runs on" "$(lxc info -n c -sH)" RUNNING
	ok "$who: it can be ended" lxc stop -k -n c
	ok "$who: has ended" has_ended "$init"
	as_caller cp "$LXCPATH/config.good" "$LXCPATH/c/config"
}

# edit_state SED-SCRIPT
edit_state()
{
	as_caller sed -i "$1" "$dir/state"
}

state_file()
{
	start
	init=$(init)
	dir=$(run_dir "$init")
	as_caller cp "$dir/state" "$LXCPATH/state.good"
	as_caller truncate -s 20 "$dir/state"
	is "$who: truncated: it runs on" "$(state c)" RUNNING
	ok "$who: attach" lxc attach -n c -- true
	as_caller sh -c "head -c 3000 /dev/urandom >'$dir/state'"
	ok "$who: garbage: attach" lxc attach -n c -- true
	ok "$who: stop" lxc stop -k -n c
	ok "$who: it has ended" has_ended "$init"
	ok "$who: start" start
	lxc stop -k -n c

	start
	init=$(init)
	dir=$(run_dir "$init")
	kill_monitor
	kill -9 "$init"
	wait_for 5 has_ended "$init"
	as_caller sh -c "head -c 3000 /dev/urandom >'$dir/state'"
	is "$who: garbage without monitor: nothing runs" "$(state c)" STOPPED
	ok "$who: start" start
	lxc stop -k -n c

	# What runs is somebody else's in each of these.
	for change in "s/^boot .*/boot 00000000-0000-0000-0000-000000000000/" "s/^start .*/start 1/" "s/^inode .*/inode 1/"; do
		start
		init=$(init)
		dir=$(run_dir "$init")
		kill_monitor
		edit_state "$change"
		is "$who: ${change%% *}: it is not ours" "$(state c)" STOPPED
		lxc stop -k -n c >/dev/null 2>&1
		ok "$who: and not ended" test -e "/proc/$init"
		kill -9 "$init"
		wait_for 5 has_ended "$init"
	done
	ok "$who: start" start
	lxc stop -k -n c
}

# Of a store while a container runs there, run-time directory and all
copied()
{
	start
	init=$(init)
	as_caller cp -a "$LXCPATH" "$LXCPATH.copy" 2>/dev/null
	is "$who: a copied store has nothing that runs" "$(as_caller "$RLXC" info -P "$LXCPATH.copy" -n c -sH)" STOPPED
	as_caller "$RLXC" stop -k -P "$LXCPATH.copy" -n c >/dev/null 2>&1
	is "$who: and ends nothing" "$(state c) $(init)" "RUNNING $init"
	lxc stop -k -n c
	rm -rf "$LXCPATH.copy"
}

without_cgroup()
{
	create
	taken_over
	hook_ends
}

checks()
{
	create
	taken_over
	[ "$who" != user ] || slow_one
	terminals
	stopping
	hook_ends
	cleared_away
	state_file
	copied
}

# ---- a full disk ----

full_disk()
{
	who=root
	LXCPATH=$TMP/full
	mkdir "$LXCPATH" /run/rlxc 2>/dev/null
	create
	mount -t tmpfs -o size=8k tmpfs /run/rlxc
	head -c 8192 /dev/zero >/run/rlxc/fill 2>/dev/null
	like "full disk: says so" "$(message lxc start -n c)" "*run-time state*No space left*"
	is "full disk: nothing runs" "$(state c)" STOPPED
	is "full disk: nothing is left" "$(ls /run/rlxc)" fill
	rm /run/rlxc/fill
	ok "full disk: no more" lxc start -n c
	head -c 8192 /dev/zero >/run/rlxc/fill 2>/dev/null
	ok "full disk: attach goes on" lxc attach -n c -- true
	ok "full disk: and stop" lxc stop -k -n c
	umount /run/rlxc
}

if [ "${1-}" = full-disk ]; then
	full_disk
	finish
fi
each_caller checks root user
each_caller without_cgroup bare
if [ "$(id -u)" -eq 0 ]; then
	who=root
	unshare -m bash "$0" full-disk >"$TMP/full.lines"
	sed 's/^ok [0-9]* -/good/; s/^not ok [0-9]* -/bad/; /^1\.\./d' "$TMP/full.lines" >"$TMP/full.results"
	long_result "$TMP/full.results"
fi
finish
