// SPDX-License-Identifier: MIT
// Gainers, losers and the most active, as the quotes of the moment have them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform } from '../support/platform.mjs';

describe('the movers', () => {
    let platform, admin;

    const movers = (query = '') => platform.expect(200, 'GET', `/api/v1/movers${query}`);
    const tickers = list => list.map(one => one.ticker);

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        // Fifty-five symbols that close at 100 on one day and at 100 + i - 27 on the next.
        const lines = Array.from({ length: 55 }, (_, i) => {
            const close = 73 + i;
            return `2014-06-02,100,100,100,100,1000,ZM${i}\n` +
                `2014-06-03,100,${Math.max(100, close)},${Math.min(100, close)},${close},${1000 + i},ZM${i}\n`;
        });
        await platform.expect(200, 'POST', '/api/v1/bars:import', {
            raw: `Date,Open,High,Low,Close,Volume,Symbol\n${lines.join('')}2014-06-03,1,9,1,9,9000000,ZMNEW\n`,
            token: admin, headers: { 'content-type': 'text/csv' },
        });
    });
    after(() => platform?.stop());

    it('are none before there is a previous close', async () => {
        await platform.step('2014-06-02T20:00:00Z', admin);
        const { gainers, losers, most_active: mostActive } = await movers();
        assert.deepEqual([gainers, losers, mostActive], [[], [], []]);
    });

    it('are the ten largest changes each way and the ten most traded, as soon as the clock was moved', async () => {
        await platform.step('2014-06-03T20:00:00Z', admin);
        const found = await movers();
        const top = Array.from({ length: 10 }, (_, i) => `ZM${54 - i}`);
        assert.deepEqual(tickers(found.gainers), top);
        assert.deepEqual(tickers(found.losers), Array.from({ length: 10 }, (_, i) => `ZM${i}`));
        assert.deepEqual(tickers(found.most_active), top);
        assert.equal(found.as_of, '2014-06-03T20:00:00Z');
        assert.deepEqual(found.gainers[0], await platform.expect(200, 'GET', '/api/v1/quotes/ZM54'));
        assert.equal(found.gainers[0].change_percent, '27.00');
    });

    it('are as many as asked for, from 1 to 50', async () => {
        const found = await movers('?limit=50');
        assert.equal(found.gainers.length, 27);
        assert.equal(found.most_active.length, 50);
        assert.equal((await movers('?limit=1')).losers.length, 1);
        for (const query of ['?limit=0', '?limit=51', '?limit=x', '?count=1'])
            assert.equal((await platform.request('GET', `/api/v1/movers${query}`)).status, 422, query);
    });

    it('leave out what is stale', async () => {
        // The next session begins, and nobody has a price of it.
        await platform.step('2014-06-04T13:30:00Z', admin);
        assert.deepEqual((await movers()).most_active, []);
    });
});
