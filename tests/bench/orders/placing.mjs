// SPDX-License-Identifier: MIT
// Orders through REST, filled, booked and durable, beside pgbench's TPC-B transactions (simple protocol, 8
// clients) on the same PostgreSQL server.
//
//     node placing.mjs        prints one line a case: figure, reference and ratio; then the processors' time
//
// ROUNDS (3), SECONDS_EACH (4) and CLIENTS ("1 8 32 64") may be set. A whole platform of the build BOURSE_PRESET
// with a data folder of its own and the simulated market; 8 users with 8 portfolios each, which buy and sell in
// turn. The cases and pgbench, which has a database of its own, are measured in turn, and the medians are
// compared. After each the books must have exactly the orders: each answered order is filled and booked once.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Platform, root, services, until } from '../../support/platform.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.SECONDS_EACH ?? 4);
const CLIENTS = (process.env.CLIENTS ?? '1 8 32 64').split(' ').map(Number);
const USERS = 8;
const PORTFOLIOS = 8; // each
const SCALE = 10; // of pgbench: 10 branches, 1,000,000 accounts
const PGBENCH_CLIENTS = 8;
const TICKS = 100; // of the kernel's clock a second
const TICKERS = ['AAPL', 'MSFT', 'AMZN', 'GOOGL', 'JPM', 'KO', 'PG', 'XOM'];

const median = values => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

// A platform in which everybody has shares to sell and cash to buy with.
async function prepare(platform) {
    const lines = [];
    const tokens = [];
    for (let user = 0; user < USERS; user++) {
        const trader = await platform.trader(`trader${user}`);
        tokens.push(trader.token);
        for (let i = 0; i < PORTFOLIOS; i++) {
            const portfolio = await platform.expect(201, 'POST', '/api/v1/portfolios',
                { token: trader.token, body: { name: `portfolio ${i}`, cash_balance: '1000000000' } });
            const path = `/api/v1/portfolios/${portfolio.id}/orders`;
            const ticker = TICKERS[i % TICKERS.length];
            const order = await platform.expect(201, 'POST', path,
                { token: trader.token, body: { ticker, side: 'buy', quantity: '100000' } });
            lines.push({ path, token: trader.token, ticker, id: portfolio.id, user, order: order.id });
        }
    }
    await until('all to be filled', async () =>
        Number((await platform.query("SELECT count(*) FROM audit.orders WHERE status = 'filled'"))[0][0]) === lines.length);
    return lines;
}

function write(platform, name, lines) {
    const file = join(platform.data, name);
    writeFileSync(file, lines.map(line => `${line.path} ${line.token} ${line.ticker}\n`).join(''));
    return file;
}

// Runs a program beside this one; gives what it printed.
function run(program, operands, env = {}) {
    return new Promise((done, fail) => {
        const child = spawn(program, operands, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        let complaint = '';
        child.stdout.on('data', data => { out += data; });
        child.stderr.on('data', data => { complaint += data; });
        child.on('close', code => (code === 0 ? done({ out, complaint }) : fail(new Error(`${program}: ${complaint}${out}`))));
    });
}

async function place(platform, file, clients, seconds) {
    const { out, complaint } = await run('wrk', ['-t', String(Math.min(2, clients)), '-c', String(clients), '-d', `${seconds}s`,
        '-s', join(root, 'tests/bench/orders/placing.lua'), platform.url, '--', file]);
    const result = JSON.parse(out.split('\n').find(line => line.startsWith('{')));
    // A quote may end at the moment an order comes; that order rests until the next one.
    if (result.other > result.filled / 100 || result.errors > 0)
        throw new Error(`orders that were not filled at once: ${out}${complaint}`);
    return result;
}

// pgbench on a database of its own of the platform's server.
async function startReference(platform) {
    const socket = (await platform.query('SHOW unix_socket_directories'))[0][0];
    const programs = join('/usr/lib/postgresql', readdirSync('/usr/lib/postgresql').sort((a, b) => Number(a) - Number(b)).at(-1), 'bin');
    const env = { PGHOST: socket, PGPORT: '5432', PGUSER: 'bourse_owner',
        PGPASSWORD: readFileSync(join(platform.data, 'secrets', 'bourse_owner.password'), 'utf8').trim() };
    await platform.query('CREATE DATABASE reference');
    const pgbench = operands => run(join(programs, 'pgbench'), [...operands, 'reference'], env);
    await pgbench(['-i', '-q', '-s', String(SCALE)]);
    return async seconds => {
        const { out } = await pgbench(['-M', 'simple', '-c', String(PGBENCH_CLIENTS), '-j', '2', '-n', '-T', String(seconds)]);
        const tps = /^tps = ([\d.]+)/m.exec(out);
        if (tps === null)
            throw new Error(`pgbench has not said how many transactions a second it has done: ${out}`);
        return Number(tps[1]);
    };
}

// Every order that was taken is filled and booked, once; gives how many there are.
async function count(platform) {
    return until('the books to have every order', async () => {
        const [[orders, filled, fills, booked]] = await platform.query(`SELECT count(*), count(*) FILTER (WHERE status = 'filled'),
            (SELECT count(DISTINCT order_id) FROM audit.fills),
            (SELECT count(DISTINCT journal_id) FROM audit.entries WHERE kind IN ('buy', 'sell') AND account = 'cash')
            FROM audit.orders`);
        return orders === filled && filled === fills && fills === booked && Number(orders);
    });
}

// The processors' seconds that a process and those that it has started have taken.
function secondsOf(pid, withChildren) {
    const children = withChildren ? execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).split(/\s+/).filter(Boolean) : [];
    const ticks = [String(pid), ...children].map(one => {
        try {
            const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1].split(' ');
            // utime and stime, and of the first those of children that have ended.
            return fields.slice(11, one === String(pid) ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
        } catch {
            return 0; // it has ended just now
        }
    });
    return ticks.reduce((sum, one) => sum + one, 0) / TICKS;
}

