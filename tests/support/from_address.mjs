// SPDX-License-Identifier: MIT
// from_address: requests that come from another address of this machine, and further replicas of a service.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { root, until } from './platform.mjs';
import { freePorts } from './ports.mjs';

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

// What a process was told in its environment.
function environmentOf(pid) {
    return Object.fromEntries(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        .filter(line => line.includes('=')).map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

// How many ports in a row a replica takes: four for calls and topics, the admin port, and HTTP.
export const PORTS_OF_A_REPLICA = 6;

// Another process of a service, beside the platform's own and told the same but for its address and `env`. On
// ports of its own choice, or from `port` on. One that never gets ready is waited for at another address than /readyz.
export class Replica {
    static async start(platform, service, env = {}, port = undefined, sign = '/readyz') {
        const replica = new Replica();
        replica.service = service;
        replica.port = port ?? await freePorts(PORTS_OF_A_REPLICA);
        replica.program = join(root, 'build', platform.env.BOURSE_PRESET, 'bin', `bourse-${service}`);
        replica.log = join(platform.data, 'log', `${service}-replica.log`);
        replica.address = `127.0.0.1:${replica.port}`;
        replica.admin = `http://127.0.0.1:${replica.port + 4}`;
        replica.url = `http://127.0.0.1:${replica.port + 5}`;
        replica.told = { ...environmentOf(platform.pid(service)), BOURSE_LISTEN: replica.address,
            BOURSE_HTTP_LISTEN: `127.0.0.1:${replica.port + 5}`, BOURSE_ADMIN_LISTEN: `127.0.0.1:${replica.port + 4}`, ...env };
        replica.launch();
        await until(`the replica of ${service}`, () => replica.isReady(sign));
        return replica;
    }

    // Runs the program, once it is known to have ended; `env` is told to it beside what it was told before.
    launch(env = {}) {
        const log = openSync(this.log, 'a');
        this.process = spawn(this.program, { env: { ...this.told, ...env }, stdio: ['ignore', log, log] });
        closeSync(log);
        this.ended = new Promise(done => this.process.on('exit', (code, signal) => done(signal ?? code)));
    }

    async isReady(sign = '/readyz') {
        return (await ask(this.admin, '127.0.0.1', 'GET', sign)).status === 200;
    }

    // What a metric, named with its labels, is now; 0 when it is not there.
    async metric(name) {
        const { text } = await ask(this.admin, '127.0.0.1', 'GET', '/metrics');
        return Number(text.split('\n').find(one => one.startsWith(`${name} `))?.split(' ').at(-1) ?? 0);
    }

    async stop() {
        this.process.kill('SIGTERM');
        await this.ended;
    }
}
