// SPDX-License-Identifier: MIT
// What carries the requests: TLS, proxies in front, the headers of every answer, and connections that are
// opened to keep others out.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { Authority } from '../support/certificates.mjs';
import { Platform, madeUpBars, root, toCsv, until } from '../support/platform.mjs';
import { freePort } from '../support/ports.mjs';
import { answersIn, converse } from '../support/raw_http.mjs';
import { Stream } from '../support/web_socket.mjs';

const PROXY = '127.0.0.2'; // where the trusted proxy of this test is
const ALLOWED_ORIGIN = 'https://friend.example';

let platform;
let authority;
let httpsPort;
let files;

before(async () => {
    authority = new Authority();
    const pair = authority.issue('first');
    files = { certificate: authority.write('server.pem', pair.certificate), key: authority.write('server.key', pair.key) };
    httpsPort = await freePort();
    platform = await Platform.start({ env: {
        BOURSE_HTTPS_LISTEN: `127.0.0.1:${httpsPort}`,
        BOURSE_TLS_CERTIFICATE_FILE: files.certificate,
        BOURSE_TLS_KEY_FILE: files.key,
        BOURSE_HTTPS_CONNECTIONS: '2500',
        BOURSE_TRUSTED_PROXIES: `${PROXY}, 10.0.0.0/8, 2001:db8::/32`,
        BOURSE_ALLOWED_ORIGINS: ALLOWED_ORIGIN,
    } });
});
after(async () => {
    await platform?.stop();
    authority?.remove();
});

const head = (request, ...lines) => [request + ' HTTP/1.1', 'Host: bourse.test', ...lines, '', ''].join('\r\n');
const trusting = () => ({ ca: authority.root });

// The lines of the gateway's log with that event.
function logged(event) {
    return readFileSync(join(platform.data, 'log', 'gateway.log'), 'utf8').split('\n')
        .filter(line => line.includes(`"event":"${event}"`)).map(line => JSON.parse(line));
}

// A TLS connection, once it is there: the socket, or the error it failed with.
function handshake(options = {}) {
    return new Promise(done => {
        const socket = connectTls({ port: httpsPort, host: '127.0.0.1', ...trusting(), ...options });
        socket.once('secureConnect', () => done(socket));
        socket.once('error', done);
    });
}

async function peerOfNewConnection() {
    const socket = await handshake();
    assert.ok(!(socket instanceof Error), String(socket));
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
}

