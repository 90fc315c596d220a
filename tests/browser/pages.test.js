// SPDX-License-Identifier: MIT
// The web application in Chromium, subject by subject (pages/). One platform and one browser serve all of it.
import { after, before, describe } from 'node:test';
import { Platform, until } from '../support/platform.mjs';
import { launch, program } from './browser.mjs';
import { anotherSite } from './pages/another_site.mjs';
import { closing } from './pages/closing.mjs';
import { composition } from './pages/composition.mjs';
import { equityCurve } from './pages/equity_curve.mjs';
import { everyPage } from './pages/every_page.mjs';
import { inStep } from './pages/in_step.mjs';
import { orderReview } from './pages/order_review.mjs';
import { onAPhone, onPaper } from './pages/phone_and_paper.mjs';
import { strategies } from './pages/strategies.mjs';
import { symbolChart } from './pages/symbol_chart.mjs';
import { whenItFails } from './pages/when_it_fails.mjs';
import { withScripts } from './pages/with_scripts.mjs';
import { withoutScripts } from './pages/without_scripts.mjs';

describe('the web application', { skip: program ? false : 'there is no Chromium' }, () => {
    const site = {};

    before(async () => {
        site.platform = await Platform.start({ options: ['--market', 'simulated'] });
        site.browser = await launch();
        await until('prices', async () =>
            (await site.platform.request('GET', '/api/v1/quotes/AAPL')).status === 200);
    });
    after(async () => {
        await site.browser?.close();
        await site.platform?.stop();
    });

    // In this order: the phone and the statement show what the first two have done.
    for (const subject of [withoutScripts, withScripts, symbolChart, orderReview, closing, composition, inStep, equityCurve, onAPhone, onPaper, everyPage, strategies, anotherSite, whenItFails])
        subject(site);
});
