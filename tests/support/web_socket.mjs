// SPDX-License-Identifier: MIT
// web_socket: clients of /api/v1/stream: one that keeps the rules (npm's ws), and one that need not, on a raw socket.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import WebSocket from 'ws';
import { until } from './platform.mjs';

// A stream that remembers what it was sent.
export class Stream {
    constructor(url, options = {}) {
        this.messages = [];
        this.socket = new WebSocket(url.replace(/^http/, 'ws') + '/api/v1/stream', { perMessageDeflate: false, ...options });
        this.ending = undefined;
        this.socket.on('close', (code, reason) => { this.ending = { code, reason: String(reason) }; });
        this.opened = new Promise((done, fail) => {
            this.socket.on('open', () => done(this));
            this.socket.on('unexpected-response', (request, response) => {
                const parts = [];
                response.on('data', part => parts.push(part));
                response.on('end', () => fail(Object.assign(new Error(`${response.statusCode}`),
                    { status: response.statusCode, body: JSON.parse(Buffer.concat(parts)) })));
            });
            this.socket.on('error', fail);
        });
        this.opened.catch(() => {}); // whoever waits for it is told
        this.socket.on('message', data => this.messages.push(JSON.parse(data)));
    }

    static open(url, options) {
        return new Stream(url, options).opened;
    }

    say(message) {
        this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    }

    // The first message that fits, of those that came since `from`.
    wait(what, fits, from = 0) {
        return until(what, () => this.messages.slice(from).find(fits) ?? false)
            .catch(error => { throw new Error(`${error.message}; came: ${JSON.stringify(this.messages.slice(from))}`); });
    }

    // Says something and waits for the answer to it.
    async ask(message) {
        const from = this.messages.length;
        this.say(message);
        return this.wait('an answer', one => ['subscribed', 'error', 'authenticated'].includes(one.type), from);
    }

    // How the server closed it: {code, reason}.
    end() {
        return until('the stream to be closed', () => this.ending);
    }

    close() {
        this.socket.terminate();
    }
}

// One frame as a client sends it. `first` is the first byte; `length` may claim another than there is.
export function frame(first, payload = '', { masked = true, length, wide = 0 } = {}) {
    const bytes = Buffer.from(payload);
    const size = BigInt(length ?? bytes.length);
    const form = wide || (size < 126n ? 1 : size <= 0xffffn ? 2 : 8);
    const head = form === 1 ? Buffer.from([Number(size)]) : Buffer.alloc(1 + form, form === 2 ? 126 : 127);
    if (form === 2)
        head.writeUInt16BE(Number(size), 1);
    if (form === 8)
        head.writeBigUInt64BE(size, 1);
    if (!masked)
        return Buffer.concat([Buffer.from([first]), head, bytes]);
    head[0] |= 0x80;
    const mask = randomBytes(4);
    return Buffer.concat([Buffer.from([first]), head, mask, bytes.map((byte, i) => byte ^ mask[i % 4])]);
}

// A WebSocket without manners: gives its socket and, as they come, the frames in `frames`: {opcode, data}.
export function rawStream(port, { headers = [], from } = {}) {
    return new Promise((done, fail) => {
        const socket = connect({ port, host: '127.0.0.1', localAddress: from });
        const stream = { socket, frames: [], ended: false, bytes: Buffer.alloc(0), head: '' };
        const read = () => {
            for (;;) {
                const { bytes } = stream;
                if (bytes.length < 2)
                    return;
                const short = bytes[1] & 0x7f;
                const begin = short === 126 ? 4 : short === 127 ? 10 : 2;
                if (bytes.length < begin)
                    return;
                const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
                if (bytes.length < begin + size)
                    return;
                stream.frames.push({ opcode: bytes[0] & 0x0f, data: bytes.subarray(begin, begin + size) });
                stream.bytes = bytes.subarray(begin + size);
            }
        };
        socket.on('connect', () => socket.write(['GET /api/v1/stream HTTP/1.1', 'Host: bourse.test', 'Upgrade: websocket',
            'Connection: Upgrade', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
            ...headers, '', ''].join('\r\n')));
        socket.on('data', chunk => {
            stream.bytes = Buffer.concat([stream.bytes, chunk]);
            const end = stream.head === '' ? stream.bytes.indexOf('\r\n\r\n') : -1;
            if (end >= 0) {
                stream.head = stream.bytes.subarray(0, end).toString();
                stream.bytes = stream.bytes.subarray(end + 4);
                done(stream);
            }
            if (stream.head.startsWith('HTTP/1.1 101'))
                read();
        });
        socket.on('close', () => { stream.ended = true; });
        socket.on('error', error => {
            stream.ended = true;
            fail(error);
        });
    });
}

// The close code of what the server said last; undefined when it said none.
export function closeCode(stream) {
    const close = stream.frames.find(one => one.opcode === 8);
    return close?.data.length >= 2 ? close.data.readUInt16BE(0) : undefined;
}