describe('TLS', () => {
    it('is spoken from 1.2 on, with a chain that a client needs only the root for', async () => {
        for (const version of ['TLSv1.2', 'TLSv1.3']) {
            const socket = await handshake({ minVersion: version, maxVersion: version });
            assert.ok(!(socket instanceof Error), `${version}: ${socket}`);
            assert.ok(socket.authorized, `${version}: ${socket.authorizationError}`);
            assert.equal(socket.getProtocol(), version);
            socket.destroy();
        }
        for (const version of ['TLSv1', 'TLSv1.1']) {
            const error = await handshake({ minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
            assert.ok(error instanceof Error, version);
            // The alert is the server's; without it the client would not have tried.
            assert.match(error.code ?? '', /ALERT_PROTOCOL_VERSION/, `${version}: ${error}`);
        }
    });

    it('uses ciphers with forward secrecy and authenticated encryption alone', async () => {
        const only = ciphers => handshake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` });
        for (const good of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305']) {
            const socket = await only(good);
            assert.ok(!(socket instanceof Error), `${good}: ${socket}`);
            socket.destroy();
        }
        for (const weak of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-CCM8', 'AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256']) {
            const error = await only(weak);
            assert.ok(error instanceof Error, weak);
            assert.match(error.code ?? '', /ALERT_HANDSHAKE_FAILURE/, `${weak}: ${error}`);
        }
    });

    it('speaks HTTP/1.1, whatever else is offered', async () => {
        const socket = await handshake({ ALPNProtocols: ['h2', 'http/1.1'] });
        assert.equal(socket.alpnProtocol, 'http/1.1');
        socket.destroy();
    });

    it('carries everything that plain HTTP does, and large things whole', async () => {
        const token = await platform.administrator();
        const page = (await platform.request('GET', '/docs')).text;
        const script = page.match(/"(\/assets\/[^"]+bundle\.js)"/)[1];
        const plain = await converse(platform.port, [head(`GET ${script}`, 'Connection: close')], { quiet: 5000 });
        const secure = await converse(httpsPort, [head(`GET ${script}`, 'Connection: close')], { quiet: 5000, tls: trusting() });
        assert.ok(plain.answers[0].body.length > 1e6);
        assert.equal(secure.answers[0].body, plain.answers[0].body);

        const csv = toCsv(madeUpBars(7));
        const { answers: [imported] } = await converse(httpsPort, [head('POST /api/v1/bars:import?ticker=TLSY', `Authorization: Bearer ${token}`,
            'Content-Type: text/csv', `Content-Length: ${csv.length}`), csv], { tls: trusting() });
        assert.equal(imported.status, 200, imported.body);
        const { answers: [refused], closed } = await converse(httpsPort, [head('POST /api/v1/users', 'Content-Type: application/json',
            'Content-Length: 20000000'), Buffer.alloc(20e6, 0x20)], { tls: trusting(), quiet: 5000 });
        assert.equal(refused.status, 413);
        assert.ok(closed);
    });

    it('takes many requests on one connection, sent at once', async () => {
        const { answers } = await converse(httpsPort, [head('GET /healthz').repeat(40)], { tls: trusting(), quiet: 1000 });
        assert.equal(answers.length, 40);
        assert.ok(answers.every(answer => answer.status === 200));
    });

    it('has the same limits of time: half a body gets 408, half a head and no handshake are closed', async () => {
        const slowly = [head('POST /api/v1/users', 'Content-Type: application/json', 'Content-Length: 100')];
        for (let i = 0; i < 30; i++)
            slowly.push(' ', 300);
        const [body, half, none] = await Promise.all([
            converse(httpsPort, slowly, { tls: trusting(), quiet: 9000 }),
            converse(httpsPort, ['GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half'], { tls: trusting(), quiet: 9000 }),
            converse(httpsPort, ['\x16\x03\x01'], { quiet: 9000 })]);
        assert.equal(body.answers[0]?.status, 408, body.text);
        assert.ok(body.ms < 9000, `${body.ms} ms`);
        for (const heard of [half, none]) {
            assert.ok(heard.closed && heard.ms >= 4500 && heard.ms < 7000, `${heard.ms} ms`);
            assert.equal(heard.text, '');
        }
    });

    it('carries a WebSocket, in both directions', async () => {
        const token = await platform.administrator();
        const stream = await Stream.open(`https://127.0.0.1:${httpsPort}`, trusting());
        assert.equal((await stream.ask({ authenticate: { token } })).type, 'authenticated');
        await stream.ask({ subscribe: ['orders'] });
        await stream.wait('the open orders', one => one.type === 'orders');
        stream.socket.close(1000);
        assert.equal((await stream.end()).code, 1000);
    });

    it('lets nobody in by the port behind it', async () => {
        const known = new Set([platform.port, httpsPort]);
        for (const port of listeningPorts(platform.pid('gateway')).filter(port => !known.has(port) && port !== adminPort('gateway'))) {
            const { answers, closed } = await converse(port, [head('GET /api/v1/clock', 'X-Forwarded-For: 192.0.2.1')]);
            assert.ok(closed);
            assert.equal(answers[0].status, 404);
            assert.match(answers[0].body, /Nothing is answered at this port/);
            known.add(port);
        }
        assert.equal(known.size, 3, 'the port was not found');
    });
});

function adminPort(service) {
    return Number(readFileSync(join(platform.data, 'ports'), 'utf8').match(new RegExp(`^${service} \\d+ (\\d+)`, 'm'))[1]);
}

// The TCP ports that a process listens on.
function listeningPorts(pid) {
    const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map(fd => {
        try {
            return readlinkSync(`/proc/${pid}/fd/${fd}`).match(/^socket:\[(\d+)\]$/)?.[1];
        } catch {
            return undefined; // closed meanwhile
        }
    }));
    return readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1).map(line => line.trim().split(/\s+/))
        .filter(fields => fields[3] === '0A' && inodes.has(fields[9])).map(fields => parseInt(fields[1].split(':')[1], 16));
}

