// SPDX-License-Identifier: MIT
// Trading through 2014 on real daily prices. Skipped, and says so, where the sample prices are not there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, haveSamples, samples, until } from '../support/platform.mjs';

const skip = haveSamples ? false : 'the folder of sample prices is not beside the project';

function read(ticker) {
    const [, ...lines] = readFileSync(join(samples, 'prices', `${ticker}.csv`), 'utf8').trim().split(/\r?\n/);
    return lines.map(line => {
        const [date, open, high, low, close, , volume] = line.split(',');
        return { date, open, high, low, close, volume };
    });
}

const micros = text => {
    const [whole, part = ''] = text.split('.');
    return BigInt(whole) * 1000000n + BigInt(part.padEnd(6, '0'));
};

describe('a year of real prices', { skip }, () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        ada = await platform.trader('ada');
    });
    after(() => platform?.stop());

    it('imports every line of every file but the ones with null, and names those', async () => {
        const rejected = {};
        for (const file of readdirSync(join(samples, 'prices'))) {
            const csv = readFileSync(join(samples, 'prices', file), 'utf8');
            const lines = csv.trim().split('\n').length - 1;
            const ticker = file.replace('.csv', '');
            const reply = await platform.import(ticker, csv, admin);
            assert.equal(reply.imported + reply.updated + reply.rejected.length, lines, file);
            if (reply.rejected.length > 0)
                rejected[ticker] = reply.rejected.map(one => one.line);
        }
        assert.deepEqual(rejected, { PTR: [962], SNP: [962] });
    });

    it('buys 10 AAPL through the year at the price of each day, to the last digit', async () => {
        const bars = read('AAPL').filter(bar => bar.date.startsWith('2014-'));
        const days = bars.filter((_, index) => index % 21 === 0);
        let cash = 100000000000n;
        let cost = 0n;
        let bought = 0n;
        for (const bar of days) {
            // 18:00 UTC is 13:00 or 14:00 in New York: the first extreme until 14:00, the second then.
            await platform.step(`${bar.date}T20:30:00Z`, admin);
            const summer = bar.date > '2014-03-09' && bar.date < '2014-11-02';
            const [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(micros);
            const second = high - open < open - low ? low : high; // the one farther from the open
            // 20:30 UTC is 16:30 in summer, when the market is closed, and 15:30 in winter.
            if (summer) {
                const clock = await platform.expect(200, 'GET', '/api/v1/clock');
                assert.equal(clock.is_open, false, bar.date);
                continue;
            }
            const order = await until(`a fill on ${bar.date}`, async () => {
                const quote = await platform.expect(200, 'GET', '/api/v1/quotes/AAPL');
                if (micros(quote.price) !== second)
                    return null;
                const reply = await platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
                    { token: ada.token, body: { ticker: 'AAPL', side: 'buy', quantity: '10' } });
                assert.equal(reply.status, 201, reply.text);
                return reply.body;
            });
            assert.equal(order.status, 'filled');
            assert.equal(micros(order.average_fill_price), second, `${bar.date} ${close}`);
            cash -= second * 10n;
            cost += second * 10n;
            bought += 10n;
        }
        assert.ok(bought >= 40n, `only ${bought} were bought`);
        const portfolio = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
        assert.equal(micros(portfolio.cash_balance), cash);
        const position = await platform.expect(200, 'GET',
            `/api/v1/portfolios/${ada.portfolio}/positions/AAPL`, { token: ada.token });
        assert.equal(position.quantity, String(bought));
        assert.equal(micros(position.cost_basis), cost);
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.deepEqual(audit, { consistent: true, differences: [] });
    });
});
