// SPDX-License-Identifier: MIT
// PostgreSQL stopped for ten seconds under load and started again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

describe('PostgreSQL stopped for 10 seconds', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start({ isDurable: true });
        admin = await platform.administrator();
        await platform.import('ACME', toCsv(madeUpBars(7)), admin);
        ada = await platform.trader('ada');
        await platform.step('2014-02-04T15:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
    });
    after(() => platform?.stop());

    const buy = key => platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`, {
        token: ada.token, headers: { 'idempotency-key': key },
        body: { ticker: 'ACME', side: 'buy', quantity: '1', client_order_id: key } });

    it('is answered with 503 and Retry-After meanwhile, quotes go on, and nothing has to be restarted', async () => {
        const pids = () => ['auth', 'market', 'portfolio', 'trading', 'gateway'].map(name => platform.pid(name));
        const before = pids();
        const statuses = new Map();
        const acknowledged = new Set();
        let stop = false;
        const load = (async () => {
            for (let i = 0; !stop; i++) {
                const reply = await buy(`outage-${i}`);
                statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
                if (reply.status === 201)
                    acknowledged.add(reply.body.id);
                else
                    assert.ok(reply.headers.get('retry-after'), `${reply.status} without Retry-After: ${reply.text}`);
            }
        })();
        await until('orders to go through', () => acknowledged.size > 5);
        await platform.bourse('database', 'stop');
        const end = Date.now() + 10000;
        await until('a 503', () => statuses.get(503) > 0, 10);
        while (Date.now() < end)
            await platform.expect(200, 'GET', '/api/v1/quotes/ACME');
        await platform.bourse('database', 'start');
        const sofar = acknowledged.size;
        await until('orders to go through again', () => acknowledged.size > sofar + 5, 30);
        stop = true;
        await load;
        assert.deepEqual([...statuses.keys()].filter(status => ![201, 503, 504].includes(status)), []);
        assert.deepEqual(pids(), before, 'a service was started anew');
        await until('every acknowledged order to be filled', async () => {
            const rows = new Map(await platform.query('SELECT id, status FROM audit.orders'));
            return [...acknowledged].every(id => rows.get(id) === 'filled');
        });
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.deepEqual(audit, { consistent: true, differences: [] });
    });
});
