#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# rlxc unshare: namespaces, user, host name, remounting, interfaces, exit codes.
. "$(dirname "$0")/lib.sh"

s()
{
	"$RLXC" unshare -s "$@"
}

# What to add so that an ordinary user may do it too.
if [ "$(id -u)" -eq 0 ]; then
	user=
	me=
else
	user='|USER'
	me='-u root'
	s 'USER' -- true || skip "this kernel or user may not make user namespaces"
fi

# new LIST KIND...: each kind is another one inside
new()
{
	list=$1
	shift
	for kind; do
		is "'$list': a new $kind namespace" \
			"$([ "$(s "$list$user" -- readlink "/proc/self/ns/$kind")" != \
				"$(readlink "/proc/self/ns/$kind")" ] && echo new)" new
	done
}

fails()
{
	code=$1
	pattern=$2
	shift 2
	got=$("$RLXC" unshare "$@" 2>&1 </dev/null)
	is "'$*' ends with $code" "$?" "$code"
	like "and says why" "$got" "$pattern"
}

# ---- namespaces ----
new MOUNT mnt
new 'UTSNAME|IPC' uts ipc
new 'pid|Net|CGROUP' pid net cgroup
is "an unnamed one stays" "$(s "UTSNAME$user" -- readlink /proc/self/ns/ipc)" \
	"$(readlink /proc/self/ns/ipc)"
[ ! -e /proc/self/ns/time ] || new time time
is "first of its pids" "$(s "PID$user" -- sh -c 'echo $$')" 1
is "the host name" "$(s "UTSNAME$user" -H another -- uname -n)" another
is "which is not the host's" "$([ "$(uname -n)" = another ] && echo changed)" ""
# shellcheck disable=SC2086
is "mounts stay inside" "$(s "MOUNT$user" $me -- sh -c \
	'mount -t tmpfs rlxc-test /mnt && grep -c rlxc-test /proc/self/mounts'; \
	grep -c rlxc-test /proc/self/mounts)" "1
0"

# ---- remounting ----
# shellcheck disable=SC2086
is "-M: /proc shows the new pids" "$(s "MOUNT|PID|IPC$user" $me -M -- sh -c \
	'cd /proc && echo [0-9]*')" 1
# shellcheck disable=SC2086
is "-M: /dev/shm is empty and can be written" "$(s "MOUNT|PID|IPC$user" $me -M -- sh -c \
	'ls -A /dev/shm; : >/dev/shm/mine && ls -A /dev/shm')" mine
if [ -d /dev/mqueue ]; then
	# shellcheck disable=SC2086
	ok "-M: /dev/mqueue is a new one" s "MOUNT|PID|IPC$user" $me -M -- grep -q \
		'^mqueue /dev/mqueue mqueue' /proc/self/mounts
fi

# ---- exit codes ----
s "UTSNAME$user" -- sh -c 'exit 42'
is "the program's code" $? 42
s "UTSNAME$user" -- sh -c 'kill -KILL $$'
is "killed by a signal" $? 137
start=$(date +%s)
s "UTSNAME$user" -d -- sh -c 'sleep 5' >/dev/null
is "-d succeeds" $? 0
ok "and does not wait" test $(($(date +%s) - start)) -lt 4
fails 127 "*cannot run 'no-such-program'*" -s "UTSNAME$user" -d -- no-such-program

# ---- failures ----
fails 127 "*cannot run 'no-such-program'*" -s "UTSNAME$user" -- no-such-program
fails 126 "*cannot run '/etc/passwd'*" -s "UTSNAME$user" -- /etc/passwd
fails 1 "*'bogus'*" -s 'pid|bogus' -- true
fails 1 "*''*" -s '' -- true
fails 1 "*UTSNAME*" -s IPC -H name -- true
fails 1 "*MOUNT*" -s IPC -M -- true
fails 1 "*NETWORK*" -s IPC -i lo -- true
fails 1 "*command*" -s IPC
fails 1 "*no user 'no-such-user'*" -s "UTSNAME$user" -u no-such-user -- true
fails 1 "*no interface name*" -s "NETWORK$user" -i 0123456789abcdef -- true
if [ "$(id -u)" -ne 0 ]; then
	fails 1 "*not permitted*hint: *USER*" -s UTSNAME -- true
	fails 1 "*cannot mount proc on '/proc'*hint: add PID*" -s 'USER|MOUNT' -u root -M -- true
	is "the user's ids are the caller's" "$(s USER -u daemon -- cat /proc/self/uid_map |
		tr -s ' ')" " $(id -u daemon) $(id -u) 1"
	is "inside they are the user's" "$(s USER -u daemon -- sh -c 'echo $(id -u)/$(id -g)')" \
		"$(id -u daemon)/$(id -g daemon)"
	finish
fi

# ---- as root ----
fails 1 "*no interface 'rlxc-none'*" -s "NETWORK$user" -i rlxc-none -- true
is "-u NAME with its group, without ours" \
	"$(s UTSNAME -u daemon -- sh -c 'echo $(id -u)/$(id -g)/$(id -G)')" \
	"$(id -u daemon)/$(id -g daemon)/$(id -g daemon)"
is "-u UID" "$(s UTSNAME -u "$(id -u daemon)" -- id -u)" "$(id -u daemon)"
if has ip && ip link add rlxc-un0 type veth peer name rlxc-un1 2>/dev/null; then
	on_exit 'ip link del rlxc-un1 2>/dev/null'
	is "-i moves the interface" "$(s NETWORK -i rlxc-un0 -- ip -br link | sed 's/@.*//' |
		grep -c '^rlxc-un0')" 1
fi
finish
