// SPDX-License-Identifier: MIT
// manifests: renders deploy/k8s, and holds what comes out against the types of Kubernetes' API. Nothing here asks a cluster.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { parseAllDocuments } from 'yaml';
// The package's main entry needs a newer Node; its types do not.
import * as types from '../node_modules/@kubernetes/client-node/dist/gen/models/all.js';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const SERVICES = ['auth', 'market', 'portfolio', 'trading', 'gateway'];
const KUSTOMIZE_MAJOR = 5; // knows `labels` and `replacements`
const CUSTOM = { 'monitoring.coreos.com/v1/PodMonitor': PodMonitor, 'monitoring.coreos.com/v1/PrometheusRule': PrometheusRule };

function run(program, args, options = {}) {
    return spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
}

// The command that renders, or undefined where there is none that knows what these files use: Debian 12's packages have
// an older one, Debian 13's `kubectl` and `kustomize` will do.
export function findRenderer() {
    const kubectl = run('kubectl', ['version', '--client', '--output=json']);
    const kustomize = run('kustomize', ['version']);
    const major = text => Number(/v(\d+)\./.exec(text ?? '')?.[1] ?? 0);

    if (kubectl.status === 0 && major(/"kustomizeVersion": *"[^"]*"/.exec(kubectl.stdout)?.[0]) >= KUSTOMIZE_MAJOR)
        return ['kubectl', 'kustomize'];
    if (kustomize.status === 0 && major(kustomize.stdout) >= KUSTOMIZE_MAJOR)
        return ['kustomize', 'build'];
    return undefined;
}

export const NO_RENDERER = `there is no kubectl or kustomize whose kustomize is v${KUSTOMIZE_MAJOR} or newer; ` +
    'the manifests are not rendered, and nothing about them is known';

// A group of tests, or one that is counted as skipped in its place: a group that is skipped is counted as nothing.
export const describeUnless = (skip, name, body) => skip ? it(name, { skip }, () => {}) : describe(name, body);

export function makeSecrets(folder, ...args) {
    const made = run(join(ROOT, 'deploy/secrets.sh'), ['kubernetes', ...args], { cwd: folder });

    if (made.status !== 0)
        throw new Error(made.stderr);
    return made.stdout;
}

// A certificate that nobody trusts, for where a CA's is wanted; and its key, where it is of use.
export function makeAuthority(file, key = '/dev/null') {
    const made = run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
        '-subj', '/CN=Bourse', '-keyout', key, '-out', file]);

    if (made.status !== 0)
        throw new Error(made.stderr);
}

// A copy of deploy/k8s with secrets, and with an overlay `everything`: prod with what stands there as a comment.
export function copyManifests() {
    const folder = join(mkdtempSync(join(tmpdir(), 'bourse-k8s-')), 'k8s');
    const everything = join(folder, 'overlays/everything');

    cpSync(join(ROOT, 'deploy/k8s'), folder, { recursive: true, filter: from => !from.endsWith('/secrets') });
    makeSecrets(folder, 'overlays/dev');
    makeSecrets(folder, 'overlays/prod', 'database.example.org');
    makeAuthority(join(folder, 'overlays/prod/secrets/database-ca.crt'));
    cpSync(join(folder, 'overlays/prod'), everything, { recursive: true });
    writeFileSync(join(everything, 'kustomization.yaml'),
        readFileSync(join(everything, 'kustomization.yaml'), 'utf8').replaceAll('# - ../../components/', '- ../../components/'));
    return folder;
}

export function parse(text) {
    return parseAllDocuments(text, { uniqueKeys: true }).map(document => {
        if (document.errors.length > 0)
            throw document.errors[0];
        return unwrap(document.toJS());
    }).filter(Boolean);
}

// kustomize breaks the lines of base64, which the API's decoder takes and the models do not.
function unwrap(document) {
    if (document?.kind === 'Secret')
        document.data = Object.fromEntries(Object.entries(document.data).map(([key, value]) => [key, value.replaceAll('\n', '')]));
    return document;
}

export function render(renderer, folder) {
    const rendered = run(renderer[0], [...renderer.slice(1), folder]);

    if (rendered.status !== 0)
        throw new Error(rendered.stderr);
    return parse(rendered.stdout);
}

const nameOf = document => `${document.kind}/${document.metadata?.name}`;

// What the official client's types do not know, or know as another type.
function* walk(value, type, way) {
    const list = /^(?:Array|Set)<(.*)>$/.exec(type);
    const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
    const expect = is => is ? [] : [`${way} is ${JSON.stringify(value)}, and must be of type ${type}`];

    if (value === null)
        yield `${way} is null`;
    else if (list && !Array.isArray(value))
        yield* expect(false);
    else if (list)
        for (const [index, item] of value.entries())
            yield* walk(item, list[1], `${way}[${index}]`);
    else if (map && (typeof value !== 'object' || Array.isArray(value)))
        yield* expect(false);
    else if (map)
        for (const [key, item] of Object.entries(value))
            yield* walk(item, map[1], `${way}.${key}`);
    else if (type === 'any' || type === 'object')
        return;
    else if (type === 'IntOrString')
        yield* expect(typeof value === 'string' || Number.isInteger(value));
    else if (['string', 'number', 'boolean'].includes(type))
        yield* expect(typeof value === type);
    else if (type === 'Date' || type === 'V1MicroTime')
        yield* expect(typeof value === 'string');
    else if (typeof value !== 'object' || Array.isArray(value))
        yield* expect(false);
    else
        yield* walkFields(value, type, way);
}

function* walkFields(value, type, way) {
    const fields = new Map(types[type].getAttributeTypeMap().map(field => [field.baseName, field.type]));

    for (const [key, item] of Object.entries(value))
        if (fields.has(key))
            yield* walk(item, fields.get(key), `${way}.${key}`);
        else
            yield `${way}.${key} is no field of ${type}`;
}

async function modelOf(document) {
    const { apiVersion, kind } = document;
    const custom = CUSTOM[`${apiVersion}/${kind}`];

    if (custom)
        return custom;
    try {
        return (await import(`kubernetes-models/${apiVersion}/${kind}`))[kind];
    } catch {
        return undefined;
    }
}

// All that is wrong with a document by the types of the API: unknown fields, wrong types and versions that are gone (by
// the official client's types), what is missing, quantities and ranges (by the models' schemas).
export async function faultsOf(document) {
    const { apiVersion = '', kind = '' } = document;
    const version = apiVersion.split('/').pop();
    const type = `${version.charAt(0).toUpperCase()}${version.slice(1)}${kind}`;
    const Model = await modelOf(document);
    const faults = [];

    if (Model === undefined)
        return [`${nameOf(document)}: there is no ${kind} in ${apiVersion}`];
    if (type in types)
        faults.push(...walk(document, type, nameOf(document)));
    else if (!(`${apiVersion}/${kind}` in CUSTOM))
        faults.push(`${nameOf(document)}: there is no ${kind} in ${apiVersion} any more`);
    try {
        new Model(document).validate();
    } catch (error) {
        faults.push(`${nameOf(document)}: ${error.message}`);
    }
    return faults;
}
