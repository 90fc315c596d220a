// SPDX-License-Identifier: MIT
// The keys that sign access tokens: published, replaced while people work, and ended when known to others.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setCookies } from '../support/cookies.mjs';
import { Platform, until } from '../support/platform.mjs';
import { isSignedBy, read, thumbprint } from '../support/tokens.mjs';

const JWKS = '/.well-known/jwks.json';

describe('the keys that sign access tokens', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        ada = await platform.trader('ada');
    });
    after(() => platform?.stop());

    const keys = async () => (await platform.expect(200, 'GET', JWKS)).keys;
    const login = () => platform.expect(200, 'POST', '/api/v1/auth/login',
        { body: { username: ada.username, password: ada.password } });
    const kid = token => read(token).header.kid;

    // A request to each service that verifies tokens; the status of each.
    async function ask(token, administrator = null) {
        const paths = ['/api/v1/users/me', '/api/v1/portfolios', `/api/v1/portfolios/${ada.portfolio}/orders`];
        const replies = await Promise.all([
            ...paths.map(path => platform.request('GET', path, { token })),
            ...administrator === null ? [] : [platform.request('PUT', '/api/v1/clock',
                { token: administrator, body: { mode: 'step', at: '2014-01-02T15:00:00Z' } })]]);
        return replies.map(reply => reply.status);
    }

    const everywhere = (statuses, status) => statuses.every(one => one === status);

    it('are published as a JSON Web Key Set that another implementation verifies a token with', async () => {
        const reply = await platform.request('GET', JWKS);
        const { access_token: token } = await login();
        assert.equal(reply.status, 200);
        assert.equal(reply.headers.get('cache-control'), 'public, max-age=300');
        assert.match(reply.headers.get('content-type'), /^application\/json/);
        assert.equal(reply.body.keys.length, 1);
        const [key] = reply.body.keys;
        assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
        assert.deepEqual([key.kty, key.crv, key.alg, key.use], ['EC', 'P-256', 'ES256', 'sig']);
        assert.equal(Buffer.from(key.x, 'base64url').length, 32);
        assert.equal(Buffer.from(key.y, 'base64url').length, 32);
        assert.equal(key.kid, thumbprint(key));
        assert.ok(isSignedBy(reply.body.keys, token));
        const [header, , signature] = token.split('.');
        const other = (await platform.administrator()).split('.')[1];
        assert.ok(!isSignedBy(reply.body.keys, `${header}.${other}.${signature}`));
    });

    it('are read at that address and in no other way', async () => {
        assert.equal((await platform.request('POST', JWKS, { body: {} })).status, 405);
        assert.equal((await platform.request('GET', `${JWKS}?private=true`)).status, 422);
        assert.doesNotMatch((await platform.request('GET', JWKS)).text, /"d"|PRIVATE/);
    });

    it('are replaced while somebody works, without one refusal', async () => {
        const old = await login();
        const refusals = [];
        let requests = 0;
        let newest = old.access_token;
        let working = true;
        // Two who never stop: one with the token from before, one with the latest there is.
        const work = async token => {
            while (working) {
                const statuses = await ask(token());
                requests += statuses.length;
                refusals.push(...statuses.filter(status => status !== 200));
            }
        };
        const workers = [work(() => old.access_token), work(() => newest)];
        const loginOnce = async () => {
            newest = (await login()).access_token;
            assert.ok(isSignedBy(await keys(), newest));
            return newest;
        };

        const said = await platform.bourse('admin', 'rotate-key');
        assert.match(said, /^signing key [\w-]{43} signs in 600 seconds\n$/);
        const announced = said.split(' ')[2];
        await until('the new key to be published', async () =>
            (await keys()).some(key => key.kid === announced), 5);
        assert.equal((await keys()).length, 2);
        assert.notEqual(kid(await loginOnce()), announced);
        assert.match(await platform.bourse('admin', 'rotate-key'), /is announced already and signs in 5\d\d seconds/);

        // Nobody waits ten minutes here: the time at which it signs is brought nearer.
        await platform.query(`UPDATE auth.signing_keys SET signs_from = clock_timestamp() + interval '2 seconds'
            WHERE ends_at IS NULL`);
        await until('the new key to sign', async () => kid(await loginOnce()) === announced, 30);
        assert.ok(everywhere(await ask(old.access_token), 200));
        assert.ok(everywhere(await ask(newest), 200));
        working = false;
        await Promise.all(workers);
        assert.ok(requests > 50, `${requests} requests`);
        assert.deepEqual(refusals, []);

        // Its last token has expired: it is forgotten by all, without being asked for.
        await platform.query(`UPDATE auth.signing_keys SET ends_at = now() WHERE ends_at IS NOT NULL`);
        await until('the old key to be forgotten', async () => everywhere(await ask(old.access_token), 401), 5);
        await until('the new key alone to be published', async () =>
            (await keys()).map(key => key.kid).join() === announced, 5);
        assert.ok(everywhere(await ask(newest), 200));
    });

    it('end within seconds when they are known to others, and sessions go on', async t => {
        const old = await login();
        const browser = await platform.request('POST', '/api/v1/auth/login',
            { body: { username: ada.username, password: ada.password, cookie: true } });
        const cookie = setCookies(browser)[0].split(';')[0];
        // A browser asks all the time, and is never sent to log in.
        let isOver = false;
        const browsing = (async () => {
            const seen = new Set();
            while (!isOver)
                for (const path of [`/portfolios/${ada.portfolio}/orders`, '/portfolios', '/watchlists', '/users/me']) {
                    const reply = await platform.request('GET', `/api/v1${path}`, { headers: { cookie } });
                    seen.add(`${reply.status} ${reply.body.reason ?? ''} ${setCookies(reply).join()}`);
                }
            return [...seen];
        })();
        const administrator = await platform.administrator();
        assert.ok(everywhere(await ask(old.access_token, administrator), 200));
        await assert.rejects(platform.bourse('admin', 'rotate-key', 'later'), /rotate-key \[now\]/);
        const said = await platform.bourse('admin', 'rotate-key', 'now');
        const begun = Date.now();
        assert.match(said, /signs in 3 seconds; all access tokens end then/);
        const announced = said.split(' ')[2];
        await until('the old tokens to be refused by every service', async () =>
            everywhere(await ask(old.access_token, administrator), 401), 8);
        t.diagnostic(`refused everywhere ${Date.now() - begun} ms after the command`);
        await until('the new key alone to be published', async () =>
            (await keys()).map(key => key.kid).join() === announced, 5);
        assert.deepEqual(await platform.query('SELECT count(*) FROM auth.signing_keys WHERE ends_at > now()'), [['0']]);
        const renewed = await platform.expect(200, 'POST', '/api/v1/auth/refresh',
            { body: { refresh_token: old.refresh_token } });
        assert.equal(kid(renewed.access_token), announced);
        isOver = true;
        assert.deepEqual(await browsing, ['200  ']);
        assert.ok(everywhere(await ask(renewed.access_token, await platform.administrator()), 200));
        assert.ok(everywhere(await ask(old.access_token, admin), 401));
    });
});
