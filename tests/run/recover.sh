#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A container whose monitor was killed: another one takes over what runs, or clears away what has
# ended. And a state file that is damaged, copied, of another boot, or names a process that is
# another one by now. killed.sh has the kills.
. "$(dirname "$0")/lib.sh"
who= # set by each_caller
has busybox || skip "no busybox"

monitor()
{
	pgrep -f "^\[lxc monitor\] $LXCPATH c$"
}

no_monitor()
{
	[ -z "$(monitor)" ]
}

kill_monitor()
{
	as_caller kill -9 "$(monitor)"
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
			[ "$(sed -n 's/^init //p' "$file")" != "$1" ] || dirname "$file"
		done
}

# Directory of a container's own cgroup, empty when it has none
cgroup_of()
{
	path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		case $path in */lxc.payload.*) [ ! -d "$top$path" ] || echo "$top$path" ;; esac
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
	kill_monitor
	is "$who: without monitor: the state" "$(state c)" RUNNING
	is "$who: and the init are known" "$(init)" "$init"
	ok "$who: there is a monitor" test -n "$(monitor)"
	is "$who: of the same name inside" "$(lxc attach -n c -- hostname)" given
	if has_cgroup; then
		like "$who: it is where the first one was" "$(sed -n 's/^0:://p' "/proc/$(monitor)/cgroup")" "*/lxc.monitor.c"
		ok "$who: freeze" lxc freeze -n c
		kill_monitor
		is "$who: another one sees that it is frozen" "$(state c)" FROZEN
		ok "$who: unfreeze" lxc unfreeze -n c
	fi
	like "$who: a terminal that hung up is named" "$(message lxc console -n c -t 0)" "*no console*hint: *"
	for command in "attach -n c -- true" "wait -n c -s RUNNING -t 5" "ls -f" "freeze -n c" "unfreeze -n c"; do
		case $command in *freeze*) has_cgroup || continue ;; esac
		kill_monitor
		# shellcheck disable=SC2086
		ok "$who: ${command%% *} brings another one" lxc $command
		ok "$who: which stays" test -n "$(monitor)"
	done
	kill_monitor
	for _ in 1 2 3 4 5 6 7 8; do
		lxc attach -n c -- true &
	done
	wait
	is "$who: many at once make one" "$(monitor | wc -l)" 1
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
}

checks()
{
	create
	taken_over
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