describe('a certificate', () => {
    // Requests on one connection, one after the other, until told to stop.
    function keepAsking(socket) {
        let stopped = false;
        const statuses = [];
        const asking = (async () => {
            while (!stopped) {
                const answer = new Promise((done, fail) => {
                    socket.once('data', done);
                    socket.once('close', () => fail(new Error('the connection was closed')));
                });
                socket.write(head('GET /healthz'));
                statuses.push(answersIn((await answer).toString('latin1'))[0].status);
                await new Promise(next => setTimeout(next, 100)); // between two requests
            }
        })();
        return { statuses, stop: () => { stopped = true; return asking; } };
    }

    it('that is replaced serves new connections within seconds, while the old ones go on', async () => {
        const old = await handshake();
        const asking = keepAsking(old);
        const pair = authority.issue('second');
        authority.write('server.pem', pair.certificate);
        authority.write('server.key', pair.key);
        await until('the new certificate', async () => await peerOfNewConnection() === 'second', 5);
        await asking.stop();
        assert.ok(asking.statuses.length > 5 && asking.statuses.every(status => status === 200), asking.statuses.join());
        assert.equal(old.getPeerCertificate().subject.CN, 'first');
        old.destroy();
    });

    it('that is half written, of another key or with a key for all to read is refused, and the old one goes on', async () => {
        const pair = authority.issue('third');
        const wrong = [
            ['key does not belong', () => authority.write('server.key', pair.key), /does not belong/],
            ['half a certificate', () => authority.write('server.pem', pair.certificate.slice(0, 400)), /server\.pem is not a PEM file/],
            ['no certificate', () => authority.write('server.pem', ''), /server\.pem is not a PEM file/],
            ['a key for all', () => {
                authority.write('server.pem', pair.certificate);
                authority.write('server.key', pair.key, 0o644);
            }, /server\.key can be read by everybody/],
        ];
        for (const [what, write, message] of wrong) {
            const before = logged('tls_certificate_refused').length;
            write();
            const line = await until(`a line about ${what}`, () => logged('tls_certificate_refused')[before], 5);
            assert.equal(line.level, 'warning');
            assert.match(line.message, message, what);
            assert.equal(await peerOfNewConnection(), 'second', what);
        }
        authority.write('server.key', pair.key);
        await until('the pair that is good at last', async () => await peerOfNewConnection() === 'third', 5);
    });

    it('keeps a gateway from starting when its key can be read by all, is missing or of another certificate', async () => {
        const pair = authority.issue('other');
        const certificate = authority.write('other.pem', pair.certificate);
        const key = authority.write('other.key', pair.key);
        const base = { 'https-listen': '127.0.0.1:0', 'tls-certificate-file': certificate, 'tls-key-file': key };
        const cases = [
            [{ 'tls-key-file': authority.write('open.key', pair.key, 0o644) }, /open\.key can be read by everybody: chmod o= /],
            [{ 'tls-key-file': join(authority.folder, 'nothing') }, /nothing cannot be opened/],
            [{ 'tls-key-file': files.key }, /does not belong to the certificate/],
            [{ 'tls-key-file': '' }, /--tls-key-file is missing/],
            [{ 'https-listen': '' }, /--https-listen is missing/],
            [{ 'tls-certificate-file': '/dev/null' }, /\/dev\/null is not a PEM file/],
            [{ 'https-listen': '::1:8443' }, /--https-listen must be host:port/],
            [{ 'https-listen': `127.0.0.1:${httpsPort}` }, /Cannot listen on 127\.0\.0\.1:\d+ for TLS/],
            [{ 'trusted-proxies': '10.0.0.0/33' }, /--trusted-proxies must be addresses/],
            [{ 'https-listen': '', 'tls-certificate-file': '', 'tls-key-file': '', 'http-listen': '' }, /are both empty/],
        ];
        for (const [change, message] of cases) {
            const said = await startGateway({ ...base, ...change });
            assert.match(said, message, JSON.stringify(change));
            assert.match(said, /"reason":"INVALID_SETTING"/);
        }
    });

    // Starts a gateway that must end by itself; gives what it logged.
    async function startGateway(settings) {
        const all = { 'http-listen': '127.0.0.1:0', 'admin-listen': '', 'mesh-key-file': join(platform.data, 'secrets', 'mesh.key'), ...settings };
        for (const peer of ['auth', 'market', 'portfolio', 'trading'])
            all[`${peer}-address`] = '127.0.0.1:9';
        const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
        const program = join(root, 'build', platform.env.BOURSE_PRESET, 'bin', 'bourse-gateway');
        return new Promise((done, fail) => execFile(program, args, { timeout: 20000 }, (error, stdout, stderr) =>
            error?.code === 1 ? done(stderr) : fail(new Error(`${JSON.stringify(settings)}: ${error} ${stderr}`))));
    }
});

