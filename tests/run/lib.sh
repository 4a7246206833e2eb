# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# What the shell tests share; each starts with: . "$(dirname "$0")/lib.sh"
#
# From the environment: RLXC, the program to test; top_srcdir; RLXC_MUST_RUN=1, a skip is a
# failure; TEST_USER, an ordinary user that as_user runs as when the test is run by root.
# Set here: TMP, a directory of this test, removed at the end; LXCPATH below it for containers.
#
#	ok "what is true" COMMAND ARG...      COMMAND succeeds
#	not_ok "what fails" COMMAND ARG...    COMMAND fails
#	is "what is equal" GOT WANT           two strings
#	like "what it holds" TEXT PATTERN     TEXT matches the shell pattern
#	has COMMAND                           is it installed?
#	wait_for SECONDS COMMAND ARG...       polls until COMMAND succeeds
#	as_user COMMAND ARG...                as the ordinary user: root becomes TEST_USER, others stay
#	need_user, need_root, need COMMAND    skip the test when it cannot run
#	own_network "$@"                      goes on in a network namespace of its own, as root
#	small_rootfs DIRECTORY                a root file system: busybox, and what looks at networks
#	helper_program NAME                   prints the path of one of our programs beside rlxc
#	private_install                       in a mount namespace of the test: an /etc and a /run of its
#	                                      own, and our programs in /run/bin as root installs them,
#	                                      set-user-ID ones too; sets $RLXC and $policy (lxc-usernet)
#	private_user NAME ID LINE...          then: an ordinary user who exists there only, at home in
#	                                      $TMP/NAME; the lines are the configuration of new containers
#	skip REASON                           ends the test, or what is left of it
#	on_exit 'SHELL CODE'                  run at the end, last one first
#	exits CODE "what" COMMAND ARG...      COMMAND ends with that exit code
#	long_result FILE                      what a program of tests/long has found, as results
#	finish                                prints the plan, exits 0 or 1
#
# Tests of containers run the same checks for each kind of caller:
#
#	each_caller FUNCTION [KIND...]        with $who set to root, user (in a cgroup of their own)
#	                                      and bare (a user without one), and an empty $LXCPATH;
#	                                      when asked for, other: who starts as user does, and does
#	                                      all else from another cgroup, as in another login session
#	as_caller COMMAND ARG...              as the one whose turn it is
#	lxc COMMAND ARG...                    that command of ours, on $LXCPATH, for at most $LXC_SECONDS (60)
#	on_terminal STEP... -- COMMAND ARG... see terminal.py
#	has_cgroup                            do this caller's containers get a cgroup?
#	state NAME                            what lxc-info says
#
# Output is TAP: "ok N - text", "not ok N - text" with what the command printed.

TEST_NAME=$(basename "$0" .sh)
: "${RLXC:=rlxc}"
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
test_count=0
test_failed=0
test_cleanup=

TMP=$(mktemp -d "${TMPDIR:-/tmp}/rlxc-$TEST_NAME.XXXXXX") || exit 99
chmod 755 "$TMP"
LXCPATH=$TMP/lxc
mkdir "$LXCPATH"
export TMP LXCPATH RLXC top_srcdir

on_exit()
{
	test_cleanup="$1
$test_cleanup"
}

test_end()
{
	test_status=$?
	trap '' HUP INT TERM
	set +e
	eval "$test_cleanup"
	# What a container made belongs to subordinate ids; only its user's root can remove it.
	rm -rf "$TMP" 2>/dev/null
	if [ -e "$TMP" ] && [ "$(id -u)" -ne 0 ]; then
		"$RLXC" usernsexec -s -- rm -rf "$TMP" >/dev/null 2>&1
		rm -rf "$TMP" 2>/dev/null
	fi
	exit $test_status
}
trap test_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

