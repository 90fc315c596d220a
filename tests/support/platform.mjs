// SPDX-License-Identifier: MIT
// platform: a whole Bourse for a test: its own data folder, port, PostgreSQL and five processes, started
// by the launcher as a user would, from the development build with its sanitizers.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './ports.mjs';

const run = promisify(execFile);
export const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');

export const services = ['auth', 'market', 'portfolio', 'trading', 'gateway'];
export const samples = resolve(root, '../shared/data');
export const haveSamples = existsSync(samples);

// Polls `condition` until it gives something true, and fails after `seconds` with what it last said.
export async function until(what, condition, seconds = 20) {
    const end = Date.now() + seconds * 1000;
    let last;
    for (;;) {
        try {
            last = await condition();
            if (last)
                return last;
        } catch (error) {
            last = error;
        }
        if (Date.now() > end)
            throw new Error(`waited ${seconds} s for ${what}; last: ${last}`);
        await new Promise(next => setTimeout(next, 50)); // between two polls
    }
}

// Everything of a test comes from one address: without these most tests would meet a limit. Those of the limits
// set their own.
const wideLimits = Object.fromEntries(['REGISTRATIONS_PER_HOUR', 'REGISTRATIONS_AT_ONCE', 'REFRESHES_PER_MINUTE',
    'REFRESHES_AT_ONCE', 'SESSION_REFRESHES_PER_MINUTE', 'SESSION_REFRESHES_AT_ONCE', 'API_KEYS_PER_HOUR', 'API_KEYS_AT_ONCE', 'WRONG_LOGINS_OF_NAME',
    'WRONG_LOGINS_OF_ADDRESS', 'ORDERS_PER_MINUTE', 'ORDERS_AT_ONCE', 'ADDRESS_ORDERS_PER_MINUTE',
    'ADDRESS_ORDERS_AT_ONCE'].map(name => [`BOURSE_${name}`, '1000000']));

// Cluster and schemas of a platform that has not run yet; the launcher makes what is not there.
async function copyPrepared(preset, data) {
    const { stdout } = await run(join(root, 'tests/support/prepare_cluster.sh'), [preset]);
    if (stdout !== '')
        await run('cp', ['-a', `${stdout.trim()}/.`, data]);
}

// Lets PostgreSQL leave it to the kernel when files reach the disk: only an end of the whole machine could tell, and
// tests wait for the disk at each commit otherwise.
function trustTheMachine(data) {
    const settings = join(data, 'postgres', 'postgresql.conf');
    if (existsSync(settings))
        appendFileSync(settings, 'fsync = off\nfull_page_writes = off\n');
}

// Removes a data folder, if it is there, and PostgreSQL's files where they lie elsewhere: in a closed folder there is a link
// to where root's PostgreSQL can reach them.
export function removeData(data) {
    const postgres = join(data, 'postgres');
    if (lstatSync(postgres, { throwIfNoEntry: false })?.isSymbolicLink())
        rmSync(dirname(readlinkSync(postgres)), { recursive: true, force: true });
    rmSync(data, { recursive: true, force: true });
}

export class Platform {
    // With the market that replays bars, unless other `options` are given to the launcher. PostgreSQL is as users have it
    // where it `isDurable`: for tests in which it dies, or is looked at itself, and to measure.
    static async start({ env = {}, options = ['--market', 'replay'], isDurable = false } = {}) {
        const platform = new Platform();
        // Patterns of the log lines of level error that the test brings about.
        platform.announced = [];
        platform.port = await freePort();
        platform.url = `http://127.0.0.1:${platform.port}`;
        platform.data = mkdtempSync(join(tmpdir(), 'bourse-'));
        platform.password = randomBytes(12).toString('hex');
        platform.env = { ...wideLimits, ...process.env, BOURSE_PRESET: process.env.BOURSE_PRESET ?? 'dev',
            BOURSE_ADMIN_PASSWORD: platform.password, ...env };
        // Who says nothing of the market meets the very first start.
        if (options.includes('--market'))
            await copyPrepared(platform.env.BOURSE_PRESET, platform.data);
        if (!isDurable)
            trustTheMachine(platform.data);
        await platform.bourse('up', '--detach', '--port', String(platform.port), ...options);
        return platform;
    }