describe('the address of a client', () => {
    // What the log says of who asked.
    async function clientOf(lines, options = {}) {
        const { answers: [answer] } = await converse(options.tls ? httpsPort : platform.port,
            [head('GET /nowhere', 'Connection: close', ...lines)], options);
        assert.equal(answer.status, 404);
        const id = answer.headers['x-request-id'];
        const line = await until('the line in the log', () => logged('request').find(entry => entry.request_id === id), 5);
        return { client: line.client, isSecure: 'strict-transport-security' in answer.headers };
    }

    it('is the peer, whatever a peer says that is no trusted proxy', async () => {
        for (const lines of [[], ['X-Forwarded-For: 192.0.2.1'], [`X-Forwarded-For: ${PROXY}`, 'X-Forwarded-Proto: https']])
            assert.deepEqual(await clientOf(lines), { client: '127.0.0.1', isSecure: false });
        assert.deepEqual(await clientOf(['X-Forwarded-For: 192.0.2.1'], { tls: trusting() }), { client: '127.0.0.1', isSecure: true });
    });

    it('is what a trusted proxy says, read from the right', async () => {
        const cases = [
            [['X-Forwarded-For: 192.0.2.1'], '192.0.2.1'],
            [['X-Forwarded-For: 127.0.0.1, 203.0.113.9, 192.0.2.1, 10.0.0.7'], '192.0.2.1'],
            [['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-For: [2001:DB9::1]:443'], '2001:db9::1'],
            [['X-Forwarded-For: 203.0.113.9, garbage'], PROXY],
            [['X-Forwarded-For: garbage, 10.0.0.7'], '10.0.0.7'],
            [['Forwarded: for=203.0.113.9'], PROXY],
            [[], PROXY],
        ];
        for (const [lines, client] of cases)
            assert.equal((await clientOf(lines, { from: PROXY })).client, client, lines.join());
    });

    it('counts as on TLS when a trusted proxy says so', async () => {
        assert.equal((await clientOf(['X-Forwarded-Proto: https'], { from: PROXY })).isSecure, true);
        for (const value of ['http', 'https, http', 'httpsx'])
            assert.equal((await clientOf([`X-Forwarded-Proto: ${value}`], { from: PROXY })).isSecure, false, value);
    });
});

