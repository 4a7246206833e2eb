#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/cves.md: what shows that old holes are not here is really there.
# shellcheck disable=SC2154 # lib.sh sets what is not set here
. "$(dirname "$0")/../run/lib.sh"

# mistakes TABLE: rows that neither name a test whose words are there nor give a reason
mistakes()
{
	grep '^| CVE-' "$1" | while IFS= read -r row; do
		shown=${row##*" | "}
		shown=${shown%" |"}
		# shellcheck disable=SC2016
		case $shown in
		'none: '?*) continue ;;
		'`'*'`: `'*'`'*) ;;
		*) echo "$row" && continue ;;
		esac
		file=${shown#?}
		words=${file#*'`: `'}
		grep -qsF -- "${words%%'`'*}" "$top_srcdir/tests/${file%%'`'*}" || echo "$row"
	done
}

# Each that the code speaks of is in it.
forgotten()
{
	grep -rhoE 'CVE-[0-9]+-[0-9]+' "$top_srcdir/lib" "$top_srcdir/helpers" | sort -u |
		while read -r cve; do
			grep -q "$cve" "$1" || echo "$cve"
		done
}

table=$top_srcdir/tests/cves.md
ok "there are rows" grep -q '^| CVE-' "$table"
is "each names a test that is there, or a reason" "$(mistakes "$table")" ""
is "none that the code speaks of is forgotten" "$(forgotten "$table")" ""

# shellcheck disable=SC2016
printf '%s\n' '| CVE-1 | x | `run/lib.sh`: `test_count=0` |' '| CVE-2 | x | none: because |' >"$TMP/good"
is "a good table" "$(mistakes "$TMP/good")" ""
# shellcheck disable=SC2016
for row in '`run/lib.sh`: `no such words`' '`run/no-such-file`: `x`' 'none: ' 'somewhere' ''; do
	printf '| CVE-1 | x | %s |\n' "$row" >"$TMP/bad"
	is "a bad one: $row" "$(mistakes "$TMP/bad" | wc -l)" 1
done
is "and an empty one" "$(forgotten "$TMP/good" | head -c 4)" CVE-
finish
