# SPDX-License-Identifier: Apache-2.0
# Shared by contrib/demo and contrib/check, which source it: the out-of-tree build.
# The caller sets `top` (the source tree, absolute) and may define say().

# Root working in the tree of somebody else gives that user what it made there.
give_back()
{
	local owner f

	[ "$(id -u)" -eq 0 ] || return 0
	owner=$(stat -c %u:%g "$top")
	[ "${owner%%:*}" -ne 0 ] || return 0
	for f in "$@" aclocal.m4 autom4te.cache build-aux configure Makefile.in; do
		case $f in
		/*) ;;
		*) f=$top/$f ;;
		esac
		[ ! -e "$f" ] || chown -hR "$owner" "$f"
	done
}

# build_in DIR LOG [CONFIGURE-OPTION...]: brings DIR up to date, its output going to LOG.
build_in()
{
	local dir=$1 log=$2 rc=0

	shift 2
	mkdir -p "$dir" || return 1
	{
		if [ ! -e "$top/configure" ] || [ ! -e "$top/Makefile.in" ] ||
			[ "$top/configure.ac" -nt "$top/configure" ]; then
			"$top/autogen.sh" || rc=1
		fi
		if [ $rc -eq 0 ] && [ ! -e "$dir/Makefile" ]; then
			(cd "$dir" && "$top/configure" "$@") || rc=1
		fi
		if [ $rc -eq 0 ]; then
			make -C "$dir" -j"$(nproc)" || rc=1
		fi
	} >>"$log" 2>&1
	give_back "$dir"
	return $rc
}
