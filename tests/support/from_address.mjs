// SPDX-License-Identifier: MIT
// from_address: requests that come from another address of this machine, and further replicas of a service.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root, until } from './platform.mjs';

// Asks as a client at `address` does, which may be any of 127.0.0.0/8. Gives status, headers, text, body, and
// the milliseconds it took.
export function ask(url, address, method, path, { body, token, headers = {}, timeout = 30000 } = {}) {
    return new Promise((done, fail) => {
        const packed = body === undefined ? '' : JSON.stringify(body);
        const begun = performance.now();
        const request = httpRequest(url + path, {
            method, localAddress: address, agent: false, timeout,
            headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}),
                ...(body === undefined ? {} : { 'content-type': 'application/json' }),
                'content-length': Buffer.byteLength(packed) },
        }, reply => {
            const chunks = [];
            reply.on('data', chunk => chunks.push(chunk));
            reply.on('error', fail);
            reply.on('end', () => {
                const text = Buffer.concat(chunks).toString();
                const isJson = /json/.test(reply.headers['content-type'] ?? '');
                done({ status: reply.statusCode, headers: reply.headers, text,
                    body: isJson && text !== '' ? JSON.parse(text) : null, ms: performance.now() - begun });
            });
        });
        request.on('error', fail);
        request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${timeout} ms`)));
        request.end(packed);
    });
}

function isFree(port) {
    return new Promise(done => {
        const server = createServer();
        server.on('error', () => done(false));
        server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
}

// The first of `count` free ports in a row, below those that the kernel gives to outgoing connections.
async function freePorts(count) {
    for (let attempt = 0; attempt < 100; attempt++) {
        const first = 20000 + Math.floor(Math.random() * (12000 - count));
        let free = true;
        for (let port = first; free && port < first + count; port++)
            free = await isFree(port);
        if (free)
            return first;
    }
    throw new Error(`no ${count} free ports in a row`);
}

// Another process of a service, beside the platform's own and told the same but for its address and `env`.
export class Replica {
    static async start(platform, service, env = {}) {
        const replica = new Replica();
        const told = Object.fromEntries(readFileSync(`/proc/${platform.pid(service)}/environ`, 'utf8').split('\0')
            .filter(line => line.includes('=')).map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
        const port = await freePorts(6);
        const log = openSync(join(platform.data, 'log', `${service}-replica.log`), 'a');
        replica.address = `127.0.0.1:${port}`;
        replica.process = spawn(join(root, 'build', platform.env.BOURSE_PRESET, 'bin', `bourse-${service}`), {
            env: { ...told, BOURSE_LISTEN: replica.address, BOURSE_HTTP_LISTEN: `127.0.0.1:${port + 5}`,
                BOURSE_ADMIN_LISTEN: `127.0.0.1:${port + 4}`, ...env },
            stdio: ['ignore', log, log] });
        closeSync(log);
        replica.url = `http://127.0.0.1:${port + 5}`;
        replica.ended = new Promise(done => replica.process.on('exit', done));
        await until(`the replica of ${service}`, async () =>
            (await ask(`http://127.0.0.1:${port + 4}`, '127.0.0.1', 'GET', '/readyz')).status === 200);
        return replica;
    }

    async stop() {
        this.process.kill('SIGTERM');
        await this.ended;
    }
}
