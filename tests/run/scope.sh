#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rlxc-scope against a service manager that misbehaves (bus.py); root also runs containers of an
# ordinary user below a real systemd --user, in namespaces and a /run of their own.
if [ "$(id -u)" -eq 0 ] && [ -z "${RLXC_TEST_UNSHARED:-}" ] && unshare -mpf --mount-proc true 2>/dev/null; then
	RLXC_TEST_UNSHARED=$$ exec unshare -mpf --mount-proc --kill-child bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need python3

program=$(helper_program rlxc-scope) || skip "no rlxc-scope beside $RLXC"

# asked KIND BEHAVIOUR: runs the program against it
# shellcheck disable=SC2154 # top_srcdir: of lib.sh
asked()
{
	python3 "$top_srcdir/tests/run/bus.py" "$1" "$2" -- "$program" "$1" lxc-c1 4242 'rlxc container c1' 2>&1
}

properties="[['Description', 'rlxc container c1'], ['Delegate', 1], ['CollectMode', 'inactive-or-failed'],"
properties="$properties ['TimeoutStopUSec', 10000000], ['KillSignal', 23], ['PIDs', [4242]]]"
manager=/org/freedesktop/systemd1
start="call StartTransientUnit $manager"
scope=/user.slice/user@1.service/app.slice/lxc-c1.scope

# EXIT-CODE KIND BEHAVIOUR WORDS: how it ends, and the last line before that
refusals()
{
	while read -r code behaviour words; do
		for kind in bus direct; do
			like "$behaviour ($kind)" "$(asked $kind "$behaviour" | tail -n 2)" "*$words*
exit $code after [0-9]"
		done
	done <<-END
		4 closes
		5 rejects Operation not permitted
		1 garbage Bad message
		1 huge No buffer space available
		5 denied Not	for you
		1 refused No such process xxxx
		4 nobody Nobody provides it
		1 all-taken already loaded
		1 failed the start of lxc-c1.scope ends as 'failed'
		4 gone Connection reset by peer
		1 no-cgroup lxc-c1.scope has no cgroup
		1 unknown Unknown object
		1 wrong-type
		0 early $scope
		0 others $scope
		0 taken $scope
	END
}

# They take their five seconds side by side.
hanging()
{
	for behaviour in silent deaf endless; do
		asked direct $behaviour >"$TMP/$behaviour" &
	done
	wait
	for behaviour in silent deaf endless; do
		like "$behaviour" "$(tail -n 2 "$TMP/$behaviour")" "it does not answer
exit 6 after 5[0-9]"
	done
}

checks()
{
	asked direct good | sed 's,after [0-9],after 0,' >"$TMP/good"
	if grep -q 'exit 3' "$TMP/good"; then
		skip "no libsystemd on this host"
	fi
	is "the manager's own socket" "$(cat "$TMP/good")" "call Subscribe $manager
$start lxc-c1.scope fail $properties []
call Get $manager/unit/lxc_2dc1_2escope org.freedesktop.systemd1.Scope ControlGroup
$scope
exit 0 after 0"
	is "a bus" "$(asked bus good | sed "s,type='signal'.*,RULE,; s,after [0-9],after 0,")" \
		"call Hello /org/freedesktop/DBus
call AddMatch /org/freedesktop/DBus RULE
$(cat "$TMP/good")"
	is "names that are taken" "$(asked bus taken | grep -o 'lxc-c1[^ ]*scope fail')" "lxc-c1.scope fail
lxc-c1-1.scope fail
lxc-c1-2.scope fail"
	is "not for ever" "$(asked direct all-taken | grep -c StartTransientUnit)" 1000
	like "long words are cut" "$(asked direct refused | grep -c 'x\{580\}')$(asked direct refused | grep -c 'x\{601\}')" 10
	refusals
	hanging
	exits 1 "standard input is no socket" "$program" direct lxc-c1 1 text
	for words in "" "bus" "bus a 1" "bus a 0 b" "bus a -1 b" "bus a 1x b" "other a 1 b" "bus a 1 b c"; do
		# shellcheck disable=SC2086
		exits 2 "wrong words: $words" "$program" $words
	done
	exits 2 "an empty name" "$program" bus "" 1 text
	exits 2 "a name that is too long" sh -c 'exec "$0" direct "$1" 1 text' "$program" "$(printf '%0300d' 0)"
}

# ---- a real manager ----

has_manager()
{
	[ -S "$run/systemd/private" ] && [ -S "$run/bus" ]
}

# The cgroup of a process, below that of its user
cgroup_of()
{
	grep '^0::' "/proc/$1/cgroup" | sed "s,.*/$(basename "$USER_CGROUP")/,,"
}

start_manager()
{
	run=/run/user/$(id -u "$TEST_USER")
	mount -t tmpfs -o mode=755 run /run && mkdir -p /run/systemd/system "$run" || return 1
	chown "$TEST_USER:" "$run"
	chmod 700 "$run"
	mkdir "$USER_CGROUP/manager"
	chown -R "$TEST_USER" "$USER_CGROUP/manager"
	(
		sh -c 'echo $PPID' >"$USER_CGROUP/manager/cgroup.procs"
		as_user env XDG_RUNTIME_DIR="$run" SYSTEMD_LOG_TARGET=console \
			"$systemd" --user --unit=dbus.socket >"$TMP/systemd.log" 2>&1 </dev/null
	) &
	wait_for 20 has_manager
}

