// SPDX-License-Identifier: MIT
// What scripts add: prices and orders that move, the keyboard, and what they do when the connection is lost.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, flash, keep, open, openLive, PASSWORD, register, submit, violations } from '../browser.mjs';

export const withScripts = site => describe('with scripts', () => {
    let platform, browser, page, token;

    before(async () => {
        ({ platform, browser } = site);
        page = await open(browser, platform);
        await register(page, 'with.scripts');
        token = await platform.login('with.scripts', PASSWORD);
    });
    const portfolio = async () => (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios[0];

    after(async () => {
        assertQuiet(page);
        await page.context().close();
    });

    it('goes from search to a position by keyboard alone', async () => {
        await page.keyboard.press('Control+k');
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
        await page.keyboard.press('Escape');
        await page.keyboard.press('/');
        await page.keyboard.type('AAPL');
        await page.keyboard.press('Enter');
        await page.waitForURL('**/symbols/AAPL');
        await page.waitForFunction(() => document.querySelector('[data-for]')?.hasAttribute('hidden'));
        await page.keyboard.press('b');
        await page.keyboard.type('2');
        await page.waitForFunction(() => /Costs about/.test(document.querySelector('[data-estimate]')?.textContent ?? ''));
        await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
        // An order waits while a busy machine's prices are late; the page shows what has become of it.
        assert.match(await flash(page), /^Bought 2 AAPL|^Placed: buy 2 AAPL/);
        await until('the position', async () => /Shares\s+2/.test(await page.locator('[data-part="position"]').innerText()));
    });

    it('offers symbols as a name is typed, to be chosen by keyboard or with the mouse', async () => {
        const offered = () => page.locator('[role="option"]:visible').allInnerTexts();
        await page.goto('/watchlists');
        await page.keyboard.press('/');
        await page.keyboard.type('micros');
        await until('symbols', async () => (await offered()).join().includes('MSFT'));
        const search = page.locator('#search');
        assert.equal(await search.getAttribute('aria-expanded'), 'true');
        await page.keyboard.press('ArrowDown');
        const option = page.locator(`#${await search.getAttribute('aria-activedescendant')}`);
        assert.match(await option.innerText(), /^MSFT/);
        assert.equal(await option.getAttribute('aria-selected'), 'true');
        await keep(page, 'suggestions-1440-light', false);
        assert.deepEqual(await violations(page), []);
        // Up from the first is the field again, and the last before it.
        await page.keyboard.press('ArrowUp');
        assert.equal(await search.getAttribute('aria-activedescendant'), null);
        await page.keyboard.press('ArrowUp');
        assert.ok(await search.getAttribute('aria-activedescendant'));
        await page.keyboard.press('Escape');
        assert.deepEqual(await offered(), []);
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
        await page.keyboard.type('o');
        await until('symbols again', async () => (await offered()).length > 0);
        await page.keyboard.press('ArrowDown');
        await Promise.all([page.waitForURL('**/symbols/MSFT'), page.keyboard.press('Enter')]);

        await page.goto('/watchlists');
        await page.locator('#add-ticker').pressSequentially('nvid');
        await page.getByRole('option', { name: /^NVDA/ }).click();
        assert.equal(await page.inputValue('#add-ticker'), 'NVDA');
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'add-ticker');
        await submit(page, 'Add');
        assert.match(await flash(page), /NVDA is on the list now/);
        await submit(page, 'Remove NVDA');
    });

    it('has all that is offered to be seen and clicked, in whichever card the field is', async () => {
        for (const address of ['/dashboard', '/watchlists']) {
            await page.goto(address);
            await page.locator('#add-ticker').pressSequentially('a');
            await page.getByRole('option').last().waitFor();
            const seen = await page.getByRole('option').evaluateAll(options => options.map(option => {
                const box = option.getBoundingClientRect();
                const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
                return box.bottom > innerHeight || option.contains(top);
            }));
            assert.deepEqual(seen, seen.map(() => true), address);
            assert.ok(seen.length > 3);
        }
    });

    it('takes what was typed on Enter, and not what was chosen before that', async () => {
        await page.goto('/orders');
        await page.locator('#search').pressSequentially('micros');
        await page.getByRole('option', { name: /^MSFT/ }).waitFor();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('End');
        await page.keyboard.type(' no');
        await Promise.all([page.waitForURL('**/search?q=micros+no'), page.keyboard.press('Enter')]);
    });

    it('offers what was typed last, nothing where nothing matches, and nothing at a field that was left', async () => {
        const held = [];
        await page.goto('/orders');
        await page.route('**/api/v1/symbols?q=app*', route => held.push(route));
        await page.locator('#search').pressSequentially('app');
        await until('it to be asked for', () => held.length > 0);
        await page.fill('#search', 'micros');
        await page.getByRole('option', { name: /^MSFT/ }).waitFor();
        await Promise.all(held.map(route => route.continue().catch(() => undefined)));
        await page.fill('#search', 'no such company');
        await page.waitForFunction(() => document.querySelector('#search')?.getAttribute('aria-expanded') === 'false');
        await page.fill('#search', 'micros');
        await page.getByRole('option', { name: /^MSFT/ }).waitFor();
        await page.locator('#filter-ticker').focus();
        assert.equal(await page.locator('[role="option"]:visible').count(), 0);
        await page.unroute('**/api/v1/symbols?q=app*');
    });

    it('has the ticket\'s sides on B and S, and leaves a field on Escape', async () => {
        await page.goto('/symbols/AAPL');
        await page.waitForFunction(() => document.querySelector('[data-for]')?.hasAttribute('hidden'));
        for (const [key, side] of [['s', 'sell'], ['b', 'buy']]) {
            await page.keyboard.press(key);
            assert.equal(await page.isChecked(`input[name="side"][value="${side}"]`), true, key);
            assert.equal(await page.evaluate(() => document.activeElement?.id), 'order-quantity');
            // What is typed into a field is no key of the page.
            await page.keyboard.press(key === 's' ? 'b' : 's');
            assert.equal(await page.isChecked(`input[name="side"][value="${side}"]`), true);
            await page.keyboard.press('Escape');
            assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'BODY');
        }
    });

    it('places one order of a double click, and another one after going back', async () => {
        const orders = async () => (await platform.expect(200, 'GET', '/api/v1/orders?status=all&ticker=PEP', { token })).orders.length;
        await page.goto('/symbols/PEP?side=buy&range=1y');
        await page.fill('#order-quantity', '1');
        await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Place the order' }).dblclick({ noWaitAfter: true })]);
        assert.match(await flash(page), /Bought 1 PEP/);
        assert.equal(await orders(), 1);
        await page.goBack();
        await page.fill('#order-quantity', '1');
        await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Place the order' }).click()]);
        assert.match(await flash(page), /Bought 1 PEP/);
        assert.equal(await orders(), 2);
    });

    it('sends a form again after the browser was stopped', async () => {
        await page.goto('/symbols/PEP');
        await page.fill('#order-quantity', '3');
        const button = page.getByRole('button', { name: 'Place the order' });
        await page.route('**/symbols/PEP/orders', route => route.abort('aborted'));
        await Promise.all([page.waitForEvent('requestfailed'), button.click({ noWaitAfter: true })]);
        await page.unroute('**/symbols/PEP/orders');
        await page.evaluate(() => {
            const later = Date.now() + 3000;
            Date.now = () => later;
        });
        await Promise.all([page.waitForNavigation(), button.click()]);
        assert.match(await flash(page), /Bought 3 PEP/);
    });

    it('keeps what was typed while there is no connection, and says so', async () => {
        await page.goto('/symbols/PEP');
        await page.fill('#order-quantity', '7');
        await page.context().setOffline(true);
        await page.getByText(/^You are offline/).waitFor();
        await page.getByRole('button', { name: 'Place the order' }).click();
        assert.equal(await page.inputValue('#order-quantity'), '7');
        assert.equal(new URL(page.url()).pathname, '/symbols/PEP');
        await page.context().setOffline(false);
        await page.getByText(/^You are offline/).waitFor({ state: 'hidden' });
        await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Place the order' }).click()]);
        assert.match(await flash(page), /Bought 7 PEP/);
        page.complaints = page.complaints.filter(one => !/ERR_INTERNET_DISCONNECTED/.test(one));
    });

    it('tries again less and less often, and then shows what has happened without it', async () => {
        const stream = '**/api/v1/stream*';
        const tries = [];
        // Some are not answered, some are opened and refused then.
        const refusal = { contentType: 'text/event-stream',
            body: 'retry: 2000\n\nid: 1\nevent: error\ndata: {"type":"error","sequence":1,"reason":"LIMIT_EXCEEDED","detail":"A user may have 20 streams."}\n\n' };
        await page.route(stream, route => {
            tries.push(Date.now());
            return tries.length >= 5 ? route.continue() : tries.length % 2 ? route.abort() : route.fulfill(refusal);
        });
        await page.goto('/orders');
        const { id } = await portfolio();
        const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
            body: { ticker: 'KO', side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' } });
        await until('five tries', () => tries.length >= 5, 30);
        const [first, second, third] = [2, 3, 4].map(index => tries[index] - tries[index - 1]);
        assert.ok(first > 900 && second > 1900 && third > 3900, `${first} ${second} ${third}`);
        await page.waitForSelector('[data-stream][data-state="live"]');
        await page.waitForSelector(`[data-order="${order.id}"]`);
        await page.unroute(stream);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token });
        await page.waitForSelector(`[data-order="${order.id}"]`, { state: 'detached' });
        page.complaints = page.complaints.filter(one => !/ERR_FAILED/.test(one));
    });

    it('tells how fast the clock goes, and who places an order that the market is closed, as the stream tells it', async () => {
        await page.goto('/symbols/AAPL');
        await page.waitForFunction(() => document.querySelector('[data-stream]')?.getAttribute('data-state') === 'live');
        // What the platform's own clock does is not told meanwhile: it stands while a busy machine's market is silent.
        await page.evaluate(() => dispatchEvent(new Event('pagehide')));
        const set = told => page.evaluate(async told => {
            const { name } = performance.getEntriesByType('resource').find(one => /\/clock[^/]*\.js$/.test(one.name)) ?? { name: '' };
            (await import(name)).setClock(told);
        }, told);
        const clock = { now: '2026-03-02T21:00:00Z', speed: '60', is_open: false, next_open: '2026-03-03T14:30:00Z', next_close: '2026-03-03T21:00:00Z' };
        await set(clock);
        assert.equal(await page.locator('[data-pace]').innerText(), '60× speed');
        // The question that closes a position says it as the ticket does.
        const closed = await page.locator('[data-closed]:not([hidden])').allTextContents();
        assert.equal(closed.length, 2);
        for (const text of closed)
            assert.match(text, /waits until it opens, Mar 3, 2026, 14:30 UTC/);
        await set({ ...clock, now: '2026-03-03T15:00:00Z', speed: '0', is_open: true, next_open: '2026-03-04T14:30:00Z' });
        assert.equal(await page.locator('[data-pace]').innerText(), 'Clock stopped');
        assert.equal(await page.locator('[data-closed]:not([hidden])').count(), 0);
        await set({ ...clock, now: '2026-03-03T15:00:00Z', speed: '1', is_open: true, next_open: '2026-03-04T14:30:00Z' });
        assert.ok(await page.locator('[data-pace]').isHidden());
    });

    it('estimates an order whose limit the market is within at the market, and says what is missing', async () => {
        await page.goto('/symbols/AAPL');
        await page.fill('#order-quantity', '2');
        await page.selectOption('#order-type', 'limit');
        const estimate = async () => (await page.locator('[data-estimate]').innerText()).replaceAll(',', '');
        const of = async limit => {
            await page.fill('#order-limit_price', limit);
            const here = await estimate();
            await submit(page, 'Estimate');
            // The price may have moved on the way.
            assert.equal(here.replace(/about \S+ at \S+/, '').replace(/\S+ would/, ''), (await estimate()).replace(/about \S+ at \S+/, '').replace(/\S+ would/, ''));
            return here;
        };
        const [, amount, price] = /^Costs about (\S+) at (\S+) at most 10000\.00; \S+ would be left\.$/.exec(await of('5000')) ?? [];
        assert.ok(Number(price) < 5000 && Math.abs(Number(amount) - 2 * Number(price)) < 0.01);
        assert.match(await of('1'), /^Costs about 2\.00 at 1\.00; /);
        assert.match(await of('1000000'), /at most 2000000\.00; \S+ more than there is\.$/);
        assert.ok(await page.locator('[data-estimate].is-too-much').count());
    });

    it('says what was bought by whomever else while a page is open', async () => {
        await page.goto('/dashboard');
        await page.waitForFunction(() => document.querySelector('[data-stream]')?.getAttribute('data-state') === 'live');
        const { id } = await portfolio();
        const trade = side => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'KO', side, quantity: '1' } });
        const order = await trade('buy');
        const notice = page.locator('.notices a');
        await notice.waitFor();
        assert.match(await notice.innerText(), /^Bought 1 KO at \d/);
        assert.equal(await notice.getAttribute('href'), `/orders/${order.id}`);
        await notice.waitFor({ state: 'detached' });
        await trade('sell');
    });

    it('shows what becomes of an order that is placed elsewhere', async () => {
        const { id } = await portfolio();
        await page.goto('/orders');
        await page.waitForSelector('[data-stream][data-state="live"]');
        const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
            body: { ticker: 'AAPL', side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' } });
        await page.waitForSelector(`[data-order="${order.id}"]`);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token });
        await page.waitForSelector(`[data-order="${order.id}"]`, { state: 'detached' });
    });

    it('counts what an order leaves by the cash there is now, and the shares that were traded', async () => {
        const { id } = await portfolio();
        await page.goto('/symbols/AAPL');
        await page.waitForSelector('[data-stream][data-state="live"]');
        await page.fill('#order-quantity', '1');
        const left = async () => Number(/([\d,.]+) would be left/.exec(await page.locator('[data-estimate]').innerText())[1].replaceAll(',', ''));
        const volume = page.locator('[data-field="volume"]');
        const [before, traded] = [await left(), await volume.innerText()];
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'MSFT', side: 'buy', quantity: '50' } });
        await until('the cash without them', async () => await left() < before - 1000);
        await until('another volume', async () => await volume.innerText() !== traded);
        assert.match(await volume.innerText(), /^[\d,]+$/);

        // Of a sale it is shares.
        await page.goto('/symbols/MSFT');
        await page.waitForFunction(() => document.querySelector('[data-for]')?.hasAttribute('hidden'));
        await page.keyboard.press('s');
        await page.keyboard.type('12.5');
        const estimate = page.locator('[data-estimate]');
        await page.getByText(/^Brings about [\d,.]+ at [\d,.]+; 37\.5 shares would be left\.$/).waitFor();
        assert.ok(!await estimate.evaluate(box => box.classList.contains('is-too-much')));
        await page.fill('#order-quantity', '51');
        assert.match(await estimate.innerText(), /; 1 more than can be sold\.$/);
        assert.ok(await estimate.evaluate(box => box.classList.contains('is-too-much')));
    });

    it('goes on being live, and can be loaded again, after a form was refused; another portfolio keeps what was typed', async () => {
        const { id } = await portfolio();
        await page.goto('/symbols/PG?range=1m');
        await page.fill('#order-quantity', '9,000,000');
        await page.getByText(/^Costs about /).waitFor();
        await submit(page, 'Place the order');
        await page.locator('#ticket [role="alert"]').waitFor();
        assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/symbols/PG?range=1m');
        await page.waitForSelector('[data-stream][data-state="live"]');
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'PG', side: 'buy', quantity: '3' } });
        await page.waitForSelector('[data-part="position"] [data-holding="PG"]');
        assert.equal(await page.inputValue('#order-quantity'), '9,000,000');
        await page.fill('#order-quantity', '2');
        await page.reload();
        await page.getByRole('link', { name: 'Sell in the ticket' }).waitFor();

        const { id: other } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token, body: { name: 'Another', cash_balance: '0' } });
        await page.reload();
        await page.waitForFunction(() => document.querySelector('[data-for]')?.hasAttribute('hidden'));
        await page.fill('#order-quantity', '2.5');
        await Promise.all([page.waitForNavigation(), page.getByRole('navigation', { name: 'Portfolio' }).getByRole('link', { name: 'Another' }).click()]);
        assert.equal(new URL(page.url()).searchParams.get('portfolio'), other);
        assert.equal(await page.inputValue('#order-quantity'), '2.5');
        await platform.expect(204, 'DELETE', `/api/v1/portfolios/${other}`, { token });
    });

    it('sells all of a position by a link that fills in the ticket, and places nothing by itself', async () => {
        await page.goto('/symbols/MSFT');
        await Promise.all([page.waitForNavigation(), page.getByRole('link', { name: 'Sell in the ticket' }).click()]);
        await page.getByText('Nothing has been placed yet.').waitFor();
        assert.equal(await page.isChecked('input[name="side"][value="sell"]'), true);
        assert.equal(await page.inputValue('#order-quantity'), '50');
        await page.getByText(/^Brings about .*; 0 shares would be left\.$/).waitFor();
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Sold 50 MSFT/);
        await page.getByText('You hold none of this in').waitFor();
        assert.equal(await page.inputValue('#order-quantity'), '');
        assert.equal(await page.getByText('Nothing has been placed yet.').count(), 0);
    });

    it('values what is held by each price that comes: in the table, its lots and beside the ticket', async () => {
        const { id } = await portfolio();
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'AAPL', side: 'buy', quantity: '7' } });
        // All at one moment; a price that is shown is followed by what is worked out from it before anything else runs.
        const read = () => page.evaluate(() => {
            const number = text => parseFloat(text.replaceAll(',', '').replace('−', '-'));
            const price = number(document.querySelector('[data-quote="AAPL"][data-field="price"]').textContent);
            return [...document.querySelectorAll('[data-holding="AAPL"]')].map(holding => {
                const [value, profit] = ['market_value', 'unrealized'].map(name => holding.querySelector(`[data-field^="${name}"]`));
                const [, percent] = /([-−+]?[\d.]+)%/.exec((profit.querySelector('.sub') ?? profit).textContent) ?? [];
                return { price, quantity: number(holding.dataset.quantity), cost: number(holding.dataset.cost), value: number(value.textContent),
                    profit: number([...profit.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data).join('')),
                    percent: percent && number(percent), way: profit.classList.contains('up') ? 1 : profit.classList.contains('down') ? -1 : 0 };
            });
        });
        const isWorthItsPrice = ({ price, quantity, cost, value, profit, percent, way }) => {
            const gain = quantity * price - cost;
            return Math.abs(value - quantity * price) < 0.006 && Math.abs(profit - gain) < 0.006
                && (profit === 0 || way === Math.sign(profit)) && (percent === undefined || Math.abs(percent - 100 * gain / cost) < 0.006);
        };
        const holdings = { [`/portfolio/${id}`]: 2, [`/symbols/AAPL?portfolio=${id}`]: 1 };
        for (const [path, least] of Object.entries(holdings)) {
            await page.goto(path);
            await page.waitForSelector('[data-stream][data-state="live"]');
            const [before] = await read();
            let now;
            // A part that is shown anew meanwhile has the server's values until the next price.
            await until('values of another price', async () => {
                now = await read();
                return now.length >= least && now[0].price !== before?.price && now.every(isWorthItsPrice);
            }, 30).catch(error => assert.fail(`${error.message}: ${path} ${JSON.stringify(now)}`));
            assert.ok(now.some(one => one.percent !== undefined), JSON.stringify(now));
            assert.notEqual(now[0].value, before?.value);
        }
    });

    it('says what share of the portfolio a position is, with each price and when there is more cash', async () => {
        const { id } = await portfolio();
        const read = () => page.evaluate(of => {
            const number = selector => parseFloat(document.querySelector(selector).textContent.replaceAll(',', ''));
            const own = `[data-of="${of}"][data-holding="TSLA"]`;
            return { weight: number(`${own} [data-field="weight"]`), value: number(`${own} [data-field="market_value"]`),
                total: number(`[data-portfolio="${of}"] [data-field="total_value"]`) };
        }, id);
        // A total may be of the prices before those that are shown.
        const isItsShare = ({ weight, value, total }) => Math.abs(weight - 100 * value / total) < 0.05;
        // So much of what moves so much that it is to be seen in the share within seconds.
        const { price } = await platform.expect(200, 'GET', '/api/v1/quotes/TSLA');
        const quantity = Math.floor(0.5 * Number((await portfolio()).cash_balance) / Number(price));
        const trade = side => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'TSLA', side, quantity: String(quantity) } });
        await trade('buy');
        await page.goto(`/portfolio/${id}`);
        await page.waitForSelector('[data-stream][data-state="live"]');
        const before = await read();
        await until('another share', async () => {
            const now = await read();
            assert.ok(now.value !== before.value && now.weight !== before.weight && isItsShare(now), JSON.stringify([before, now]));
            return true;
        }, 60);
        const { total } = await read();
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/deposits`, { token, body: { amount: (2 * total).toFixed(2) } });
        await until('a third of it', async () => {
            const now = await read();
            return now.total > 2.9 * total && isItsShare(now);
        });
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/withdrawals`, { token, body: { amount: (2 * total).toFixed(2) } });
        await trade('sell');
    });

    it('says what the day has brought, and what that is in percent of what it began with, at once', async () => {
        const { id } = await portfolio();
        const trade = side => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'TSLA', side, quantity: '200' } });
        await trade('buy');
        for (const path of [`/portfolio/${id}`, `/dashboard?portfolio=${id}`]) {
            await openLive(page, path);
            const read = () => page.evaluate(() => {
                const number = text => parseFloat(text.replaceAll(',', '').replace('−', '-'));
                const place = document.querySelector('[data-field="day_change"]');
                return { total: number(document.querySelector('[data-field="total_value"]').textContent), percent: number(place.querySelector('small').textContent),
                    change: number([...place.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data).join('')) };
            });
            const before = await read();
            await until('another percentage', async () => {
                const { total, change, percent } = await read();
                assert.ok(Math.abs(percent - 100 * change / (total - change)) < 0.006, JSON.stringify([total, change, percent]));
                return percent !== before.percent;
            }, 60);
        }
        await trade('sell');
    });

    it('has the list of portfolios change with the prices', async () => {
        const { id } = await portfolio();
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'AAPL', side: 'buy', quantity: '2' } });
        const { id: other } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token, body: { name: 'Untouched', cash_balance: '0' } });
        await page.goto('/portfolio');
        await page.waitForSelector('[data-stream][data-state="live"]');
        const cells = of => page.locator(`tr[data-portfolio="${of}"] td`).allInnerTexts();
        await until('what the order cost', async () => (await cells(id))[0] !== (await cells(id))[2]);
        const [[equity, today, cash], still] = [await cells(id), await cells(other)];
        await until('another value', async () => (await cells(id))[0] !== equity, 30);
        const now = await cells(id);
        assert.match(now[1], /^([▲▼]\s*[+−][\d,.]+|0\.00)$/);
        assert.notEqual(now[1], today);
        assert.equal(now[2], cash);
        assert.deepEqual(await cells(other), still);
        await page.setViewportSize({ width: 390, height: 900 });
        assert.match((await cells(id))[0], /^[\d,.]+\s+([▲▼]\s*[+−][\d,.]+|0\.00)$/);
        await page.setViewportSize({ width: 1440, height: 900 });
        await platform.expect(204, 'DELETE', `/api/v1/portfolios/${other}`, { token });
    });

    it('is live with more portfolios than a stream tells of: the first 20 change', async () => {
        const made = [];
        for (let count = 0; count < 20; count++)
            made.push((await platform.expect(201, 'POST', '/api/v1/portfolios', { token, body: { name: `One of many ${count}`, cash_balance: '0' } })).id);
        const asked = page.waitForRequest(/\/api\/v1\/stream/);
        await page.goto('/portfolio');
        assert.equal(await page.locator('tr[data-portfolio]').count(), 21);
        assert.equal(decodeURIComponent((await asked).url()).match(/portfolio:/g).length, 20);
        await page.waitForSelector('[data-stream][data-state="live"]');
        for (const id of made)
            await platform.expect(204, 'DELETE', `/api/v1/portfolios/${id}`, { token });
    });

    it('leaves the connections of a browser to the windows that somebody sees', async () => {
        const streams = () => platform.metric('gateway', 'streams_open');
        const turn = (one, isHidden) => one.evaluate(hidden => {
            Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
            document.dispatchEvent(new Event('visibilitychange'));
        }, isHidden);
        const live = one => one.waitForSelector('[data-stream][data-state="live"]');
        await page.goto('/orders');
        await live(page);
        const { id } = await portfolio();
        const windows = [];
        for (let count = 0; count < 6; count++) {
            const one = await page.context().newPage();
            await one.goto('/orders');
            await live(one);
            await turn(one, true);
            windows.push(one);
        }
        // With seven streams none of these would be answered.
        await until('one stream', async () => await streams() === 1);
        await page.reload();
        await live(page);
        const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
            body: { ticker: 'KO', side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' } });
        await page.waitForSelector(`[data-order="${order.id}"]`);
        await turn(windows[0], false);
        await windows[0].waitForSelector(`[data-order="${order.id}"]`);
        await until('two streams', async () => await streams() === 2);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token });
        await windows[0].waitForSelector(`[data-order="${order.id}"]`, { state: 'detached' });
        await Promise.all(windows.map(one => one.close()));
    });

    it('shows what has become of orders since the page was made, and asks for it once more only then', async () => {
        const { id } = await portfolio();
        const place = limit_price => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
            body: { ticker: 'KO', side: 'buy', quantity: '1', type: 'limit', limit_price, time_in_force: 'gtc' } });
        const cancel = ({ id: order }) => platform.expect(204, 'DELETE', `/api/v1/orders/${order}`, { token });
        const one = await page.context().newPage();
        // How long the page has been waiting for what.
        await one.addInitScript(() => {
            const wait = globalThis.setTimeout;
            globalThis.waits = [];
            globalThis.setTimeout = (work, time) => {
                globalThis.waits.push(time);
                return wait(work, time);
            };
        });
        let between = async () => {};
        await one.route('**/api/v1/stream*', async route => {
            const change = between;
            between = async () => {};
            await change();
            await route.continue();
        });
        const shown = order => one.locator(`[data-order="${order.id}"]`);
        const [kept, gone] = [await place('1'), await place('2')];
        await one.goto('/orders');
        await one.waitForSelector('[data-stream][data-state="live"]');
        assert.equal(await shown(kept).count() + await shown(gone).count(), 2);
        assert.ok(!(await one.evaluate(() => globalThis.waits)).includes(250), 'the page is asked for again for nothing');
        between = () => cancel(gone);
        await one.reload();
        await shown(gone).waitFor({ state: 'detached' });
        let placed;
        between = async () => placed = await place('3');
        await one.reload();
        await until('it to be placed', () => placed);
        await shown(placed).waitFor();
        let bought;
        between = async () => bought = await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token,
            body: { ticker: 'KO', side: 'buy', quantity: '1' } });
        await one.goto('/orders?status=all');
        await until('it to be bought', () => bought);
        await shown(bought).waitFor();
        await one.close();
        await cancel(kept);
        await cancel(placed);
    });

    it('shows what was bought while a page with positions was loaded, and asks for it once more only then', async () => {
        const { id } = await portfolio();
        const one = await page.context().newPage();
        // What the page has heard of, and how long it has been waiting for what.
        await one.addInitScript(() => {
            const [wait, listen] = [globalThis.setTimeout, EventSource.prototype.addEventListener];
            Object.assign(globalThis, { heard: [], waits: [] });
            globalThis.setTimeout = (work, time) => {
                globalThis.waits.push(time);
                return wait(work, time);
            };
            EventSource.prototype.addEventListener = function addEventListener(type, ...more) {
                listen.call(this, type, () => globalThis.heard.push(type));
                return listen.call(this, type, ...more);
            };
        });
        let between = async () => {};
        await one.route('**/api/v1/stream*', async route => {
            const change = between;
            between = async () => {};
            await change();
            await route.continue();
        });
        for (const [address, part, shown] of [[`/portfolio/${id}`, 'positions', quantity => new RegExp(`^CAT\\s.*?\\b${quantity}\\s`, 'm')],
            ['/symbols/CAT', 'position', quantity => new RegExp(`Shares\\s+${quantity}\\s`)]]) {
            const place = one.locator(`[data-part="${part}"]`);
            await one.goto(address);
            await one.waitForFunction(() => ['portfolio', 'orders'].every(type => globalThis.heard.includes(type)));
            assert.ok(!(await one.evaluate(() => globalThis.waits)).includes(250), `${address} is asked for again for nothing`);
            const held = (await platform.expect(200, 'GET', `/api/v1/portfolios/${id}/positions`, { token })).positions
                .find(({ ticker }) => ticker === 'CAT')?.quantity ?? '0';
            const now = Number(held) + 2;
            between = () => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'CAT', side: 'buy', quantity: '2' } });
            await one.reload();
            await until(`${now} shares on ${address}`, async () => shown(now).test(await place.innerText()));
        }
        await one.close();
    });

    it('says that it has lost the connection, greys the prices, and finds it again', async () => {
        await page.goto('/symbols/AAPL');
        await page.waitForSelector('[data-stream][data-state="live"]');
        await platform.kill('gateway');
        await page.waitForSelector('[data-stream][data-state="waiting"]');
        await page.waitForSelector('.last.is-stale');
        await page.locator('.price-now').getByText('Stale').waitFor();
        await page.waitForSelector('[data-stream][data-state="live"]', { timeout: 60000 });
        await page.waitForSelector('.last:not(.is-stale)');
        await page.locator('.price-now').getByText('Stale').waitFor({ state: 'hidden' });
        page.complaints = page.complaints.filter(one => !/ERR_(CONNECTION|INCOMPLETE|EMPTY|SOCKET)/.test(one));
    });

    it('says that the session has ended, and has the ticket as it was typed after the login', async () => {
        const endSession = async () => {
            for (const { id, is_current } of (await platform.expect(200, 'GET', '/api/v1/auth/sessions', { token })).sessions)
                if (!is_current)
                    await platform.expect(204, 'DELETE', `/api/v1/auth/sessions/${id}`, { token });
            await page.getByText(/^Your session has ended/).waitFor();
        };
        const logInAgain = async () => {
            await page.fill('#login-username', 'with.scripts');
            await page.fill('#login-password', PASSWORD);
            await submit(page, 'Log in');
            assert.equal(new URL(page.url()).pathname, '/symbols/AAPL');
            const typed = () => Promise.all(['quantity', 'type', 'limit_price'].map(name => page.inputValue(`#order-${name}`)));
            await until('what was typed', async () => (await typed()).join() === '4,limit,1.25');
            assert.ok(await page.isChecked('input[name="side"][value="buy"]'));
        };
        await page.goto('/symbols/AAPL?side=sell');
        await page.waitForSelector('[data-stream][data-state="live"]');
        await page.check('input[name="side"][value="buy"]');
        await page.fill('#order-quantity', '4');
        await page.selectOption('#order-type', 'limit');
        await page.fill('#order-limit_price', '1.25');
        await endSession();
        await page.getByRole('link', { name: 'Log in again' }).click();
        await page.waitForURL('**/login?next=*');
        await logInAgain();
        await endSession();
        await submit(page, 'Place the order');
        assert.match(page.url(), /\/login\?next=/);
        await logInAgain();
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Placed: buy 4 AAPL/);
        assert.equal(await page.inputValue('#order-quantity'), '');
        const order = await page.locator('[data-part="orders"] [data-order]').first().getAttribute('data-order');
        await platform.expect(204, 'DELETE', `/api/v1/orders/${order}`, { token });
    });
});
