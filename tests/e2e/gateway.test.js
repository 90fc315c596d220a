// SPDX-License-Identifier: MIT
// What the gateway says to requests that are wrong, and to programs written for its predecessors.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Replica } from '../support/from_address.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { converse } from '../support/raw_http.mjs';

let platform;

before(async () => {
    platform = await Platform.start();
});
after(() => platform?.stop());

const head = (request, ...lines) => [request + ' HTTP/1.1', 'Host: bourse.test', ...lines, '', ''].join('\r\n');

function assertSecurityHeaders(headers, what) {
    assert.equal(headers['x-content-type-options'], 'nosniff', what);
    assert.equal(headers['referrer-policy'], 'no-referrer', what);
    assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*frame-ancestors 'none'/, what);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe/, what);
    assert.match(headers['cache-control'] ?? '', /no-store|no-cache|immutable/, what);
    assert.match(headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/, what);
    assert.equal(headers['access-control-allow-origin'], undefined, what);
    assert.equal(headers['server'], undefined, what);
}

function assertProblem(answer, status, reason, what) {
    assert.equal(answer.status, status, `${what}: ${answer.body}`);
    assert.equal(answer.headers['content-type'], 'application/problem+json', what);
    assertSecurityHeaders(answer.headers, what);
    const problem = JSON.parse(answer.body);
    assert.equal(problem.status, status, what);
    assert.equal(problem.reason, reason, what);
    assert.equal(problem.type, `/docs/errors#${reason}`, what);
    assert.match(problem.detail, /\w+ .*/, what);
    assert.equal(problem.request_id, answer.headers['x-request-id'], what);
    assert.match(problem.trace_id, /^[0-9a-f]{32}$/, what);
    assert.ok(Array.isArray(problem.errors), what);
    return problem;
}

// Sends a request whose answer must be one problem, after which the server closes.
async function assertRefused(pieces, status, reason, what) {
    const { answers, closed, text } = await converse(platform.port, pieces);
    assert.equal(answers.length, 1, `${what}: ${text}`);
    assertProblem(answers[0], status, reason, what);
    assert.equal(answers[0].headers.connection, 'close', what);
    assert.ok(closed, `${what}: the connection stays open`);
}

async function assertAlive() {
    const reply = await platform.request('GET', '/healthz');
    assert.ok([200, 503].includes(reply.status));
}

function post(path, body, { type = 'application/json', lines = [] } = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    return [Buffer.concat([
        Buffer.from(head(`POST ${path}`, `Content-Type: ${type}`, `Content-Length: ${bytes.length}`, ...lines)), bytes])];
}

