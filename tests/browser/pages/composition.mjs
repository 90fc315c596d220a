// SPDX-License-Identifier: MIT
// What a portfolio consists of, on its page.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, keep, logIn, open, openLive } from '../browser.mjs';

export const composition = site => describe('what a portfolio consists of', () => {
    let platform, user, state, page;
    const part = () => page.locator('section:has(#composition)');
    const path = () => `/portfolio/${user.portfolio}`;
    const buy = (ticker, quantity) => platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}/orders`,
        { token: user.token, body: { ticker, side: 'buy', quantity } });
    const told = async by => (await platform.expect(200, 'GET', `/api/v1/portfolios/${user.portfolio}/composition?by=${by}`, { token: user.token })).classes;
    // The numbers of each row, all of one moment.
    const rows = () => page.evaluate(() => [...document.querySelectorAll('section:has(#composition) tbody tr')].map(row => {
        const [value, weight] = [...row.querySelectorAll('td')].map(cell => parseFloat(cell.textContent.replaceAll(',', '')));
        return { name: row.querySelector('th').textContent.trim(), value, weight, width: Number(row.querySelector('rect').getAttribute('width')) };
    }));
    const sum = (list, name) => list.reduce((all, one) => all + one[name], 0);

    before(async () => {
        ({ platform } = site);
        user = await platform.trader('composed');
        state = await logIn(site.browser, platform, 'composed', user.password);
        await buy('TSLA', '120');
        await buy('AAPL', '100');
        await buy('INTC', '900');
    });

    describe('without scripts', () => {
        before(async () => {
            page = await open(site.browser, platform, { state, scripts: false });
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('is told by symbol, by sector and by exchange, with the cash, and comes to all of it', async () => {
            await page.goto(path());
            for (const [label, by] of [['Symbol', 'ticker'], ['Sector', 'sector'], ['Exchange', 'exchange']]) {
                await part().getByRole('link', { name: label, exact: true }).click();
                assert.match(page.url(), new RegExp(`[?&]by=${by}\\b.*#composition$`));
                assert.equal(await part().locator('[aria-current="page"]').innerText(), label);
                const names = (await told(by)).map(one => (one.is_cash ? 'Cash' : one.name));
                const shown = await rows();
                assert.deepEqual(shown.map(one => one.name).sort(), names.sort());
                assert.ok(Math.abs(sum(shown, 'weight') - 100) < 0.05, JSON.stringify(shown));
                assert.ok(shown.every(one => Math.abs(one.width - one.weight) <= 1), JSON.stringify(shown));
            }
        });

        it('leaves the period of the curve and its table as they are, and those leave it', async () => {
            await page.goto(`${path()}?by=sector`);
            const curve = page.locator('section:has(#curve)');
            const chosen = () => page.locator('section:has(#curve), section:has(#composition)').locator('[aria-current="page"]').allInnerTexts();
            await curve.getByRole('link', { name: '1 week' }).click();
            await curve.getByRole('link', { name: 'As a table' }).click();
            assert.deepEqual(await chosen(), ['1 week', 'Sector']);
            await part().getByRole('link', { name: 'Exchange' }).click();
            assert.deepEqual(await chosen(), ['1 week', 'Exchange']);
            assert.equal(await page.locator('#curve-points').count(), 1);
        });

        it('is of a class that there is not refused, with those that there are', async () => {
            assert.equal((await page.goto(`${path()}?by=colour`)).status(), 422);
            assert.match(await page.locator('main').innerText(), /“By” must be one of ticker, sector, exchange, not "colour"/);
        });

        it('cannot be told by sector while market does not answer, and the rest of the page is there', async () => {
            await platform.frozen('market', async () => {
                assert.equal((await page.goto(`${path()}?by=sector`)).status(), 200);
                assert.match(await part().innerText(), /cannot be told at the moment/);
                assert.equal(await page.locator('section:has(#positions) tbody tr').count(), 3);
                await part().getByRole('link', { name: 'Symbol', exact: true }).click();
                assert.equal((await rows()).length, 4);
            });
            await until('sectors again', async () => {
                await page.goto(`${path()}?by=sector`);
                return (await rows()).length > 1;
            });
        });
    });

    describe('with scripts', () => {
        before(async () => {
            page = await open(site.browser, platform, { state });
            await openLive(page, path(), 'follow.js', 'composition.js');
        });
        after(async () => {
            assertQuiet(page);
            await page.context().close();
        });

        it('goes with the prices, of a symbol and of all symbols of a sector, without being loaded again', async () => {
            await page.evaluate(() => Object.assign(globalThis, { isSame: true }));
            for (const label of ['Sector', 'Symbol']) {
                await part().getByRole('link', { name: label, exact: true }).click();
                await until(label, async () => await part().locator('[aria-current="page"]').innerText() === label);
                const before = await rows();
                let now;
                await until(`other values by ${label}`, async () => {
                    now = await rows();
                    return now.filter((one, index) => one.name !== 'Cash' && one.value !== before[index].value).length >= 2
                        && Math.abs(sum(now, 'weight') - 100) < 0.1;
                }, 30).catch(error => assert.fail(`${error.message}: ${JSON.stringify([before, now])}`));
                const values = new Map((await told(label === 'Symbol' ? 'ticker' : 'sector')).map(one => [one.is_cash ? 'Cash' : one.name, Number(one.value)]));
                for (const { name, value, weight, width } of now) {
                    assert.ok(Math.abs(value / values.get(name) - 1) < 0.05, name);
                    assert.ok(Math.abs(width - weight) <= 1, name);
                }
            }
            assert.equal(await page.evaluate(() => globalThis.isSame), true);
            await keep(page, 'composition-live');
        });

        it('has what was bought elsewhere, and leaves a keyboard at the link that it has followed', async () => {
            const focused = () => page.evaluate(() => document.activeElement?.textContent);
            for (const label of ['Exchange', 'Symbol']) {
                await part().getByRole('link', { name: label, exact: true }).focus();
                await page.keyboard.press('Enter');
                await until(label, async () => await part().locator('[aria-current="page"]').innerText() === label);
                assert.equal(await focused(), label);
            }
            await buy('KO', '10');
            await until('another class', async () => (await rows()).some(one => one.name === 'KO'));
            assert.equal(await focused(), 'Symbol');
            assert.equal(await page.evaluate(() => globalThis.isSame), true);
        });

        it('does not go by numbers of shares that the positions are behind with, as somebody is using them', async () => {
            const worth = async () => (await rows()).find(one => one.name === 'AAPL').value;
            const before = await worth();
            await page.locator('section:has(#positions)').getByRole('link', { name: 'AAPL' }).focus();
            await buy('AAPL', '100');
            await page.waitForSelector('[data-part="positions"][data-is-behind]', { state: 'attached' });
            await until('twice as much', async () => await worth() > 1.9 * before);
            await page.evaluate(() => new Promise(done => { addEventListener('bourse:portfolio', () => addEventListener('bourse:portfolio', done, { once: true }), { once: true }); }));
            assert.ok(await worth() > 1.9 * before);
            await page.evaluate(() => document.activeElement?.blur());
            await until('so many shares', async () => (await page.locator('[data-holding="AAPL"][data-of]').getAttribute('data-quantity')) === '200');
        });

        it('leaves the chart of the equity as somebody has moved it, with links that lead on from here', async () => {
            // Nothing that was bought is still waited for.
            await openLive(page, path(), 'follow.js', 'composition.js', 'equity.js');
            await page.locator('[data-equity]').hover();
            await page.waitForSelector('.chart-live canvas');
            await page.evaluate(() => { document.querySelector('.chart-live').dataset.mine = 'true'; });
            await part().getByRole('link', { name: 'Sector', exact: true }).click();
            await until('sectors', async () => await part().locator('[aria-current="page"]').innerText() === 'Sector');
            assert.equal(await page.locator('.chart-live[data-mine]').count(), 1);
            assert.equal(await page.locator('[aria-busy="true"]').count(), 0);
            await page.locator('section:has(#curve)').getByRole('link', { name: '1 month' }).click();
            await page.waitForURL(/by=sector.*period=1M/);
            assert.equal(await part().locator('[aria-current="page"]').innerText(), 'Sector');
        });
    });
});
