// SPDX-License-Identifier: MIT
// The tables of docs/configure.md are what the services say of their settings (`--help`), and nothing else. With
// BOURSE_WRITE_DOCS=1 they are written anew.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root, services } from '../support/platform.mjs';

const FILE = join(root, 'docs/configure.md');
const BEGIN = '<!-- settings -->\n';
const END = '<!-- /settings -->\n';

// [{flag, value, meaning, environment, fallback}] of a service.
function settingsOf(service) {
    const program = join(root, 'build', process.env.BOURSE_PRESET ?? 'dev', 'bin', `bourse-${service}`);
    const help = execFileSync(program, ['--help'], { encoding: 'utf8' });
    const lines = help.slice(help.indexOf('\nSettings')).split('\n').filter(line => line.startsWith('  --'));
    return lines.map(line => {
        const found = /^ {2}--(\S+) (\S+) {2}(.*) \[(BOURSE_\w+(?: or \w+)?); (must be given|default: [^;\]]*)/.exec(line);
        assert.ok(found, `a line of bourse-${service} --help that cannot be read: ${line}`);
        const [, flag, value, meaning, environment, fallback] = found;
        assert.equal(environment.split(' ')[0], `BOURSE_${flag.toUpperCase().replaceAll('-', '_')}`);
        return { flag, value, meaning, environment, fallback };
    });
}

function row({ flag, value, meaning, environment, fallback }) {
    const limits = { TEXT: 'text', SECRET: 'secret', 'true|false': 'true or false' }[value] ?? value.replace('..', ' to ');
    const other = environment.split(' or ')[1];
    const missing = fallback === 'must be given' ? 'must be given' : fallback.slice('default: '.length).replace(/^empty$/, '');
    return `| \`--${flag}\` | ${limits} | ${missing} | ${meaning}${other ? `; \`${other}\` is understood, too` : ''} |`;
}

const table = (title, rows) => [`### ${title}`, '', '| setting | value | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');

// What several services have in the same words is said once.
function tables() {
    const all = Object.fromEntries(services.map(service => [service, settingsOf(service)]));
    const owners = new Map();
    for (const service of services)
        for (const setting of all[service]) {
            const line = row(setting);
            owners.set(line, [...owners.get(line) ?? [], service]);
        }
    const shared = [...owners].filter(([, who]) => who.length > 1);
    const whose = who => {
        const others = services.filter(service => !who.includes(service));
        if (others.length === 0)
            return '';
        return others.length === 1 ? ` (all but ${others[0]})` : ` (${who.join(', ')})`;
    };
    return [table('Of more than one service', shared.map(([line, who]) => line.replace(/ \|$/, `${whose(who)} |`))),
        ...services.map(service => table(`Of ${service} alone`, all[service].map(row).filter(line => owners.get(line).length === 1)))].join('\n');
}

describe('docs/configure.md', () => {
    it('has the settings of all services, with their limits, defaults and meanings', () => {
        const page = readFileSync(FILE, 'utf8');
        const [begin, end] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
        assert.ok(begin >= BEGIN.length && end >= begin, 'the marks between which the tables stand');
        if (process.env.BOURSE_WRITE_DOCS)
            writeFileSync(FILE, page.slice(0, begin) + tables() + page.slice(end));
        else
            assert.equal(page.slice(begin, end), tables(), 'write the tables anew with BOURSE_WRITE_DOCS=1');
    });
});