function usage(platform) {
    const parts = Object.fromEntries(services.map(service => [service, secondsOf(platform.pid(service), false)]));
    return { ...parts, postgres: secondsOf(platform.pid('postgres'), true) };
}

// One case: so many clients on these portfolios.
async function measure(platform, one, reference) {
    const before = await count(platform);
    const used = usage(platform);
    const result = await place(platform, one.file, one.clients, SECONDS);
    const after = await count(platform);
    const now = usage(platform);
    // wrk hangs up on those that it has asked last.
    if (after - before < result.filled || after - before > result.filled + result.other + one.clients)
        throw new Error(`${result.filled} orders were answered and ${after - before} booked`);
    for (const part of Object.keys(used))
        (one.costs[part] ??= []).push((now[part] - used[part]) / (after - before) * 1e6);
    one.results.push(result);
    const rate = await reference(SECONDS);
    one.references.push(rate);
    one.referenceCosts.push((usage(platform).postgres - now.postgres) / (rate * SECONDS) * 1e6);
}

function print(one) {
    const of = name => median(one.results.map(result => result[name]));
    const reference = median(one.references);
    console.log(`orders: placed, filled, booked and durable, ${one.name}: ${of('rate').toFixed(0)}/s, pgbench TPC-B ` +
        `${reference.toFixed(0)}/s, ratio ${(of('rate') / reference).toFixed(2)}; from POST to booked p50 ${of('p50').toFixed(1)} ms, ` +
        `p99 ${of('p99').toFixed(1)} ms; of the processors ${Object.entries(one.costs).map(([part, costs]) =>
            `${part} ${median(costs).toFixed(0)}`).join(', ')} us an order, TPC-B ${median(one.referenceCosts).toFixed(0)} us of postgres a ` +
        'transaction');
}

async function audit(platform, lines) {
    for (const line of lines) {
        const found = await platform.expect(200, 'GET', `/api/v1/portfolios/${line.id}/audit`, { token: line.token });
        if (!found.consistent)
            throw new Error(`the books of portfolio ${line.id} are wrong: ${JSON.stringify(found)}`);
    }
}

const platform = await Platform.start({ isDurable: true, env: { BOURSE_CONNECTIONS_PER_ADDRESS: '4096', BOURSE_ORDERS_PER_MINUTE: '1000000',
    BOURSE_ORDERS_AT_ONCE: '1000000' }, options: ['--market', 'simulated'] });
try {
    const lines = await prepare(platform);
    const reference = await startReference(platform);
    const all = write(platform, 'targets', lines);
    const single = write(platform, 'target', lines.slice(0, 1));
    const cases = [...CLIENTS.map(clients => ({ clients, file: all, name: `${lines.length} portfolios, ${clients} clients` })),
        ...CLIENTS.slice(-1).map(clients => ({ clients, file: single, name: `1 portfolio, ${clients} clients` }))];
    for (const one of cases)
        Object.assign(one, { results: [], references: [], costs: {}, referenceCosts: [] });
    await place(platform, all, 8, 1);
    await reference(1);
    for (let round = 0; round < ROUNDS; round++)
        for (const one of cases)
            await measure(platform, one, reference);
    cases.forEach(print);
    await audit(platform, lines);
} finally {
    await platform.stop();
}