describe('a body', () => {
    const cases = [
        ['cut off', '{"username":"ada","pass', 400, 'MALFORMED_REQUEST'],
        ['empty string in place of JSON', '""', 400, 'MALFORMED_REQUEST'],
        ['10,000 deep', '['.repeat(10000), 400, 'MALFORMED_REQUEST'],
        ['10,000 objects deep', '{"username":'.repeat(5000), 400, 'MALFORMED_REQUEST'],
        ['of a wrong type', '{"username":5}', 400, 'INVALID_REQUEST'],
        ['with an object for a text', '{"username":{}}', 400, 'INVALID_REQUEST'],
        ['with an array for a text', '{"username":["ada"]}', 400, 'INVALID_REQUEST'],
        ['with a field nobody knows', '{"username":"ada","is_admin":true}', 400, 'INVALID_REQUEST'],
        ['with a field of the answer', '{"username":"ada","role":"administrator"}', 400, 'INVALID_REQUEST'],
        ['with 1e309', '{"username":"ada","balance":1e309}', 400, 'INVALID_REQUEST'],
        ['with more decimals than there are', '{"username":"ada","balance":0.1234567891}', 400, 'INVALID_REQUEST'],
        ['with a name twice', '{"username":"ada","username":"eve"}', 400, 'MALFORMED_REQUEST'],
        ['with text after the end', '{"username":"ada"} x', 400, 'MALFORMED_REQUEST'],
        ['with invalid UTF-8', Buffer.from([0x7b, 0x22, 0x75, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, 'MALFORMED_REQUEST'],
        ['with a NUL byte', Buffer.from('{"username":"a\0b"}'), 400, 'MALFORMED_REQUEST'],
        ['with an escaped NUL', '{"username":"a\\u0000b"}', 400, 'MALFORMED_REQUEST'],
        ['with NaN', '{"balance":NaN}', 400, 'MALFORMED_REQUEST'],
    ];
    for (const [what, body, status, reason] of cases) {
        it(`${what} is refused with ${status} and a sentence, and the connection goes on`, async () => {
            const request = post('/api/v1/users', body)[0];
            const next = Buffer.from(head('GET /api/v1/quotes?symbols=NONE'));
            const { answers } = await converse(platform.port, [Buffer.concat([request, next])], { quiet: 500 });
            assert.equal(answers.length, 2, what);
            assertProblem(answers[0], status, reason, what);
            assert.equal(answers[1].status, 200, what);
        });
    }

    it('of 20 MB is refused with 413, which the client gets to read', async () => {
        const { answers } = await converse(platform.port, post('/api/v1/users', Buffer.alloc(20e6, 0x20)));
        assertProblem(answers[0], 413, 'BODY_TOO_LARGE', '20 MB');
        await assertAlive();
    });

    it('announced with 20 MB that never come holds nothing up', async () => {
        const { answers, ms } = await converse(platform.port,
            [head('POST /api/v1/users', 'Content-Type: application/json', 'Content-Length: 20000000')]);
        assertProblem(answers[0], 413, 'BODY_TOO_LARGE', '20 MB announced');
        assert.ok(ms < 4000, `${ms} ms`);
    });

    it('of another type is refused with 415', async () => {
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1']) {
            const { answers } = await converse(platform.port, post('/api/v1/users', '{}', { type }), { quiet: 500 });
            assertProblem(answers[0], 415, 'UNSUPPORTED_MEDIA_TYPE', type);
        }
    });

    it('that form parsers choke on is not given to one', async () => {
        const { answers } = await converse(platform.port,
            post('/api/v1/users', 'a=b\0c&d', { type: 'application/x-www-form-urlencoded' }), { quiet: 500 });
        assertProblem(answers[0], 415, 'UNSUPPORTED_MEDIA_TYPE', 'form with NUL');
    });
});

// All of these wait for some seconds, so they do it together.
describe('a request that is not finished, or does not come', { concurrency: true }, () => {
    it('may come a second later than clients are told to send it, and then the connection ends', async () => {
        const { answers, closed, ms } = await converse(platform.port,
            [head('GET /api/v1/clock'), 5000, head('GET /api/v1/clock')], { quiet: 9000 });
        assert.deepEqual(answers.map(one => [one.status, one.headers['keep-alive']]), [[200, 'timeout=4'], [200, 'timeout=4']]);
        assert.ok(closed && ms > 10000 && ms < 14000, `${ms} ms`);
    });

    it('gets 408 when its head stops half way', async () => {
        const { answers, ms, closed } = await converse(platform.port, ['GET /api/v1/clock HTTP/1.1\r\nHost: x\r\nX-Half'], { quiet: 9000 });
        assertProblem(answers[0], 408, 'REQUEST_TIMEOUT', 'half a head');
        assert.ok(closed && ms < 9000, `${ms} ms`);
    });

    it('gets 408 when its body stops half way', async () => {
        const { answers, ms, closed } = await converse(platform.port,
            [head('POST /api/v1/users', 'Content-Type: application/json', 'Content-Length: 100') + '{"username"'], { quiet: 9000 });
        assertProblem(answers[0], 408, 'REQUEST_TIMEOUT', 'half a body');
        assert.ok(closed && ms < 9000, `${ms} ms`);
    });

    it('gets 408 when its body comes byte by byte', async () => {
        const slowly = [head('POST /api/v1/users', 'Content-Type: application/json', 'Content-Length: 100')];
        for (let i = 0; i < 40; i++)
            slowly.push(' ', 300);
        const { answers, ms } = await converse(platform.port, slowly, { quiet: 9000 });
        assertProblem(answers[0], 408, 'REQUEST_TIMEOUT', 'trickled body');
        assert.ok(ms < 9000, `${ms} ms`);
    });
});

describe('the framing of a request', () => {
    const smuggled = 'GET /api/v1/clock HTTP/1.1\r\nHost: x\r\n\r\n';
    const line = 'Content-Type: application/json';

    it('by Transfer-Encoding is refused, alone and with a length', async () => {
        await assertRefused([head('POST /api/v1/users', line, 'Transfer-Encoding: chunked') + '0\r\n\r\n' + smuggled],
            411, 'LENGTH_REQUIRED', 'chunked');
        await assertRefused([head('POST /api/v1/users', line, 'Transfer-Encoding: chunked', 'Content-Length: 3') + '0\r\n\r\n' + smuggled],
            400, 'MALFORMED_REQUEST', 'both');
    });

    it('has one length, in digits', async () => {
        for (const lines of [['Content-Length: 0', `Content-Length: ${smuggled.length}`], ['Content-Length: 2', 'Content-Length: 2'],
            ['Content-Length: +2'], ['Content-Length: 2abc'], ['Content-Length : 2']])
            await assertRefused([head('POST /api/v1/users', line, ...lines) + smuggled], 400, 'MALFORMED_REQUEST', lines.join());
        const { answers } = await converse(platform.port, [head('POST /api/v1/users', line, 'Content-Length: -2') + smuggled]);
        assert.ok(answers.length === 1 && [400, 411].includes(answers[0].status));
    });

    it('is empty without a length, and nothing after it is taken for a request', async () => {
        const { answers } = await converse(platform.port, [head('POST /api/v1/users', line) + smuggled]);
        assert.equal(answers.length, 1);
        assert.equal(answers[0].status, 400);
    });

    it('is not hidden behind many headers', async () => {
        const many = Array.from({ length: 70 }, (_, i) => `X-Filler-${i}: 1`);
        await assertRefused([head('POST /api/v1/users', ...many, line, `Content-Length: ${smuggled.length}`) + smuggled],
            431, 'HEADERS_TOO_LARGE', '70 headers');
    });

    it('is not hidden behind folded lines or bare line feeds', async () => {
        await assertRefused([head('POST /api/v1/users', 'X-Folded: a', ' b', 'Content-Length: 5') + smuggled],
            400, 'MALFORMED_REQUEST', 'folded');
        await assertRefused([head('GET /api/v1/clock', 'X-Line: a').replaceAll('\r\n', '\n')],
            400, 'MALFORMED_REQUEST', 'line feeds');
        const lengths = `Content-Type: application/json\r\nContent-Length: ${smuggled.length}\r\n\r\n`;
        for (const before of ['POST /api/v1/users HTTP/1.1\r\nHost: x\r\n\r', 'POST /api/v1/users HTTP/1.1\r\nHost: x\r\n: ',
            'POST /api/v1/users HTTP/1.1\r\n Host: x\r\n', 'POST /api/v1/users HTTP/1.1\nHost: x\r\n',
            'POST /api/v1/users  HTTP/1.1\r\nHost: x\r\n', 'POST /api/v1/users \r\nHTTP/1.1\r\nHost: x\r\n'])
            await assertRefused([before + lengths + smuggled], 400, 'MALFORMED_REQUEST', JSON.stringify(before));
    });

    it('is not hidden in another spelling of Transfer-Encoding, or behind a bare carriage return', async () => {
        for (const hidden of ['Transfer-Encoding: identity', 'Transfer-Encoding: xchunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding:\tchunked',
            'Transfer-Encoding: chunked, identity', 'TRANSFER-ENCODING:chunked', 'Transfer-Encoding:\x0bchunked', ' Transfer-Encoding: chunked',
            'X-Bare: a\rTransfer-Encoding: chunked', 'X-Bare: a\r\rX-Other: b', 'X-Bare: a\nTransfer-Encoding: chunked']) {
            const { answers, closed, text } = await converse(platform.port,
                [head('POST /api/v1/users', line, 'Content-Length: 0', hidden) + '0\r\n\r\n' + smuggled]);
            assert.equal(answers.length, 1, `${JSON.stringify(hidden)}: ${text}`);
            assertProblem(answers[0], 400, 'MALFORMED_REQUEST', JSON.stringify(hidden));
            assert.ok(closed, hidden);
        }
    });

    it('is not mistaken after empty lines: what follows the head is the body, and no request', async () => {
        for (const lead of ['\r\n', '\r\n\r\n', '\n\n', ' '.repeat(16) + '\r\n\r\n', '\r\n\r\n' + ' '.repeat(5000)])
            for (const request of ['POST /api/v1/users', 'POST /api/v1/auth/logout', 'DELETE /api/v1/portfolios/x', 'HEAD /api/v1/clock']) {
                // As long as the head and the blanks before it, so that a reader who takes them for the body finds a request behind it.
                const blanks = lead.replace(/^ *(\r\n\r\n|\n\n)/, '').length;
                const size = head(request, line, 'Content-Length: 1000').length + blanks;
                const { answers, text } = await converse(platform.port,
                    [lead + head(request, line, `Content-Length: ${String(size).padStart(4, '0')}`) + smuggled.padEnd(size)], { quiet: 500 });
                assert.equal(answers.length, 1, `${JSON.stringify(lead)} ${request}: ${text}`);
                assert.doesNotMatch(answers[0].body, /as_of/);
            }
    });

    it('is that of a GET too: what it sends as a body is no request', async () => {
        for (const request of ['GET /api/v1/clock', 'HEAD /api/v1/clock', 'DELETE /api/v1/quotes', 'OPTIONS /api/v1/clock']) {
            const { answers } = await converse(platform.port, [head(request, `Content-Length: ${smuggled.length}`) + smuggled], { quiet: 500 });
            assert.equal(answers.length, 1, request);
        }
    });

    it('stays that of HTTP/1.1, whatever else is asked for', async () => {
        for (const lines of [['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
            ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']]) {
            const { answers, closed } = await converse(platform.port, [head('GET /api/v1/clock', ...lines) + smuggled]);
            assert.equal(answers.length, 1, lines[0]);
            assert.equal(answers[0].status, 200, answers[0].body);
            assert.ok(closed);
        }
    });

    it('of an answer is not the client\'s to change: nothing it sends becomes a header line', async () => {
        const planted = '%0d%0aX-Planted: 1';
        for (const request of [head(`GET /api/v1/symbols/A${planted.replace(' ', '%20')}`), head('GET /api/v1/clock', `Origin: https://a.example${planted}`),
            head('GET /api/v1/clock', `traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01${planted}`), head('GET /api/v1/clock', `X-Request-Id: ${planted}`),
            head('GET /api/v1/clock', 'Origin: https://a.example\r\n X-Planted: 1'), head('GET /api/v1/clock', 'Origin: a\rX-Planted: 1'),
            head('GET /api/v1/clock\rX-Planted: 1'), head('OPTIONS /api/v1/symbols', `Access-Control-Request-Headers: a${planted}`)]) {
            const { text } = await converse(platform.port, [request], { quiet: 500 });
            assert.match(text, /^HTTP\/1\.1 /);
            assert.doesNotMatch(text.split('\r\n\r\n')[0], /planted/i, request);
        }
    });

    it('has one Host', async () => {
        await assertRefused(['GET /api/v1/clock HTTP/1.1\r\nAccept: */*\r\n\r\n'], 400, 'MALFORMED_REQUEST', 'no host');
        await assertRefused([head('GET /api/v1/clock', 'Host: other')], 400, 'MALFORMED_REQUEST', 'two hosts');
    });
});

describe('a head', () => {
    it('of 8 KB is taken and one of 20 KB refused', async () => {
        const { answers } = await converse(platform.port, [head('GET /api/v1/quotes?symbols=NONE', `X-Long: ${'a'.repeat(8192)}`)], { quiet: 500 });
        assert.equal(answers[0].status, 200);
        // Which of the two it is, civetweb 1.15 does not tell.
        const { answers: [refused], closed } = await converse(platform.port, [head('GET /api/v1/clock', `X-Long: ${'a'.repeat(20000)}`)]);
        assert.ok(closed);
        assertProblem(refused, refused.status, { 400: 'MALFORMED_REQUEST', 431: 'HEADERS_TOO_LARGE' }[refused.status], '20 KB');
    });

    it('that is not HTTP gets a problem too', async () => {
        for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n', 'HELLO\r\n\r\n', 'GET /\r\n\r\n',
            'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', head('GET /a', 'X-Nul: a\0b')])
            await assertRefused([Buffer.from(bytes, 'latin1')], 400, 'MALFORMED_REQUEST', JSON.stringify(bytes));
    });

    it('with an address that is not text is refused', async () => {
        for (const path of ['/api/v1/symbols?q=%00', '/api/v1/symbols?q=%ff', '/api/v1/symbols?q=%zz', '/api/v1/symbols?q=%',
            '/api/v1/symbols/%00', '/api/v1/symbols/A%0d%0aX']) {
            const { answers } = await converse(platform.port, [head(`GET ${path}`)], { quiet: 500 });
            assertProblem(answers[0], 400, 'MALFORMED_REQUEST', path);
        }
    });
});

describe('an address', () => {
    it('that is nowhere gets 404 and the security headers', async () => {
        for (const path of ['/nothing', '/api/v1/quotes/a/b', '/api/v1//quotes', '/api/v1/../v1/clock', '/.git/config', '/metrics', '/%2e%2e/etc/passwd']) {
            const { answers } = await converse(platform.port, [head(`GET ${path}`)], { quiet: 500 });
            assertProblem(answers[0], 404, 'NO_SUCH_ADDRESS', path);
        }
    });

    it('says which methods it takes', async () => {
        for (const method of ['DELETE', 'PUT', 'PATCH', 'POST']) {
            const { answers } = await converse(platform.port, [head(`${method} /api/v1/quotes`, 'Content-Length: 0')], { quiet: 500 });
            assertProblem(answers[0], 405, 'METHOD_NOT_ALLOWED', method);
            assert.equal(answers[0].headers.allow, 'GET, HEAD, OPTIONS');
        }
        const { answers } = await converse(platform.port, [head('OPTIONS /api/v1/symbols')], { quiet: 500 });
        assert.equal(answers[0].status, 204);
        assert.equal(answers[0].headers.allow, 'GET, HEAD, POST, OPTIONS');
    });

    it('tells a foreign page nothing', async () => {
        const { answers } = await converse(platform.port, [head('OPTIONS /api/v1/symbols', 'Origin: https://evil.example',
            'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization')], { quiet: 500 });
        const names = Object.keys(answers[0].headers).filter(name => name.startsWith('access-control-'));
        assert.deepEqual(names, []);
    });

    it('answers HEAD with the head of GET', async () => {
        const { answers, text } = await converse(platform.port, [head('HEAD /api/v1/quotes?symbols=NONE')], { quiet: 500 });
        assert.ok(text.endsWith('\r\n\r\n'));
        assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
        assert.equal(answers[0].headers['content-length'], String('{"quotes":[]}'.length));
    });

    it('takes each parameter once and by its name', async () => {
        for (const [path, field] of [['/api/v1/symbols?limit=1&limit=2', 'limit'], ['/api/v1/symbols?lmit=1', 'lmit'],
            ['/api/v1/symbols?limit=0', 'limit'], ['/api/v1/symbols?limit=501', 'limit'], ['/api/v1/symbols?limit=1e2', 'limit'],
            ['/api/v1/symbols?status=dead', 'status'], ['/api/v1/quotes', 'symbols'], ['/api/v1/quotes/IBM?x=1', 'x']]) {
            const reply = await platform.request('GET', path);
            assert.equal(reply.status, 422, `${path}: ${reply.text}`);
            assert.equal(reply.body.errors[0].field, field, path);
        }
    });

    it('makes no difference between a slash at the end and none', async () => {
        for (const path of ['/api/v1/symbols', '/api/v1/clock', '/docs', '/healthz'])
            assert.equal((await platform.request('GET', `${path}/`)).status, (await platform.request('GET', path)).status, path);
    });
});

describe('who is asking', () => {
    it('is asked for where it matters, in the form of RFC 6750', async () => {
        for (const path of ['/api/v1/portfolios', '/api/v1/users/me', '/api/v1/orders', '/api/users/ada/', '/transactions/ada/']) {
            const reply = await platform.request('GET', path);
            assert.equal(reply.status, 401, path);
            assert.match(reply.headers.get('www-authenticate'), /^Bearer/, path);
        }
    });

    it('is not believed without a valid token', async () => {
        for (const value of ['Bearer', 'Bearer ', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'bearer eyJhbGciOiJub25lIn0.e30.']) {
            const reply = await platform.request('GET', '/api/v1/portfolios', { headers: { authorization: value } });
            assert.equal(reply.status, 401, value);
        }
    });

    it('does not register with a password that is tried first, or an address that is none', async () => {
        for (const [field, value] of [['password', 'password123'], ['password', 'trading2024'], ['password', 'short'], ['email', 'nowhere']]) {
            const reply = await platform.request('POST', '/api/v1/users',
                { body: { username: 'eve', email: 'eve@example.org', password: 'correct horse battery', [field]: value } });
            assert.equal(reply.status, 400, value);
            assert.equal(reply.body.errors[0].field, field);
        }
    });

    it('has to wait after ten wrong logins, whether the name is known or not', async () => {
        await platform.trader('guessed');
        for (const username of ['guessed', 'nobody.at.all']) {
            const login = () => platform.request('POST', '/api/v1/auth/login', { body: { username, password: 'wrong horse' } });
            for (let i = 0; i < 10; i++)
                assert.equal((await login()).status, 401);
            const reply = await login();
            assert.equal(reply.status, 429, reply.text);
            assert.equal(reply.body.reason, 'TOO_MANY_REQUESTS');
            assert.ok(Number(reply.headers.get('retry-after')) > 0);
        }
    });

    it('cannot give a key that is no key', async () => {
        const token = await platform.administrator();
        for (const key of ['a'.repeat(256), '\u00e9']) {
            const reply = await platform.request('POST', '/api/v1/portfolios', { token, headers: { 'idempotency-key': key }, body: { name: 'x' } });
            assert.equal(reply.status, 422, key);
            assert.equal(reply.body.errors[0].field, 'Idempotency-Key');
        }
    });

    it('gets the same answer again for the same key', async () => {
        const { token } = await platform.trader('twice');
        const options = { token, headers: { 'idempotency-key': 'open-tech' }, body: { name: 'Tech' } };
        const first = await platform.request('POST', '/api/v1/portfolios', options);
        assert.equal(first.status, 201, first.text);
        assert.equal(first.headers.get('idempotent-replayed'), null);
        const again = await platform.request('POST', '/api/v1/portfolios', options);
        assert.equal(again.status, 201, again.text);
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        assert.equal(again.body.id, first.body.id);
        const other = await platform.request('POST', '/api/v1/portfolios', { ...options, body: { name: 'Other' } });
        assert.equal(other.status, 422, other.text);
        assert.equal(other.body.reason, 'IDEMPOTENCY_KEY_REUSED');
    });
});

describe('the documentation', () => {
    it('is an OpenAPI document without errors', async () => {
        const reply = await platform.request('GET', '/openapi.json');
        assert.equal(reply.status, 200);
        assert.match(reply.body.openapi, /^3\.1\./);
        assert.ok(reply.body.paths['/api/v1/portfolios/{portfolio_id}/orders'].post);
        const file = `${platform.data}/openapi.json`;
        writeFileSync(file, reply.text);
        const linter = new URL('../node_modules/.bin/redocly', import.meta.url).pathname;
        const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
        await promisify(execFile)(linter, ['lint', '--format=stylish', file], { timeout: 60000, env })
            .catch(error => assert.fail(`${error.message}\n${error.stdout}${error.stderr}`));
    });

    it('is not sent again to who has it', async () => {
        const etag = (await platform.request('GET', '/openapi.json')).headers.get('etag');
        const again = await platform.request('GET', '/openapi.json', { headers: { 'if-none-match': etag } });
        assert.equal(again.status, 304);
        assert.equal(again.text, '');
    });

    it('is shown by Swagger UI from this server alone', async () => {
        for (const path of ['/docs/', '/swagger/']) {
            const page = await platform.request('GET', path);
            assert.equal(page.status, 200);
            assert.match(page.headers.get('content-security-policy'), /script-src 'self';/);
            assert.doesNotMatch(page.headers.get('content-security-policy'), /unsafe/);
            assert.doesNotMatch(page.text, /https?:\/\//);
            assert.doesNotMatch(page.text, /<script>|style="|onclick/);
            const files = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(found => found[1]);
            assert.ok(files.length >= 4);
            for (const file of files) {
                const reply = await platform.request('GET', file);
                assert.equal(reply.status, 200, file);
                assert.match(reply.headers.get('cache-control'), /immutable/);
            }
        }
        assert.equal((await platform.request('GET', '/assets/000000000000/swagger-ui.css')).status, 404);
    });

    it('is compressed for who takes that', async () => {
        const page = (await platform.request('GET', '/docs')).text;
        const script = page.match(/"(\/assets\/[^"]+bundle\.js)"/)[1];
        const plain = await converse(platform.port, [head(`GET ${script}`, 'Accept-Encoding: gzip;q=0')], { quiet: 500 });
        const packed = await converse(platform.port, [head(`GET ${script}`, 'Accept-Encoding: br, gzip')], { quiet: 500 });
        assert.equal(plain.answers[0].headers['content-encoding'], undefined);
        assert.equal(packed.answers[0].headers['content-encoding'], 'gzip');
        assert.equal(gunzipSync(Buffer.from(packed.answers[0].body, 'latin1')).toString('latin1'), plain.answers[0].body);
    });

    it('explains every reason', async () => {
        const page = await platform.request('GET', '/docs/errors');
        assert.equal(page.status, 200);
        for (const reason of ['INSUFFICIENT_FUNDS', 'IDEMPOTENCY_KEY_REUSED', 'REQUEST_TIMEOUT'])
            assert.match(page.text, new RegExp(`<tr id="${reason}">`));
    });
});

describe('the paths of the systems before', () => {
    let admin;
    let ada;

    before(async () => {
        admin = await platform.administrator();
        ada = await platform.trader('grace');
        await platform.import('OLDY', toCsv(madeUpBars(4)), admin);
        await platform.step('2014-02-03T15:00:00Z', admin);
        await until('a price', async () => (await platform.request('GET', '/api/v1/quotes/OLDY')).status === 200);
    });

    it('create users as an administrator and show them with their balance', async () => {
        const created = await platform.expect(201, 'POST', '/api/users/', { token: admin, body: { username: 'linus', balance: '1000.00' } });
        assert.deepEqual(Object.keys(created), ['id', 'username', 'balance', 'created_at']);
        const shown = await until('the balance', async () => {
            const user = await platform.expect(200, 'GET', '/users/linus/', { token: admin });
            return user.balance === '1000.00' && user;
        });
        assert.equal(shown.id, created.id);
        const nobody = await platform.request('GET', '/api/users/nobody/', { token: admin });
        assert.equal(nobody.status, 404);
        assert.equal(nobody.body.error, 'User not found');
        const twice = await platform.request('POST', '/api/users/', { token: admin, body: { username: 'linus', balance: 1 } });
        assert.equal(twice.status, 409, twice.text);
        const missing = await platform.request('POST', '/api/users/', { token: admin, body: { balance: 1 } });
        assert.equal(missing.status, 400, missing.text);
    });

    it('let anybody register with a password, and only administrators without', async () => {
        const body = { username: 'margaret', balance: '250.00', password: 'correct horse battery' };
        const created = await platform.expect(201, 'POST', '/api/users/', { body });
        assert.equal(created.username, 'margaret');
        await platform.login('margaret', body.password);
        const without = await platform.request('POST', '/users/', { body: { username: 'hamilton', balance: 1 } });
        assert.equal(without.status, 400, without.text);
        assert.equal(without.body.errors[0].field, 'password');
        assert.match(without.body.error, /password/);
    });

    it('show nobody another user', async () => {
        const reply = await platform.request('GET', '/api/users/linus/', { token: ada.token });
        assert.equal(reply.status, 404, reply.text);
        assert.equal(reply.body.error, 'User not found');
        assert.equal((await platform.request('GET', '/api/transactions/linus/', { token: ada.token })).status, 404);
    });

    it('keep daily prices with two decimals and update the same day', async () => {
        const bar = { ticker: 'SEED', open_price: '155.00', close_price: 157.5, high: '158.00', low: '154.00', volume: 1000, timestamp: '2014-02-03T00:00:00Z' };
        const created = await platform.request('POST', '/api/stocks/', { token: admin, body: bar });
        assert.equal(created.status, 201, created.text);
        assert.equal(created.body.open_price, '155.00');
        assert.equal(created.body.close_price, '157.50');
        const again = await platform.request('POST', '/stocks/', { token: admin, body: { ...bar, close_price: '156.00' } });
        assert.equal(again.status, 200, again.text);
        const forbidden = await platform.request('POST', '/api/stocks/', { token: ada.token, body: bar });
        assert.equal(forbidden.status, 403);
        const missing = await platform.request('GET', '/api/stocks/NOPE/');
        assert.equal(missing.status, 404);
        assert.equal(missing.body.error, 'Stock not found');
        const list = await platform.expect(200, 'GET', '/api/stocks/');
        assert.ok(list.some(stock => stock.ticker === 'OLDY' && /^\d+\.\d{2,}$/.test(stock.close_price)));
        assert.equal((await platform.request('GET', '/api/stocks/search/?q=')).status, 400);
        assert.ok((await platform.expect(200, 'GET', '/api/stocks/search/?q=OLD')).some(stock => stock.ticker === 'OLDY'));
        const price = await platform.expect(200, 'GET', '/stocks/oldy/price/');
        assert.deepEqual(Object.keys(price), ['price', 'change', 'change_percent', 'updated_at']);
        assert.equal((await platform.request('GET', '/api/stocks/NOPE/price/')).status, 404);
    });

    it('send browsers to the pages, and nobody else', async () => {
        const id = '01890000-0000-7000-8000-000000000000';
        const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
        const get = async (path, accept, method = 'GET', token = ada.token) => {
            const headers = { accept, ...(token && { authorization: `Bearer ${token}` }) };
            const reply = await fetch(platform.url + path, { method, redirect: 'manual', headers });
            return [reply.status, reply.headers.get('location'), reply.headers.get('vary'), reply.headers.get('content-type')];
        };
        for (const [path, page] of [['/stocks/', '/search'], ['/stocks/search/?q=OLD%20x', '/search?q=OLD%20x'], ['/stocks/OLDY/', '/symbols/OLDY'],
            ['/stocks/A%2FB/price/', '/symbols/A%2FB'], ['/users/grace/', '/settings'], ['/transactions/grace/', '/orders?status=all'],
            ['/transactions/grace/transactions_by_date/?start_timestamp=2014-02-01', '/orders?status=all'],
            ['/transactions/grace/2014-02-01/2014-03-01/', '/orders?status=all'], ['/portfolios/', '/portfolio'],
            [`/portfolios/${id}/`, `/portfolio/${id}`], [`/portfolios/${id}/summary/`, `/portfolio/${id}`],
            [`/portfolios/${id}/performance/`, `/portfolio/${id}/performance`], [`/portfolios/${id}/transactions`, `/portfolio/${id}/transactions`]])
            assert.deepEqual((await get(path, browser)).slice(0, 3), [303, page, 'Accept'], path);
        for (const accept of ['*/*', 'application/json', 'text/html;q=0'])
            assert.deepEqual(await get('/stocks/OLDY/', accept), [200, null, 'Accept', 'application/json'], accept);
        assert.deepEqual(await get('/api/stocks/OLDY/', browser), [200, null, null, 'application/json']);
        assert.equal((await get('/transactions/', browser, 'POST'))[0], 400);
        // Whoever is no administrator learns nothing of others; an administrator is led to them, and to what is his own.
        const userId = (await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token })).id;
        const adminId = (await platform.expect(200, 'GET', '/api/v1/users/me', { token: admin })).id;
        for (const [path, mine, others] of [['/users/*/', '/settings', '/admin/users/*'], ['/transactions/*/', '/orders?status=all', '/admin/users/*'],
            ['/transactions/*/2014-02-01/2014-03-01/', '/orders?status=all', '/admin/users/*']])
            for (const [token, name, page] of [[admin, 'grace', others], [admin, userId, others], [admin, 'no%20body', others], [admin, 'Admin', mine],
                [admin, adminId, mine], [ada.token, 'admin', mine], [ada.token, adminId, mine], ['not.a.token', 'grace', mine], [null, 'grace', mine]])
                assert.deepEqual((await get(path.replace('*', name), browser, 'GET', token)).slice(0, 2), [303, page.replace('*', name)], `${path} ${name}`);
        assert.equal((await get('/admin/users/grace', browser, 'GET', admin))[0], 200);
        assert.equal((await get('/admin/users/grace', browser))[0], 403);
        // What they are sent to is there.
        for (const page of ['/search?q=OLD', '/symbols/OLDY', '/settings', '/orders?status=all', '/portfolio'])
            assert.equal((await get(page, browser))[0], 200, page);
    });

    it('take transactions as pending and complete or fail them', async () => {
        const me = await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        const bought = await platform.expect(201, 'POST', '/api/transactions/',
            { token: ada.token, body: { user: me.id, ticker: 'OLDY', transaction_type: 'BUY', transaction_volume: 2 } });
        assert.deepEqual(Object.keys(bought),
            ['id', 'user', 'ticker', 'transaction_type', 'transaction_volume', 'transaction_price', 'timestamp', 'status']);
        assert.equal(bought.status, 'pending');
        assert.equal(bought.transaction_volume, 2);
        const sold = await platform.expect(201, 'POST', '/transactions/',
            { token: ada.token, body: { user: 'grace', ticker: 'OLDY', transaction_type: 'SELL', transaction_volume: 1000 } });
        const list = await until('both to be decided', async () => {
            const all = await platform.expect(200, 'GET', `/api/transactions/${me.id}/`, { token: ada.token });
            return all.every(one => one.status !== 'pending') && all;
        });
        assert.equal(list.find(one => one.id === bought.id).status, 'completed');
        assert.equal(list.find(one => one.id === sold.id).status, 'failed');
        const someone = await platform.request('POST', '/api/transactions/',
            { token: ada.token, body: { user: 'linus', ticker: 'OLDY', transaction_type: 'BUY', transaction_volume: 1 } });
        assert.equal(someone.status, 404);
        await platform.expect(201, 'POST', '/api/transactions/',
            { token: admin, body: { user: 'linus', ticker: 'OLDY', transaction_type: 'BUY', transaction_volume: 1 } });
    });

    it('refuse transactions in their own words', async () => {
        const send = body => platform.request('POST', '/api/transactions/', { token: ada.token, body });
        for (const field of ['user', 'ticker', 'transaction_type', 'transaction_volume']) {
            const body = { user: 'grace', ticker: 'OLDY', transaction_type: 'BUY', transaction_volume: 1 };
            delete body[field];
            const reply = await send(body);
            assert.equal(reply.status, 400, reply.text);
            assert.equal(reply.body.error, `Missing required field: ${field}`);
        }
        const whole = { user: 'grace', ticker: 'OLDY', transaction_type: 'BUY', transaction_volume: 1 };
        assert.equal((await send({ ...whole, transaction_type: 'STEAL' })).status, 400);
        assert.equal((await send({ ...whole, transaction_volume: -1 })).status, 400);
        assert.equal((await send({ ...whole, transaction_volume: 'many' })).status, 400);
        const stock = await send({ ...whole, ticker: 'NOPE' });
        assert.equal(stock.status, 404, stock.text);
        assert.equal(stock.body.error, 'Stock not found');
    });

    it('filter transactions by date', async () => {
        const get = path => platform.request('GET', `/api/transactions/grace${path}`, { token: ada.token });
        const period = 'start_timestamp=2014-02-01T00:00:00Z&end_timestamp=2014-03-01T00:00:00';
        assert.ok((await get(`/transactions_by_date/?${period}`)).body.length >= 2);
        assert.ok((await get(`/?${period}`)).body.length >= 2);
        assert.ok((await get('/2014-02-01/2014-03-01/')).body.length >= 2);
        assert.deepEqual((await get('/?start_timestamp=2015-01-01')).body, []);
        const half = await get('/transactions_by_date/?start_timestamp=2014-02-01');
        assert.equal(half.status, 400);
        assert.equal(half.body.error, 'Both start_timestamp and end_timestamp are required. Use ISO 8601 format.');
        const wrong = await get('/transactions_by_date/?start_timestamp=soon&end_timestamp=later');
        assert.equal(wrong.status, 400);
        assert.equal(wrong.body.error, 'Invalid date format. Use ISO 8601.');
    });

    it('keep portfolios and trade in them at the market price, whatever price is sent', async () => {
        const created = await platform.expect(201, 'POST', '/api/portfolios/',
            { token: ada.token, body: { name: 'Old', cash_balance: '5000.00' } });
        assert.equal(created.cash_balance, '5000.00');
        const at = `/api/portfolios/${created.id}`;
        const trade = await platform.expect(201, 'POST', `${at}/transactions/`,
            { token: ada.token, body: { stock_symbol: 'OLDY', quantity: 3, price: '0.01', transaction_type: 'buy' } });
        assert.equal(trade.success, true);
        const [entry] = (await platform.expect(200, 'GET', `${at}/transactions/`, { token: ada.token })).filter(one => one.stock_symbol === 'OLDY');
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/OLDY');
        assert.equal(entry.price, quote.price);
        assert.equal(entry.quantity, 3);
        const summary = await platform.expect(200, 'GET', `${at}/summary/`, { token: ada.token });
        assert.equal(summary.position_count, 1);
        assert.equal(summary.total_value, '5000.00');
        const refused = await platform.request('POST', `${at}/transactions/`,
            { token: ada.token, body: { stock_symbol: 'OLDY', quantity: 1000000, price: '0.01', transaction_type: 'buy' } });
        assert.equal(refused.status, 403, refused.text);
        assert.equal(refused.body.reason, 'INSUFFICIENT_FUNDS');
        assert.equal((await platform.expect(200, 'PATCH', `${at}/`, { token: ada.token, body: { name: 'Older' } })).name, 'Older');
        const position = await platform.request('POST', '/api/positions/', { token: ada.token, body: {} });
        assert.equal(position.status, 400);
        assert.equal(position.body.error, 'Positions cannot be created directly. Place a buy order instead.');
        assert.equal((await platform.request('GET', `${at}/`, { token: admin })).status === 200, true);
        const eve = await platform.trader('eve2');
        assert.equal((await platform.request('GET', `${at}/`, { token: eve.token })).status, 404);
    });
});