test_result()
{
	test_count=$((test_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $test_count - $2"
	else
		test_failed=$((test_failed + 1))
		echo "not ok $test_count - $2"
	fi
}

# Runs the command and shows its output only when the result is not the wanted one.
test_run()
{
	test_want=$1
	test_text=$2
	shift 2
	"$@" >"$TMP/.output" 2>&1 </dev/null
	test_r=$?
	if { [ "$test_want" = 0 ] && [ $test_r -eq 0 ]; } || { [ "$test_want" != 0 ] && [ $test_r -ne 0 ]; }; then
		test_result 0 "$test_text"
		return 0
	fi
	test_result 1 "$test_text"
	echo "# exit code $test_r of: $*"
	sed 's/^/# /' "$TMP/.output"
	return 1
}

ok()
{
	test_run 0 "$@"
}

not_ok()
{
	test_run 1 "$@"
}

is()
{
	if [ "$2" = "$3" ]; then
		test_result 0 "$1"
		return 0
	fi
	test_result 1 "$1"
	printf 'got:  %s\nwant: %s\n' "$2" "$3" | sed 's/^/# /'
	return 1
}

like()
{
	# shellcheck disable=SC2254
	case $2 in
	$3)
		test_result 0 "$1"
		return 0
		;;
	esac
	test_result 1 "$1"
	printf 'got:  %s\nwant: %s\n' "$2" "$3" | sed 's/^/# /'
	return 1
}

has()
{
	command -v "$1" >/dev/null 2>&1
}

wait_for()
{
	test_end_time=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $test_end_time ] || return 1
		sleep 0.05
	done
}

skip()
{
	if [ "${RLXC_MUST_RUN:-0}" = 1 ]; then
		echo "not ok $((test_count + 1)) - must run, but: $*"
		exit 1
	fi
	# What was tested before counts all the same.
	if [ "$test_count" -gt 0 ]; then
		test_count=$((test_count + 1))
		echo "ok $test_count - the rest # SKIP $*"
		finish
	fi
	echo "1..0 # SKIP $*"
	exit 77
}

need()
{
	has "$1" || skip "$1 is not installed"
}

