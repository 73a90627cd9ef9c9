#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Perl with large hashes, regular expressions, a child behind a pipe and a signal handler.
# options: more=60
set -u
command -v perl >/dev/null || { echo 'skip: no perl' >&2; exit 77; }
exec perl -w - "$1" <<'END'
use strict;
my $work = shift;
my ($ticks, %h, $bad) = (0);
$SIG{USR1} = sub { $ticks++ };
pipe(my $r, my $w) or die;
my $pid = fork // die;
if (!$pid) {
	close $w;
	my $n = 0;
	while (my $line = <$r>) {
		chomp $line;
		exit 1 if $line ne "message " . $n++;
	}
	exit 0;
}
close $r;
select((select($w), $| = 1)[0]);
my $n = 0;
until (-e "$work/verify") {
	print $w "message $n\n";
	$h{"key $n"} = join ',', map { $_ * $n } 1 .. 5;
	$bad = "value $n" if $n > 10 && $h{'key ' . int($n / 2)} !~ /^(\d+),(\d+),\d+,\d+,\d+$/;
	kill USR1 => $$;
	$n++;
	if ($n == 100) {
		open my $f, '>', "$work/ready" or die;
	}
	select undef, undef, undef, 0.001;
}
close $w;
waitpid $pid, 0;
$bad = "child ended with $?" if $?;
$bad = "$ticks signals for $n" if $ticks != $n;
for my $i (0 .. $n - 1) {
	$bad = "key $i" if $h{"key $i"} ne join ',', map { $_ * $i } 1 .. 5;
}
open my $f, '>', "$work/result.new" or die;
print $f $bad ? "FAIL: $bad\n" : "PASS\n";
close $f;
rename "$work/result.new", "$work/result";
exit($bad ? 1 : 0);
END
