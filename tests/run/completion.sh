#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The completion script: what it offers, and that no option of any help text is missing.
. "$(dirname "$0")/lib.sh"

# A program that stands for rlxc and lxc-ls, so that names come from a known place.
cat >"$TMP/rlxc" <<'EOF'
#!/bin/sh
[ "$1" = ls ] && shift
case "$*" in
"-1 --running") echo web; echo www ;;
"-1 --stopped") echo off ;;
"-1 --frozen") echo ice ;;
"-1 --defined") printf '%s\n' web www off ice ;;
"-1 -P /srv/c --stopped") echo elsewhere ;;
"-f -F GROUPS") printf '%s\n' GROUPS "web, db" - ;;
"snapshot -n web -L") echo "snap0 (/srv/c/web/snaps) 2026:01:01 00:00:00" ;;
"snapshot -n off -L") echo "No snapshots" ;;
"config explain") printf '%s\n' 'lxc.tty.max (number)' '  How many' 'lxc.net.N.type' ;;
"config -l") echo lxc.lxcpath ;;
esac
EOF
chmod 755 "$TMP/rlxc"
ln -s rlxc "$TMP/lxc-ls"

# shellcheck disable=SC2153
"$RLXC" completion bash >"$TMP/script" || skip "no completion script"
ok "the script is valid" bash -n "$TMP/script"
if has shellcheck; then
	ok "shellcheck has nothing to say" shellcheck "$TMP/script"
fi
# shellcheck disable=SC1091
. "$TMP/script"

# offers WORD...: what is offered for the last word, on one line
offers()
{
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	cd "$TMP" || exit 99
	_rlxc 2>/dev/null
	echo "${COMPREPLY[*]}"
}

rlxc=$TMP/rlxc

is "a command by its beginning" "$(offers "$rlxc" un)" "unfreeze unshare"
is "help takes a command" "$(offers "$rlxc" help crea)" "create"
is "names of running containers" "$(offers "$rlxc" attach "")" "web www"
is "under the LXC name, too" "$(offers "$TMP/lxc-attach" "")" "web www"
is "by their beginning" "$(offers "$TMP/lxc-stop" we)" "web"
is "stopped ones" "$(offers "$rlxc" start "")" "off"
is "frozen ones" "$(offers "$rlxc" unfreeze -n "")" "ice"
is "defined ones" "$(offers "$rlxc" info -n w)" "web www"
is "from another directory" "$(offers "$rlxc" destroy -P /srv/c "")" "elsewhere"
is "with --lxcpath=" "$(offers "$rlxc" destroy --lxcpath = /srv/c "")" "elsewhere"
is "after an option with a value" "$(offers "$rlxc" start -s lxc.a "")" "off"
is "no second name" "$(offers "$rlxc" start off "")" ""
is "nor after --" "$(offers "$rlxc" start -n off -- -)" ""
is "namespace of a running container" "$(offers "$rlxc" start --share-net = w)" "web www"
is "states" "$(offers "$rlxc" wait web -s ST)" "STOPPED STARTING STOPPING"
is "joined states" "$(offers "$rlxc" wait web -s "'RUNNING|FRO")" "RUNNING|FROZEN"
is "namespaces" "$(offers "$rlxc" unshare -s U)" "UTSNAME USER"
is "joined namespaces" "$(offers "$rlxc" attach web --namespaces = '"PID|M')" "PID|MOUNT"
is "privileges only glued" "$(offers "$rlxc" attach web --elevated-privileges = C)" "CAP CGROUP"
is "and not after a blank" "$(offers "$rlxc" attach -e "")" "web www"
is "columns" "$(offers "$rlxc" ls -f -F NAME,IPV)" "NAME,IPV4 NAME,IPV6"
is "log levels" "$(offers "$rlxc" ls -l D)" "DEBUG"
is "formats" "$(offers "$rlxc" ls --format = "")" "json text"
like "templates" " $(offers "$rlxc" create -t "") " "* busybox image local none *"
is "groups" "$(offers "$rlxc" autostart -g "")" "web db"
is "joined groups" "$(offers "$rlxc" ls -g web,d)" "web,db"
is "snapshots" "$(offers "$rlxc" snapshot web -r "")" "snap0"
is "none of them" "$(offers "$rlxc" snapshot -n off --destroy "")" ""
is "keys" "$(offers "$rlxc" info web -c lxc.n)" "lxc.net.0.type"
is "a key to set" "$(offers "$rlxc" start -s lxc.tty)" "lxc.tty.max"
is "keys of config" "$(offers "$rlxc" config "")" "check explain lxc.lxcpath"
is "keys to explain" "$(offers "$rlxc" config explain lxc.t)" "lxc.tty.max"
is "what to do with a device" "$(offers "$rlxc" device web "")" "add del"
is "with a file" "$(offers "$rlxc" device web add scr)" ""
is "all subjects of checkconfig" "$(offers "$rlxc" checkconfig "" | tr ' ' ,)" \
	"$("$RLXC" checkconfig nonsense 2>&1 | sed -n 's/^hint: there are: //p' | tr -d ' ')"
is "backends" "$(offers "$rlxc" create -B d)" "dir"
mkdir "$TMP/subdir"
is "directories" "$(offers "$rlxc" ls -P sub)" "subdir"
is "files" "$(offers "$rlxc" start -f scr)" "script"
is "a shell for completion" "$(offers "$rlxc" completion "")" "bash"

# Every option of every help text, for every command.
for command in $("$RLXC" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	offered=" $(offers "$rlxc" "$command" -) "
	missing=
	for option in $("$RLXC" "$command" --help |
		sed -n 's/^  \(-.\), \(--[a-z-]*\).*/\1 \2/p; s/^      \(--[a-z-]*\).*/\1/p'); do
		[[ $offered == *" $option "* ]] || missing+=" $option"
	done
	is "all options of $command" "$missing" ""
done
finish
