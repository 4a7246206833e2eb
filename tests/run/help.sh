#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What every command does alike: --help, --usage, --version, wrong options, and its manual page.
. "$(dirname "$0")/lib.sh"

# run ARG...: sets out, err and code
run()
{
	out=$("$@" 2>"$TMP/err" </dev/null)
	code=$?
	err=$(cat "$TMP/err")
}

program=$(command -v "$RLXC" || echo "$RLXC")
mkdir "$TMP/bin"
names=$("$RLXC" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p')
# shellcheck disable=SC2154
linked=$("$top_srcdir/tools/list-commands" 2>/dev/null)
version=$("$RLXC" --version)

like "a version number" "$version" "[0-9]*.[0-9]*"
ok "there are commands" test -n "$names"
for command in $linked; do
	ln -s "$program" "$TMP/bin/lxc-$command"
done

# options_of COMMAND: every option that its help shows, a line each
options_of()
{
	"$RLXC" "$1" --help |
		sed -n 's/^  \(-.\), \(--[a-z-]*\).*/\1\n\2/p; s/^      \(--[a-z-]*\).*/\1/p'
}

# documents PAGE...: the options that no page names, of those on stdin
undocumented()
{
	while read -r option; do
		cat "$@" | sed 's/\\-/-/g' | grep -Eq -- "\\*$option(\\*|=)" || printf ' %s' "$option"
	done
}

for command in $names; do
	run "$RLXC" "$command" --help
	is "$command --help succeeds" "$code" 0
	is "and keeps stderr free" "$err" ""
	like "its usage comes first" "$out" "Usage: rlxc $command *"
	like "it has the common options" "$out" "*Common options :*--usage*"
	is "no line is longer than 100 characters" "$(grep -E '.{101}' <<<"$out")" ""
	help=$out
	for option in -h '-?'; do
		run "$RLXC" "$command" "$option"
		is "$command $option is the same" "$code $out" "0 $help"
	done
	run "$RLXC" help "$command"
	is "help $command as well" "$code $out" "0 $help"
	run "$RLXC" "$command" --usage
	like "$command --usage" "$code $out" "0 Usage: rlxc $command \[*\[--version\] "
	run "$RLXC" "$command" --version
	is "$command --version" "$code $out" "0 $version"
	run "$RLXC" "$command" --no-such-option
	is "an unknown option of $command" "$code $out$err" \
		"1 rlxc $command: unknown option '--no-such-option'
hint: see 'rlxc $command --help'"
	run "$RLXC" "$command" --format json --no-such-option
	is "the same as JSON" "$code $out$err" "1 {\"command\":\"lxc-$command\",\"error\":\"unknown \
option '--no-such-option'\",\"hint\":\"see 'rlxc $command --help'\",\"code\":-22}"
done

for command in $linked; do
	run "$TMP/bin/lxc-$command" --help
	like "lxc-$command is $command" "$code $out" "0 Usage: lxc-$command *"
	run "$TMP/bin/lxc-$command" --no-such-option
	is "and knows its name" "$code $err" "1 lxc-$command: unknown option '--no-such-option'
hint: see 'lxc-$command --help'"
	page=$top_srcdir/man/lxc-$command.1.scd
	ok "there is a manual page of lxc-$command" test -s "$page"
	is "with all options" "$(options_of "$command" | undocumented "$page" "$top_srcdir/man/rlxc.1.scd")" ""
	for section in SYNOPSIS OPTIONS "EXIT STATUS" EXAMPLES "SEE ALSO"; do
		ok "and the section $section" grep -qx "# $section" "$page"
	done
	ok "rlxc(1) refers to it" grep -q "lxc-$command\\*(1)" "$top_srcdir/man/rlxc.1.scd"
done
# Of those that are words after rlxc alone, some share a page; completion and help are in rlxc(1).
for command in $names; do
	case " $linked completion help " in *[[:space:]]"$command"[[:space:]]*) continue ;; esac
	page=$(sed -n "s/^second_pages =.* rlxc-$command=\([a-z-]*\).*/\1/p" "$top_srcdir/Makefile.am")
	page=$top_srcdir/man/${page:-rlxc-$command}.1.scd
	like "the page of rlxc $command names it" "$(sed -n '/^# NAME/,/^# SYN/p' "$page")" "*rlxc-$command*"
	is "with all options" "$(options_of "$command" | undocumented "$page" "$top_srcdir/man/rlxc.1.scd")" ""
done
# "see SECTION in PAGE(N)", in messages and in the manual
wrong=$(cd "$top_srcdir" && grep -rhoE 'see [A-Z][A-Z0-9 ]* in \*?[a-z.-]+\*?\([1-8]\)' man lib runner helpers | tr -d '*' | sort -u |
	sed -E 's/see (.*) in (.*)\((.)\)/\1:man\/\2.\3.scd/' |
	while IFS=: read -r section page; do
		grep -qx "# $section" "$page" || echo "$page has no $section"
	done)
is "sections that are referred to exist" "$wrong" ""
if has scdoc; then
	for page in "$top_srcdir"/man/*.scd; do
		ok "$(basename "$page") can be built" sh -c 'scdoc <"$1"' - "$page"
	done
fi

run "$RLXC"
like "without a command: the list, as an error" "$code $out$err" "1 Usage: rlxc *"
run "$RLXC" help
like "help alone is the list" "$code $out" "0 Usage: rlxc *attach*wait*"
run "$RLXC" strat
is "a near command is named" "$code $err" "1 rlxc: unknown command 'strat'
hint: did you mean 'rlxc start'?"
run "$RLXC" frobnicate
is "another is not" "$code $err" "1 rlxc: unknown command 'frobnicate'
hint: see 'rlxc --help'"
run "$RLXC" --frob
like "an unknown option" "$code $err" "1 rlxc: unknown option '--frob'*"
run "$RLXC" start
is "a missing name" "$code $err" "1 rlxc start: no container name specified
hint: see 'rlxc start --help'"
run "$RLXC" start -q
is "-q is quiet" "$code $out$err" "1 "

# Descriptors that the caller closed; --version has no other output to lose.
ok "no stdin" sh -c '"$0" --version <&-' "$program"
ok "no stdout" sh -c '"$0" --version >&-' "$program"
ok "no stderr" sh -c '"$0" --version 2>&-' "$program"
ok "none of them" sh -c '"$0" --version <&- >&- 2>&-' "$program"
if [ -c /dev/full ]; then
	not_ok "a full disk is no success" sh -c '"$0" start --help >/dev/full' "$program"
fi
finish
