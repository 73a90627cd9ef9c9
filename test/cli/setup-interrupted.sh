#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# contrib/setup after an interrupted apt: it finishes that first, and says what to do if it cannot.
# dpkg and apt are imitations that keep a state in files.
set -u
. "$(dirname "$0")/../soak/common.sh"

mkdir bin state
cat >bin/dpkg-query <<'END'
#!/bin/sh
[ -e state/installed ] && echo installed
END
cat >bin/dpkg <<'END'
#!/bin/sh
echo "dpkg $*" >>state/calls
case "$*" in
--audit) [ -e state/interrupted ] && echo 'half configured: make' ;;
*--configure\ -a*) [ ! -e state/broken ] && rm -f state/interrupted ;;
esac
exit 0
END
cat >bin/apt-get <<'END'
#!/bin/sh
echo "apt-get $*" >>state/calls
if [ -e state/interrupted ]; then
	case "$*" in
	*update*) exit 0 ;;
	esac
	echo "E: dpkg was interrupted" >&2
	exit 100
fi
case "$*" in *--fix-broken*) ;; *install*) : >state/installed ;; esac
exit 0
END
printf '#!/bin/sh\n[ "$1" = -v ] || exec "$@"\n' >bin/sudo
chmod +x bin/*
setup() { PATH=$PWD/bin:$PATH "$CR_SOURCE/../contrib/setup" >msg 2>&1; }

: >state/interrupted
setup
is 0 $? "set-up after an interrupted installation ($(tail -n 1 msg))"
says msg interrupted 'it says so'
says state/calls 'configure -a' 'it finishes that'
: >state/calls
setup
is 0 $? 'with everything there'
is '' "$(grep -E 'configure|apt-get' state/calls)" 'nothing is touched then'
# A Prometheus that the tests need is not left running; contrib/get-criu is not this test's.
mkdir contrib
cp "$CR_SOURCE/../contrib/setup" contrib/
for p in bin/invoke-rc.d bin/update-rc.d bin/npm contrib/get-criu; do
	printf '#!/bin/sh\necho "%s $*" >>state/calls\n' "${p#*/}" >$p
done
chmod +x contrib/get-criu bin/*
rm state/installed
PATH=$PWD/bin:$PATH contrib/setup --tests >msg 2>&1
is 0 $? "what the tests need ($(tail -n 1 msg))"
says state/calls '^invoke-rc.d prometheus stop$' 'its service is stopped'
says state/calls '^update-rc.d prometheus disable$' 'and stays so'
: >state/calls
PATH=$PWD/bin:$PATH contrib/setup --tests >msg 2>&1
is '' "$(grep -E 'rc\.d' state/calls)" 'one that was there before is left alone'
rm state/installed
: >state/interrupted
: >state/broken
setup
is 1 $? 'one that cannot be finished'
says msg 'dpkg --configure -a; apt-get -f install' 'it says what to do'
finish
