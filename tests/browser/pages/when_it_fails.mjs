// SPDX-License-Identifier: MIT
// What people see when something does not work: what happened, and what to do.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, logIn, lookAt, open, submit } from '../browser.mjs';

export const whenItFails = site => describe('when it fails', () => {
    let platform, browser, state, user;

    before(async () => {
        ({ platform, browser } = site);
        user = await platform.trader('unlucky');
        state = await logIn(browser, platform, 'unlucky', user.password);
    });

    const shows = async (one, name, statuses, address, ...texts) => {
        const status = (await one.goto(address)).status();
        assert.ok(statuses.includes(status), `${address}: ${status}`);
        for (const text of texts)
            assert.match(await one.locator('main').innerText(), text);
        await lookAt(one, name);
    };

    it('says what is not allowed, what is not there and what does not answer, and where to go', async () => {
        const one = await open(browser, platform, { state });
        await shows(one, 'error_403', [403], '/admin', /That is not allowed/, /Ask an administrator/);
        await shows(one, 'error_404', [404], '/orders/0195d3a0-0000-7000-8000-000000000001', /There is no such order\./);
        for (const address of ['/orders/xyz', '/portfolio/xyz', '/portfolio/xyz/performance', '/portfolio/xyz/transactions', '/symbols/%21',
            '/strategies/xyz', '/strategy-runs/xyz', '/watchlists/xyz', '/backtests/xyz'])
            assert.equal((await one.goto(address)).status(), 404, address);
        await platform.frozen('trading', () =>
            // It may be known already that it does not answer.
            shows(one, 'error_503', [503, 504], '/orders', /A part of Bourse does not answer|That took too long/, /Nothing is lost\. Reload the page/));
        assert.doesNotMatch(await one.locator('main').innerText(), /ListOrders/);
        await until('an answer', async () => (await one.goto('/orders')).status() === 200);
        assertQuiet(one);
        await one.context().close();
    });

    it('says on the status page what is away and what that means, to everybody, and that it is back without a reload', async () => {
        const one = await open(browser, platform, {});
        await one.goto('/status');
        assert.match(await one.locator('main').innerText(), /Everything works/);
        await platform.frozen('auth', async () => {
            await one.getByText('Something is away').waitFor();
            assert.match(await one.locator('main').innerText(), /Accounts\s+Away Nobody can log in/);
            // Who is logged in sees it too, though nobody can say who that is.
            const other = await open(browser, platform, { state });
            await shows(other, 'status_away', [200], '/status', /Something is away/);
            await other.context().close();
        });
        await one.getByText('Everything works').waitFor();
        assertQuiet(one);
        await one.context().close();
    });

    it('keeps to itself what went wrong inside, and gives a number to tell the administrator', async () => {
        const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
            body: { name: 'Broken', kind: 'buy_and_hold', symbols: ['AAPL'] } });
        await platform.query(`UPDATE trading.strategies SET parameters = '[]' WHERE id = '${id}'`);
        platform.announced.push(/parameters of a strategy cannot be read/);
        const one = await open(browser, platform, { state });
        one.complaints.push = complaint => /status of 500/.test(complaint) ? 0 : Array.prototype.push.call(one.complaints, complaint);
        await shows(one, 'error_500', [500], `/strategies/${id}`, /Something went wrong here/, /Request [0-9a-f-]{36}/);
        assert.doesNotMatch(await one.locator('main').innerText(), /parameters/);
        await platform.query(`DELETE FROM trading.strategies WHERE id = '${id}'`);
        await one.context().close();
    });

    it('says for how long who guesses passwords has to wait, beside the form', async () => {
        const one = await open(browser, platform);
        await one.goto('/login');
        await until('the limit', async () => {
            await one.fill('#login-username', 'unlucky');
            await one.fill('#login-password', 'a wrong guess');
            await submit(one, 'Log in');
            return /Try again in \d+ seconds/.test(await one.locator('.form-problem').innerText());
        });
        assert.equal(await one.inputValue('#login-username'), 'unlucky');
        await lookAt(one, 'error_429');
        assertQuiet(one);
        await one.context().close();
    });

    it('says so when there is no connection', async () => {
        const one = await open(browser, platform, { state });
        await one.route('**/api/v1/stream*', route => route.abort());
        await one.goto('/symbols/AAPL');
        await one.waitForSelector('[data-stream][data-state="waiting"]');
        await one.context().setOffline(true);
        await one.getByText(/^You are offline/).waitFor();
        await lookAt(one, 'offline');
        await one.context().close();
    });
});
