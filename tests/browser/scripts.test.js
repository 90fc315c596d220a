// SPDX-License-Identifier: MIT
// The browser's modules as two compilers read them: TypeScript by their JSDoc, eslint by rules of ours. It needs no
// build and no browser.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import js from '@eslint/js';
import { ESLint } from 'eslint';
import globals from 'globals';
import { root } from '../support/platform.mjs';

const pages = join(root, 'services', 'gateway', 'pages');
const scripts = readdirSync(join(pages, 'assets')).filter(name => name.endsWith('.js'));
// What would let a text become a part of the page.
const sinks = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'write', 'writeln', 'srcdoc', 'setHTMLUnsafe'];

// What loads the data of a locale before it writes the first number or date: a tenth of a second on a telephone.
const locales = ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'];
const slow = 'Numbers and dates are written by decimals.js and charts.js.';

const linter = new ESLint({
    cwd: pages,
    overrideConfigFile: true,
    overrideConfig: [js.configs.recommended, {
        files: ['**/*.js'],
        languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals: globals.browser },
        rules: {
            'eqeqeq': 'error', 'no-var': 'error', 'prefer-const': 'error', 'no-eval': 'error', 'no-implied-eval': 'error', 'no-new-func': 'error',
            'no-console': 'error', 'no-shadow': 'error', 'no-use-before-define': ['error', { functions: false }], 'array-callback-return': 'error',
            'no-restricted-properties': ['error', ...sinks.map(property => ({ property, message: 'Texts of people stay texts.' })),
                ...locales.map(property => ({ property, message: slow }))],
            'no-restricted-globals': ['error', { name: 'Intl', message: slow }],
        },
    }],
});
const sayAll = results => results.flatMap(({ filePath, messages }) =>
    messages.map(one => `${filePath}:${one.line}: ${one.message} (${one.ruleId})`));

const compile = (...names) => spawnSync(process.execPath, [join(root, 'tests', 'node_modules', 'typescript', 'bin', 'tsc'), ...names],
    { cwd: pages, encoding: 'utf8' });

describe('the browser\'s modules', () => {
    it('are of the types that their comments say', () => {
        const { status, stdout, stderr } = compile('-p', 'jsconfig.json', '--listFiles');
        assert.equal(status, 0, stdout + stderr);
        assert.ok(scripts.length >= 7, scripts.join());
        for (const name of scripts) {
            assert.ok(stdout.includes(`/assets/${name}`), name);
            assert.match(readFileSync(join(pages, 'assets', name), 'utf8'), /^\/\/ @ts-check$/m, name);
        }
    });

    it('keep the rules of eslint, and make no HTML of texts', async () => {
        assert.deepEqual(sayAll(await linter.lintFiles(['assets/*.js'])), []);
    });

    it('would be found out by it if they did not', async () => {
        const found = sayAll(await linter.lintText('document.body.innerHTML = location.hash;\nif (name == 1) var x = Intl;\n', { filePath: 'assets/bad.js' }));
        for (const rule of ['no-restricted-properties', 'no-restricted-globals', 'eqeqeq', 'no-var'])
            assert.ok(found.some(one => one.includes(rule)), `${rule} in ${found.join('; ')}`);
    });
});
