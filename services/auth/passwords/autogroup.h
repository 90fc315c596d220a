// SPDX-License-Identifier: MIT
// autogroup: where all of this service stands among the machine's other programs.
//
// Linux may share the cores out among sessions first, and among the threads of each then
// (autogroup, sched(7)). A service has a session of its own, whether a launcher or systemd starts
// it. So a thread that hashes passwords has the share of a whole service however low its own
// priority is, and a GET that wakes three other services waited behind it up to a time slice at
// each.
#pragma once

// Lets the other sessions go first when cores are short. Does nothing where sessions are not told
// apart (in a container the container's share counts), or when the session is not ours alone.
void autogroup_give_way(void);
