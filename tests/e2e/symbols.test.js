// SPDX-License-Identifier: MIT
// The catalogue as a user meets it: lists imported by the launcher and by the API, and the search box.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, samples } from '../support/platform.mjs';

const reference = process.env.BOURSE_TEST_REFERENCE ?? join(samples, 'reference');
const skip = existsSync(reference) ? false : 'the folder of real lists of symbols is not beside the project';

describe('the catalogue of symbols', () => {
    let platform, admin, folder;

    const importList = (csv, query = '', options = {}) => platform.request('POST', `/api/v1/symbols:import${query}`,
        { raw: csv, token: admin, ...options, headers: { 'content-type': 'text/csv', ...options.headers } });
    const search = async (q, more = '') => (await platform.expect(200, 'GET',
        `/api/v1/symbols?q=${encodeURIComponent(q)}${more}`)).symbols.map(one => one.ticker);
    const symbol = ticker => platform.expect(200, 'GET', `/api/v1/symbols/${ticker}`);

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        folder = mkdtempSync(join(tmpdir(), 'bourse-lists-'));
    });
    after(async () => {
        if (folder)
            rmSync(folder, { recursive: true, force: true });
        await platform?.stop();
    });

    it('takes a list, counts exactly, and names each line that breaks a rule', async () => {
        const reply = await importList('\ufeffTicker,Company Name,Sector,Founded\r\n' +
            'ZZQA,"Quillon, ""Q"" Works",Toys,1901\r\n' +
            'Z$QB,Quillon B,Toys,1902\r\n' +
            'ZZQA,Again,Toys,1903\r\n' +
            'ZZQC,,Toys,1904\r\n' +
            'ZZQD,Quillon D,Toys\r\n' +
            '\r\n' +
            'zzqe,Quillón É,,1906\r\n', '?exchange=NYSE');
        assert.equal(reply.status, 200, reply.text);
        assert.deepEqual(reply.body, {
            imported: 2, updated: 0,
            rejected: [
                { line: 3, reason: 'symbol "Z$QB" is not a ticker' },
                { line: 4, reason: 'ZZQA is there already in line 2' },
                { line: 5, reason: 'name is empty' },
                { line: 6, reason: 'the header has 4 columns and the line 3' },
            ],
            rejected_count: 4, ignored_columns: ['Founded'],
        });
        const { name, exchange, sector } = await symbol('ZZQA');
        assert.deepEqual({ name, exchange, sector }, { name: 'Quillon, "Q" Works', exchange: 'NYSE', sector: 'Toys' });
        assert.equal((await symbol('ZZQE')).sector, undefined);
        assert.deepEqual(await search('quillon e'), ['ZZQE']);
    });

    it('updates what is there with what the list says, and keeps the rest', async () => {
        const reply = await importList('Symbol,Security\nZZQA,Quillon Renamed\nZZQF,Quillon F\n');
        assert.equal(reply.body.imported, 1);
        assert.equal(reply.body.updated, 1);
        const { name, exchange, sector } = await symbol('ZZQA');
        assert.deepEqual({ name, exchange, sector }, { name: 'Quillon Renamed', exchange: 'NYSE', sector: 'Toys' });
    });

    it('refuses a list that is none, with what its header lacks, and changes nothing', async () => {
        const refused = async (csv, pattern) => {
            const reply = await importList(csv);
            assert.equal(reply.status, 422, reply.text);
            assert.match(reply.text, pattern);
        };
        await refused('Code,Name\nZZQG,x\n', /line 1: the header has no column symbol or ticker/);
        await refused('Symbol,Sector\nZZQG,x\n', /the header has no column name, security or company/);
        await refused('Symbol,Name,Name\nZZQG,x,x\n', /more than one column name, security or company/);
        await refused('', /there is no header line/);
        await platform.expect(404, 'GET', '/api/v1/symbols/ZZQG');
    });

    it('is for administrators, as CSV, with a known parameter alone', async () => {
        const ada = await platform.trader('ada');
        assert.equal((await importList('Symbol,Name\nZZQH,x\n', '', { token: ada.token })).status, 403);
        assert.equal((await importList('Symbol,Name\nZZQH,x\n', '', { token: undefined })).status, 401);
        assert.equal((await importList('{}', '', { headers: { 'content-type': 'application/json' } })).status, 415);
        assert.equal((await importList('Symbol,Name\nZZQH,x\n', '?ticker=A')).status, 422);
        const long = await importList('Symbol,Name\nZZQH,x\n', `?exchange=${'X'.repeat(33)}`);
        assert.equal(long.status, 422);
        assert.match(long.text, /exchange/);
        await platform.expect(404, 'GET', '/api/v1/symbols/ZZQH');
    });

    it('does a list with the same Idempotency-Key once', async () => {
        const options = { headers: { 'idempotency-key': 'a list' } };
        const first = await importList('Symbol,Name\nZZQI,One\n', '', options);
        await platform.expect(200, 'PATCH', '/api/v1/symbols/ZZQI', { token: admin, body: { name: 'Two' } });
        const again = await importList('Symbol,Name\nZZQI,One\n', '', options);
        assert.deepEqual(again.body, first.body);
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        assert.equal((await symbol('ZZQI')).name, 'Two');
    });

    it('pages through a long list, each symbol once and in one order', async () => {
        const lines = Array.from({ length: 5000 }, (_, i) => `ZP${i},Zephyr ${'x'.repeat(i % 90)} Number ${i}\n`);
        const reply = await importList(`Symbol,Name\n${lines.join('')}`);
        assert.equal(reply.body.imported, 5000);
        for (const q of ['zephyr', 'zehpyr', 'zp']) {
            const whole = [];
            let token = '';
            do {
                const page = await platform.expect(200, 'GET', `/api/v1/symbols?q=${q}&limit=499&page_token=${token}`);
                whole.push(...page.symbols.map(one => one.ticker));
                token = page.next_page_token ?? '';
            } while (token !== '');
            assert.equal(whole.filter(ticker => ticker.startsWith('ZP')).length, 5000, q);
            assert.equal(new Set(whole).size, whole.length, q);
        }
    });

    it('takes 64 characters to search for and no more', async () => {
        await search('é'.repeat(64));
        const reply = await platform.request('GET', `/api/v1/symbols?q=${'a'.repeat(65)}`);
        assert.equal(reply.status, 422);
        assert.match(reply.text, /64/);
    });

    it('imports by the launcher, with the exchange by the name of the file', async () => {
        const list = join(folder, 'nasdaq-few.csv');
        writeFileSync(list, 'Symbol,Security Name\nZZQJ,Quillon J\nZZQK,\n');
        const said = await platform.bourse('import', list);
        assert.match(said, /1 imported, 0 updated, 1 rejected\n +line 3: name is empty/);
        assert.equal((await symbol('ZZQJ')).exchange, 'NASDAQ');
    });

    it('imports the prices of many symbols in one file by the launcher', async () => {
        const file = join(folder, 'all.csv');
        writeFileSync(file, 'Date,Open,High,Low,Close,Volume,Name\n' +
            '2014-06-02,10,12,9,11,5,ZZQL\n2014-06-02,20,22,19,21,5,ZZQM\n');
        assert.match(await platform.bourse('import', file), /2 imported, 0 updated, 0 rejected/);
        assert.equal((await search('zzqm'))[0], 'ZZQM');
        await platform.expect(404, 'GET', '/api/v1/symbols/ALL');
    });

    describe('with the real lists', { skip }, () => {
        const count = file => readFileSync(join(reference, file), 'utf8').split(/\r?\n/).slice(1)
            .filter(line => /[^,]/.test(line) && !line.startsWith('File Creation Time')).length;

        it('imports every line of both', async () => {
            for (const file of ['nasdaq-listed.csv', 'sp500-constituents.csv']) {
                const said = await platform.bourse('import', join(reference, file));
                const [, imported, updated, rejected] = /(\d+) imported, (\d+) updated, (\d+) rejected/.exec(said);
                assert.equal(Number(rejected), 0, said);
                assert.equal(Number(imported) + Number(updated), count(file), said);
            }
            const apple = await symbol('AAPL');
            assert.equal(apple.exchange, 'NASDAQ');
            assert.equal(apple.sector, 'Information Technology');
        });

        it('finds what people type, the best match first', async () => {
            for (const [q, ticker] of [['aapl', 'AAPL'], ['apple', 'AAPL'], ['micorsoft', 'MSFT'], ['estee', 'EL'],
                ['ESTÉE LAUDER', 'EL'], ["mcdonald's", 'MCD'], ['mcdonalds', 'MCD'], ['brk-b', 'BRK.B'],
                ['nvdia', 'NVDA'], ['brown forman', 'BF.B']])
                assert.equal((await search(q, '&limit=5'))[0], ticker, q);
            assert.ok((await search('aple', '&limit=20')).includes('AAPL'));
            // Exact before longer ones, and tickers before names.
            assert.deepEqual((await search('aap', '&limit=2')), ['AAPB', 'AAPD']);
        });
    });
});