need_root()
{
	unset RLXC_TURNS # the user cannot take his turn elsewhere
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# An ordinary user with subordinate ids.
need_user()
{
	if [ "$(id -u)" -ne 0 ]; then
		TEST_USER=$(id -un)
	elif ! getent passwd "${TEST_USER:-}" >/dev/null; then
		skip "run by root without TEST_USER naming an ordinary user"
	fi
	grep -Eqs "^($TEST_USER|$(id -u "$TEST_USER")):" /etc/subuid ||
		skip "user $TEST_USER has no subordinate ids"
	need newuidmap
	[ "$(id -u)" -ne 0 ] || chown "$TEST_USER" "$TMP" "$LXCPATH"
}

as_user()
{
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
		return
	fi
	(
		cd / || exit 99
		exec env -u XDG_RUNTIME_DIR HOME="$(getent passwd "$TEST_USER" | cut -d: -f6)" \
			USER="$TEST_USER" LOGNAME="$TEST_USER" \
			setpriv --reuid "$TEST_USER" --regid "$(id -g "$TEST_USER")" --init-groups "$@"
	)
}

# The links of the host are not touched.
own_network()
{
	need_root
	if [ -z "${TEST_INSIDE-}" ]; then
		unshare --net true 2>/dev/null || skip "no network namespace"
		rm -rf "$TMP"
		TEST_INSIDE=1 exec unshare --net -- bash "$0" "$@"
	fi
	ip link set lo up
	who=root
	on_exit 'end_containers'
}

small_rootfs()
{
	test_busybox=$(command -v busybox) || skip "no busybox"
	mkdir -p "$1/bin" "$1/dev" "$1/etc" "$1/proc" "$1/sys" "$1/tmp"
	cp "$test_busybox" "$1/bin/busybox"
	for test_tool in sh ip ping ping6 sleep nc cat reboot; do
		ln -s busybox "$1/bin/$test_tool"
	done
}

# A build has all programs in one directory, an installation our helpers in another.
helper_program()
{
	for test_dir in "$(dirname "$(realpath "$RLXC")")" "$(dirname "$(realpath "$RLXC")")/../libexec/lxc"; do
		if [ -x "$test_dir/$1" ]; then
			echo "$test_dir/$1"
			return 0
		fi
	done
	return 1
}

private_install()
{
	test_programs=$(helper_program lxc-user-nic) || skip "no lxc-user-nic beside $RLXC"
	test_programs=$(dirname "$test_programs")
	# The policy is where configure put it.
	policy=$(grep -ao '/[A-Za-z0-9_./+-]*/lxc-usernet' "$test_programs/lxc-user-nic" | head -n 1)
	cp -a /etc "$TMP/etc"
	mkdir -p "$TMP/etc/lxc" "$TMP/programs"
	rm -f "$TMP/etc/lxc/lxc-usernet"
	for test_program in "$RLXC" "$test_programs"/rlxc-* "$test_programs"/lxc-user-*; do
		[ ! -f "$test_program" ] || install -m 755 "$test_program" "$TMP/programs/"
	done
	mount --bind "$TMP/etc" /etc
	mount -t tmpfs -o mode=755 tmpfs /run
	on_exit 'umount -l /etc /run'
	if [ "${policy#/etc/}" = "$policy" ]; then
		mkdir -p "${policy%/*}"
		mount -t tmpfs -o mode=755 tmpfs "${policy%/*}"
		on_exit 'umount -l "${policy%/*}"'
	fi
	mkdir /run/bin
	cp "$TMP"/programs/* /run/bin/
	chmod 4755 /run/bin/lxc-user-*
	RLXC=/run/bin/rlxc
}

private_user()
{
	test_name=$1
	echo "$1:x:$2:$2::$TMP/$1:/bin/sh" >>/etc/passwd
	echo "$1:x:$2:" >>/etc/group
	for test_file in /etc/subuid /etc/subgid; do
		echo "$1:$(($2 * 65536)):65536" >>$test_file
	done
	mkdir -p "$TMP/$1/.config/lxc"
	shift 2
	printf '%s\n' "$@" >"$TMP/$test_name/.config/lxc/default.conf"
	chown -R "$test_name:" "$TMP/$test_name"
	chmod 700 "$TMP/$test_name"
}

# exits CODE "text" COMMAND...
exits()
{
	test_code=$1
	test_text=$2
	shift 2
	"$@" >"$TMP/.output" 2>&1 </dev/null
	test_r=$?
	test_result $((test_r != test_code)) "$test_text"
	[ $test_r -eq "$test_code" ] && return 0
	echo "# exit code $test_r, not $test_code, of: $*"
	sed 's/^/# /' "$TMP/.output"
	return 1
}

# ---- containers, for each kind of caller ----

USER_CGROUP=  # of TEST_USER, when root runs the test
OTHER_CGROUP= # that TEST_USER is in without owning it

# The nearest cgroup above both is root's.
make_other_cgroup()
{
	OTHER_CGROUP=${USER_CGROUP%/*}/rlxc-other-$TEST_NAME-$$
	mkdir "$OTHER_CGROUP" || return 1
	on_exit 'rmdir "$OTHER_CGROUP" 2>/dev/null'
}

# The last monitor's cgroup is removed a moment after its end.
remove_user_cgroup()
{
	find "$USER_CGROUP" -depth -type d -exec rmdir {} \;
	[ ! -e "$USER_CGROUP" ]
}

make_user_cgroup()
{
	for test_dir in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ -e $test_dir/cgroup.procs ] && [ ! -e $test_dir/tasks ] || continue
		mkdir "$test_dir/rlxc-$TEST_NAME-$$" 2>/dev/null || continue
		USER_CGROUP=$test_dir/rlxc-$TEST_NAME-$$
		on_exit 'wait_for 5 remove_user_cgroup'
		chown "$TEST_USER" "$USER_CGROUP" "$USER_CGROUP/cgroup.procs" \
			"$USER_CGROUP/cgroup.threads" "$USER_CGROUP/cgroup.subtree_control"
		return 0
	done
	return 1
}

# in_cgroup DIRECTORY COMMAND ARG...
in_cgroup()
{
	(
		# The subshell's own pid, which becomes the command's
		[ -z "$1" ] || sh -c 'echo $PPID' >"$1/cgroup.procs"
		shift
		"$@"
	)
}

as_caller()
{
	case $who in
	root) "$@" ;;
	bare) as_user "$@" ;;
	user) in_cgroup "$USER_CGROUP" as_user "$@" ;;
	other) in_cgroup "$OTHER_CGROUP" as_user "$@" ;;
	esac
}

# What a user's container has without a line about networks depends on the programs of the host:
# containers of the tests say that they have none. DEFAULT_NET=1: they do not.
say_no_network()
{
	[ -z "${DEFAULT_NET-}" ] || return 0
	test_config=
	for test_word; do
		case $test_word in
		--) break ;;
		*lxc.net* | --share-net*) return 0 ;;
		esac
		case $test_before in
		-f) test_config=$test_word ;;
		*) [ ! -f "$LXCPATH/$test_word/config" ] || : "${test_config:=$LXCPATH/$test_word/config}" ;;
		esac
		test_before=$test_word
	done
	[ -f "$test_config" ] || return 0
	grep -qs 'lxc\.net' "$test_config" || printf '\nlxc.net.0.type = empty\n' >>"$test_config"
}

# configured HEAD LINE... -- WORD...: the configuration $LXCPATH/conf of HEAD, which is lines by itself, and
# these lines; test_n is how many words the caller shifts to have WORD...
configured()
{
	test_lines=$1
	test_n=1
	shift
	while [ "$1" != -- ]; do
		test_lines="$test_lines$1
"
		test_n=$((test_n + 1))
		shift
	done
	as_caller sh -c 'printf "%s" "$2" >"$1/conf"' sh "$LXCPATH" "$test_lines"
}

lxc()
{
	test_command=$1
	shift
	case $who-$test_command in
	user-start | user-execute | bare-start | bare-execute | other-start | other-execute)
		test_before=
		say_no_network "$@" 2>/dev/null
		;;
	esac
	case $who-$test_command in
	other-start | other-execute)
		(
			who=user
			as_caller timeout -k 5 "${LXC_SECONDS:-60}" "$RLXC" "$test_command" -P "$LXCPATH" "$@"
		)
		return
		;;
	esac
	as_caller timeout -k 5 "${LXC_SECONDS:-60}" "$RLXC" "$test_command" -P "$LXCPATH" "$@"
}

on_terminal()
{
	as_caller timeout -k 5 120 python3 "$top_srcdir/tests/run/terminal.py" "$@"
}

state()
{
	lxc info -n "$1" -sH 2>/dev/null
}

is_state()
{
	[ "$(state "$1")" = "$2" ]
}

has_cgroup()
{
	printf 'lxc.rootfs.path = /\n' >"$TMP/.config"
	chmod 644 "$TMP/.config"
	lxc start -n probe -f "$TMP/.config" --dry-run 2>/dev/null |
		grep -Eq '"cgroup_base": "|"cgroup_scope": true'
}

end_containers()
{
	for test_name in $(lxc ls -1 --running 2>/dev/null); do
		lxc stop -k -n "$test_name" >/dev/null 2>&1
	done
}

turn()
{
	who=$1
	LXCPATH=$TMP/$who
	mkdir "$LXCPATH"
	[ "$(id -u)" -ne 0 ] || [ "$who" = root ] || chown "$TEST_USER:" "$LXCPATH"
	shift
	"$@"
	end_containers
}

each_caller()
{
	test_function=$1
	shift
	[ $# -gt 0 ] || set -- root user bare
	on_exit '[ -z "${who-}" ] || end_containers'
	for test_who; do
		# run-tests lets the user take his own turns.
		case " ${RLXC_TURNS-$test_who} " in *" $test_who "*) ;; *) continue ;; esac
		case $test_who in
		root)
			[ "$(id -u)" -ne 0 ] || turn root "$test_function"
			continue
			;;
		esac
		if [ "$(id -u)" -eq 0 ] && [ "$test_who" != bare ] && [ -z "$USER_CGROUP" ]; then
			getent passwd "${TEST_USER:-}" >/dev/null || continue
			make_user_cgroup || continue
		fi
		[ "$(id -u)" -ne 0 ] || [ "$test_who" != other ] || [ -n "$OTHER_CGROUP" ] ||
			make_other_cgroup || continue
		# For a test that a user runs there is one surrounding, whatever it is.
		[ "$(id -u)" -eq 0 ] || [ "$test_who" = user ] || continue
		need_user
		as_user test -x "$RLXC" || skip "$TEST_USER cannot run $RLXC"
		turn "$test_who" "$test_function"
	done
}

long_result()
{
	while IFS=' ' read -r test_word test_text; do
		case $test_word in
		good) ok "$who: $test_text" true ;;
		bad) ok "$who: $test_text" false ;;
		*) echo "# $test_word $test_text" ;;
		esac
	done <"$1"
}

finish()
{
	echo "1..$test_count"
	[ $test_failed -eq 0 ]
	exit
}
