// SPDX-License-Identifier: MIT
// ports: free ones for a test's own servers. Below those that the launcher takes, and those that the kernel gives to
// outgoing connections: what has one of them cannot lose it to either while it is being started again. Nor to a test
// that runs beside it: each process takes a range for itself, which is its own while it listens on the first port.
import { createServer } from 'node:net';

const FIRST = 10000;
const RANGES = 50;
const SIZE = 200; // of a range

function listen(port) {
    return new Promise(done => {
        const server = createServer();
        server.on('error', () => done(null));
        server.listen(port, '127.0.0.1', () => done(server));
    });
}

async function isFree(port) {
    const server = await listen(port);
    if (server)
        await new Promise(done => server.close(done));
    return server !== null;
}

async function takeRange() {
    const start = Math.floor(Math.random() * RANGES);
    for (let i = 0; i < RANGES; i++) {
        const first = FIRST + (start + i) % RANGES * SIZE;
        const server = await listen(first);
        if (server) {
            server.unref();
            return first;
        }
    }
    throw new Error(`all ${RANGES} ranges of ports are taken`);
}

let range; // a promise of its first port
let used = 1;

// The first of `count` free ports in a row, at most 199. Those given out before come again when all have been.
export async function freePorts(count) {
    range ??= takeRange();
    const first = await range;
    for (let tries = 0; tries < SIZE; tries++) {
        if (used + count > SIZE)
            used = 1;
        const port = first + used;
        used += count; // before anything is waited for: others may ask meanwhile
        let free = true;
        for (let next = port; free && next < port + count; next++)
            free = await isFree(next);
        if (free)
            return port;
    }
    throw new Error(`no ${count} free ports in a row from ${first} on`);
}

export const freePort = () => freePorts(1);
