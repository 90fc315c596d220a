// SPDX-License-Identifier: MIT
// Imports that are broken off: by their sender, by services that are killed, by PostgreSQL that is.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setCookies } from '../support/cookies.mjs';
import { Platform, root, until } from '../support/platform.mjs';
import { forge, read } from '../support/tokens.mjs';

const HEADER = 'Symbol,Date,Open,High,Low,Close,Volume\n';
const DAYS = 4000;

// Daily prices of symbols PREFIX0, PREFIX1 ..., the days in order.
function linesOf(prefix, symbols) {
    const dates = Array.from({ length: DAYS }, (_, i) => new Date(Date.UTC(2000, 0, 1) + i * 86400e3).toISOString().slice(0, 10));
    return Array.from({ length: symbols }, (_, symbol) => dates.map((date, i) =>
        `${prefix}${symbol},${date},${100 + i}.25,${101 + i}.123456,${99 + i},${100 + i}.5,${1000 + symbol}\n`).join('')).join('');
}

describe('an import', () => {
    let platform, admin, folder;

    before(async () => {
        platform = await Platform.start({ isDurable: true });
        admin = await platform.administrator();
        folder = mkdtempSync(join(tmpdir(), 'bourse-import-'));
    });
    after(async () => {
        rmSync(folder, { recursive: true, force: true });
        await platform?.stop();
    });

    const state = async id => (await platform.request('GET', `/api/v1/imports/${id}`, { token: admin }));
    const send = (csv, query, options = {}) => platform.request('POST', `/api/v1/bars:import?${new URLSearchParams(query)}`,
        { raw: csv, token: admin, ...options, headers: { 'content-type': 'text/csv', ...options.headers } });
    const countBars = async prefix => Number((await platform.query(
        `SELECT count(*) FROM market.bars WHERE ticker LIKE '${prefix}%'`))[0][0]);

    // Sends the head and the first bytes of a file, waits until that much has been taken, and is gone.
    async function sendPart(csv, id, taken) {
        const sending = request(`${platform.url}/api/v1/bars:import?import_id=${id}`, { method: 'POST', headers: {
            authorization: `Bearer ${admin}`, 'content-type': 'text/csv', 'content-length': Buffer.byteLength(csv) } });
        sending.on('error', () => {});
        sending.write(csv.slice(0, csv.length / 2));
        const part = await until('a part of it to be taken', async () => {
            const { body } = await state(id);
            return body?.bytes >= taken ? body : null;
        });
        sending.destroy();
        return part;
    }

    // Sends all of a file but its last bytes, waits until some has been taken, has something happen, and sends the rest.
    async function sendAround(csv, id, headers, happen) {
        const sending = request(`${platform.url}/api/v1/bars:import?import_id=${id}`, { method: 'POST', headers: {
            ...headers, 'content-type': 'text/csv', 'content-length': Buffer.byteLength(csv) } });
        const answered = once(sending, 'response');
        sending.write(csv.slice(0, -10));
        await until('a part of it to be taken', async () => (await state(id)).body?.bytes >= 100000);
        await happen();
        sending.end(csv.slice(-10));
        const [reply] = await answered;
        const pieces = await reply.toArray();
        return { status: reply.statusCode, body: JSON.parse(Buffer.concat(pieces).toString()) };
    }

    it('ends when its file has no header, with what is wrong with it', async () => {
        for (const [csv, sentence] of [['Date,Open\n2014-01-02,1\n', /^line 1: /], ['', /^there is no header line$/]]) {
            const id = randomUUID();
            const first = await send(csv, { import_id: id });
            assert.equal(first.status, 422, first.text);
            assert.equal(first.body.errors[0].field, 'lines');
            assert.match(first.body.errors[0].message, sentence);
            const { body } = await state(id);
            assert.deepEqual([body.state, body.reason, body.bytes], ['failed', 'INVALID_REQUEST', 0]);
            assert.match(body.failure.replace(/^lines: /, ''), sentence);
            const again = await send(csv, { import_id: id });
            assert.equal(again.status, 422, again.text);
            assert.equal(again.body.reason, 'INVALID_REQUEST');
        }
    });

    it('is canceled while it arrives, and its sender is told', async () => {
        const id = randomUUID();
        const cancel = (which, options) => platform.request('DELETE', `/api/v1/imports/${which}`, { token: admin, ...options });
        const csv = HEADER + linesOf('CANC', 4);
        const reply = await sendAround(csv, id, { authorization: `Bearer ${admin}` }, async () => {
            const eve = await platform.trader('eve');
            assert.equal((await cancel(id, { token: eve.token })).status, 403);
            assert.equal((await cancel(id)).status, 204);
            assert.equal((await cancel(id)).status, 204);
        });
        assert.equal(reply.status, 409);
        assert.equal(reply.body.reason, 'IMPORT_CANCELED');
        const { body } = await state(id);
        assert.deepEqual([body.state, body.reason], ['failed', 'IMPORT_CANCELED']);
        assert.match(body.failure, /^admin canceled it after \d{6} bytes/);
        assert.equal((await send(csv, { import_id: id })).body.reason, 'IMPORT_CANCELED');
        await until('its pieces to be removed', async () =>
            (await platform.query(`SELECT 1 FROM market.import_pieces WHERE import_id = '${id}' LIMIT 1`)).length === 0);
        await until('the audit log to know', async () =>
            (await platform.query(`SELECT actor, subject FROM auth.audit_log WHERE action = 'import.cancel'`)).join() === `admin,${id}`);
        assert.equal(await countBars('CANC'), 0);
        const done = randomUUID();
        assert.equal((await send(`${HEADER}KEPT,2014-01-02,1,2,1,2,5\n`, { import_id: done })).status, 200);
        const late = await cancel(done);
        assert.equal(late.status, 409);
        assert.equal(late.body.reason, 'IMPORT_NOT_CANCELABLE');
        assert.match(late.text, /is done: only one that has not ended/);
        assert.equal((await cancel(randomUUID())).body.reason, 'IMPORT_NOT_FOUND');
    });

    it('is canceled while it is merged and while it waits for that, and leaves nothing', async () => {
        // Nobody can write prices while that lasts.
        const lock = platform.query('BEGIN; LOCK TABLE market.bars IN SHARE MODE; SELECT pg_sleep(600)').catch(() => undefined);
        const held = () => platform.query(`SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`);
        try {
            await until('the lock', async () => (await held()).length > 0);
            const ids = [randomUUID(), randomUUID()];
            const sent = ids.map((id, index) => send(HEADER + linesOf(`MERG${index}`, 1), { import_id: id }));
            for (const id of ids) {
                await until('it to be merged', async () => (await state(id)).body?.state === 'merging');
                assert.equal((await platform.request('DELETE', `/api/v1/imports/${id}`, { token: admin })).status, 204);
                assert.equal((await platform.request('DELETE', `/api/v1/imports/${id}`, { token: admin })).status, 204);
            }
            for (const reply of await Promise.all(sent))
                assert.deepEqual([reply.status, reply.body.reason], [409, 'IMPORT_CANCELED'], reply.text);
        } finally {
            await platform.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`);
            await lock;
        }
        // What comes next is merged, so the merger has done with them.
        assert.equal((await send(`${HEADER}MERGNEXT,2014-01-02,1,2,1,2,5\n`, {})).status, 200);
        assert.equal(await countBars('MERG'), 1);
        assert.deepEqual(await platform.query(`SELECT ticker FROM market.symbols WHERE ticker LIKE 'MERG%'`), [['MERGNEXT']]);
    });

    it('whose token expires on the way says how much has arrived, and goes on with another one', async () => {
        const id = randomUUID();
        const csv = HEADER + linesOf('TOKE', 4);
        const { header, claims } = read(admin);
        const key = (await platform.query(`SELECT private_pem FROM auth.signing_keys WHERE id = '${header.kid}'`)).flat().join('\n');
        const token = forge(header, { ...claims, jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 5 }, `${key}\n`);
        const reply = await sendAround(csv, id, { authorization: `Bearer ${token}` }, () => until('the token to expire', async () =>
            (await platform.request('GET', `/api/v1/imports/${id}`, { token })).status === 401));
        assert.equal(reply.status, 401);
        assert.equal(reply.body.reason, 'INVALID_TOKEN');
        const { bytes } = (await state(id)).body;
        assert.match(reply.body.detail, new RegExp(`${bytes} bytes of the import ${id} have arrived.*another token`));
        const rest = await send(csv.slice(bytes), { import_id: id },
            { headers: { 'content-range': `bytes ${bytes}-${csv.length - 1}/${csv.length}` } });
        assert.equal(rest.body.imported, 4 * DAYS, rest.text);
    });

    it('of a browser goes on with its session, though the token that it was begun with has ended', async () => {
        const login = await platform.request('POST', '/api/v1/auth/login',
            { body: { username: 'admin', password: platform.password, cookie: true } });
        const cookie = setCookies(login)[0].split(';')[0];
        const old = admin;
        const reply = await sendAround(HEADER + linesOf('COOK', 4), randomUUID(), { cookie, 'x-csrf-token': login.body.csrf_token }, async () => {
            // Nothing is left of what the old key has signed.
            await platform.bourse('admin', 'rotate-key', 'now');
            await until('market to refuse the old key', async () =>
                (await platform.request('GET', '/api/v1/imports', { token: old })).status === 401);
            admin = await platform.administrator();
        });
        assert.equal(reply.status, 200, JSON.stringify(reply.body));
        assert.equal(reply.body.imported, 4 * DAYS);
    });

    it('goes on where it was broken off, with Content-Range or from the beginning', async () => {
        const csv = HEADER + linesOf('PART', 4);
        for (const whole of [false, true]) {
            const id = randomUUID();
            const part = await sendPart(csv, id, 100000);
            assert.equal(part.state, 'receiving');
            assert.equal(part.kind, 'bars');
            assert.equal(csv.slice(0, part.bytes).split('\n').length - 1, part.lines);
            assert.equal(csv[part.bytes - 1], '\n', 'whole lines are taken');
            // What its sender did not live to hear of may still be taken: then nothing more arrives.
            const { bytes } = await until('nothing more to be taken', async () => {
                const one = (await state(id)).body;
                const wrong = await send(csv.slice(one.bytes + 1), { import_id: id }, { headers: {
                    'content-range': `bytes ${one.bytes + 1}-${csv.length - 1}/${csv.length}` } });
                assert.equal(wrong.status, 422, wrong.text);
                assert.match(wrong.text, /Content-Range/);
                return (await state(id)).body.bytes === one.bytes && one;
            });
            const goOn = from => send(csv.slice(from), { import_id: id }, { headers: {
                'content-range': `bytes ${from}-${csv.length - 1}/${csv.length}` } });
            let reply = whole ? await send(csv, { import_id: id }) : await goOn(bytes);
            // On a slow machine something of the first sender may have been on its way still.
            for (let tries = 0; reply.status === 422 && tries < 20; tries += 1)
                reply = await goOn((await state(id)).body.bytes);
            assert.equal(reply.status, 200, reply.text);
            assert.equal(reply.body.imported + reply.body.updated, 4 * DAYS);
            assert.equal(reply.body.rejected_count, 0);
            assert.equal(reply.body.updated, whole ? 4 * DAYS : 0);
        }
        assert.equal(await countBars('PART'), 4 * DAYS);
    });

    it('stands for one file: the same is answered again, another one is refused', async () => {
        const id = randomUUID();
        const csv = `${HEADER}SAME,2014-01-02,1,2,1,2,5\nSAME,2014-01-02,1,2,1,2,5\nSAME,2014-01-03,x,2,1,2,5\n`;
        const first = await send(csv, { import_id: id });
        assert.deepEqual(first.body, { imported: 1, updated: 0, rejected_count: 2, rejected: [
            { line: 3, reason: 'SAME 2014-01-02 is there already in line 2' },
            { line: 4, reason: 'open x is not a number' }] });
        const again = await send(csv, { import_id: id });
        assert.deepEqual(again.body, first.body);
        const other = await send(csv.replace('1,2,1,2,5', '1,3,1,2,5'), { import_id: id });
        assert.equal(other.status, 422);
        assert.equal(other.body.reason, 'IDEMPOTENCY_KEY_REUSED');
        for (const wrong of [`${csv}SAME,2014-01-06,1,2,1,2,5\n`, csv.slice(0, 80)])
            assert.equal((await send(wrong, { import_id: id })).body.reason, 'IDEMPOTENCY_KEY_REUSED');
        assert.equal((await send(csv, { import_id: id, ticker: 'SAME' })).body.reason, 'IDEMPOTENCY_KEY_REUSED');
        assert.equal((await send(csv, { import_id: 'x' })).status, 422);
    });

    it('tells administrators what came of it, and nobody else', async () => {
        const id = randomUUID();
        assert.equal((await send(`${HEADER}TOLD,2014-01-02,1,2,1,2,5\nTOLD,2014-01-03,x\n`, { import_id: id })).status, 200);
        const { body } = await state(id);
        assert.equal(body.state, 'done');
        assert.deepEqual([body.lines, body.rows, body.merged, body.imported, body.updated, body.rejected_count], [3, 1, 1, 1, 0, 1]);
        assert.deepEqual(body.rejected, [{ line: 3, reason: 'the header has 7 columns and the line 3' }]);
        assert.ok(Date.parse(body.started_at) <= Date.parse(body.finished_at));
        assert.equal((await state(randomUUID())).status, 404);
        const ada = await platform.trader('ada');
        await platform.expect(403, 'GET', `/api/v1/imports/${id}`, { token: ada.token });
        await platform.expect(401, 'GET', `/api/v1/imports/${id}`);
    });

    it('of minutes is taken in the formats that people have, and each line that is not says why', async () => {
        const id = randomUUID();
        const csv = ['Symbol,Datetime,Open,High,Low,Close,Volume', 'MINS,2014-01-02 09:30:00,1,2,1,2,5', 'MINS,2014-01-02T14:31:00Z,1,2,1,2,5',
            'MINS,2014-01-02 09:32:00-05:00,1,2,1,2,5', 'MINS,1388673180,1,2,1,2,5', 'MINS,2014-01-02 16:00:00,1,2,1,2,5',
            'MINS,2014-01-04 10:00:00,1,2,1,2,5', 'MINS,2014-01-02 09:40:30,1,2,1,2,5', 'MINS,2014-01-03,1,2,1,2,5', ''].join('\n');
        const reply = await send(csv, { import_id: id });
        assert.deepEqual(reply.body, { imported: 4, updated: 0, rejected_count: 4, rejected: [
            { line: 6, reason: '2014-01-02 16:00 in New York is outside of the session, 09:30 to 16:00' },
            { line: 7, reason: '2014-01-04 is a day without a session' },
            { line: 8, reason: '2014-01-02 09:40:30 in New York does not begin a minute' },
            { line: 9, reason: 'the date has no time of day, and the file is of minutes' }] });
        assert.equal((await state(id)).body.timeframe, '1Min');
        assert.deepEqual(await platform.query(`SELECT to_char(at AT TIME ZONE 'UTC', 'HH24:MI') FROM market.minute_bars
            WHERE ticker = 'MINS' ORDER BY at`), [['14:30'], ['14:31'], ['14:32'], ['14:33']]);
        assert.deepEqual(await platform.query(`SELECT day, volume, is_of_minutes FROM market.bars WHERE ticker = 'MINS'`),
            [['2014-01-02', '20', 't']]);
        // What looks like minutes and is days, as some write them, can be said to be.
        const days = await send('time,open,high,low,close,volume\n1388673000,1,2,1,2,5\n', { ticker: 'MINS2', timeframe: '1Day' });
        assert.equal(days.body.imported, 1, days.text);
        assert.deepEqual(await platform.query(`SELECT day, is_of_minutes FROM market.bars WHERE ticker = 'MINS2'`), [['2014-01-02', 'f']]);
        const wrong = await send(csv, { timeframe: '5Min' });
        assert.equal(wrong.status, 422);
        assert.equal(wrong.body.errors[0].field, 'timeframe');
        assert.equal((await send(csv, { import_id: id, timeframe: '1Day' })).body.reason, 'IDEMPOTENCY_KEY_REUSED');
    });

    it('is in a list, the newest first, with how far it is', async () => {
        const ids = [];
        for (let i = 0; i < 3; i++) {
            ids.unshift(randomUUID());
            assert.equal((await send(`${HEADER}LIST,2014-01-0${i + 2},1,2,1,2,5\nx\n`, { import_id: ids[0] })).status, 200);
        }
        const list = query => platform.expect(200, 'GET', `/api/v1/imports?${query}`, { token: admin });
        const first = await list('limit=2');
        assert.deepEqual(first.imports.map(one => one.id), ids.slice(0, 2));
        const second = await list(`limit=2&page_token=${first.next_page_token}`);
        assert.equal(second.imports[0].id, ids[2]);
        // Each is what it is by itself, but for the lines that were rejected.
        const { rejected, ...alone } = (await state(ids[0])).body;
        assert.equal(rejected.length, 1);
        assert.deepEqual(first.imports[0], { ...alone, rejected: [] });
        const all = (await list('limit=500')).imports;
        assert.deepEqual((await list('limit=500&state=done')).imports, all.filter(one => one.state === 'done'));
        const part = randomUUID();
        const whole = HEADER + linesOf('LISTED', 4);
        await sendPart(whole, part, 100000);
        const { imports: [receiving] } = await list('state=receiving&limit=1');
        assert.equal(receiving.id, part);
        assert.ok(receiving.lines > 1 && receiving.rows > 0 && receiving.bytes > 0);
        assert.equal((await send(whole, { import_id: part })).status, 200);
        assert.equal((await platform.request('GET', `/api/v1/imports?page_token=${first.next_page_token}x`, { token: admin })).status, 400);
        assert.equal((await platform.request('GET', '/api/v1/imports?limit=501', { token: admin })).status, 422);
        const bob = await platform.trader('bob');
        await platform.expect(403, 'GET', '/api/v1/imports', { token: bob.token });
    });

    it('of minutes ends with the same counts though market, gateway and PostgreSQL are killed', async () => {
        const days = Array.from({ length: 60 }, (_, i) => Date.UTC(2014, 5, 2, 13, 30) + Math.floor(i / 5) * 7 * 86400e3 + i % 5 * 86400e3)
            .filter(day => ![4].includes(new Date(day).getUTCMonth() === 6 ? new Date(day).getUTCDate() : 0)); // Independence Day
        const short = day => new Date(day).toISOString().startsWith('2014-07-03');
        const lines = ['MK0', 'MK1', 'MK2'].flatMap(ticker => days.flatMap(day => Array.from({ length: short(day) ? 210 : 390 }, (_, i) =>
            `${ticker},${new Date(day + i * 60e3).toISOString()},${100 + i}.25,${101 + i}.5,${99 + i},${100 + i}.5,${1000 + i}`)));
        const file = join(folder, 'minutes.csv');
        writeFileSync(file, `Symbol,Timestamp,Open,High,Low,Close,Volume\n${lines.join('\n')}\n`);
        writeFileSync(join(folder, '.curlrc'), 'limit-rate = 900K\n');
        const child = spawn(join(root, 'bourse'), ['import', '--data', platform.data, file], { env: { ...platform.env, CURL_HOME: folder } });
        let said = '';
        for (const stream of [child.stdout, child.stderr])
            stream.on('data', data => { said += data; });
        const ended = once(child, 'close');
        const newest = async () => (await platform.query('SELECT byte_count, state FROM market.imports ORDER BY started_at DESC LIMIT 1'))[0];
        const seen = new Set();
        const countMinutes = async () => Number((await platform.query(`SELECT count(*) FROM market.minute_bars WHERE ticker LIKE 'MK%'`))[0][0]);
        for (const [bytes, victim] of [[800e3, 'market'], [1.6e6, 'gateway'], [2.4e6, 'postgres']]) {
            await until(`${bytes} bytes`, async () => {
                seen.add(await countMinutes());
                const [taken, now] = await newest();
                assert.equal(now, 'receiving', 'too late to be killed');
                return Number(taken) >= bytes;
            });
            await platform.kill(victim);
        }
        await until('it to be merged', async () => (await newest())[1] === 'merging', 60);
        await platform.kill('market');
        await ended;
        assert.match(said, new RegExp(`${lines.length} imported, 0 updated, 0 rejected`), said);
        seen.add(await countMinutes());
        assert.deepEqual([...seen].sort((a, b) => a - b), [0, lines.length]);
        assert.deepEqual(await platform.query(`SELECT count(*), sum(volume) FROM market.bars WHERE ticker LIKE 'MK%' AND is_of_minutes`),
            [[String(3 * days.length), String(lines.reduce((sum, line) => sum + Number(line.split(',').at(-1)), 0))]]);
    });

    it('ends with the same counts though its sender, each service and PostgreSQL are killed, and is seen whole', async () => {
        const symbols = 30;
        const lines = linesOf('KILL', symbols).split('\n').slice(0, -1);
        lines.splice(1000, 0, 'KILL0,2014-01-02,null,2,1,2,5');
        lines.splice(100000, 0, lines[5]);
        const file = join(folder, 'kill.csv');
        writeFileSync(file, `${HEADER}${lines.join('\n')}\n`);
        const total = symbols * DAYS;
        // Slowly, so that it is still being sent when somebody is killed.
        writeFileSync(join(folder, '.curlrc'), 'limit-rate = 600K\n');
        const launch = () => {
            const child = spawn(join(root, 'bourse'), ['import', '--data', platform.data, file],
                { env: { ...platform.env, CURL_HOME: folder } });
            const said = { text: '', child, ended: once(child, 'close') };
            for (const stream of [child.stdout, child.stderr])
                stream.on('data', data => { said.text += data; });
            return said;
        };
        // The launcher notes the import's id until it has an answer.
        const notes = () => readdirSync(join(platform.data, 'imports')).filter(name => !name.endsWith('.new'));
        const noted = async () => {
            const [note] = notes();
            const rows = note ? await platform.query(`SELECT byte_count, state FROM market.imports
                WHERE id = '${readFileSync(join(platform.data, 'imports', note), 'utf8')}'`) : [];
            return rows.length > 0 ? [Number(rows[0][0]), rows[0][1]] : [0, 'none'];
        };
        const seen = new Set();
        const reached = bytes => until(`${bytes} bytes`, async () => {
            seen.add(await countBars('KILL'));
            const [taken, now] = await noted();
            assert.ok(now === 'receiving' || now === 'none', `too late to be killed: ${now}`);
            return taken >= bytes;
        });

        let run = launch();
        await reached(500e3);
        run.child.kill('SIGKILL');
        await run.ended;
        run = launch();
        await reached(1.2e6);
        await platform.kill('market');
        await reached(2.2e6);
        await platform.kill('gateway');
        await reached(3.2e6);
        await platform.kill('postgres');
        await until('it to be merged', async () => {
            seen.add(await countBars('KILL'));
            return (await noted())[1] === 'merging';
        }, 40);
        await platform.kill('market');
        await run.ended;
        assert.match(run.text, /goes on after \d+ lines/);
        assert.match(run.text, /received \d+ %, \d+ lines, \d+ a second/);
        assert.match(run.text, new RegExp(`${total} imported, 0 updated, 2 rejected`), run.text);
        assert.match(run.text, /line 1002: open is null\n +line 100002: KILL0 2000-01-06 is there already in line 7\n/);
        seen.add(await countBars('KILL'));
        assert.deepEqual([...seen].sort((a, b) => a - b), [0, total]);
        assert.deepEqual(notes(), []);
        await until('its pieces to be removed', async () =>
            (await platform.query(`SELECT 1 FROM market.import_pieces JOIN market.imports ON id = import_id
                WHERE state = 'done' LIMIT 1`)).length === 0);
        const again = await platform.bourse('import', file);
        assert.match(again, new RegExp(`0 imported, ${total} updated, 2 rejected`));
    });
});
