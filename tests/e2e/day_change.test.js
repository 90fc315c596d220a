// SPDX-License-Identifier: MIT
// The change of a day: what the equity has gained since the close before, whatever was traded meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

let platform, admin, ada;

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', toCsv(madeUpBars(7)), admin);
    await platform.import('BETA', toCsv(madeUpBars(11)), admin);
    await at('2014-02-03T15:00:00Z');
    ada = await platform.trader('ada');
});
after(() => platform?.stop());

const at = moment => platform.step(moment, admin);
const portfolio = () => platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
const send = (path, body) => platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/${path}`, { token: ada.token, body });
const equity = async () => Number((await portfolio()).total_value);

async function trade(side, quantity, ticker = 'ACME') {
    const { id } = await send('orders', { ticker, side, quantity });
    await until('the booking', async () => (await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/transactions?limit=5`,
        { token: ada.token })).transactions.some(one => one.order_id === id));
}

// In cents, as what is bought has parts of them.
async function assertGained(since, deposited = 0) {
    const { total_value, day_change } = await portfolio();
    assert.ok(Math.abs(Number(day_change) - (Number(total_value) - since - deposited)) < 0.01, `${day_change}: ${since} ${deposited} ${total_value}`);
    return Number(day_change);
}

describe('the change of a day', () => {
    let evening, flows = 0;

    it('is only what a purchase has gained since, on the day that it was bought', async () => {
        await trade('buy', '10');
        await trade('buy', '3', 'BETA');
        await assertGained(100000);
        await at('2014-02-03T19:30:00Z');
        await assertGained(100000);
    });

    it('stays what it is after the close', async () => {
        const change = await (await at('2014-02-03T20:59:59Z'), assertGained(100000));
        await at('2014-02-03T22:00:00Z');
        const after = await assertGained(100000);
        assert.notEqual(after, 0);
        assert.ok(Math.abs(after - change) < 5, `${change} ${after}`); // the last minute's
        evening = await equity();
    });

    it('begins anew with the next session, of what was held then', async () => {
        await at('2014-02-04T15:00:00Z');
        assert.notEqual(await assertGained(evening), 0);
    });

    it('counts what is bought and sold at its prices, what was sold out too, and neither deposits nor withdrawals', async () => {
        await trade('buy', '5');
        await trade('sell', '3', 'BETA');
        await assertGained(evening);
        await send('deposits', { amount: '1000' });
        await send('withdrawals', { amount: '250' });
        flows = 750;
        await assertGained(evening, flows);
        await trade('sell', '2');
        await at('2014-02-04T19:30:00Z');
        await assertGained(evening, flows);
        // Many who ask at once are answered together.
        const one = JSON.stringify(await portfolio());
        for (const other of await Promise.all(Array.from({ length: 60 }, portfolio)))
            assert.equal(JSON.stringify(other), one);
        // In the list as well, and the positions say their part of it.
        const { portfolios: [listed] } = await platform.expect(200, 'GET', '/api/v1/portfolios', { token: ada.token });
        assert.equal(listed.day_change, (await portfolio()).day_change);
    });

    it('is nothing when a portfolio begins anew, and then what it has gained', async () => {
        await platform.expect(200, 'POST', `/api/v1/portfolios/${ada.portfolio}/reset`, { token: ada.token, body: { amount: '5000' } });
        assert.equal((await portfolio()).day_change, '0.00');
        await trade('buy', '2');
        await at('2014-02-04T20:30:00Z');
        await assertGained(5000);
    });

    it('is not known of a day with more than 1,000 movements, and of the next one it is', async () => {
        const move = count => platform.query(`INSERT INTO portfolio.journals (portfolio_id, id, kind, reference, booked_at)
            SELECT '${ada.portfolio}', i.id, 'deposit', i.id, '2014-02-04T20:30:00Z' FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, ${count})) i`)
            .then(() => platform.query(`INSERT INTO portfolio.entries SELECT '${ada.portfolio}', 'cash', 'USD', b.seq + row_number() OVER (), j.id, 0, b.amount
                FROM portfolio.journals j JOIN portfolio.balances b ON b.portfolio_id = j.portfolio_id AND b.account = 'cash'
                WHERE j.portfolio_id = '${ada.portfolio}' AND j.kind = 'deposit' AND NOT EXISTS (SELECT FROM portfolio.entries e WHERE e.journal_id = j.id)`))
            .then(() => platform.query(`UPDATE portfolio.balances SET seq = seq + ${count} WHERE portfolio_id = '${ada.portfolio}' AND account = 'cash'`));
        // Since the portfolio began anew there were the purchase and these; that beginning has to be among the last thousand.
        await move(990);
        await assertGained(5000);
        await move(10);
        assert.equal('day_change' in await portfolio(), false);
        assert.ok((await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/positions`, { token: ada.token })).positions
            .every(one => !('day_change' in one)));
        evening = (await at('2014-02-04T22:00:00Z'), await equity());
        await at('2014-02-05T15:00:00Z');
        await assertGained(evening);
    });
});