    // Runs the launcher on this platform's data folder; gives what it printed.
    async bourse(command, ...operands) {
        try {
            const { stdout } = await run(join(root, 'bourse'), [command, '--data', this.data, ...operands],
                { env: this.env, maxBuffer: 64 << 20 });
            return stdout;
        } catch (error) {
            throw new Error(`bourse ${command} ${operands.join(' ')}: ${error.message}\n` +
                `${error.stdout ?? ''}${error.stderr ?? ''}`);
        }
    }

    async stop() {
        await this.bourse('down');
        const complaints = this.complaints();
        if (complaints.length > 0)
            throw new Error(`complaints in ${this.data}/log:\n${complaints.join('\n')}`);
        removeData(this.data);
    }

    // What the sanitizers said in the services' logs, and the errors in them that no test announced.
    complaints() {
        const found = [];
        for (const name of readdirSync(join(this.data, 'log'))) {
            const text = readFileSync(join(this.data, 'log', name), 'utf8');
            const at = text.search(/AddressSanitizer|LeakSanitizer|runtime error:|ThreadSanitizer/);
            if (at >= 0)
                found.push(`${name}: ${text.slice(at, at + 3000)}`);
            const errors = text.split('\n').filter(line => line.includes('"level":"error"') &&
                !this.announced.some(pattern => pattern.test(line)));
            found.push(...errors.slice(0, 5).map(line => `${name}: ${line}`));
        }
        return found;
    }

    pid(service) {
        return Number(readFileSync(join(this.data, 'run', `${service}.pid`), 'utf8').trim());
    }

    // What comes of some work while a service does not answer, as on a machine that swaps.
    async frozen(service, work) {
        const pid = this.pid(service);
        process.kill(pid, 'SIGSTOP');
        try {
            return await work();
        } finally {
            process.kill(pid, 'SIGCONT');
        }
    }

    // The ports of a service: for calls, and for what administrators ask.
    ports(service) {
        const line = readFileSync(join(this.data, 'ports'), 'utf8').split('\n').find(one => one.startsWith(`${service} `));
        return line.split(' ').slice(1).map(Number);
    }

    // What a metric of a service, named with its labels, is now; 0 when it is not there.
    async metric(service, name) {
        const reply = await fetch(`http://127.0.0.1:${this.ports(service)[1]}/metrics`);
        return Number((await reply.text()).split('\n').find(one => one.startsWith(`${name} `))?.split(' ').at(-1) ?? 0);
    }

    // Kills a service as the kernel would. One that was killed a moment ago has to be there again first.
    async kill(service) {
        await until(`${service} to be there`, () => {
            try {
                return process.kill(this.pid(service), 'SIGKILL');
            } catch (error) {
                if (error.code === 'ESRCH')
                    return false;
                throw error;
            }
        });
    }

    // Rows of a query on the private cluster, as arrays of strings. The client is run without the launcher, which takes
    // several times as long as a query: tests ask again and again.
    async query(sql) {
        const read = (...path) => readFileSync(join(this.data, ...path), 'utf8');
        // What PostgreSQL has written down of itself: how it was called, and in its fifth line where it listens.
        const client = join(dirname(read('postgres', 'postmaster.opts').split(' ')[0]), 'psql');
        const host = read('postgres', 'postmaster.pid').split('\n')[4];
        const { stdout: out } = await run(client, ['-X', '-v', 'ON_ERROR_STOP=1', '-At', '-F', '\t', '-c', sql], { maxBuffer: 64 << 20,
            env: { ...process.env, PGHOST: host, PGPORT: '5432', PGUSER: 'bourse_owner', PGDATABASE: 'bourse',
                PGPASSWORD: read('secrets', 'bourse_owner.password').trim() } });
        return out.split('\n').filter(line => line !== '').map(line => line.split('\t'));
    }

    async request(method, path, { body, token, headers = {}, raw, timeout = 30000 } = {}) {
        const options = { method, headers: { ...headers }, signal: AbortSignal.timeout(timeout) };
        if (token)
            options.headers.authorization = `Bearer ${token}`;
        if (raw !== undefined)
            options.body = raw;
        else if (body !== undefined) {
            options.body = JSON.stringify(body);
            options.headers['content-type'] ??= 'application/json';
        }
        const reply = await fetch(this.url + path, options).catch(error => {
            // Why is in its cause alone.
            throw error.cause ? new Error(`${method} ${path}: ${error.message}: ${error.cause.message}`, { cause: error.cause }) : error;
        });
        const text = await reply.text();
        let json = null;
        try {
            json = text === '' ? null : JSON.parse(text);
        } catch {
            json = null;
        }
        return { status: reply.status, headers: reply.headers, text, body: json };
    }

