// SPDX-License-Identifier: MIT
// ports: free ones for a test's own servers. Below those that the launcher takes, and those that the kernel gives to
// outgoing connections: what has one of them cannot lose it to either while it is being started again.
import { createServer } from 'node:net';

const FIRST = 10000;
const COUNT = 10000;

function isFree(port) {
    return new Promise(done => {
        const server = createServer();
        server.on('error', () => done(false));
        server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
}

// The first of `count` free ports in a row.
export async function freePorts(count) {
    for (let attempt = 0; attempt < 100; attempt++) {
        const first = FIRST + Math.floor(Math.random() * (COUNT - count));
        let free = true;
        for (let port = first; free && port < first + count; port++)
            free = await isFree(port);
        if (free)
            return first;
    }
    throw new Error(`no ${count} free ports in a row`);
}

export const freePort = () => freePorts(1);
