# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the tests inside the virtual machine share, on top of tests/run/lib.sh. Root runs them, from a
# session of ssh; alice and bob are the users (uid 1000 and 1001).
#
#	via WAY USER COMMAND ARG...  its output and exit code when USER comes in that way:
#	                             ssh; su, su- (from root's session); cron; machinectl
#	as USER COMMAND ARG...       the same with the ids of USER and no login: far less work than
#	                             ssh on an emulated processor; as from another session
#	stay USER, leave USER        a session of ssh that stays open meanwhile
#	gone USER                    all sessions are over, and systemd has ended what was theirs
#	linger USER, no_linger USER  with systemd: a manager without a session, or none
#	need_manager                 skips the test where systemd is not init
#	place NAME USER              cgroup of the container, as /proc names it
#	in_scope NAME USER           the pattern of that for a scope of its own
#	left_over [USER]             cgroups of containers, but for those of USER
#	make_container NAME USER [LINE...]  busybox, with lines for its configuration
#	end_user USER                kills and removes what the test made
. "$(dirname "$0")/../../run/lib.sh"

with_systemd=
[ ! -d /run/systemd/system ] || with_systemd=1

need_manager()
{
	[ -n "$with_systemd" ] || skip "there is no service manager"
}

restart_cron()
{
	rm -f /run/crond.reboot # so that @reboot is now
	if [ -n "$with_systemd" ]; then
		systemctl restart cron
	else
		kill "$(cat /run/crond.pid)"
		/usr/sbin/cron
	fi
}

# Each way starts the same file, which leaves output and exit code beside it.
via()
{
	local way=$1 user=$2 job r
	shift 2
	job=$(mktemp -d /tmp/job.XXXXXX)
	{
		echo "PATH=/usr/local/bin:/usr/bin:/bin" # all that cron gives is /usr/bin:/bin
		echo "exec >$job/out 2>&1 </dev/null"
		printf '%q ' "$@"
		printf '\necho $? >%s/code.new\nmv %s/code.new %s/code\n' "$job" "$job" "$job"
	} >"$job/run"
	chown -R "$user:" "$job"
	case $way in
	ssh) ssh "$user@localhost" bash "$job/run" </dev/null ;;
	su) su "$user" -c "bash $job/run" </dev/null ;;
	su-) su - "$user" -c "bash $job/run" </dev/null ;;
	machinectl) machinectl -q shell "$user@.host" /bin/bash "$job/run" </dev/null >/dev/null ;;
	cron)
		echo "@reboot bash $job/run" | crontab -u "$user" -
		restart_cron
		;;
	esac
	wait_for 90 test -e "$job/code" || echo "# $way: nothing came back: $*"
	[ "$way" != cron ] || crontab -u "$user" -r
	cat "$job/out"
	r=$(cat "$job/code" 2>/dev/null || echo 124)
	rm -r "$job"
	return "$r"
}

as()
{
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups env -i -C / USER="$user" LOGNAME="$user" \
		HOME="$(getent passwd "$user" | cut -d: -f6)" PATH=/usr/local/bin:/usr/bin:/bin \
		XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" "$@" </dev/null 2>&1
}

# Asked of the kernel: systemctl is slow enough here to delay what is waited for.
gone()
{
	[ -z "$with_systemd" ] || wait_for 60 test ! -d "/sys/fs/cgroup/user.slice/user-$(id -u "$1").slice"
}

# The session ends with its standard input. The bus starts with the first who asks, and that may take
# more than the five seconds that a start has patience with the manager.
stay()
{
	sleep $((10000 + $(id -u "$1"))) | ssh "$1@localhost" 'echo in; exec cat' >"$TMP/stay-$1" &
	wait_for 30 test -s "$TMP/stay-$1"
	[ -z "$with_systemd" ] || wait_for 60 as "$1" busctl --user status
}

leave()
{
	pkill -P $$ -x -f "sleep $((10000 + $(id -u "$1")))"
	rm -f "$TMP/stay-$1"
}

linger()
{
	[ -n "$with_systemd" ] || return 0
	loginctl enable-linger "$1" && wait_for 60 test -S "/run/user/$(id -u "$1")/bus"
}

no_linger()
{
	[ -z "$with_systemd" ] || loginctl disable-linger "$1"
}

init_of()
{
	as "$2" lxc-info -n "$1" -pH 2>/dev/null
}

place()
{
	sed -n 's,^0::\(.*/lxc\.payload\.[^/]*\).*,\1,p; s,^0::,,p' "/proc/$(init_of "$1" "$2")/cgroup" | head -n 1
}

in_scope()
{
	local uid
	uid=$(id -u "$2")
	if [ -n "$with_systemd" ]; then
		echo "/user.slice/user-$uid.slice/user@$uid.service/*/lxc-$1.scope/lxc.payload.$1"
	else
		echo "/users/$2/*/lxc.payload.$1"
	fi
}

# The payload's cgroup as a directory
cgroup_of()
{
	echo "/sys/fs/cgroup$(place "$1" "$2")"
}

make_container()
{
	local name=$1 user=$2
	shift 2
	ok "$user: $name is made" as "$user" lxc-create -t busybox "$name" || return
	printf '%s\n' 'lxc.net.0.type = empty' "$@" >>"/home/$user/.local/share/lxc/$name/config"
}

left_over()
{
	find /sys/fs/cgroup \( -name 'lxc.[pm]*' -o -name 'lxc-*.scope' \) \
		! -path "*/user-$(id -u "${1:-nobody}").slice/*" ! -path "*/users/${1:-nobody}/*"
}

end_user()
{
	local name
	[ ! -e "$TMP/stay-$1" ] || leave "$1"
	for name in /home/"$1"/.local/share/lxc/[a-z]*; do
		[ ! -d "$name" ] || as "$1" lxc-destroy -f "$(basename "$name")" >/dev/null
	done
	no_linger "$1"
	gone "$1"
}
