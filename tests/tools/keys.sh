#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/update-keys: the table of the keys is up to date, and each kind of mistake is found.
# shellcheck disable=SC2154 # lib.sh sets what is not set here
. "$(dirname "$0")/../run/lib.sh"
need python3

tree=$TMP/tree
mkdir -p "$tree/man" "$tree/tests/run"
echo 'Only *root* can have _this_.' >"$tree/man/lxc.container.conf.5.scd"
cat >"$tree/tests/run/a.sh" <<'END'
	is "$who: label of all" "$(inside)" x
	like "root: label of root" "$(inside)" x
	echo "no label"
each_caller checks root user
END
cat >"$tree/tests/run/b.sh" <<'END'
	is "$who: label of all" "$(inside)" x
each_caller checks root
END

# with LINE...: runs it on a tree with these lines about the one key
with()
{
	{
		printf 'kind bool\n\tbad 2 => 0 or 1\n\nlxc.a 6.0\n\tset 1\n\tbad x => 0 or 1\n\tis bool\n'
		printf '\t%s\n' "$@"
	} >"$tree/tests/keys.txt"
	rm -f "$tree/tests/keys.md"
	"$top_srcdir/tools/update-keys" "$tree" 2>&1
}

# accepts LINE...: with which there is a table, which is then up to date
accepts()
{
	ok "it takes: $*" with "$@"
	ok "it is up to date: $*" "$top_srcdir/tools/update-keys" --check "$tree"
}

# refuses TEXT LINE...
refuses()
{
	want=$1
	shift
	like "it refuses: $*" "$(with "$@")" "*lxc.a: *$want*"
	not_ok "and writes nothing" test -e "$tree/tests/keys.md"
}

accepts 'both run/a.sh: label of all'
like "the row" "$(cat "$tree/tests/keys.md")" '*| lxc.a | 6.0 | 1 + 2 | `run/a.sh: label of all` | `run/a.sh: label of all` |*'
accepts 'root run/b.sh: label of all' 'user run/a.sh: label of all'
accepts 'root run/a.sh: label of root' 'no user: root can have this'
like "a reason in the row" "$(cat "$tree/tests/keys.md")" '*| `run/a.sh: label of root` | no: "root can have this" |*'
accepts 'untested both: no machine has it'

refuses "nothing shows what it does for root"
refuses "nothing shows what it does for user" 'root run/a.sh: label of all'
refuses "not there for root: 'run/a.sh: label'" 'both run/a.sh: label'
refuses "not there for root" 'both run/a.sh: no label'
refuses "not there for root" 'both run/c.sh: label of all'
refuses "not there for user" 'both run/b.sh: label of all'
refuses "not there for user" 'both run/a.sh: label of root'
refuses "not there for user" 'root run/a.sh: label of all' 'no user: nobody can have this'
refuses "cannot read" 'bare run/a.sh: label of all'
refuses "cannot read" 'tested both: by hand'

printf 'lxc.a\n\tuntested both: x\n' >"$tree/tests/keys.txt"
like "it refuses a key of no version" "$("$top_srcdir/tools/update-keys" "$tree" 2>&1)" "*lxc.a: '' is no version*"

with 'both run/a.sh: label of all' >/dev/null
echo "| lxc.b |" >>"$tree/tests/keys.md"
like "a table that is out of date" "$("$top_srcdir/tools/update-keys" --check "$tree" 2>&1)" "*keys.md is out of date, run tools/update-keys*"
ok "this tree itself" "$top_srcdir/tools/update-keys" --check "$top_srcdir"
finish
