// SPDX-License-Identifier: MIT
// task_threads: leaves nng a single thread for its callbacks.
//
// nng hands every step of a message to a pool of task threads and wakes one for each, although the
// one at work would come to it in a moment. Those wake-ups are most of what a call costs: with one
// thread at work a call takes two thirds of the CPU (README.md has the numbers). nng starts two a
// core and cannot be told otherwise, so all but one are parked inside a callback of ours.
//
// Threads: one of the parked ones watches that the thread at work makes progress; when it does not
// for a second, the watcher goes back to work for good.
#pragma once

// Parks the threads. Called by whoever is about to use nng; does its work once in a process.
void task_threads_park(void);
