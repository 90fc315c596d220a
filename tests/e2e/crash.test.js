// SPDX-License-Identifier: MIT
// Services killed in the middle of their work: nothing acknowledged is lost, nothing is done twice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Replica, ask } from '../support/from_address.mjs';
import { Platform, madeUpBars, services, toCsv, until } from '../support/platform.mjs';

const ORDERS = 200;
const CLIENTS = 8;
const FINAL = new Set(['filled', 'canceled', 'expired', 'rejected']);

describe('a service killed with -9 while 200 orders are placed', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('ACME', toCsv(madeUpBars(7)), admin);
        ada = await platform.trader('ada');
        await platform.step('2014-02-04T15:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
    });
    after(() => platform?.stop());

    // Places one order as a client should: repeats with the same key until there is an answer.
    async function place(key, repeats) {
        return until(`an answer to ${key}`, async () => {
            let reply;
            try {
                reply = await platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`, {
                    token: ada.token, headers: { 'idempotency-key': key },
                    body: { ticker: 'ACME', side: 'buy', quantity: '1', client_order_id: key } });
            } catch {
                repeats.count++; // the gateway itself was killed: connection refused or reset
                return null;
            }
            if (reply.status === 201)
                return reply.body;
            assert.ok([409, 429, 500, 502, 503, 504].includes(reply.status), `${key}: ${reply.status} ${reply.text}`);
            assert.notEqual(reply.status, 500, reply.text);
            repeats.count++;
            return null;
        }, 60);
    }

    for (const victim of services)
        it(`${victim}: every acknowledged order ends in one fill, and the books agree`, async () => {
            const acknowledged = new Map();
            const repeats = { count: 0 };
            let next = 0;
            let killed = 0;
            const worker = async () => {
                while (next < ORDERS) {
                    const key = `${victim}-${next++}`;
                    const order = await place(key, repeats);
                    assert.ok(!acknowledged.has(order.id), `${order.id} answers two keys`);
                    acknowledged.set(order.id, key);
                    if (acknowledged.size % 60 === 30) {
                        killed++;
                        await platform.kill(victim);
                    }
                }
            };
            await Promise.all(Array.from({ length: CLIENTS }, worker));
            assert.ok(killed >= 3, 'the service was never killed');
            assert.equal(acknowledged.size, ORDERS);
            await until('every order to reach a final state', async () => {
                const rows = await platform.query(`SELECT id, status FROM audit.orders
                    WHERE client_order_id LIKE '${victim}-%'`);
                const states = new Map(rows);
                for (const id of acknowledged.keys())
                    assert.ok(states.has(id), `order ${id} was acknowledged and is gone`);
                return rows.length === ORDERS && rows.every(([, status]) => FINAL.has(status));
            }, 60);
            await until('every fill to be booked', async () => {
                const [[fills, shares]] = await platform.query(`SELECT (SELECT count(*) FROM audit.fills),
                    (SELECT coalesce(sum(quantity), 0)::bigint FROM audit.positions)`);
                return fills === shares;
            }, 60);
            const doubled = await platform.query('SELECT order_id FROM audit.fills GROUP BY 1 HAVING count(*) > 1');
            assert.deepEqual(doubled, []);
            const audit = await until('the audit', async () => {
                const reply = await platform.request('GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
                return reply.status === 200 ? reply.body : null;
            });
            assert.deepEqual(audit, { consistent: true, differences: [] });
            const left = await platform.query('SELECT * FROM audit.holds WHERE amount <> 0');
            assert.deepEqual(left, []);
        });

    // What /readyz of a service says, and with which status.
    const readiness = async service => {
        const reply = await fetch(`http://127.0.0.1:${platform.ports(service)[1]}/readyz`);
        return [reply.status, await reply.text()];
    };

    it('market, and away for long: the others stay ready and say so, and only what needs market fails', async () => {
        const others = ['auth', 'portfolio', 'trading', 'gateway'];
        const asMe = (method, path, body) => platform.request(method, path, { token: ada.token, body });
        const orders = `/api/v1/portfolios/${ada.portfolio}/orders`;
        const supervisor = platform.pid('supervisor');
        let late;
        process.kill(supervisor, 'SIGSTOP'); // or it would be started again at once
        try {
            await platform.kill('market');
            late = await Replica.start(platform, 'gateway', {}, undefined, '/livez');
            const statuses = new Set();
            await until('those who ask market to say that it is away', async () => {
                const said = await Promise.all(others.map(readiness));
                said.forEach(([status]) => statuses.add(status));
                return said.slice(1).every(([, text]) => /^ready\ndegraded: market has not answered for \d+ s; /.test(text));
            });
            assert.deepEqual([...statuses], [200]);
            for (const service of others.slice(1))
                assert.equal(await platform.metric(service, 'bourse_dependency_up{dependency="market"}'), 0, service);
            assert.equal(await platform.metric('trading', 'bourse_dependency_up{dependency="portfolio"}'), 1);
            const health = await platform.expect(200, 'GET', '/healthz');
            assert.match(health.degraded.join(), /^market has not answered for \d+ s$/);
            // Nobody waits long for one that has been away for long, or everybody would soon do nothing else.
            for (const [method, path, body] of [['POST', orders, { ticker: 'ACME', side: 'buy', quantity: '1' }],
                ['GET', '/api/v1/symbols'], ['GET', '/api/v1/clock'], ['GET', '/api/v1/bars/ACME']]) {
                const reply = await asMe(method, path, body);
                assert.deepEqual([reply.status, reply.body.reason], [503, 'UNAVAILABLE'], `${path}: ${reply.text}`);
                assert.match(reply.body.detail, /^market cannot be reached for /);
            }
            assert.equal((await asMe('GET', '/api/v1/quotes/ACME')).body.stale, true);
            for (const path of [`/api/v1/portfolios/${ada.portfolio}`, `/api/v1/portfolios/${ada.portfolio}/positions`, orders, '/api/v1/watchlists'])
                assert.equal((await asMe('GET', path)).status, 200, path);
            await platform.login('ada', ada.password);
            // One that starts meanwhile waits for a while, and then does what can be done.
            assert.deepEqual((await ask(late.admin, '127.0.0.1', 'GET', '/readyz')).text, 'not ready: market has not answered yet; \n');
            await until('the gateway that has just started to be ready', () => late.isReady(), 40);
            const fromLate = async path => (await ask(late.url, '127.0.0.1', 'GET', path, { token: ada.token })).body;
            assert.equal((await fromLate('/api/v1/quotes/ACME')).reason, 'PRICE_UNAVAILABLE');
            assert.equal((await fromLate('/api/v1/quotes?symbols=ACME')).reason, 'PRICE_UNAVAILABLE');
            assert.equal((await fromLate('/api/v1/portfolios')).portfolios.length, 1);
        } finally {
            await late?.stop();
            process.kill(supervisor, 'SIGCONT');
        }
        await until('market to be back', async () => (await readiness('gateway'))[1] === 'ready\n', 60);
    });
});
