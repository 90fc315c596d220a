// SPDX-License-Identifier: MIT
// Access tokens as an attacker would write them, against a running platform: RFC 8725 line by line. The test has
// the deployment's own private key from the database, so that a refusal is for what it says and not for a bad
// signature; and honest tokens made the same way pass, so that the check can fail.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Platform } from '../support/platform.mjs';
import { forge, read, unsigned } from '../support/tokens.mjs';

const LIFETIME = 900;
const now = () => Math.floor(Date.now() / 1000);
const base64url = bytes => Buffer.from(bytes).toString('base64url');

describe('access tokens written by hand', () => {
    let platform, ada, session, privateKey, publicPem, keyId, paths;

    before(async () => {
        platform = await Platform.start();
        ada = await platform.trader('ada');
        session = await platform.expect(200, 'POST', '/api/v1/auth/login',
            { body: { username: ada.username, password: ada.password } });
        keyId = read(session.access_token).header.kid;
        privateKey = await pem('private_pem');
        publicPem = await pem('public_pem');
        paths = ['/api/v1/users/me', '/api/v1/portfolios', `/api/v1/portfolios/${ada.portfolio}/orders`];
    });
    after(() => platform?.stop());

    const pem = async column => (await platform.query(
        `SELECT ${column} FROM auth.signing_keys WHERE id = '${keyId}'`)).flat().join('\n') + '\n';
    const header = (changes = {}) => ({ alg: 'ES256', typ: 'JWT', kid: keyId, ...changes });
    const claims = (changes = {}) => ({ ...read(session.access_token).claims, jti: randomUUID(),
        iat: now(), nbf: now(), exp: now() + LIFETIME, ...changes });
    const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
    const honest = () => forge(header(), claims(), privateKey);

    // Answers of auth, portfolio and trading, each of which verifies tokens by itself.
    const ask = token => Promise.all(paths.map(path => platform.request('GET', path, { token })));

    async function assertPasses(token, what) {
        for (const reply of await ask(token))
            assert.equal(reply.status, 200, `${what}: ${reply.text}`);
    }

    async function assertRefused(token, what) {
        for (const reply of await ask(token)) {
            assert.equal(reply.status, 401, `${what}: ${reply.text}`);
            assert.equal(reply.body.reason, 'INVALID_TOKEN', what);
            assert.ok(reply.headers.has('www-authenticate'), what);
        }
    }

    it('pass when they are right', async () => {
        await assertPasses(session.access_token, 'the real one');
        await assertPasses(honest(), 'made by hand');
        await assertPasses(forge(header(), claims({ nbf: now() + 30, iat: now() + 30, exp: now() + 60 }), privateKey),
            'a clock that is half a minute ahead');
    });

    it('are refused with any algorithm but ES256', async () => {
        for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, 'HS256', 'HS512', 'RS256', 'ES384', 'ES512',
            'es256', 'EdDSA', 256]) {
            const text = unsigned(header({ alg }), claims());
            await assertRefused(`${text}.`, `alg ${alg}, without a signature`);
            await assertRefused(forge(header({ alg }), claims(), privateKey), `alg ${alg}, signed`);
        }
        await assertRefused(unsigned(header({ alg: 'none' }), claims()), 'alg none, in two parts');
    });

    it('are refused when a public key was taken for a secret', async () => {
        const jwk = (await platform.expect(200, 'GET', '/.well-known/jwks.json')).keys[0];
        const fromJwks = createPublicKey({ key: jwk, format: 'jwk' });
        const secrets = { 'the PEM': publicPem, 'the PEM from the JWKS': fromJwks.export({ type: 'spki', format: 'pem' }),
            'the PEM without its last line end': publicPem.trimEnd(), 'the DER': fromJwks.export({ type: 'spki', format: 'der' }),
            'the JWK': JSON.stringify(jwk), 'x': Buffer.from(jwk.x, 'base64url'), 'x as text': jwk.x, 'kid': keyId, 'nothing': '' };
        assert.equal(jwk.kid, keyId);
        for (const [what, secret] of Object.entries(secrets))
            for (const [alg, hash] of [['HS256', 'sha256'], ['HS384', 'sha384'], ['HS512', 'sha512']]) {
                const text = unsigned(header({ alg }), claims());
                await assertRefused(`${text}.${createHmac(hash, secret).update(text).digest('base64url')}`,
                    `${alg} with ${what} as the secret`);
            }
    });

    it('are refused when their time is not now', async () => {
        const cases = {
            'expired a second ago': { iat: now() - LIFETIME, nbf: now() - LIFETIME, exp: now() - 1 },
            'expired long ago': { iat: 1, nbf: 1, exp: LIFETIME },
            'not before two minutes from now': { nbf: now() + 120 },
            'issued two minutes from now': { iat: now() + 120, exp: now() + 120 + LIFETIME },
            'lives a second too long': { iat: now() - 1, exp: now() + LIFETIME },
            'lives for ever': { exp: Number.MAX_SAFE_INTEGER },
            'expires as text': { exp: String(now() + LIFETIME) },
            'expires at null': { exp: null },
            'expires at a list': { exp: [now() + LIFETIME] },
            'expires at zero': { exp: 0 },
            'expires before 1970': { exp: -1 },
        };
        for (const [what, changes] of Object.entries(cases))
            await assertRefused(forge(header(), claims(changes), privateKey), what);
        const real = JSON.stringify(claims()).replace(/"exp":(\d+)/, '"exp":$1.0');
        await assertRefused(forge(header(), real, privateKey), 'expires at a real number');
    });

    it('are refused when a claim is missing', async () => {
        for (const name of Object.keys(claims()))
            await assertRefused(forge(header(), without(claims(), name), privateKey), `no ${name}`);
        for (const name of ['alg', 'typ', 'kid'])
            await assertRefused(forge(without(header(), name), claims(), privateKey), `no ${name} in the header`);
    });

    it('are refused when they are for others, from others or of another kind', async () => {
        const cases = {
            'another audience': { aud: 'elsewhere' }, 'a list of audiences': { aud: ['bourse', 'elsewhere'] },
            'another issuer': { iss: 'https://elsewhere.example' }, 'an issuer that begins alike': { iss: 'bourse.example' },
            'another use': { use: 'refresh' }, 'an unknown role': { role: 'root' }, 'an unknown scope': { scope: 'everything' },
            'a user that is no id': { sub: 'admin' }, 'a user that is a number': { sub: 1 },
            'SQL as the user': { sub: "' OR 1=1 --" }, 'SQL as the session': { sid: "'; DROP TABLE auth.users; --" },
            'an id that is none': { jti: 'x' }, 'a name too long': { name: 'a'.repeat(33) },
            'NUL in the user': { sub: `${read(session.access_token).claims.sub}\u0000` },
            'a portfolio that is no id': { pid: '*' },
        };
        for (const [what, changes] of Object.entries(cases))
            await assertRefused(forge(header(), claims(changes), privateKey), what);
        for (const typ of ['at+jwt', 'jwt', 'JWE', null])
            await assertRefused(forge(header({ typ }), claims(), privateKey), `typ ${typ}`);
    });

    it('are refused when the header names a key of the sender’s own, or what is no key at all', async () => {
        const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const jwk = own.publicKey.export({ format: 'jwk' });
        for (const kid of ['../../../../dev/null', '/dev/null', '/etc/hostname', "' OR '1'='1", `${keyId}'--`, `${keyId}"`,
            `${keyId}\u0000`, `${keyId}/../${keyId}`, '', '%00', '*', 'http://127.0.0.1/key', 'x'.repeat(1000), 0, null,
            [keyId], { kid: keyId }, keyId.toLowerCase()])
            await assertRefused(forge(header({ kid }), claims(), privateKey), `kid ${JSON.stringify(kid)}`);
        for (const extra of [{ jwk }, { jku: 'http://127.0.0.1/keys' }, { x5u: 'http://127.0.0.1/key' }, { x5c: ['AAAA'] },
            { crit: ['exp'] }, { crit: [] }, { zip: 'DEF' }, { cty: 'JWT' }, { b64: false }]) {
            await assertRefused(forge(header(extra), claims(), privateKey), `${Object.keys(extra)}, signed by us`);
            await assertRefused(forge(header(extra), claims(), own.privateKey), `${Object.keys(extra)}, signed by them`);
        }
    });

    it('are refused when they come from another deployment', async () => {
        const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        await assertRefused(forge(header(), claims(), other.privateKey), 'their key under our kid');
        await assertRefused(forge(header({ kid: 'ELRnXcnYpyCGF8RzjdvLcaSBzI9R6P_XkGqHdcsg2mE' }), claims(), other.privateKey),
            'their key under theirs');
        const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
        await assertRefused(forge(header(), claims(), p384.privateKey), 'a key of another curve');
    });

    it('are refused when something in them was changed', async () => {
        const [head, body, signature] = honest().split('.');
        const promoted = base64url(JSON.stringify(claims({ role: 'administrator' })));
        const half = signature.slice(0, signature.length / 2);
        const der = sign('sha256', Buffer.from(`${head}.${body}`), privateKey).toString('base64url');
        const cases = {
            'the claims': `${head}.${promoted}.${signature}`,
            'the header': `${base64url(JSON.stringify(header({ typ: 'jwt' })))}.${body}.${signature}`,
            'no signature': `${head}.${body}.`, 'no signature and no dot': `${head}.${body}`,
            'a signature cut in half': `${head}.${body}.${half}`,
            'a signature of zeros': `${head}.${body}.${base64url(Buffer.alloc(64))}`,
            'an extended signature': `${head}.${body}.${signature}AAAA`,
            'a padded signature': `${head}.${body}.${signature}==`,
            'a signature with a part after it': `${head}.${body}.${signature}.AAAA`,
            'a signature in DER': `${head}.${body}.${der}`,
            'a signature twice': `${head}.${body}.${signature}${signature}`,
            'plain base64': `${head}.${body}.${Buffer.from(signature, 'base64url').toString('base64').replace(/=*$/, '=')}`,
            'no claims': `${head}..${signature}`, 'dots alone': '..', 'a word': 'token',
        };
        for (const [what, token] of Object.entries(cases))
            await assertRefused(token, what);
        for (let at = 0; at < signature.length; at += 7) {
            const touched = signature.slice(0, at) + (signature[at] === 'A' ? 'B' : 'A') + signature.slice(at + 1);
            await assertRefused(`${head}.${body}.${touched}`, `character ${at} of the signature`);
        }
        await assertPasses(`${head}.${body}.${signature}`, 'untouched');
    });

    it('are refused when two readers could understand them differently', async () => {
        const good = JSON.stringify(claims());
        const again = addition => `${good.slice(0, -1)},${addition}}`;
        const cases = {
            'the user twice': again(`"sub":"${randomUUID()}"`), 'the role twice': again('"role":"administrator"'),
            'the role twice, escaped': again('"r\\u006fle":"administrator"'), 'the expiry twice': again(`"exp":${now() + 60}`),
            'text after the claims': `${good}x`, 'bytes after a NUL': `${good}\u0000{"role":"administrator"}`,
            'two objects': good + good, 'a list': `[${good}]`, 'a text': JSON.stringify(good), 'nothing': '', 'null': 'null',
            'an open end': good.slice(0, -1), 'bad UTF-8': Buffer.concat([Buffer.from(good.slice(0, -1) + ',"a":"'),
                Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
            'not a number': again('"a":NaN'),
        };
        for (const [what, text] of Object.entries(cases))
            await assertRefused(forge(header(), text, privateKey), what);
        const twice = JSON.stringify(header()).replace('{', '{"alg":"none",');
        await assertRefused(forge(twice, claims(), privateKey), 'the algorithm twice');
    });

    it('are refused when they are larger than any of ours', async () => {
        for (const size of [2048, 5 * 1024, 8 * 1024]) {
            const large = forge(header(), claims({ pad: 'a'.repeat(size) }), privateKey);
            assert.ok(large.length > size);
            await assertRefused(large, `${large.length} bytes`);
            await assertRefused('A'.repeat(size), `${size} bytes of nothing`);
        }
    });

    it('and refresh tokens do not stand in for each other', async () => {
        await assertRefused(session.refresh_token, 'a refresh token as an access token');
        for (const token of [session.access_token, honest(), read(session.access_token).claims.sid,
            read(session.access_token).claims.jti]) {
            const reply = await platform.request('POST', '/api/v1/auth/refresh', { body: { refresh_token: token } });
            // An access token is longer than any refresh token, and is refused for that already.
            assert.ok(reply.status === 401 || reply.status === 422, reply.text);
        }
        // All of this has cost the session nothing.
        const renewed = await platform.expect(200, 'POST', '/api/v1/auth/refresh',
            { body: { refresh_token: session.refresh_token } });
        await assertPasses(renewed.access_token, 'after a refresh');
    });

    it('are refused once their session has ended, whoever signed them', async () => {
        const token = honest();
        await assertPasses(token, 'before');
        await platform.expect(204, 'POST', '/api/v1/auth/logout', { token });
        for (const path of paths)
            for (const end = Date.now() + 1000; ;) {
                const { status } = await platform.request('GET', path, { token: honest() });
                if (status === 401)
                    break;
                assert.ok(Date.now() < end, `${path} answers ${status} a second after the logout`);
            }
        await assertRefused(token, 'after the logout');
    });
});
