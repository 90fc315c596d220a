// SPDX-License-Identifier: MIT
// recording_relay: passes TCP connections on and keeps every byte, as somebody on the way would.
import { connect, createServer } from 'node:net';

export class RecordingRelay {
    constructor() {
        this.servers = [];
        this.sockets = new Set();
        this.streams = []; // of each direction of each connection, its chunks
    }

    // Passes on what comes to that host and port to the same port of another.
    pass(host, port, to) {
        const server = createServer(near => {
            const far = connect(port, to);
            this.record(near, far);
            this.record(far, near);
        });
        this.servers.push(server);
        return new Promise((done, fail) => server.once('error', fail).listen(port, host, done));
    }

    record(from, to) {
        const chunks = [];
        this.streams.push(chunks);
        this.sockets.add(from);
        from.on('data', chunk => {
            chunks.push(chunk);
            to.write(chunk);
        });
        // One end broken or closed ends the other.
        from.on('error', () => to.destroy());
        from.on('close', () => {
            this.sockets.delete(from);
            to.destroy();
        });
    }

    // All that has passed.
    bytes() {
        return Buffer.concat(this.streams.map(chunks => Buffer.concat(chunks)));
    }

    async close() {
        const closed = this.servers.splice(0).map(server => new Promise(done => server.close(done)));
        this.sockets.forEach(socket => socket.destroy());
        await Promise.all(closed);
    }
}
