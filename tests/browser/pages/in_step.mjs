// SPDX-License-Identifier: MIT
// What a page says in two places goes together, whatever happens elsewhere while it is open.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, logIn, open, openLive } from '../browser.mjs';

export const inStep = site => describe('what a page says in two places', () => {
    let platform, user, page;
    const path = rest => `/api/v1/portfolios/${user.portfolio}${rest}`;
    const post = (rest, body, status = 201) => platform.expect(status, 'POST', path(rest), { token: user.token, body });
    const rest = () => post('/orders', { ticker: 'AAPL', side: 'buy', quantity: '3', type: 'limit', limit_price: '1.00', time_in_force: 'gtc' });
    const cancel = order => platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token: user.token });
    const number = async place => parseFloat((await page.locator(place).innerText()).replaceAll(',', ''));

    before(async () => {
        ({ platform } = site);
        user = await platform.trader('in.step');
        page = await open(site.browser, platform, { state: await logIn(site.browser, platform, 'in.step', user.password) });
    });
    after(async () => {
        assertQuiet(page);
        await page.context().close();
    });

    it('has no form to change an order that has ended, and leaves what is typed while another one does', async () => {
        const [order, other] = [await rest(), await rest()];
        await openLive(page, `/orders/${order.id}`);
        await page.getByLabel('Shares', { exact: true }).fill('2');
        await page.evaluate(() => document.activeElement?.blur());
        await cancel(other);
        await page.waitForSelector('[data-part="replace"][data-is-behind]');
        assert.equal(await page.getByLabel('Shares', { exact: true }).inputValue(), '2');
        await page.reload();
        await page.waitForSelector('[data-stream][data-state="live"]');
        await cancel(order);
        await page.locator('section:has(#about)').getByText('Canceled').first().waitFor();
        await until('no form', async () => await page.locator('#replace').count() === 0);
    });

    it('keeps the reason why a change was refused, and a choice that is not sent yet', async () => {
        const [order, other] = [await rest(), await rest()];
        await openLive(page, `/orders/${order.id}`);
        await page.getByLabel('Shares', { exact: true }).fill('0.0000000001');
        await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Change the order' }).click()]);
        await page.waitForSelector('[data-stream][data-state="live"]');
        await cancel(other);
        await page.waitForSelector('[data-part="replace"][data-is-behind]');
        assert.equal(await page.locator('#replace ~ .form-problem, section:has(#replace) .form-problem').count(), 1);
        await openLive(page, `/orders/${order.id}`);
        await page.getByLabel('Lasts').selectOption('day');
        await page.evaluate(() => document.activeElement?.blur());
        await cancel(await rest());
        await page.waitForSelector('[data-part="replace"][data-is-behind]');
        assert.equal(await page.getByLabel('Lasts').inputValue(), 'day');
        await cancel(order);
    });

    it('has fills once there are some', async () => {
        const filled = await post('/orders', { ticker: 'AAPL', side: 'buy', quantity: '3' });
        await openLive(page, `/orders/${filled.id}`);
        const fills = page.locator('section:has(#fills) tbody tr');
        await fills.waitFor();
        // As it was made before the order was filled.
        await fills.evaluate(row => row.remove());
        await cancel(await rest());
        await fills.waitFor();
    });

    it('cancels all orders only while there are some', async () => {
        await openLive(page, '/orders');
        const button = page.getByRole('button', { name: 'Cancel all open orders' });
        assert.equal(await button.count(), 0);
        const order = await rest();
        await button.first().waitFor();
        await cancel(order);
        await until('no button', async () => await button.count() === 0);
    });

    it('buys at most what there is to buy with, at the price of now', async () => {
        await openLive(page, '/symbols/AAPL');
        const isInStep = async () => {
            const [most, cash, ask] = await page.evaluate(() => ['[data-affordable]', '[data-field="buying_power"]', '[data-field="ask"]']
                .map(place => parseFloat(document.querySelector(place).textContent.replaceAll(',', ''))));
            return most === Math.floor(cash / ask) && cash;
        };
        const before = await until('all of it', isInStep);
        await post('/deposits', { amount: '50000' });
        await until('more', async () => await isInStep() > before + 49000);
        await post('/withdrawals', { amount: '50000' });
        await until('less', async () => {
            const cash = await isInStep();
            return cash && cash < before + 1000;
        });
    });

    it('has no gainer that falls for long', async () => {
        await openLive(page, '/dashboard', 'movers.js', 'clock.js');
        const gainer = page.locator('section:has(#gainers) [data-quote]').first();
        const ticker = await gainer.getAttribute('data-quote');
        await page.evaluate(() => { document.querySelector('section:has(#gainers)').dataset.mine = 'true'; });
        await page.evaluate(detail => dispatchEvent(new CustomEvent('bourse:quote', { detail })), { ticker, change: '-1.00' });
        await page.waitForSelector('section:has(#gainers):not([data-mine])');
    });

    it('says on paper of what time its prices are', async () => {
        await openLive(page, '/dashboard', 'clock.js');
        await page.evaluate(() => { document.querySelector('[data-as-of]').textContent = 'as it was made'; });
        await until('the time of now', () => page.evaluate(() => document.querySelector('[data-as-of]').textContent === document.querySelector('.clock time').textContent));
    });

    it('has no positions any more once a portfolio has begun anew elsewhere', async () => {
        await openLive(page, `/portfolio/${user.portfolio}`);
        assert.equal(await page.locator('section:has(#positions) tbody tr').count(), 1);
        await post('/reset', {}, 200);
        await page.getByText('There are none yet. Find a symbol').waitFor();
        await until('all of it in cash', async () => await number('section:has(#composition) tbody td >> nth=1') === 100);
    });
});
