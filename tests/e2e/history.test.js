// SPDX-License-Identifier: MIT
// Trading through 2014 on real daily prices. Skipped, and says so, where the sample prices are not there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, haveSamples, samples } from '../support/platform.mjs';

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
            // 15:00 UTC is 10:00 in New York in winter, when the open still holds, and 11:00 in summer,
            // when the extreme nearer to the open begins.
            await platform.step(`${bar.date}T15:00:00Z`, admin);
            const summer = bar.date > '2014-03-09' && bar.date < '2014-11-02';
            const [open, high, low] = [bar.open, bar.high, bar.low].map(micros);
            const nearer = high - open < open - low ? high : low;
            const price = summer ? nearer : open;
            const quote = await platform.expect(200, 'GET', '/api/v1/quotes/AAPL');
            assert.equal(micros(quote.price), price, bar.date);
            const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
                { token: ada.token, body: { ticker: 'AAPL', side: 'buy', quantity: '10' } });
            assert.equal(order.status, 'filled');
            assert.equal(micros(order.average_fill_price), price, bar.date);
            cash -= price * 10n;
            cost += price * 10n;
            bought += 10n;
        }
        assert.equal(bought, 10n * BigInt(days.length));
        assert.ok(days.length >= 12);
        const portfolio = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
        assert.equal(micros(portfolio.cash_balance), cash);
        const position = await platform.expect(200, 'GET',
            `/api/v1/portfolios/${ada.portfolio}/positions/AAPL`, { token: ada.token });
        assert.equal(position.quantity, String(bought));
        assert.equal(micros(position.cost_basis), cost);
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.deepEqual(audit, { consistent: true, differences: [] });
    });

    it('ends the year with the last row of each file', async () => {
        await platform.step('2014-12-31T23:00:00Z', admin);
        const tickers = readdirSync(join(samples, 'prices')).map(file => file.replace('.csv', ''));
        const last = new Map(tickers.map(ticker => [ticker, read(ticker).filter(bar => bar.date <= '2014-12-31').at(-1)]));
        const { quotes } = await platform.expect(200, 'GET', `/api/v1/quotes?symbols=${tickers.join()}`);
        assert.deepEqual(quotes.map(quote => [quote.ticker, micros(quote.price), quote.volume]).sort(),
            [...last].filter(([, bar]) => bar).map(([ticker, bar]) => [ticker, micros(bar.close), Number(bar.volume)]).sort());
    });
});
