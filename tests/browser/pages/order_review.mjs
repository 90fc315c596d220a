// SPDX-License-Identifier: MIT
// An order is shown once more before it is placed, to who has not said otherwise.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertQuiet, flash, logIn, lookAt, open, submit } from '../browser.mjs';

export const orderReview = site => describe('reviewing an order', () => {
    let user, state;

    before(async () => {
        user = await site.platform.trader('reviewer');
        state = await logIn(site.browser, site.platform, 'reviewer', user.password);
    });

    const orders = async () => (await site.platform.expect(200, 'GET', '/api/v1/orders?status=all', { token: user.token })).orders.length;
    // On the ticket of a browser that has said nothing.
    const ticket = async (options, quantity) => {
        const page = await open(site.browser, site.platform, { state, reviews: true, ...options });
        await page.goto('/symbols/AAPL');
        await page.fill('#order-quantity', quantity);
        assert.equal(await page.getByRole('button', { name: 'Place the order' }).count(), 0);
        return page;
    };
    const done = async page => {
        assertQuiet(page);
        await page.context().close();
    };

    it('says what it comes to, and places it after that, without scripts', async () => {
        const page = await ticket({ scripts: false }, '2');
        await submit(page, 'Review the order');
        assert.match(await page.locator('.ticket [data-estimate]').first().innerText(), /Costs about .* would be left/);
        assert.equal(await page.inputValue('#order-quantity'), '2');
        assert.equal(await orders(), 0);
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Bought 2 AAPL at/);
        assert.equal(await orders(), 1);
        await done(page);
    });

    describe('with scripts', () => {
        let page;

        before(async () => {
            page = await ticket({}, '1');
            await page.waitForFunction(() => document.querySelector('[data-for]')?.hasAttribute('hidden'));
        });
        after(() => done(page));

        const review = () => page.getByRole('dialog');
        const ask = () => page.getByRole('button', { name: 'Review the order' }).click();

        it('says in words what was typed, and goes back to it', async () => {
            await page.selectOption('#order-type', 'limit');
            await page.fill('#order-limit_price', '1.5');
            await page.selectOption('#order-time_in_force', 'gtc');
            await ask();
            assert.equal(await review().getByRole('heading').innerText(), 'Buy 1 AAPL?');
            assert.match(await review().innerText(), /Limit order, limit price 1\.5, 90 days\.[^]*Costs about 1\.50 at 1\.50;/);
            await review().getByRole('button', { name: 'Change it' }).click();
            await review().waitFor({ state: 'hidden' });
            await ask();
            await page.keyboard.press('Escape');
            await review().waitFor({ state: 'hidden' });
            assert.equal(await page.inputValue('#order-limit_price'), '1.5');
            assert.equal(await orders(), 1);
        });

        it('asks for what is missing first', async () => {
            await page.fill('#order-quantity', '');
            await ask();
            assert.equal(await review().count(), 0);
            assert.equal(await page.evaluate(() => document.activeElement?.id), 'order-quantity');
        });

        it('looks well in both themes and widths', async () => {
            // On a phone the ticket is there for who has brought it up.
            await page.goto('/symbols/AAPL#ticket');
            await page.fill('#order-quantity', '1');
            await ask();
            await lookAt(page, 'order-review');
            assert.ok(await review().isVisible());
            await page.keyboard.press('Escape');
        });

        it('places it by keyboard alone, once', async () => {
            await page.setViewportSize({ width: 1440, height: 900 });
            await page.selectOption('#order-type', 'market');
            await page.selectOption('#order-time_in_force', 'day');
            await page.focus('#order-quantity');
            await page.keyboard.press('Enter');
            await review().waitFor();
            await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
            assert.match(await flash(page), /Bought 1 AAPL at/);
            assert.equal(await orders(), 2);
        });
    });

    it('is turned off and on in the settings, for the browser', async () => {
        const page = await open(site.browser, site.platform, { state, reviews: true });
        await page.goto('/settings');
        await submit(page, 'Place them at once');
        assert.equal(new URL(page.url()).pathname, '/settings');
        await page.goto('/symbols/AAPL');
        await page.fill('#order-quantity', '1');
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Bought 1 AAPL at/);
        await page.goto('/settings');
        await submit(page, 'Review them first');
        await page.goto('/symbols/AAPL');
        assert.equal(await page.getByRole('button', { name: 'Review the order' }).count(), 1);
        await done(page);
    });
});