describe('a gateway that is told to stop', () => {
    it('goes on serving for a moment, says so, and ends', async () => {
        const stopping = await Replica.start(platform, 'gateway', { BOURSE_DRAIN_DELAY_MS: '2000' });
        const { port } = new URL(stopping.url);
        stopping.process.kill('SIGTERM');
        const { answers: [health] } = await until('/healthz to say so', async () => {
            const heard = await converse(port, [head('GET /healthz')], { quiet: 200 });
            return heard.answers[0]?.status === 503 && heard.answers[0].headers.connection === 'close' && heard;
        }, 3);
        assert.ok(Number(health.headers['retry-after']) >= 1);
        assert.deepEqual(JSON.parse(health.body), { status: 'not ready', reasons: ['stopping'], degraded: [] });
        const { answers: [quotes], closed } = await converse(port, [head('GET /api/v1/quotes?symbols=OLDY')], { quiet: 500 });
        assert.equal(quotes.status, 200);
        assert.ok(closed);
        assert.equal(await stopping.ended, 0);
    });

    it('is there again when the launcher has started it again', async () => {
        const before = platform.pid('gateway');
        process.kill(before, 'SIGTERM');
        await until('a new gateway', async () =>
            platform.pid('gateway') !== before && (await platform.request('GET', '/healthz')).status === 200, 30);
    });
});
