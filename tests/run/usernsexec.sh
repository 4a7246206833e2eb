#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# rlxc usernsexec: maps, ids inside, exit codes, and what it says when it cannot.
. "$(dirname "$0")/lib.sh"
need_user

uid=$(id -u "$TEST_USER")
gid=$(id -g "$TEST_USER")
# The first line of the user in a file, as "FIRST COUNT".
range()
{
	sed -n "s/^\($TEST_USER\|$uid\):\([0-9]*\):\([0-9]*\)\$/\2 \3/p" "$1" | head -n 1
}

u()
{
	as_user "$RLXC" usernsexec "$@"
}

# Blanks of /proc/self/uid_map made single.
map()
{
	u "$@" | tr -s ' ' | sed 's/^ //'
}

# fails CODE TEXT ARG...: usernsexec with ARG fails so and says so
fails()
{
	code=$1
	pattern=$2
	shift 2
	got=$(u "$@" 2>&1 </dev/null)
	is "'$*' ends with $code" "$?" "$code"
	like "and says why" "$got" "$pattern"
}

u -- true || skip "this kernel or user may not make user namespaces"

uids=$(range /etc/subuid)
gids=$(range /etc/subgid)
first=${uids% *}

# ---- maps ----
is "default: the first uid range from 0 on" "$(map -- cat /proc/self/uid_map)" "0 $uids"
is "default: the first gid range from 0 on" "$(map -- cat /proc/self/gid_map)" "0 $gids"
is "-s puts the own uid behind" "$(map -s -- cat /proc/self/uid_map)" \
	"0 $uids
${uids#* } $uid 1"
is "-s puts the own gid behind" "$(map -s -- cat /proc/self/gid_map)" \
	"0 $gids
${gids#* } $gid 1"
is "-m u and -m g" "$(map -m "u:5:$first:10" -m u:0:"$uid":1 -m "g:0:${gids% *}:7" -u 5 -- \
	cat /proc/self/uid_map /proc/self/gid_map)" \
	"5 $first 10
0 $uid 1
0 ${gids% *} 7"
if [ "$uid" = "$gid" ]; then
	is "the own id alone needs no tool" "$(map -m "b:0:$uid:1" -- cat /proc/self/uid_map)" \
		"0 $uid 1"
	is "and leaves the groups denied" "$(u -m "b:0:$uid:1" -- cat /proc/self/setgroups)" deny
fi

# ---- inside ----
is "root inside" "$(u -- id -u)/$(u -- id -g)/$(u -- id -G)" "0/0/0"
is "-u and -g" "$(u -u 7 -g 8 -- sh -c 'echo $(id -u)/$(id -g)/$(id -G)')" "7/8/8"
is "all three of them" "$(u -u 7 -- sh -c 'sed -n "s/^Uid:\t//p" /proc/self/status' |
	cut -f 1-3)" "7	7	7"
is "a shell by default" "$(echo 'echo $((6 * 7))' | u)" 42
is "stdin goes through" "$(echo words | u -- cat)" words
ok "mounts can be made" u -- sh -c 'mount -t tmpfs none /mnt && umount /mnt'
is "they are not the host's" \
	"$(u -- sh -c 'mount -t tmpfs rlxc-test /mnt; grep -c rlxc-test /proc/self/mounts'; \
		grep -c rlxc-test /proc/self/mounts)" "1
0"
ok "no mount is shared with the host" u -- sh -c '! grep -q " shared:" /proc/self/mountinfo'
is "no descriptor of ours is left" "$(u -- sh -c 'ls /proc/self/fd' | wc -l)" \
	"$(as_user sh -c 'ls /proc/self/fd' | wc -l)"

# ---- exit codes ----
u -- sh -c 'exit 42'
is "the program's code" $? 42
u -- sh -c 'kill -KILL $$'
is "killed by a signal" $? 137
is "SIGTERM is passed on" "$(as_user sh -c '"$0" usernsexec -- sleep 61 & sleep 0.5
kill -TERM $!; wait $!; echo $?' "$RLXC" 2>/dev/null)" 143
ok "and nothing stays behind" sh -c "! pgrep -u $first -f '^sleep 61\$'"

# ---- failures ----
fails 127 "*cannot run 'no-such-program'*No such file*" -- no-such-program
fails 126 "*cannot run '/etc/passwd'*Permission denied*" -- /etc/passwd
fails 1 "*uid 0 of the host*hint: *" -m b:0:0:1
fails 1 "*'u 0 4294900000 5'*hint: as root: usermod --add-subuids 4294900000-4294900004 \
--add-subgids 4294900000-4294900004 $TEST_USER*" -m b:0:4294900000:5
fails 1 "*overlap inside*" -m "b:0:$first:2" -m "u:1:$((first + 5)):1"
fails 1 "*overlap on the host*" -m "u:0:$first:2" -m "u:5:$((first + 1)):1" -m "g:0:$gid:1"
fails 1 "*maps no id*" -m "b:0:$first:0"
fails 1 "*past the last id*" -m "b:0:$first:4294967295"
fails 1 "*not an id map*hint: *" -m "b:0:$first"
fails 1 "*not an id map*" -m "x:0:$first:1"
fails 1 "*not an id map*" -m "b:0:$first:1:1"
fails 1 "*not an id map*" -m "b:0:$first:-1"
fails 1 "*no line for gids*" -m "u:0:$first:1"
fails 1 "*uid 5 is not mapped*hint: *" -m "b:0:$uid:1" -m "g:6:${gids% *}:1" -u 5

# ---- the tools ----
has setpriv && {
	got=$(as_user setpriv --no-new-privs "$RLXC" usernsexec -- true 2>&1)
	is "without set-uid it stops" $? 1
	like "and says so" "$got" "*no_new_privs*hint: *"
}

# ---- as root ----
if [ "$(id -u)" -eq 0 ]; then
	is "root maps anything" "$("$RLXC" usernsexec -m b:0:4294900000:5 -- cat /proc/self/uid_map |
		tr -s ' ')" " 0 4294900000 5"
	if ! grep -Eq '^(root|0):' /etc/subuid; then
		got=$("$RLXC" usernsexec -- true 2>&1)
		is "root without ranges" $? 1
		like "is told the command" "$got" "*no subordinate uids*usermod --add-subuids*root"
	fi
	# The tool and its file replaced, for the eyes of this test alone.
	hide()
	{
		unshare -m sh -c 'mount --bind "$1" "$2" && shift 2 && "$@"' sh "$@" 2>&1
	}
	tool=$(command -v newuidmap)
	cp "$tool" "$TMP/powerless" && chmod 755 "$TMP/powerless"
	if [ "$tool" = /usr/bin/newuidmap ] && unshare -m true 2>/dev/null; then
		got=$(hide "$TMP/powerless" "$tool" setpriv --reuid "$TEST_USER" --regid "$gid" \
			--init-groups "$RLXC" usernsexec -- true)
		like "a tool without its bit" "$got" "*set-uid root*hint: *chmod u+s /usr/bin/newuidmap"
		: >"$TMP/empty"
		got=$(hide "$TMP/empty" /etc/subuid setpriv --reuid "$TEST_USER" --regid "$gid" \
			--init-groups "$RLXC" usernsexec -- true)
		like "a user without ranges" "$got" \
			"*$TEST_USER has no subordinate uids*hint: as root: usermod --add-subuids *$TEST_USER"
	fi
fi
finish
