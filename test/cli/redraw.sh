#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program that draws the whole screen is told of the terminal after a restart: it draws again,
# in the new size, though nobody has touched a key.
set -u
. "$(dirname "$0")/../soak/common.sh"

command -v tmux >/dev/null || skip 'no tmux'
python=/usr/bin/python3
[ -x $python ] || skip 'no python3'
unset TMUX
t() {
	tmux -S "$tmp/tmux" "$@"
}

shows() {
	t capture-pane -p -t 0 | grep -q -- "$1"
}

# It draws once, and then only when it is told.
cat >draw.py <<-'END'
	import os, signal, sys, time
	def draw(*unused):
	    size = os.get_terminal_size(0)
	    sys.stdout.write("\033[2J\033[Hsize-%dx%d\r\n" % (size.columns, size.lines))
	    sys.stdout.flush()
	signal.signal(signal.SIGWINCH, draw)
	draw()
	while True:
	    time.sleep(1000)
END
t -f /dev/null new-session -d -x 80 -y 24 "bash --norc -i" 2>err ||
	skip "no tmux server: $(cat err)"
t set-option -g status off
t resize-window -x 80 -y 24
for how in 'python draw.py' "bash --norc -ic 'python draw.py'"; do
	how=${how//python/$python}
	rm -rf ckpt
	t resize-window -x 80 -y 24
	t send-keys -t 0 "clear; cd $tmp; PATH=$PATH; export CR_RUNTIME_DIR=$CR_RUNTIME_DIR" Enter
	t send-keys -t 0 "crlaunch -n job -d ckpt -- $how" Enter
	wait_until "$step" shows size-80x24
	is 0 $? "$how: it draws"
	crctl checkpoint job >/dev/null 2>err
	is 0 $? "$how: checkpoint: $(cat err)"
	crctl kill job
	t send-keys -t 0 'stty sane; clear; echo em""pty' Enter
	wait_until "$step" shows empty
	t resize-window -x 100 -y 30
	t send-keys -t 0 'clear; crrestart ckpt/job' Enter
	wait_until "$step" shows size-100x30
	is 0 $? "$how: it draws again, in the new size"
	crctl kill job
	wait_until "$step" eval '! crctl status job >/dev/null 2>&1'
done
t kill-server
finish
