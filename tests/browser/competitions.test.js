// SPDX-License-Identifier: MIT
// The pages of competitions, from when there are none until one has been won, on a clock that is stepped through the days of it.
// Skipped where there is no Chromium.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, toCsv, until } from '../support/platform.mjs';
import { whileLocked } from '../support/locked.mjs';
import { assertQuiet, flash, inspect, launch, logIn, NASTY, open, overflow, program, submit } from './browser.mjs';

const bar = (date, close) => ({ date, open: close, high: close, low: close, close, volume: '1000000' });
const FURTHER_PLAYERS = 55;

describe('the pages of competitions', { skip: program ? false : 'there is no Chromium' }, () => {
    let platform, browser, token, states, address;
    const traders = {};

    before(async () => {
        [platform, browser] = await Promise.all([Platform.start(), launch()]);
        token = await platform.administrator();
        await platform.import('ACME', toCsv([bar('2014-02-03', '100'), bar('2014-02-04', '100'), bar('2014-02-05', '110'),
            bar('2014-02-06', '90'), bar('2014-02-07', '200')]), token);
        await platform.step('2014-02-03T15:00:00Z', token);
        states = { admin: await logIn(browser, platform, 'admin', platform.password) };
        for (const name of ['ada', 'bob', 'cleo']) {
            traders[name] = await platform.trader(name);
            states[name] = await logIn(browser, platform, name, traders[name].password);
        }
    });
    after(async () => {
        await browser?.close();
        await platform?.stop();
    });

    // A page of somebody's, which nothing may be wrong with.
    const as = async (name, path, look, options = { scripts: false }) => {
        const page = await open(browser, platform, { state: states[name], ...options });
        await page.goto(path);
        await look(page);
        assertQuiet(page);
        await page.context().close();
    };
    const main = page => page.locator('main').innerText();
    const create = (last_day, more) => platform.expect(201, 'POST', '/api/v1/competitions', { token, body: { name: 'Another', cash: '10000', last_day, ...more } });
    const competing = async name => (await platform.expect(200, 'GET', `/api/v1${address}`, { token: traders[name].token })).portfolio_id;
    const join = (name, path, display_name) => platform.expect(201, 'POST', `/api/v1${path}/players`, { token: traders[name].token, body: { display_name } });
    const rows = page => page.locator('[data-part="standings"] tbody tr').evaluateAll(all => all.map(row => row.innerText.replace(/\s+/g, ' ').trim()));
    // Fills the form of the administrators, past the browser's own rules.
    const fill = async (page, fields) => {
        for (const [name, value] of Object.entries(fields))
            await page.fill(`#new-${name}`, value);
        await page.locator('form[action="/competitions"]').evaluate(form => { form.noValidate = true; });
        await submit(page, 'Make the competition');
    };

    it('are in the navigation, which has room for them', async () => {
        for (const [name, widths] of [['ada', [360, 390, 800, 1024, 1100, 1280]], ['admin', [360, 390, 414, 800, 1024, 1100, 1160, 1200, 1280]]])
            await as(name, '/orders', async page => {
                await page.getByRole('link', { name: 'Competitions', exact: true }).click();
                assert.equal(await page.locator('h1').innerText(), 'Competitions');
                assert.equal(await page.locator('.nav [aria-current]').innerText(), 'Competitions');
                for (const width of widths) {
                    await page.setViewportSize({ width, height: 900 });
                    assert.ok(await overflow(page) <= 0, `${name} ${width}`);
                    assert.deepEqual(await page.locator('.nav a').evaluateAll(all => all.filter(one => one.scrollWidth > one.clientWidth)
                        .map(one => one.textContent)), [], `${name} ${width}`);
                }
            });
        // Where it has none, the way is from the portfolios.
        await as('admin', '/portfolio', page => page.locator('main').getByRole('link', { name: 'Competitions' }).click(), { scripts: false, width: 360 });
    });

    it('say what to do while there are none', async () => {
        await as('ada', '/competitions', async page => {
            assert.match(await main(page), /There are none yet\. An administrator can make one/);
            assert.equal(await page.locator('main form').count(), 0);
        });
        await as('admin', '/competitions', async page => assert.match(await main(page), /There are none yet\. Make one/));
    });

    it('let administrators make one, and say beside each field what is wrong with it', async () => {
        await as('admin', '/competitions', async page => {
            assert.match(await main(page), /where it is Feb 3, 2014/);
            await fill(page, { name: NASTY, description: 'Two days', cash: 'much', last_day: '2014-02-06' });
            assert.match(await page.locator('#new-cash-problem').innerText(), /decimal/);
            await fill(page, { cash: '10000', first_day: '2014-02-01', last_day: '2014-02-01' });
            for (const field of ['first_day', 'last_day'])
                assert.match(await page.locator(`#new-${field}-problem`).innerText(), /must not be before 2014-02-03/);
            await fill(page, { first_day: '2014-02-05', last_day: '2014-02-04' });
            assert.match(await page.locator('#new-last_day-problem').innerText(), /must not be before “First day”/);
            assert.deepEqual([await page.inputValue('#new-name'), await page.inputValue('#new-description'), await page.inputValue('#new-cash'),
                await page.inputValue('#new-first_day')], [NASTY, 'Two days', '10000', '2014-02-05']);
            await fill(page, { first_day: '2014-02-04', last_day: '2014-02-06' });
            assert.ok((await flash(page)).startsWith(`The competition ${NASTY} is there.`));
            address = new URL(page.url()).pathname;
            assert.match(address, /^\/competitions\/[0-9a-f-]{36}$/);
            assert.equal(await page.locator('h1').innerText(), NASTY);
            assert.match(await main(page), /Upcoming\s+Two days/);
            assert.match(await page.locator('.figures').innerText(),
                /Begins\s+Feb 4, 2014\s+14:30 UTC, in 23 h 30 min\s+Ends\s+Feb 6, 2014\s+21:00 UTC\s+Cash to begin with\s+10,000\.00\s+Players\s+0\s/);
            assert.match(await main(page), /Nobody has joined yet/);
        });
    });

    it('let nobody else make, change or delete one', async () => {
        await as('ada', '/settings', async page => {
            const csrf_token = await page.locator('[name="csrf_token"]').first().inputValue();
            for (const [path, form] of [['/competitions', { name: 'Mine', last_day: '2014-02-06' }], ['/competitions', {}], [`${address}/edit`, { name: 'Mine' }], [`${address}/delete`, {}]]) {
                const reply = await page.request.post(path, { form: { csrf_token, ...form }, headers: { accept: 'text/html' } });
                assert.equal(reply.status(), 403, path);
                assert.match(await reply.text(), /That is not allowed/);
            }
            await page.goto(address);
            assert.equal(await page.locator('h1').innerText(), NASTY);
            assert.equal(await page.getByRole('heading', { name: 'This competition' }).count(), 0);
        });
        assert.equal((await fetch(platform.url + address, { redirect: 'manual', headers: { accept: 'text/html' } })).headers.get('location'),
            `/login?next=${address}`);
        await as('ada', address.replace(/.$/, last => last === '0' ? '1' : '0'), async page => assert.match(await main(page), /There is nothing here/));
    });

    it('list those that run first, and say of each whether one takes part', async () => {
        const short = await create('2014-02-03', { name: 'Today' });
        await join('bob', `/competitions/${short.id}`, 'Bobby');
        await as('bob', '/competitions', async page => {
            assert.deepEqual(await page.locator('main h2').allInnerTexts(), ['Running', 'Upcoming']);
            assert.match(await page.locator('section:has(#running) tbody').innerText(), /Today[^]*ends in 6 h 00 min[^]*10,000\.00\s+1\s+Bobby\s+you take part/);
            assert.ok((await page.locator('section:has(#upcoming) tbody').innerText()).includes(NASTY));
            assert.match(await page.locator('section:has(#upcoming) tbody').innerText(), /begins in 23 h 30 min/);
            await page.getByRole('link', { name: 'Bobby' }).click();
            assert.match(await page.locator('h1').innerText(), /Today/);
            assert.match(page.url(), /\/portfolio\//);
            await page.goto('/competitions');
            await page.getByRole('link', { name: 'Join' }).click();
            assert.equal(new URL(page.url()).pathname, address);
        });
    });

    it('are joined by a name that nobody else in it has', async () => {
        await as('ada', address, async page => {
            assert.equal(await page.inputValue('#join-display_name'), 'ada');
            await page.fill('#join-display_name', 'Ada the Great');
            await submit(page, 'Join');
            assert.equal(await flash(page), `You take part in ${NASTY} as Ada the Great. It begins Feb 4, 2014, 14:30 UTC.`);
            assert.equal(new URL(page.url()).pathname, address);
            assert.match(await page.locator('section:has(#you)').innerText(), /Ada the Great\s+Value\s+10,000\.00\s+Return\s+0\.00%\s+Your portfolio/);
            assert.deepEqual(await rows(page), ['– Ada the Great you 10,000.00 0.00%']);
            assert.equal(await page.locator('#join-display_name').count(), 0);
        });
        await as('bob', address, async page => {
            await page.fill('#join-display_name', 'ADA THE GREAT');
            await submit(page, 'Join');
            assert.match(await page.locator('#join-display_name-problem').innerText(), /is taken/);
            assert.equal(await page.inputValue('#join-display_name'), 'ADA THE GREAT');
            assert.match(await page.locator('#join-display_name').evaluate(one => one.getAttribute('aria-describedby')), /problem/);
            await page.fill('#join-display_name', NASTY.slice(0, 40));
            await submit(page, 'Join');
            assert.ok((await page.locator('tr.is-own').innerText()).includes(NASTY.slice(0, 40)));
        });
    });

    it('offer nothing in a portfolio that is refused there until the end', async () => {
        const portfolio = `/portfolio/${await competing('ada')}`;
        await as('ada', '/portfolio', async page => {
            assert.equal(await page.locator('tbody .badge').count(), 1);
            await page.getByRole('link', { name: 'Competition', exact: true }).click();
            assert.equal(new URL(page.url()).pathname, address);
            await page.goto(portfolio);
            assert.match(await page.locator('.notice').innerText(), /part of a competition until Feb 6, 2014, 21:00 UTC\. Until then nothing can be paid in or out/);
            for (const offered of ['Deposit', 'Withdraw', 'Begin anew'])
                assert.equal(await page.getByRole('button', { name: offered, includeHidden: true }).count(), 0, offered);
            assert.equal(await page.getByText('How orders are filled').count(), 0);
            await page.fill('#edit-name', 'My try');
            await submit(page, 'Save');
            assert.equal(await page.locator('h1').innerText(), 'My try');
            await page.locator('.notice a').click();
            assert.equal(new URL(page.url()).pathname, address);
            await page.goto(`${portfolio}/transactions`);
            assert.equal(await page.getByRole('link', { name: /Import/ }).count(), 0);
            await page.goto(`${portfolio}/import`);
            assert.match(await page.locator('.notice').innerText(), /take imports/);
            assert.equal(await page.locator('input[type="file"]').count(), 0);
            // One that is no part of it has all of that.
            await page.goto(`/portfolio/${traders.ada.portfolio}`);
            assert.equal(await page.getByRole('button', { name: 'Deposit' }).count(), 1);
            assert.equal(await page.locator('.notice').count(), 0);
        });
        // Who has had the page open since before is told why.
        await as('ada', `/portfolio/${traders.ada.portfolio}`, async page => {
            await page.fill('#cash-amount', '5');
            await page.locator('form:has(#cash-amount)').evaluate((form, path) => { form.action = path; }, `${portfolio}/deposit`);
            await submit(page, 'Deposit');
            assert.match(await page.locator('.form-problem').innerText(), /part of a competition/);
        });
    });

    it('are without fault for axe and fit before they begin', async () => {
        for (const name of ['ada', 'cleo', 'admin'])
            await as(name, '/competitions', async page => {
                await inspect(page, `competitions-${name}`, '/competitions');
                await inspect(page, `competition-upcoming-${name}`, address);
            }, {});
        await as('ada', '/portfolio', async page => {
            await inspect(page, 'competition-portfolios', '/portfolio');
            await inspect(page, 'competition-portfolio', `/portfolio/${await competing('ada')}`);
            await inspect(page, 'competition-import', `/portfolio/${await competing('ada')}/import`);
        }, {});
    });

    const buy = async (page, portfolio, quantity) => {
        await page.goto(`/symbols/ACME?portfolio=${portfolio}`);
        await page.fill('#order-quantity', quantity);
        await submit(page, 'Place the order');
    };

    it('take no order before they begin, and say so at the ticket', async () => {
        await as('ada', address, async page => {
            await buy(page, await competing('ada'), '10');
            assert.match(await page.locator('.form-problem').innerText(), /competition/);
            assert.equal(await page.inputValue('#order-quantity'), '10');
        });
    });

    it('have ranks that follow what is traded, as it happens for who looks', async () => {
        const portfolio = await competing('ada');
        await platform.step('2014-02-04T15:00:00Z', token);
        await as('bob', address, async page => {
            assert.match(await main(page), /Running/);
            await page.evaluate(() => { globalThis.isSame = true; });
            await as('ada', address, async other => {
                await other.getByRole('link', { name: 'Trade in it' }).click();
                assert.match(other.url(), new RegExp(portfolio));
                await other.getByRole('link', { name: 'Find a symbol' }).first().click();
                await other.getByRole('link', { name: 'ACME' }).click();
                await other.fill('#order-quantity', '50');
                await submit(other, 'Place the order');
                assert.match(await flash(other), /Bought 50 ACME/);
                assert.equal(await other.locator('[aria-label="Portfolio"] [aria-current]').innerText(), 'My try');
                // Whoever types its ticker comes to the same ticket.
                await other.goto(`/search?portfolio=${portfolio}`);
                await other.fill('#find-for-portfolio', 'acme');
                await submit(other, 'Find');
                assert.equal(new URL(other.url()).search, `?portfolio=${portfolio}`);
            });
            await platform.step('2014-02-05T15:00:00Z', token);
            await page.waitForFunction(() => /\+5\.00%/.test(document.querySelector('[data-part="standings"]').innerText), undefined, { timeout: 30000 });
            assert.deepEqual(await rows(page), ['1 Ada the Great 10,500.00 ▲+5.00%', `2 ${NASTY.slice(0, 40)} you 10,000.00 0.00%`]);
            assert.deepEqual(await page.locator('.place').evaluateAll(all => all.map(one => `${one.className} ${one.innerText}`)), ['place is-first 1', 'place is-second 2']);
            assert.match(await page.locator('section:has(#you)').innerText(), /Rank\s+2 of 2/);
            assert.match(await page.locator('section:has(#standings)').innerText(), /At the prices of Feb 5, 2014, 15:00 UTC/);
            assert.match(await page.locator('.figures').innerText(), /Began[^]*in 1 d 6 h/);
            assert.ok(await page.evaluate(() => globalThis.isSame), 'the page was not loaded again');
            await inspect(page, 'competition-running', address);
        }, {});
    });

    it('have a table of the standings for spreadsheets', async () => {
        await as('cleo', address, async page => {
            const reply = await page.request.get(await page.getByRole('link', { name: /CSV/ }).getAttribute('href'));
            assert.match(reply.headers()['content-type'], /^text\/csv/);
            assert.match(reply.headers()['content-disposition'], /standings\.csv/);
            assert.match(await reply.text(), /^rank,display_name,[^]*\r\n1,Ada the Great,10500\.00,5\.00,/);
        });
    });

    it('tell administrators who it is, and let them change the name and the description', async () => {
        await as('admin', address, async page => {
            await page.getByRole('link', { name: 'Ada the Great' }).click();
            await page.waitForURL('**/admin/users/*');
            assert.equal(await page.locator('h1').innerText(), 'ada');
            await page.goto(address);
            await page.locator('summary', { hasText: 'Name and description' }).click();
            assert.equal(await page.inputValue('#edit-name'), NASTY);
            await page.fill('#edit-name', ' ');
            await submit(page, 'Save');
            assert.match(await page.locator('#edit-name-problem').innerText(), /at least 1/);
            await page.fill('#edit-name', 'Winter class');
            await page.fill('#edit-description', '');
            await submit(page, 'Save');
            assert.match(await flash(page), /was changed/);
            assert.equal(await page.locator('h1').innerText(), 'Winter class');
            assert.equal(await page.locator('.is-lines').count(), 0);
        });
        await as('cleo', address, async page => {
            assert.equal(await page.locator('[data-part="standings"] a[href^="/admin"]').count(), 0);
            assert.ok(!(await page.content()).includes(await competing('ada')), 'nobody else learns of the portfolio');
        });
    });

    it('have fifty players on a page, and oneself on each', async () => {
        const { id } = await create('2014-02-07', { name: 'Many' });
        await join('ada', `/competitions/${id}`, 'Ada');
        // Who has as much as Ada has the same rank, and comes in the order of the names.
        await platform.query(`WITH copies AS (INSERT INTO portfolio.portfolios (id, user_id, name, description, created_at, updated_at, opening_cash, competition_id, competes_until)
                SELECT gen_random_uuid(), gen_random_uuid(), name, '', created_at, updated_at, 0, competition_id, competes_until
                FROM portfolio.portfolios, generate_series(1, ${FURTHER_PLAYERS}) WHERE competition_id = '${id}' RETURNING id, user_id)
            INSERT INTO portfolio.competition_players SELECT '${id}', user_id, id, 'Player ' || row_number() OVER (), now() FROM copies`);
        await as('ada', `/competitions/${id}`, async page => {
            assert.match(await page.locator('.figures').innerText(), /Players\s+56\s+of at most 1,000/);
            assert.equal(await page.locator('[data-part="standings"] tbody tr').count(), 50);
            assert.equal(await page.getByRole('link', { name: 'From the first player on' }).count(), 0);
            await page.getByRole('link', { name: 'Further players' }).click();
            await page.waitForURL('**page_token=**');
            assert.equal(await page.locator('[data-part="standings"] tbody tr').count(), 6);
            assert.match(await page.locator('section:has(#you)').innerText(), /Name\s+Ada\s+Rank\s+1 of 56/);
            assert.equal(await page.getByRole('link', { name: 'Further players' }).count(), 0);
            await page.getByRole('link', { name: 'From the first player on' }).click();
            assert.equal(await page.locator('[data-part="standings"] tbody tr').count(), 50);
        });
        // And who holds what has no price comes last.
        await platform.query(`INSERT INTO portfolio.balances (portfolio_id, asset, account, amount, seq, series)
            SELECT portfolio_id, 'NOPE', 'shares', 1, 1, 1 FROM portfolio.competition_players WHERE display_name = 'Player 1'`);
        await as('bob', `/competitions/${id}?page_token=`, async page => {
            await page.getByRole('link', { name: 'Further players' }).click();
            await page.waitForURL('**page_token=**');
            assert.equal((await rows(page)).at(-1), '– Player 1 – a price is missing –');
            assert.equal(await page.locator('section:has(#you)').count(), 0);
        });
        await platform.expect(204, 'DELETE', `/api/v1/competitions/${id}`, { token });
    });

    it('are final once they have ended, cannot be joined any more, and leave the portfolios as ordinary ones', async () => {
        const portfolio = `/portfolio/${await competing('ada')}`;
        await as('cleo', address, async page => {
            assert.equal(await page.inputValue('#join-display_name'), 'cleo');
            // Meanwhile no close is taken.
            await whileLocked(platform, 'portfolio.snapshot_progress', async () => {
                await platform.step('2014-02-07T15:00:00Z', token);
                await submit(page, 'Join');
                assert.match(await page.locator('.form-problem').innerText(), /The competition has ended/);
                assert.match(await page.locator('section:has(#join)').innerText(), /nobody can join it any more/);
                assert.equal(await page.locator('#join-display_name').count(), 0);
                assert.match(await page.locator('section:has(#standings)').innerText(), /The final values are being worked out/);
                assert.deepEqual((await rows(page)).sort(), [NASTY.slice(0, 40), 'Ada the Great'].map(one => `– ${one} – being worked out –`).sort());
                assert.equal(await page.locator('section:has(#standings) .badge').count(), 0);
            });
        });
        await as('ada', address, async page => {
            await until('the final values', async () => {
                await page.reload();
                return /These are the final values, as of Feb 6, 2014, 21:00 UTC/.test(await main(page));
            }, 60);
            assert.match(await page.locator('section:has(#standings) h2').innerText(), /Standings\s+Final/);
            assert.deepEqual(await rows(page), [`1 ${NASTY.slice(0, 40)} 10,000.00 0.00%`, '2 Ada the Great you 9,500.00 ▼−5.00%']);
            assert.equal(await page.locator('[data-renew]').count(), 0);
            await page.getByRole('link', { name: 'Your portfolio' }).click();
            assert.match(await page.locator('.notice').innerText(), /was part of a competition, which ended Feb 6, 2014, 21:00 UTC/);
            await page.fill('#cash-amount', '5');
            await submit(page, 'Deposit');
            assert.match(await flash(page), /5\.00 was deposited/);
            assert.equal(await page.getByText('How orders are filled').count(), 1);
            await page.goto(`${portfolio}/import`);
            assert.equal(await page.locator('input[type="file"]').count(), 1);
            await page.goto('/competitions');
            assert.match(await page.locator('section:has(#ended) tbody').innerText(), /Winter class[^]*you took part/);
        });
        await as('ada', address, async page => {
            await inspect(page, 'competition-ended', address);
            await inspect(page, 'competitions-ended', '/competitions');
        }, {});
    });

    it('say that who has closed the portfolio is out', async () => {
        const { id } = await create('2014-02-07', { name: 'Left' });
        await join('cleo', `/competitions/${id}`, 'Cleo');
        await as('cleo', `/competitions/${id}`, async page => {
            await page.getByRole('link', { name: 'Trade in it' }).click();
            await page.getByText('Close it', { exact: true }).click();
            assert.match(await page.locator('details', { hasText: 'Close it' }).innerText(), /out of the competition and cannot join it again/);
            await page.check('input[name="force"]');
            await submit(page, 'Close this portfolio');
            await page.goto(`/competitions/${id}`);
            assert.match(await page.locator('section:has(#you)').innerText(), /was closed, so you are out/);
            assert.match(await main(page), /Nobody has joined/);
            await page.goto('/competitions');
            assert.match(await page.locator('section:has(#running) tbody').innerText(), /portfolio closed/);
        });
    });

    it('are deleted by administrators, who are asked first and told that the portfolios stay', async () => {
        const portfolio = `/portfolio/${await competing('ada')}`;
        await as('admin', address, async page => {
            await page.getByRole('button', { name: 'Delete the competition' }).click();
            assert.match(await page.locator('#delete-competition').innerText(), /“Winter class” with its standings, for everybody\. The portfolios stay/);
            await page.getByRole('button', { name: 'Keep it' }).click();
            await page.reload();
            assert.equal(await page.locator('h1').innerText(), 'Winter class');
            await page.getByRole('button', { name: 'Delete the competition' }).click();
            await submit(page, 'Delete it');
            assert.match(await flash(page), /was deleted/);
            assert.equal(new URL(page.url()).pathname, '/competitions');
            assert.equal((await page.goto(address)).status(), 404);
            assert.match(await main(page), /There is no such competition/);
            await until('the log', async () => {
                await page.goto('/admin/audit?action=competition.delete');
                return /Competition deleted/.test(await main(page));
            });
        });
        await as('ada', portfolio, async page => assert.equal(await page.locator('.notice').count(), 0));
    });
});
