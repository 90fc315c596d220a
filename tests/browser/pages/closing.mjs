// SPDX-License-Identifier: MIT
// A position is closed in one step, after a question that says what it does.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertQuiet, flash, logIn, lookAt, open, submit } from '../browser.mjs';

export const closing = site => describe('closing a position', () => {
    let platform, user, state, page, portfolio;

    before(async () => {
        ({ platform } = site);
        user = await platform.trader('closer');
        state = await logIn(site.browser, platform, 'closer', user.password);
        portfolio = `/portfolio/${user.portfolio}`;
    });

    const trade = (ticker, quantity, more) => platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}/orders`,
        { token: user.token, body: { ticker, side: 'buy', quantity, ...more } });
    const sales = async ticker => (await platform.expect(200, 'GET', '/api/v1/orders?status=all', { token: user.token })).orders
        .filter(order => order.ticker === ticker && order.side === 'sell' && order.status === 'filled');
    const cell = name => page.locator('[data-part="positions"] tr', { has: page.getByRole('link', { name, exact: true }) });
    const ask = name => page.getByRole('button', { name: `Close ${name}`, exact: true }).click();

    describe('without scripts', () => {
        before(async () => {
            page = await open(site.browser, platform, { state, scripts: false });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('says what it sells, sells nothing of who does not want to, and goes back to where it was asked', async () => {
            await trade('AAPL', '12');
            await page.goto(portfolio);
            await ask('AAPL');
            assert.equal(await page.locator('#close-AAPL p:visible').innerText(), 'Sells all 12 AAPL at market.');
            await page.getByRole('button', { name: 'Keep them' }).click();
            assert.deepEqual(await sales('AAPL'), []);
            await ask('AAPL');
            await submit(page, 'Sell 12 AAPL');
            assert.match(await flash(page), /^Sold 12 AAPL at [\d,.]+\.$/);
            assert.equal(new URL(page.url()).pathname, portfolio);
            assert.equal(await cell('AAPL').count(), 0);
            const [{ type, quantity, status }] = await sales('AAPL');
            assert.deepEqual([type, quantity, status], ['market', '12', 'filled']);
        });

        it('leaves what is held for open orders, and says how many that is', async () => {
            await trade('MSFT', '10');
            const waiting = await trade('MSFT', '4', { side: 'sell', type: 'limit', limit_price: '90000', time_in_force: 'gtc' });
            await page.goto('/symbols/MSFT');
            await ask('MSFT');
            assert.equal(await page.locator('#close-MSFT p:visible').innerText(), 'Sells 6 of 10 MSFT at market. The other 4 are held for open orders and stay.');
            await submit(page, 'Sell 6 MSFT');
            assert.match(await flash(page), /^Sold 6 MSFT at /);
            assert.equal(new URL(page.url()).pathname, '/symbols/MSFT');
            assert.match(await page.locator('[data-part="position"]').innerText(), /Shares\s+4/);
            // Nothing is left that could be sold.
            assert.equal(await page.getByRole('button', { name: 'Close MSFT' }).count(), 0);
            await page.goto(portfolio);
            assert.equal(await cell('MSFT').count(), 1);
            assert.equal(await cell('MSFT').getByRole('button').count(), 0);
            await platform.expect(204, 'DELETE', `/api/v1/orders/${waiting.id}`, { token: user.token });
        });

        it('is one order of a form that is sent twice', async () => {
            await trade('KO', '5');
            await page.goto(portfolio);
            const form = Object.fromEntries(await page.locator('#close-KO').evaluate(one => [...new FormData(one)]));
            for (let time = 0; time < 2; time++) {
                assert.equal((await page.request.post(`${portfolio}/positions/KO/close`, { form, maxRedirects: 0 })).status(), 303);
                await page.goto(portfolio);
                assert.match(await flash(page), /^Sold 5 KO at /);
            }
            assert.equal((await sales('KO')).length, 1);
        });

        it('says why nothing was sold', async () => {
            await trade('KO', '3');
            await page.goto(portfolio);
            await platform.expect(200, 'PUT', `/api/v1${portfolio.replace('portfolio', 'portfolios')}/trading-halt`, { token: user.token, body: {} });
            await ask('KO');
            await submit(page, 'Sell 3 KO');
            assert.match(await page.locator('.flash.is-error').innerText(), /halted/);
            assert.equal(new URL(page.url()).pathname, portfolio);
            await platform.request('DELETE', `/api/v1${portfolio.replace('portfolio', 'portfolios')}/trading-halt`, { token: user.token });
            // Of a page that is behind.
            await page.goto(portfolio);
            await trade('KO', '2', { side: 'sell' });
            await ask('KO');
            await submit(page, 'Sell 3 KO');
            assert.match(await page.locator('.flash.is-error').innerText(), /3 .*1 /);
            assert.equal((await sales('KO')).length, 2);
        });
    });

    describe('with scripts', () => {
        before(async () => {
            page = await open(site.browser, platform, { state });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('goes on asking while what is around the question changes, and is done by keyboard alone, once', async () => {
            await page.goto('/symbols/KO');
            await page.waitForSelector('[data-stream][data-state="live"]');
            const before = (await sales('KO')).length;
            await page.getByRole('button', { name: 'Close KO', exact: true }).focus();
            await page.keyboard.press('Enter');
            // Who points at the words has left the button.
            await page.locator('#close-KO p:visible').click();
            await trade('KO', '1');
            await page.locator('[data-part="orders"] tbody tr').nth(before + 3).waitFor();
            assert.equal(await page.locator('#close-KO p:visible').innerText(), 'Sells all 1 KO at market.');
            await page.keyboard.press('Escape');
            await page.locator('[data-part="position"]', { hasText: /Shares\s*2/ }).waitFor();
            await page.getByRole('button', { name: 'Close KO', exact: true }).focus();
            await page.keyboard.press('Enter');
            await page.keyboard.press('Tab');
            await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
            assert.match(await flash(page), /^Sold 2 KO at /);
            assert.equal((await sales('KO')).length, before + 1);
        });

        it('shows what is so once the question is answered', async () => {
            await trade('JPM', '2');
            await page.goto('/symbols/JPM');
            await page.waitForSelector('[data-stream][data-state="live"]');
            await ask('JPM');
            await trade('JPM', '1');
            await page.locator('[data-part="orders"] tbody tr').nth(1).waitFor();
            assert.equal(await page.locator('#close-JPM p:visible').innerText(), 'Sells all 2 JPM at market.');
            await page.getByRole('button', { name: 'Keep them' }).click();
            await page.locator('h1').click();
            await page.locator('[data-part="position"]', { hasText: /Shares\s*3/ }).waitFor();
        });

        it('looks well in both themes and widths', async () => {
            await page.goto(portfolio);
            await ask('JPM');
            await lookAt(page, 'position_close');
            await page.goto('/symbols/JPM');
            await ask('JPM');
            await lookAt(page, 'symbol_position_close');
        });
    });
});
