// SPDX-License-Identifier: MIT
// Services killed in the middle of their work: nothing acknowledged is lost, nothing is done twice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
});