    // A request that must have that status; gives the body.
    async expect(status, method, path, options) {
        const reply = await this.request(method, path, options);
        if (reply.status !== status)
            throw new Error(`${method} ${path}: ${reply.status} instead of ${status}: ${reply.text}`);
        return reply.body;
    }

    // What is told of a portfolio's days, once all of them have been filled.
    async expectDays(path, options) {
        return until(`all days of ${path}`, async () => {
            const reply = await this.request('GET', path, options);
            assert.equal(reply.status, 200, `${path}: ${reply.text}`);
            return reply.body.is_complete !== false && reply.body;
        }, 60);
    }

    // The same of a request that may be made again: a machine with much else to do may not hash a password before the
    // deadline.
    async insist(status, method, path, options) {
        const reply = await until(`an answer to ${method} ${path}`, async () => {
            const one = await this.request(method, path, options);
            if ([503, 504].includes(one.status))
                throw new Error(one.text);
            return one;
        }, 60);
        assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
        return reply.body;
    }

    async login(username, password) {
        const reply = await this.insist(200, 'POST', '/api/v1/auth/login', { body: { username, password } });
        return reply.access_token;
    }

    administrator() {
        return this.login('admin', this.password);
    }

    // A new user, logged in, with the id of the first portfolio.
    async trader(username, password = 'correct horse battery') {
        await this.insist(201, 'POST', '/api/v1/users', { headers: { 'idempotency-key': randomBytes(16).toString('hex') },
            body: { username, email: `${username}@example.org`, password } });
        const token = await this.login(username, password);
        const portfolio = await until(`${username}'s first portfolio`, async () =>
            (await this.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios[0]);
        return { username, password, token, portfolio: portfolio.id };
    }

    async import(ticker, csv, token) {
        return this.expect(200, 'POST', `/api/v1/bars:import?ticker=${ticker}`,
            { raw: csv, token, headers: { 'content-type': 'text/csv' } });
    }

    async step(at, token) {
        return this.expect(200, 'PUT', '/api/v1/clock', { token, body: { mode: 'step', at } });
    }

    // Every pid in the data folder that is still alive, for the test of a clean stop.
    alive() {
        return readdirSync(join(this.data, 'run')).filter(name => name.endsWith('.pid')).filter(name => {
            const pid = readFileSync(join(this.data, 'run', name), 'utf8').trim();
            return spawnSync('kill', ['-0', pid]).status === 0;
        });
    }
}

const holidays = new Set(['2014-01-01', '2014-01-20', '2014-02-17', '2014-04-18']);

// Made-up daily prices of the sessions of January to April 2014: [{date, open, high, low, close, volume}]
// with prices as strings of 6 decimals. The same `seed` gives the same prices.
export function madeUpBars(seed) {
    const bars = [];
    let state = seed;
    const next = bound => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return state % bound;
    };
    const text = micros => `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
    let close = 50e6 + next(50e6);
    for (let day = Date.UTC(2014, 0, 1); day < Date.UTC(2014, 4, 1); day += 86400e3) {
        const date = new Date(day).toISOString().slice(0, 10);
        const weekday = new Date(day).getUTCDay();
        if (weekday === 0 || weekday === 6 || holidays.has(date))
            continue;
        const open = close + next(1e6) - 5e5;
        close = open + next(2e6) - 1e6;
        const high = Math.max(open, close) + 1 + next(1e6);
        const low = Math.min(open, close) - 1 - next(1e6);
        bars.push({ date, open: text(open), high: text(high), low: text(low), close: text(close),
            volume: String(1e6 + next(1e6)) });
    }
    return bars;
}

export function toCsv(bars) {
    return 'Date,Open,High,Low,Close,Adj Close,Volume\n' + bars.map(bar =>
        [bar.date, bar.open, bar.high, bar.low, bar.close, bar.close, bar.volume].join(',') + '\n').join('');
}
