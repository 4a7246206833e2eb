#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The init of lxc-execute, alone in a pid namespace.
. "$(dirname "$0")/lib.sh"

INIT=${RLXC_INIT:-$(dirname "$(command -v "$RLXC" || echo "$RLXC")")/rlxc-init}
[ -x "$INIT" ] || skip "no $INIT"
need unshare
need timeout
unshare -Urpf true 2>/dev/null || skip "no user and pid namespaces here"

# init_run ARG...: rlxc-init with these arguments as pid 1
init_run()
{
	timeout 20 unshare -Urpf --kill-child "$INIT" "$@" </dev/null
}

# status_is TEXT WANTED ARG...: its exit status
status_is()
{
	text=$1
	want=$2
	shift 2
	init_run "$@" >"$TMP/out" 2>&1
	is "$text" $? "$want"
}

status_is "the status is the command's" 7 -- sh -c 'exit 7'
status_is "success is success" 0 -- true
status_is "a signal is 128 + its number" 137 -- sh -c 'kill -9 $$'
status_is "ids that are there" 0 --uid 0 --gid 0 -- true

status_is "no such command: 127" 127 -- no-such-command
is "and says so" "$(cat "$TMP/out")" "init: cannot run 'no-such-command': No such file or directory"
status_is "no such path: 127" 127 -- /no/such/path
: >"$TMP/file"
chmod 644 "$TMP/file"
status_is "not executable: 126" 126 -- "$TMP/file"
is "and says so" "$(cat "$TMP/out")" "init: cannot run '$TMP/file': Permission denied"
status_is "a name of no bytes: 127" 127 -- ''

for bad in "" "--" "--uid" "--uid 0" "--uid x -- true" "--uid -1 -- true" "--uid 4294967295 -- true" \
	"--gid 99999999999999999999 -- true" "--frob -- true" "true"; do
	# shellcheck disable=SC2086
	status_is "wrong arguments: $bad" 1 $bad
done
status_is "an id that is not mapped" 1 --uid 12345 -- true
like "is named as the cause" "$(cat "$TMP/out")" "init: cannot become the user of --uid: *"

# PATH
mkdir "$TMP/first" "$TMP/second"
printf '#!/bin/sh\necho ran\n' >"$TMP/second/tool"
cp "$TMP/second/tool" "$TMP/first/tool"
chmod 755 "$TMP/second/tool"
chmod 644 "$TMP/first/tool"
is "PATH goes on after a file that cannot be run" \
	"$(PATH="$TMP/first:$TMP/second:$PATH" init_run -- tool)" ran
is "an empty part of PATH is the working directory" "$(cd "$TMP/second" && PATH=":$PATH" init_run -- tool)" ran
# shellcheck disable=SC2016
is "without PATH there is a default" \
	"$(timeout 20 env -u PATH "$(command -v unshare)" -Urpf "$INIT" -- sh -c 'echo ${UNSET-ran}')" ran
printf '#!/bin/sh\n' >"$TMP/first/only"
PATH="$TMP/first:$PATH" status_is "found, but only where it cannot be run: 126" 126 -- only

# What the command starts with
# shellcheck disable=SC2016
is "the command is pid 2" "$(init_run -- sh -c 'echo $$')" 2
signals=$(
	trap '' HUP USR1 CHLD TSTP
	init_run -- grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\t\n'
)
is "no signal is blocked or ignored" "$signals" SigBlk:0000000000000000SigIgn:0000000000000000

# Signals; a shell notices between two commands.
for sig in HUP INT QUIT USR1 USR2 WINCH ALRM CONT RTMIN+3 RTMAX-1; do
	status_is "$sig is passed on" 9 -- bash -c "trap 'exit 9' $sig
		kill -s $sig 1
		while :; do sleep 0.02; done"
done
status_is "what the command did not survive" 129 -- sh -c 'kill -s HUP 1; sleep 5'

if unshare -Urpf --mount-proc true 2>/dev/null; then
	blocked=$(timeout 20 unshare -Urpf --mount-proc "$INIT" -- sed -n 's/^SigBlk:\t//p' /proc/1/status)
	is "SIGRTMIN+3 is not blocked: lxc-stop sends SIGPWR" $(((0x$blocked >> 36) & 1)) 0
	is "it is called init" \
		"$(timeout 20 unshare -Urpf --mount-proc "$INIT" -- cat /proc/1/comm)" init
fi