manager_pid()
{
	pgrep -x -u "$TEST_USER" systemd
}

user_systemctl()
{
	as_user env XDG_RUNTIME_DIR="$run" systemctl --user "$@"
}

# listen KIND BEHAVIOUR SOCKET: in its place, once
listen()
{
	rm -f "$3" "$TMP/calls"
	as_caller python3 "$top_srcdir/tests/run/bus.py" "$1" "$2" --listen "$3" >"$TMP/calls" &
	wait_for 5 grep -q listening "$TMP/calls"
}

# NAME SCOPE: it runs there
runs_in()
{
	is "$1 runs in $2" "$(cgroup_of "$(lxc info -n "$1" -pH)")" "manager/app.slice/$2/lxc.payload.$1"
	is "its monitor, too" "$(cgroup_of "$(pgrep -f "^\[lxc monitor\] $LXCPATH $1$")")" \
		"manager/app.slice/$2/lxc.monitor.$1"
}

no_scope()
{
	! find "$USER_CGROUP" -name 'lxc-*.scope' | grep -q .
}

with_manager()
{
	ok "create" lxc create -n my-app -t busybox
	is "a start says nothing" "$(lxc start -n my-app 2>&1)" ""
	runs_in my-app 'lxc-my\x2dapp.scope'
	like "the unit" "$(user_systemctl show 'lxc-my\x2dapp.scope')" "*Delegate=yes*Description=rlxc container my-app*"
	mkdir "$LXCPATH/other"
	chown "$TEST_USER:" "$LXCPATH/other"
	LXCPATH=$LXCPATH/other
	lxc create -n my-app -t busybox
	listen bus nobody "$run/bus"
	ok "another of that name, and a bus without a manager" lxc start -n my-app
	runs_in my-app 'lxc-my\x2dapp-1.scope'
	ok "it stops" lxc stop -k -n my-app
	LXCPATH=$(dirname "$LXCPATH")
	ok "the first stops" lxc stop -k -n my-app
	ok "no scope is left" wait_for 5 no_scope
	listen bus denied "$run/bus"
	like "a manager that refuses" "$(lxc start -n my-app 2>&1)" "*gets no systemd scope: *Not?x09for you*"
	is "is no obstacle" "$(cgroup_of "$(lxc info -n my-app -pH)")" lxc.payload.my-app
	lxc stop -k -n my-app
	listen bus stops "$run/bus"
	lxc start -n my-app 2>/dev/null
	ok "a manager that stops it at once" wait_for 10 is_state my-app STOPPED
	lxc stop -k -n my-app 2>/dev/null
	rm "$run/bus"

	kill -STOP "$(manager_pid)"
	like "a manager that hangs" "$(lxc start -n my-app 2>&1)" "*gets no systemd scope: *does not answer*"
	is "is no obstacle" "$(state my-app)" RUNNING
	lxc stop -k -n my-app
	kill -CONT "$(manager_pid)"
	ok "and leaves no scope" wait_for 5 no_scope
	kill -KILL "$(manager_pid)"
	start=$(date +%s%N)
	like "a manager that is dead" "$(lxc start -n my-app 2>&1)" "*gets no systemd scope: *refused*"
	ok "costs no time" test $((($(date +%s%N) - start) / 1000000)) -lt 3000
	is "and is no obstacle" "$(state my-app)" RUNNING
}

root_asks_first_directly()
{
	: >"$TMP/empty" # not the configuration of this host
	lxc create -n c1 -t busybox -f "$TMP/empty"
	listen direct denied /run/systemd/private
	like "root: its manager is asked" "$(lxc start -n c1 2>&1)" "*gets no systemd scope: *Not?x09for you*"
	lxc stop -k -n c1
	listen direct nobody /run/systemd/private
	mv "$TMP/calls" "$TMP/direct"
	mkdir /run/dbus
	listen bus denied /run/dbus/system_bus_socket
	like "root: then the bus" "$(lxc start -n c1 2>&1)" "*gets no systemd scope: *Not?x09for you*"
	ok "root: in this order" grep -q 'call Subscribe' "$TMP/direct"
	is "root: is no obstacle" "$(state c1)" RUNNING
}

checks
[ -n "${RLXC_TEST_UNSHARED:-}" ] || skip "only root, able to unshare, runs a manager"
for systemd in /usr/lib/systemd/systemd /lib/systemd/systemd; do
	[ ! -x "$systemd" ] || break
done
[ -x "$systemd" ] || skip "no systemd is installed"
need_user
as_user python3 -c '' 2>/dev/null || skip "$TEST_USER cannot run python3"
# shellcheck disable=SC2034 # names the cgroup; our own pid is 1
TEST_NAME=scope-$RLXC_TEST_UNSHARED
make_user_cgroup || skip "no cgroup2 to make a cgroup in"
on_exit 'echo 1 >"$USER_CGROUP/cgroup.kill"; wait_for 5 grep -q "populated 0" "$USER_CGROUP/cgroup.events"'
start_manager || {
	sed 's/^/# /' "$TMP/systemd.log"
	skip "systemd --user does not run here"
}
turn user with_manager
turn root root_asks_first_directly
finish
