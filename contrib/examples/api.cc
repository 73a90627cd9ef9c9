// SPDX-License-Identifier: Apache-2.0
//
// C++: a section as an object, so that no return and no exception leaves it open; and a thread that
// does what is to be done after a restart.
//
//     c++ -pthread $(pkg-config --cflags cairn) api.cc -o api
//     crlaunch -n api -- ./api 10
#include <cairn/cairn.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

class section {
    public:
	section()
	{
		cairn_disable();
	}
	~section()
	{
		cairn_enable();
	}
	section(const section &) = delete;
	section &operator=(const section &) = delete;
};

static void say(const char *what, int n)
{
	section here; // the line is written once, and by one life

	std::cout << what << ' ' << n << std::endl;
}

static void await_restarts()
{
	int lives = cairn_restarts();

	// Below zero: not under Cairn.
	while (lives >= 0) {
		lives = cairn_await_restart(lives, -1);
		if (lives > 0)
			say("life", lives);
	}
}

int main(int argc, char **argv)
{
	int steps = argc > 1 ? std::atoi(argv[1]) : 10;

	std::thread(await_restarts).detach();
	for (int i = 1; i <= steps; i++) {
		std::this_thread::sleep_for(std::chrono::seconds(1));
		switch (cairn_checkpoint()) {
		case CAIRN_SAVED:
			say("saved", i);
			break;
		case CAIRN_RESTARTED:
			say("restarted", i);
			break;
		default:
			std::cout << "no checkpoint: " << cairn_error() << std::endl;
		}
	}
}
