// SPDX-License-Identifier: MIT
// raw_http: bytes on a socket, for requests no HTTP library would send.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

// Sends `pieces` (strings or buffers, with numbers between them as pauses in milliseconds) and reads until
// the server closes or `quiet` milliseconds have passed without a byte. Gives what came, whether the
// server closed, and how long that took. `from` is the address to come from; with `tls` (options of
// tls.connect) the bytes go through TLS.
export function converse(port, pieces, { quiet = 1500, limit = 30000, from, tls } = {}) {
    return new Promise((done, fail) => {
        const plain = connect({ port, host: '127.0.0.1', localAddress: from });
        const socket = tls ? connectTls({ socket: plain, servername: 'localhost', ...tls }) : plain;
        const chunks = [];
        const begun = Date.now();
        let silence;
        let finished = false;
        const finish = closed => {
            if (finished)
                return;
            finished = true;
            clearTimeout(silence);
            clearTimeout(last);
            socket.destroy();
            const text = Buffer.concat(chunks).toString('latin1');
            done({ text, closed, ms: Date.now() - begun, answers: answersIn(text) });
        };
        const last = setTimeout(() => finish(false), limit);
        const listen = () => {
            clearTimeout(silence);
            silence = setTimeout(() => finish(false), quiet);
        };
        socket.on('data', chunk => {
            chunks.push(chunk);
            listen();
        });
        socket.on('close', () => finish(true));
        socket.on('error', error => {
            // The server may close while something is still being sent.
            if (['ECONNRESET', 'EPIPE'].includes(error.code))
                finish(true);
            else
                fail(error);
        });
        socket.on(tls ? 'secureConnect' : 'connect', async () => {
            for (const piece of pieces) {
                if (finished)
                    return;
                if (typeof piece === 'number')
                    await new Promise(next => setTimeout(next, piece));
                else
                    socket.write(piece);
            }
            listen();
        });
    });
}

// The answers in what came: [{status, headers, body}].
export function answersIn(text) {
    const answers = [];
    for (let rest = text; rest.startsWith('HTTP/1.1 ');) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0)
            break;
        const [first, ...lines] = rest.slice(0, end).split('\r\n');
        const headers = Object.fromEntries(lines.map(line =>
            [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
        const length = Number(headers['content-length'] ?? 0);
        answers.push({ status: Number(first.split(' ')[1]), headers, body: rest.slice(end + 4, end + 4 + length) });
        rest = rest.slice(end + 4 + length);
    }
    return answers;
}