# Orphans and the end
status_is "the last process is waited for" 3 -- sh -c '(sleep 0.5; echo late) & exit 3'
is "and ran to its end" "$(cat "$TMP/out")" late
status_is "many orphans" 0 -- sh -c 'i=0; while [ $i -lt 200 ]; do (sleep 0.1 &) ; i=$((i + 1)); done'

# Shutting down
for sig in TERM PWR; do
	status_is "SIG$sig ends the command by SIGTERM" 143 -- sh -c "kill -s $sig 1; sleep 5"
	status_is "SIG$sig lets it end in its own way" 4 -- bash -c "trap 'exit 4' TERM; kill -s $sig 1
		while :; do sleep 0.02; done"
done
start=$(date +%s%N)
status_is "who does not listen is killed" 137 -- sh -c 'trap "" TERM; kill -s PWR 1; sleep 10'
took=$((($(date +%s%N) - start) / 1000000))
ok "after a second ($took ms)" test $took -ge 900 -a $took -lt 3000
start=$(date +%s%N)
status_is "the status stays the command's" 5 -- \
	sh -c '(trap "" TERM; sleep 10) & trap "exit 5" TERM; sleep 0.2; kill -s PWR 1; wait'
took=$((($(date +%s%N) - start) / 1000000))
ok "also when others had to be killed ($took ms)" test $took -ge 900 -a $took -lt 3000
status_is "a stopped process hears it too" 143 -- sh -c '(sleep 0.3; kill -s PWR 1) & kill -s STOP $$; sleep 5'
status_is "a second request changes nothing" 137 -- \
	sh -c 'trap "" TERM; kill -s PWR 1; kill -s PWR 1; kill -s TERM 1; sleep 10'

# A directory plays the cgroup; its process list is what the kernel would show inside.
cgroup_run()
{
	export INIT
	PROCS=$1 SUB=$2 timeout 20 unshare -Urpfm bash -c '
		mount -t tmpfs none /sys/fs/cgroup || exit 77
		dir=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)
		mkdir -p "$dir" && cd "$dir" || exit 77
		printf "$PROCS" >cgroup.procs
		echo max >pids.max
		[ -z "$SUB" ] || mkdir "$SUB"
		export dir
		exec "$INIT" -- bash -c "trap \"head -c 1 \$dir/pids.max; exit 0\" TERM
			kill -s PWR 1; while :; do sleep 0.02; done"' 2>/dev/null
}
if limit=$(cgroup_run '1\n2\n' ''); then
	is "at the end a cgroup that is ours alone takes no new processes" "$limit" 1
	is "not if somebody from outside is in it" "$(cgroup_run '1\n0\n2\n' '')" m
	is "nor if that is the first" "$(cgroup_run '0\n1\n' '')" m
	is "nor with others below" "$(cgroup_run '1\n2\n' below)" m
fi

# Without a pid namespace of its own it must not signal everybody.
sleep 20 &
bystander=$!
timeout 20 unshare -Ur "$INIT" -- sleep 5 &
timeout_pid=$!
sleep 0.3
init_pid=$(pgrep -P "$timeout_pid")
kill -s TERM "$init_pid"
wait $timeout_pid
is "without a pid namespace the command is ended" $? 143
ok "and nobody else" kill -0 $bystander
kill $bystander

# The terminal
if has script && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	got=$(script -qec "unshare -Urpf '$INIT' -- sh -c 'cut -d\" \" -f5,8 /proc/self/stat; exit 6'" \
		/dev/null </dev/null | tr -d '\r')
	is "the command's group is in the foreground" "${got% *}" "${got#* }"
	not_ok "and is a group" test "${got% *}" -eq 0
	(
		sleep 0.5
		printf '\032'
		sleep 0.5
		printf '\003'
		sleep 1
	) | timeout 20 script -qec "unshare -Urpf '$INIT' -- \
		bash -c 'trap \"exit 5\" INT; while :; do sleep 0.05; done'" /dev/null >"$TMP/out" 2>&1
	is "the stop key does not lose the command, the break key reaches it" "${PIPESTATUS[1]}" 5
fi

if [ "$(id -u)" -eq 0 ]; then
	got=$(timeout 20 unshare -pf "$INIT" --uid 65534 --gid 65533 -- \
		sh -c 'grep -E "^(Uid|Gid)" /proc/self/status' | tr '\t\n' '  ')
	is "user and group of the command" "$got" \
		"Uid: 65534 65534 65534 65534 Gid: 65533 65533 65533 65533 "
fi
finish