// Every answer there can be, of each status: [what, request, status].
function everyKind(token) {
    const json = 'Content-Type: application/json';
    return [
        ['data', head('GET /api/v1/quotes?symbols=NONE'), 200],
        ['data of a user', head('GET /api/v1/portfolios', `Authorization: Bearer ${token}`), 200],
        ['a page', head('GET /docs'), 200],
        ['the first page', head('GET /'), 200],
        ['a page that is missing', head('GET /nothing', 'Accept: text/html'), 404],
        ['a page with a slash', head('GET /docs/'), 200],
        ['errors', head('GET /docs/errors'), 200],
        ['health', head('GET /healthz'), 200],
        ['a preflight', head('OPTIONS /api/v1/symbols', `Origin: ${ALLOWED_ORIGIN}`, 'Access-Control-Request-Method: POST'), 204],
        ['a foreign preflight', head('OPTIONS /api/v1/symbols', 'Origin: https://evil.example', 'Access-Control-Request-Method: POST'), 204],
        ['HEAD', head('HEAD /api/v1/quotes?symbols=NONE'), 200],
        ['nothing', head('GET /nothing'), 404],
        ['no token', head('GET /api/v1/portfolios'), 401],
        ['another method', head('DELETE /api/v1/quotes'), 405],
        ['another type', head('POST /api/v1/users', 'Content-Type: text/plain', 'Content-Length: 2') + '{}', 415],
        ['no JSON', head('POST /api/v1/users', json, 'Content-Length: 1') + '{', 400],
        ['a rule that is broken', head('GET /api/v1/symbols?limit=0'), 422],
        ['a large body', head('POST /api/v1/users', json, 'Content-Length: 20000000'), 413],
        ['chunks', head('POST /api/v1/users', json, 'Transfer-Encoding: chunked'), 411],
        ['many headers', head('GET /', ...Array.from({ length: 70 }, (_, i) => `X-${i}: 1`)), 431],
        ['half a head', 'GET / HTTP/1.1\r\nHost: x\r\nX-Half', 408],
        ['half a body', head('POST /api/v1/users', json, 'Content-Length: 9') + '{', 408],
        ['no HTTP', 'HELLO\r\n\r\n', 400],
        ['another version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400],
        ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
        ['TRACE', head('TRACE /healthz', 'X-Secret: planted'), 400],
    ];
}

describe('the headers of an answer', () => {
    const everywhere = {
        'x-content-type-options': /^nosniff$/,
        'x-frame-options': /^DENY$/,
        'cross-origin-opener-policy': /^same-origin$/,
        'cross-origin-resource-policy': /^same-origin$/,
        'permissions-policy': /camera=\(\).*geolocation=\(\).*microphone=\(\).*payment=\(\)/,
        'content-security-policy': /default-src 'none';.*base-uri 'none';.*object-src 'none';.*frame-ancestors 'none'/,
        'x-request-id': /^[0-9a-f-]{36}$/,
    };
    let token;

    before(async () => {
        ({ token } = await platform.trader('header.reader'));
    });

    it('protect every kind of answer, civetweb\'s own errors included', async () => {
        const heard = await Promise.all(everyKind(token).map(([, request]) => converse(platform.port, [request], { quiet: 6500 })));
        everyKind(token).forEach(([what, , status], i) => {
            const [answer] = heard[i].answers;
            assert.equal(answer?.status, status, `${what}: ${heard[i].text}`);
            // The forms of our pages could not be told from others' without it: no-referrer makes their Origin null.
            const referrer = ['the first page', 'a page that is missing', 'errors'].includes(what) ? /^same-origin$/ : /^no-referrer$/;
            for (const [name, pattern] of Object.entries({ ...everywhere, 'referrer-policy': referrer }))
                assert.match(answer.headers[name] ?? '', pattern, `${what}: ${name}`);
            assert.doesNotMatch(answer.headers['content-security-policy'], /unsafe|\*/, what);
            assert.equal(answer.headers['strict-transport-security'], undefined, `${what}: HSTS over plain HTTP`);
            assert.equal(answer.headers.server, undefined, what);
            assert.equal(answer.headers.location, undefined, what);
            if (status >= 400 || what === 'data of a user')
                assert.equal(answer.headers['cache-control'], 'no-store', what);
            else
                assert.match(answer.headers['cache-control'], /no-store|no-cache/, what);
            if (/^text\/html/.test(answer.headers['content-type'] ?? ''))
                assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8', what);
            assert.doesNotMatch(heard[i].text, /planted/, what);
        });
    });

    it('tell browsers on TLS to stay there, on every kind of answer', async () => {
        // Half a head is closed without an answer here.
        const kinds = everyKind(token).filter(([what]) => what !== 'half a head');
        const heard = await Promise.all(kinds.map(([, request]) => converse(httpsPort, [request], { quiet: 6500, tls: trusting() })));
        kinds.forEach(([what, , status], i) => {
            const [answer] = heard[i].answers;
            assert.equal(answer?.status, status, `${what}: ${heard[i].text}`);
            const [, age] = answer.headers['strict-transport-security']?.match(/^max-age=(\d+); includeSubDomains$/) ?? [];
            assert.ok(Number(age) >= 31536000, what);
        });
    });

    it('let the pages of an allowed origin read, and of no other', async () => {
        const ask = origin => converse(platform.port, [head('GET /api/v1/quotes?symbols=NONE', `Origin: ${origin}`)], { quiet: 300 });
        const allowed = (await ask(ALLOWED_ORIGIN)).answers[0].headers;
        assert.equal(allowed['access-control-allow-origin'], ALLOWED_ORIGIN);
        // A browser asks for Cross-Origin-Resource-Policy only where CORS is not used.
        assert.equal(allowed['cross-origin-resource-policy'], 'same-origin');
        // They page tables, and go on with an import.
        assert.match(allowed['access-control-expose-headers'], /\bX-Next-Page-Token\b/);
        const { answers } = await converse(platform.port, [head('OPTIONS /api/v1/bars:import', `Origin: ${ALLOWED_ORIGIN}`,
            'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: content-range')], { quiet: 300 });
        assert.match(answers[0].headers['access-control-allow-headers'], /\bContent-Range\b/);
        for (const origin of ['https://evil.example', 'https://friend.example.evil.example', 'null', 'http://friend.example'])
            assert.equal((await ask(origin)).answers[0].headers['access-control-allow-origin'], undefined, origin);
    });
});

describe('the public port', () => {
    it('has no way in that is not the API', async () => {
        for (const path of ['/metrics', '/debug', '/debug/pprof', '/.git', '/.git/config', '/.env', '/readyz', '/livez', '/docs/files', '/assets', '/server-status'])
            assert.equal((await platform.request('GET', path)).status, 404, path);
        for (const method of ['TRACE', 'TRACK', 'CONNECT', 'PROPFIND', 'DEBUG', 'MKCOL']) {
            const { answers, text } = await converse(platform.port, [head(`${method} /healthz`, 'X-Secret: planted')]);
            assert.ok([400, 404, 405].includes(answers[0]?.status), `${method}: ${text}`);
            assert.doesNotMatch(text, /planted/, method);
        }
    });

    it('sends nobody to another site, whatever the address and the Host: only pages have a Location, and it is a path of ours', async () => {
        const targets = ['//evil.example/', '//evil.example/..', '/\\evil.example', '/\\/evil.example', '/docs//evil.example', '//evil.example/docs',
            '/docs/..//evil.example', '/%2f%2fevil.example', '/%5cevil.example', '/docs/?next=//evil.example', '/docs/%0d%0aLocation:%20//evil.example',
            'http://evil.example/docs', 'http://evil.example/docs/', 'https://evil.example', '/docs', '/docs/', '/swagger', '/api/v1/symbols/', '/users', '/'];
        for (const target of targets)
            for (const host of ['bourse.test', 'evil.example', 'evil.example:80', 'x@evil.example', 'evil.example/path']) {
                const { text } = await converse(platform.port, [`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`], { quiet: 300 });
                const [headText] = text.split('\r\n\r\n');
                assert.doesNotMatch(headText, /^location:/im, `${target} ${host}`);
                assert.doesNotMatch(headText, /evil/, `${target} ${host}`);
                assert.doesNotMatch(headText, /^HTTP\/1\.1 3/, `${target} ${host}`);
            }
        for (const target of ['/dashboard', '/dashboard/', '/orders?next=//evil.example', '/portfolio/%2f%2fevil.example', '/orders?%0d%0aLocation:%20//evil'])
            for (const host of ['bourse.test', 'evil.example', 'x@evil.example']) {
                const { answers } = await converse(platform.port, [`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`], { quiet: 300 });
                assert.equal(answers[0].status, 303, target);
                // What was asked for is encoded whole, so that it is one parameter.
                assert.match(answers[0].headers.location, /^\/login\?next=\/[A-Za-z0-9%._~/-]*$/, target);
            }
    });
});

describe('connections that are opened to keep others out', () => {
    // Opens connections from `address(i)` that send `bytes` and then nothing; gives a way to end them.
    async function openMany(count, address, bytes, port = platform.port) {
        const sockets = [];
        await Promise.all(Array.from({ length: count }, (_, i) => new Promise((done, fail) => {
            const socket = connect({ port, host: '127.0.0.1', localAddress: address(i) });
            sockets.push(socket);
            socket.on('connect', () => {
                socket.write(bytes);
                done();
            });
            socket.on('error', error => (['ECONNRESET', 'EPIPE'].includes(error.code) ? done() : fail(error)));
        })));
        return { sockets, end: () => sockets.forEach(socket => socket.destroy()) };
    }

    // How long each of some reads and writes of others took, each on a connection of its own, in milliseconds.
    async function tradeNormally(trader, seconds) {
        const took = [];
        for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
            for (const [method, path, body] of [['GET', '/api/v1/quotes?symbols=NONE'], ['GET', '/api/v1/portfolios'],
                ['POST', '/api/v1/portfolios', '{"name":"Busy"}']]) {
                const begun = Date.now();
                const lines = [`Authorization: Bearer ${trader.token}`, 'Connection: close',
                    ...(body ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : [])];
                const { answers } = await converse(platform.port, [head(`${method} ${path}`, ...lines) + (body ?? '')], { quiet: 20000 });
                assert.ok([200, 201, 403].includes(answers[0]?.status), `${method} ${path}: ${answers[0]?.body ?? 'closed'}`);
                took.push(Date.now() - begun);
            }
        }
        return took;
    }

    const half = 'GET /api/v1/clock HTTP/1.1\r\nHost: x\r\nX-Half';
    const one = i => () => `127.0.7.${i}`;
    const many = i => `127.8.${i >> 8}.${(i & 255) || 1}`;

    for (const [what, address] of [['one address', one(1)], ['as many addresses', many]])
        it(`from ${what}, 300 half heads and 2,000 that say nothing, leave others what they need`, async t => {
            const trader = await platform.trader(`busy.${what.replaceAll(' ', '.')}`);
            const heads = await openMany(300, address, half);
            t.after(heads.end);
            const idle = await openMany(2000, address, '');
            t.after(idle.end);
            const took = await tradeNormally(trader, 8);
            const worst = Math.max(...took);
            t.diagnostic(`${took.length} requests, the slowest took ${worst} ms, the middle one ${[...took].sort((a, b) => a - b)[took.length >> 1]} ms`);
            assert.ok(worst < 3000, `${worst} ms: ${took}`);
        });

    it('on the TLS port cost others nothing', async t => {
        const trader = await platform.trader('busy.tls');
        const heads = await openMany(1000, many, '\x16\x03\x01', httpsPort);
        const idle = await openMany(1000, many, '', httpsPort);
        const took = await tradeNormally(trader, 3);
        const begun = Date.now();
        const { answers } = await converse(httpsPort, [head('GET /healthz', 'Connection: close')], { tls: trusting(), quiet: 20000 });
        t.diagnostic(`the slowest of ${took.length} plain requests took ${Math.max(...took)} ms, one over TLS ${Date.now() - begun} ms`);
        heads.end();
        idle.end();
        assert.equal(answers[0].status, 200);
        assert.ok(Math.max(...took) < 3000, `${took}`);
    });

    // Some may have been closed before anybody could listen for it.
    const closed = holding => holding.sockets.filter(socket => socket.resume().destroyed).length;

    it('on the TLS port are as many as the setting says; more are closed at once', async () => {
        const holding = await openMany(2600, many, '', httpsPort);
        await until('those above 2,500 to be closed', () => closed(holding) >= 100, 3);
        assert.equal(closed(holding), 100);
        await until('the others to have had their 5 seconds', () => closed(holding) === 2600, 10);
    });

    it('on the TLS port are 128 of one address', async () => {
        const holding = await openMany(140, () => '127.0.7.12', '', httpsPort);
        await until('those above 128 to be closed', () => closed(holding) >= 12, 3);
        assert.equal(closed(holding), 12);
        holding.end();
    });

    it('and that ask are 128 of one address at a time; one more is told so', async () => {
        const from = '127.0.7.9';
        const holding = await openMany(128, () => from, head('GET /healthz'));
        await Promise.all(holding.sockets.map(socket => new Promise(done => socket.once('data', done))));
        const { answers: [refused], closed } = await converse(platform.port, [head('GET /healthz')], { from });
        assert.equal(refused.status, 429);
        assert.equal(JSON.parse(refused.body).reason, 'TOO_MANY_REQUESTS');
        assert.ok(closed);
        assert.equal((await converse(platform.port, [head('GET /healthz')], { from: '127.0.7.10', quiet: 300 })).answers[0].status, 200);
        holding.end();
        await until('room for another', async () =>
            (await converse(platform.port, [head('GET /healthz')], { from, quiet: 300 })).answers[0]?.status === 200, 5);
    });

    it('and that only wait are 128 of one address at a time; more are closed', async () => {
        const holding = await openMany(140, () => '127.0.7.11', '');
        await until('those above 128 to be closed', () => closed(holding) >= 12, 3);
        assert.equal(closed(holding), 12);
        holding.end();
    });

    it('of a trusted proxy are not counted', async () => {
        const holding = await openMany(140, () => PROXY, head('GET /healthz'));
        const statuses = await Promise.all(holding.sockets.map(socket => new Promise(done =>
            socket.once('data', data => done(answersIn(data.toString('latin1'))[0].status)))));
        assert.ok(statuses.every(status => status === 200), statuses.join());
        holding.end();
    });
});
