// SPDX-License-Identifier: MIT
// The chart of a symbol: the candles of the server, the chart that takes their place, and what is chosen beside them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, keep, logIn, lookAt, open, openLive, PASSWORD, register, violations } from '../browser.mjs';

export const symbolChart = site => describe('the chart of a symbol', () => {
    let platform, browser, page, token;

    before(async () => {
        ({ platform, browser } = site);
        page = await open(browser, platform);
        await register(page, 'chart.reader');
        token = await platform.login('chart.reader', PASSWORD);
    });
    after(async () => {
        assertQuiet(page);
        await page.context().close();
    });

    const look = address => openLive(page, address, 'follow.js');
    const chosen = (of = page) => of.locator('.chart [aria-current="page"]').allInnerTexts();
    // Whether the page has not been loaded since.
    const mark = () => page.evaluate(() => { globalThis.isTheSame = true; });
    const isTheSame = () => page.evaluate(() => globalThis.isTheSame === true);
    const buy = async quantity => {
        const [{ id }] = (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios;
        return platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'AAPL', side: 'buy', quantity } });
    };

    it('has the latest price move on the candles of the server, and loads no chart for who does not look closer', async () => {
        const asked = [];
        await page.mouse.move(0, 0);
        // The page before may load a chart yet, for a pointer that was over its own.
        await page.goto('about:blank');
        page.on('request', request => asked.push(request.url()));
        await page.goto('/symbols/AAPL');
        await page.waitForSelector('[data-stream][data-state="live"]');
        const levels = () => page.locator('[data-level]').evaluateAll(all => all.map(level => level.getAttribute('y')));
        const label = page.locator('.axis .now text');
        const [before, [level]] = [await label.textContent(), await levels()];
        await until('another level', async () => (await levels())[0] !== level && await label.textContent() !== before, 30);
        const now = await levels();
        assert.equal(now.length, 2);
        assert.equal(now[0], now[1], 'on the candles and beside them');
        assert.equal(await page.locator('canvas').count(), 0);
        assert.deepEqual(asked.filter(url => /lightweight|api.v1.bars/.test(url)), []);
    });

    it('has a chart that can be asked, and whose last candle moves, for who points at it or taps it', async () => {
        await page.goto('/symbols/AAPL');
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        assert.equal(await page.locator('.candles').count(), 0);
        const drawn = () => page.evaluate(() => [...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL()).join());
        const candles = await drawn();
        await until('another candle', async () => await drawn() !== candles, 30);

        const context = await browser.newContext({ baseURL: platform.url, viewport: { width: 390, height: 900 }, hasTouch: true, isMobile: true });
        const phone = await context.newPage();
        await phone.goto('/symbols/AAPL');
        await phone.waitForSelector('[data-stream][data-state="live"]');
        await phone.getByRole('button', { name: 'Look closer' }).tap();
        await phone.waitForSelector('.chart-live canvas');
        assert.equal(await phone.getByRole('button', { name: 'Look closer' }).count(), 0);
        await keep(phone, 'symbol-chart-390-light', false);
        await phone.reload();
        await phone.locator('.candles').tap();
        await phone.waitForSelector('.chart-live canvas');
        await context.close();
    });

    it('says what a bar was that is pointed at, and what the latest one is', async () => {
        await look('/symbols/AAPL?range=1y&table=true');
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        const said = () => page.locator('.readout').innerText();
        const words = /^(\w{3} \d+, \d{4}) O [\d,.]+ H [\d,.]+ L [\d,.]+ C [\d,.]+ [+−]?[\d,.]+% Volume [\d,]+$/;
        await until('a bar', async () => words.test(await said()));
        const box = await page.locator('.chart-live').boundingBox();
        await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
        const then = await until('an earlier one', async () => words.exec(await said())?.[1] ?? false);
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
        await until('another one', async () => words.test(await said()) && !(await said()).startsWith(then));
        // The same as the table beside it says.
        const [day, ...prices] = words.exec(await said()) && (await said()).split(/ [OHLC] | [+−]?[\d.]+% Volume /);
        const row = page.locator('#bars tbody tr').filter({ has: page.getByText(day, { exact: true }) });
        assert.deepEqual((await row.locator('td').allInnerTexts()).slice(1, 5), prices.slice(0, 4));
        await page.mouse.move(0, 0);
        await until('the latest', async () => Date.parse((await said()).split(' O ')[0]) > Date.parse(day));
    });

    it('is had by keyboard, which goes from bar to bar in it and looks closer', async () => {
        await look('/symbols/AAPL?range=1y');
        await page.getByRole('button', { name: 'Look closer' }).focus();
        await page.keyboard.press('Enter');
        await page.waitForSelector('.chart-live canvas');
        await until('the keyboard in it', () => page.evaluate(() => document.activeElement?.className === 'chart-live'));
        await page.getByText(/^Left and right: /).waitFor();
        assert.deepEqual(await violations(page), []);
        const day = async () => Date.parse((await page.locator('.readout').innerText()).split(' O ')[0]);
        const latest = await day();
        const press = async (key, what, is) => {
            await page.keyboard.press(key);
            await until(what, async () => is(await day()));
        };
        await press('Home', 'the first', at => at <= latest - 360 * 86400e3);
        const first = await day();
        await press('ArrowRight', 'the second', at => at > first && at < first + 7 * 86400e3);
        await press('ArrowLeft', 'the first again', at => at === first);
        await press('ArrowLeft', 'no other', at => at === first);
        await press('End', 'the last', at => at === latest);
        await press('ArrowLeft', 'the one before', at => at < latest);
        // How much time is between two places of it.
        const between = async () => {
            const { x, y, width, height } = await page.locator('.chart-live').boundingBox();
            const days = [];
            for (const part of [0.25, 0.75]) {
                await page.mouse.move(x + part * width, y + height / 2);
                days.push(await day());
            }
            await page.mouse.move(0, 0);
            return days[1] - days[0];
        };
        const wide = await until('half of it', async () => {
            const span = await between();
            return span > 150 * 86400e3 && span;
        });
        for (let i = 0; i < 8; i++)
            await page.keyboard.press('+');
        await until('larger candles', async () => {
            const span = await between();
            return span > 0 && span < wide / 4;
        });
        await keep(page, 'symbol-chart-keys-1440-light', false);
        // Beyond what is seen it is moved.
        await press('Home', 'the first', at => at === first);
        for (let i = 0; i < 20; i++)
            await page.keyboard.press('-');
        await press('Escape', 'the latest', at => at === latest);
        assertQuiet(page);
    });

    it('keeps the candles of the server while the chart cannot be had, and tries again', async () => {
        let isAway = true;
        await page.route('**/api/v1/bars/**', route => isAway ? route.abort() : route.continue());
        await page.mouse.move(0, 0);
        await page.goto('/symbols/AAPL');
        const refused = page.waitForEvent('requestfailed', request => request.url().includes('/bars/'));
        await page.hover('.candles');
        await refused;
        assert.equal(await page.locator('.candles').count(), 1);
        isAway = false;
        await until('the chart', async () => {
            await page.mouse.move(0, 0);
            await page.hover('.chart-box');
            return await page.locator('.chart-live canvas').count() > 0;
        });
        await page.unroute('**/api/v1/bars/**');
        // The browser says itself that a request has failed.
        page.complaints = page.complaints.filter(text => !text.includes('ERR_FAILED'));
    });

    it('is of another range and bar size without the page being loaded: what was typed stays, and the address goes with it', async () => {
        await look('/symbols/AAPL');
        await page.fill('#order-quantity', '7');
        await mark();
        const candles = await page.locator('.candles path').first().getAttribute('d');
        await page.getByRole('link', { name: '1 year' }).click();
        await page.waitForURL('**/symbols/AAPL?range=1y*');
        await until('the year', async () => (await chosen()).join() === '1 year,1 day');
        assert.notEqual(await page.locator('.candles path').first().getAttribute('d'), candles);
        // Of its hours there are more than fit.
        const sizes = page.getByRole('navigation', { name: 'Bar size' });
        assert.equal(await sizes.getByRole('link', { name: '1 hour' }).count(), 0);
        await sizes.getByRole('link', { name: '1 week' }).click();
        await until('its weeks', async () => (await chosen()).join() === '1 year,1 week');
        assert.equal(await page.inputValue('#order-quantity'), '7');
        assert.ok(await isTheSame());
        // Who loads that address, or goes there from a form, sees the same.
        assert.equal(await page.inputValue('[data-ticket] [name="next"]'), new URL(page.url()).pathname + new URL(page.url()).search);
        const other = await page.context().newPage();
        await other.goto(page.url());
        assert.deepEqual(await chosen(other), ['1 year', '1 week']);
        await other.close();

        await page.goBack();
        await until('the days again', async () => (await chosen()).join() === '1 year,1 day');
        await page.goBack();
        await until('what it began with', async () => (await chosen()).join() === '3 months,1 day');
        await page.goForward();
        await until('the year again', async () => (await chosen()).join() === '1 year,1 day');
        assert.equal(await page.inputValue('#order-quantity'), '7');
        assert.ok(await isTheSame());
        assertQuiet(page);
    });

    it('keeps a keyboard where it is, and leads to the table that was asked for', async () => {
        await look('/symbols/AAPL');
        await mark();
        const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
        await page.getByRole('link', { name: '1 month', exact: true }).first().focus();
        await page.keyboard.press('Enter');
        await until('the month', async () => (await chosen()).join() === '1 month,1 day');
        await until('the keyboard', async () => await focused() === '1 month');
        await page.getByRole('link', { name: 'As a table' }).focus();
        await page.keyboard.press('Enter');
        await page.waitForSelector('#bars');
        await until('the keyboard at the table', async () => await focused() === 'bars');
        assert.ok(await page.locator('#bars').evaluate(table => table.getBoundingClientRect().top < innerHeight));
        await page.getByRole('link', { name: 'Without the table' }).focus();
        await page.keyboard.press('Enter');
        await page.waitForSelector('#bars', { state: 'detached' });
        await until('the keyboard at the way back', async () => await focused() === 'As a table');
        assert.ok(await isTheSame());
    });

    it('is what was chosen last, whichever page comes last', async () => {
        await look('/symbols/AAPL');
        const held = [];
        await page.route('**/symbols/AAPL?range=5y*', route => held.push(route));
        await page.getByRole('link', { name: '5 years' }).click();
        await until('it to be asked for', () => held.length > 0);
        await page.getByRole('link', { name: '1 week' }).first().click();
        await until('the week', async () => (await chosen()).join() === '1 week,1 hour');
        // Nobody waits for the other one any more.
        await until('it to be given up', () => held[0].request().failure());
        await held[0].continue().catch(() => undefined);
        await page.unroute('**/symbols/AAPL?range=5y*');
        await page.getByRole('link', { name: '15 min' }).click();
        await until('its quarters of an hour', async () => (await chosen()).join() === '1 week,15 min');
        assert.match(page.url(), /range=1w&timeframe=15Min/);
    });

    it('goes back from a table, and back and forward at once, to what the address says', async () => {
        await look('/symbols/AAPL?range=1m');
        await page.getByRole('link', { name: 'As a table' }).focus();
        await page.keyboard.press('Enter');
        await page.waitForSelector('#bars');
        await page.goBack();
        await page.waitForSelector('#bars', { state: 'detached' });
        await until('it to be there', async () => await page.locator('[data-follow]').getAttribute('aria-busy') !== 'true');

        await page.getByRole('link', { name: '1 year' }).click();
        await until('the year', async () => (await chosen()).join() === '1 year,1 day');
        const held = [];
        await page.route('**/symbols/AAPL?range=1m*', route => held.push(route));
        await page.goBack();
        await until('it to be asked for', () => held.length > 0);
        await page.goForward();
        await until('it to be given up', () => held[0].request().failure());
        assert.match(page.url(), /range=1y/);
        assert.deepEqual(await chosen(), ['1 year', '1 day']);

        // One step back more, and over both to where one was.
        await page.getByRole('link', { name: '5 years' }).click();
        await until('five years', async () => (await chosen()).join() === '5 years,1 week');
        await page.route('**/symbols/AAPL?range=1y*', route => held.push(route));
        await page.goBack();
        await until('it to be asked for', () => held.length === 2);
        await page.goBack();
        await until('the one before to be asked for', () => held.length === 3);
        await page.evaluate(() => history.go(2));
        await until('it to be given up', () => held[2].request().failure());
        await until('it to be there', async () => await page.locator('[data-follow]').getAttribute('aria-busy') !== 'true');
        assert.match(page.url(), /range=5y/);
        assert.deepEqual(await chosen(), ['5 years', '1 week']);
        await page.unroute('**/symbols/AAPL?range=1m*');
        await page.unroute('**/symbols/AAPL?range=1y*');
    });

    it('leaves a keyboard where somebody types by the time it comes', async () => {
        await look('/symbols/AAPL');
        const held = [];
        await page.route('**/symbols/AAPL?range=3m*', route => held.push(route));
        await page.getByRole('link', { name: 'As a table' }).click();
        await until('it to be asked for', () => held.length > 0);
        await page.locator('#order-quantity').click();
        await page.keyboard.type('12');
        await held[0].continue();
        await page.waitForSelector('#bars');
        await page.keyboard.type('34');
        assert.equal(await page.inputValue('#order-quantity'), '1234');
        await page.unroute('**/symbols/AAPL?range=3m*');
    });

    it('is not that of a guest for who has been logged out meanwhile: the page says so', async () => {
        const one = await open(browser, platform, { state: await logIn(browser, platform, 'chart.reader', PASSWORD) });
        await one.goto('/symbols/AAPL');
        await one.waitForSelector('[data-stream][data-state="live"]');
        await one.context().clearCookies();
        await one.getByRole('link', { name: '1 year' }).click();
        await one.getByText(/^Your session has ended/).waitFor();
        assert.deepEqual(await chosen(one), ['3 months', '1 day']);
        await one.context().close();
    });

    it('stays what it is while there is no connection, and is had as soon as there is one', async () => {
        await look('/symbols/AAPL');
        await page.fill('#order-quantity', '3');
        await page.context().setOffline(true);
        await page.getByText(/^You are offline/).waitFor();
        await page.getByRole('link', { name: '1 year' }).click();
        await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
        assert.deepEqual(await chosen(), ['3 months', '1 day']);
        await page.context().setOffline(false);
        await page.getByText(/^You are offline/).waitFor({ state: 'hidden' });
        await page.getByRole('link', { name: '1 year' }).click();
        await until('the year', async () => (await chosen()).join() === '1 year,1 day');
        // The address goes back without it, and it follows.
        await page.context().setOffline(true);
        await page.getByText(/^You are offline/).waitFor();
        await page.goBack();
        await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
        assert.deepEqual(await chosen(), ['1 year', '1 day']);
        await page.context().setOffline(false);
        await until('the months', async () => (await chosen()).join() === '3 months,1 day');
        assert.equal(await page.inputValue('#order-quantity'), '3');
        page.complaints = page.complaints.filter(one => !/ERR_(INTERNET_DISCONNECTED|NETWORK)/.test(one));
    });

    it('is read again after a time that nobody told of', async () => {
        await look('/symbols/AAPL?range=1d');
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        const again = page.waitForResponse(response => response.url().includes('/api/v1/bars/AAPL') && response.ok(), { timeout: 60000 });
        await platform.kill('gateway');
        await again;
        page.complaints = page.complaints.filter(one => !/ERR_(CONNECTION|INCOMPLETE|EMPTY|SOCKET)/.test(one));
    });

    it('is a line of the closes for who likes that, in each range and size, and when it is looked at closely', async () => {
        await look('/symbols/AAPL');
        await mark();
        await page.getByRole('link', { name: 'As a line' }).click();
        await page.waitForSelector('.candles .closes');
        assert.equal(await page.locator('.candles .is-up').count(), 0);
        await page.getByRole('navigation', { name: 'Range' }).getByRole('link', { name: '1 year' }).click();
        await until('the year', async () => (await chosen()).join() === '1 year,1 day');
        assert.equal(await page.locator('.candles .closes').count(), 1);
        await lookAt(page, 'chart_line');
        await page.setViewportSize({ width: 1440, height: 900 });
        await page.getByRole('link', { name: 'As a table' }).click();
        await page.locator('#bars').waitFor();
        assert.equal(await page.locator('.candles .closes').count(), 1);
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        const drawn = () => page.evaluate(() => [...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL()).join());
        const line = await drawn();
        await until('another close', async () => await drawn() !== line, 30);
        assert.match(await page.locator('.readout').innerText(), / O .* H .* L .* C /);
        await page.getByRole('link', { name: 'As candles' }).click();
        await page.getByRole('link', { name: 'As a line' }).waitFor();
        assert.ok(await isTheSame());
        assertQuiet(page);
    });

    it('is one that can be asked in each range, once somebody has looked closer', async () => {
        await look('/symbols/AAPL');
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        await page.getByRole('link', { name: '1 year' }).click();
        await until('the year', async () => (await chosen()).join() === '1 year,1 day');
        await page.mouse.move(0, 0);
        await page.waitForSelector('.chart-live canvas');
        assert.equal(await page.locator('.chart-live').count(), 1);
        assert.equal(await page.locator('.candles').count(), 0);
        assertQuiet(page);
    });

    it('has what is bought marked without being loaded again, and a list that stays open', async () => {
        await look('/symbols/AAPL?range=1d');
        assert.equal(await page.locator('.candles .fill').count(), 0);
        await page.getByText('What you bought and sold').click();
        await mark();
        await buy('2');
        await page.locator('.candles .fill').waitFor();
        await page.locator('[data-fills] tbody tr').waitFor();
        assert.ok(await page.locator('[data-part="fills"]').evaluate(list => list.open));
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        await buy('3');
        await until('the second in the list', async () => await page.locator('[data-fills] tbody tr').count() === 2);
        assert.equal(await page.locator('.chart-live canvas').count() > 0, true);
        assert.ok(await isTheSame());
    });

    it('has the prices that orders wait for, and what the position has cost, until they are gone', async () => {
        const [{ id }] = (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios;
        const { price } = await platform.expect(200, 'GET', '/api/v1/quotes/AAPL');
        const place = (side, type, prices) => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
            body: { ticker: 'AAPL', side, quantity: '1', type, time_in_force: 'gtc', ...prices } });
        const near = part => (Number(price) * part).toFixed(2);
        await look('/symbols/AAPL?range=5y');
        await mark();
        const orders = [await place('buy', 'limit', { limit_price: near(0.97) }), await place('sell', 'limit', { limit_price: near(1.02) }),
            await place('buy', 'limit', { limit_price: '1.00' })];
        const listed = () => page.locator('[data-part="levels"] data').evaluateAll(all => all.map(one => `${one.textContent} ${one.value}`).sort());
        await until('their levels', async () => (await listed()).length === 4);
        assert.deepEqual((await listed()).filter(one => !one.startsWith('Your cost')),
            ['Buy 1 1.00', `Buy 1 ${near(0.97)}`, `Sell 1 ${near(1.02)}`]);
        // What is beyond the chart's prices is not drawn at its edge.
        assert.deepEqual((await page.locator('.candles .own').allTextContents()).map(text => text.trim()).sort(), ['Buy 1', 'Sell 1', 'Your cost']);
        const [buys, sells] = await Promise.all(['buy', 'sell'].map(side => page.locator(`.candles .own.is-${side} line`).evaluate(line => parseFloat(line.getAttribute('y1')))));
        assert.ok(sells > 0 && sells < buys && buys < 100, `${buys} ${sells}`);
        await lookAt(page, 'symbol-with-levels');
        await page.setViewportSize({ width: 1440, height: 900 });
        await page.hover('.candles');
        await page.waitForSelector('.chart-live canvas');
        await keep(page, 'symbol-with-levels-live', false);
        for (const order of orders)
            await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token });
        await until('the cost alone', async () => (await listed()).every(one => one.startsWith('Your cost')));
        assert.ok(await isTheSame());
    });

    it('says by how much the price has changed since the range began, with each price that comes', async () => {
        await look('/symbols/AAPL?range=1y');
        const read = () => page.evaluate(() => {
            const number = text => parseFloat(text.replace(/[^-−\d.]/g, '').replace('−', '-'));
            const change = document.querySelector('.chart .head .change');
            return { text: change.textContent, percent: number(change.textContent), since: Number(change.dataset.since),
                price: number(document.querySelector('.price-now .last').textContent) };
        });
        const { text } = await read();
        await until('another change', async () => (await read()).text !== text, 60);
        const { percent, since, price } = await read();
        assert.ok(Math.abs(percent - 100 * (price / since - 1)) < 0.006, `${percent} ${since} ${price}`);
    });
});
