// SPDX-License-Identifier: MIT
// The manifests on a real API server, without nodes: it takes them, takes them again without a change, sees no difference,
// and nothing is left of them afterwards. Needs kube-apiserver, which no distribution has as a package: etcd,
// kube-apiserver and kube-controller-manager in the folder that BOURSE_KUBERNETES_PROGRAMS names.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, it } from 'node:test';

import { until } from '../support/platform.mjs';
import { freePorts } from '../support/ports.mjs';
import { NO_RENDERER, copyManifests, describeUnless, findRenderer } from './manifests.mjs';

const programs = process.env.BOURSE_KUBERNETES_PROGRAMS ?? '';
const renderer = findRenderer();
const missing = ['etcd', 'kube-apiserver', 'kube-controller-manager'].filter(name => !existsSync(join(programs, name)));
const skip = renderer?.[0] !== 'kubectl' ? NO_RENDERER
    : missing.length > 0 ? `BOURSE_KUBERNETES_PROGRAMS has no ${missing.join(', ')}; no API server has seen the manifests` : false;
const KINDS = 'serviceaccount,configmap,secret,service,deployment,statefulset,job,pdb,hpa,ingress,networkpolicy,persistentvolumeclaim,pod';
const APPLIED = 'serviceaccount,configmap,secret,service,deployment,statefulset,job,pdb,hpa,ingress,networkpolicy';
const OVERLAYS = [['dev', 'bourse-dev'], ['prod', 'bourse']];
const TOKEN = 'for-this-test-alone';

describeUnless(skip, 'the manifests on an API server', () => {
    const children = [];
    let folder, manifests;

    const kubectl = (...args) => spawnSync('kubectl', [`--kubeconfig=${join(folder, 'kubeconfig')}`, ...args],
        { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const must = (...args) => {
        const done = kubectl(...args);
        assert.equal(done.status, 0, `kubectl ${args.join(' ')}\n${done.stderr}`);
        return done.stdout;
    };

    function start(name, args) {
        const child = spawn(join(programs, name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
        child.log = '';
        for (const stream of [child.stdout, child.stderr])
            stream.on('data', chunk => { child.log = (child.log + chunk).slice(-4096); });
        child.ended = new Promise(done => child.on('close', done));
        children.push(child);
        return child;
    }

    const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });

    // An API server that does not know an API's present version is given the one it had.
    function forServer(overlay, versions) {
        const path = join(folder, `${overlay}.yaml`);
        let text = execFileSync(renderer[0], [renderer[1], join(manifests, 'overlays', overlay)], { encoding: 'utf8' });
        for (const [now, before] of [['policy/v1', 'policy/v1beta1'], ['autoscaling/v2', 'autoscaling/v2beta2']])
            if (!versions.includes(now))
                text = text.replaceAll(`apiVersion: ${now}\n`, `apiVersion: ${before}\n`);
        writeFileSync(path, text);
        return path;
    }

    // What was asked for, as it is kept: not what controllers say of it.
    const kept = namespace => JSON.parse(must('get', APPLIED, '-n', namespace, '-o', 'json')).items
        .filter(({ type }) => type !== 'kubernetes.io/service-account-token')
        .map(({ kind, metadata: { name, uid, generation, labels }, spec, data }) => ({ kind, name, uid, generation, labels, spec, data }));

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-api-server-'));
        manifests = copyManifests();
        const port = await freePorts(3);
        const [database, peers] = [port + 1, port + 2];
        openssl('genrsa', '-out', 'tokens.key', '2048');
        openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
            '-keyout', 'server.key', '-out', 'server.crt');
        writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,admin,"system:masters"\n`);
        writeFileSync(join(folder, 'kubeconfig'), JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'test',
            clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': join(folder, 'server.crt') } }],
            users: [{ name: 'test', user: { token: TOKEN } }], contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }] }));
        mkdirSync(join(folder, 'etcd'), { mode: 0o700 });
        start('etcd', ['--data-dir', join(folder, 'etcd'), '--listen-client-urls', `http://127.0.0.1:${database}`, '--advertise-client-urls',
            `http://127.0.0.1:${database}`, '--listen-peer-urls', `http://127.0.0.1:${peers}`, '--initial-advertise-peer-urls',
            `http://127.0.0.1:${peers}`, '--initial-cluster', `default=http://127.0.0.1:${peers}`]);
        const file = name => join(folder, name);
        const server = start('kube-apiserver', [`--etcd-servers=http://127.0.0.1:${database}`, '--bind-address=127.0.0.1', `--secure-port=${port}`,
            '--advertise-address=127.0.0.1', `--tls-cert-file=${file('server.crt')}`, `--tls-private-key-file=${file('server.key')}`,
            `--token-auth-file=${file('tokens.csv')}`, '--authorization-mode=RBAC', '--service-cluster-ip-range=10.96.0.0/16',
            `--service-account-key-file=${file('tokens.key')}`, `--service-account-signing-key-file=${file('tokens.key')}`,
            '--service-account-issuer=https://kubernetes.default.svc']);
        await until('the API server', () => {
            assert.equal(server.exitCode, null, server.log);
            return kubectl('get', '--raw', '/readyz').status === 0;
        }, 180);
        start('kube-controller-manager', [`--kubeconfig=${file('kubeconfig')}`, '--leader-elect=false',
            `--service-account-private-key-file=${file('tokens.key')}`, `--root-ca-file=${file('server.crt')}`]);
    });
    after(async () => {
        for (const child of children.reverse()) {
            child.kill('SIGTERM');
            await child.ended;
        }
        rmSync(folder, { recursive: true, force: true });
        rmSync(dirname(manifests), { recursive: true, force: true });
    });

    for (const [overlay, namespace] of OVERLAYS)
        it(`takes the overlay ${overlay} twice, sees no difference, and keeps nothing of it`, async () => {
            const file = forServer(overlay, must('api-versions').split('\n'));
            must('apply', '-f', file);
            // Controllers have looked at all there is, and have added what they add.
            await until('pods', () => JSON.parse(must('get', 'deployment,statefulset', '-n', namespace, '-o', 'json')).items
                .every(({ metadata, status }) => status.observedGeneration === metadata.generation));
            const first = kept(namespace);
            must('apply', '-f', file);
            assert.deepEqual(kept(namespace), first);
            assert.ok(first.length >= (readFileSync(file, 'utf8').match(/^kind: /gm).length - 1), 'not all is there');
            must('diff', '-f', file);
            must('delete', '-f', file, '--timeout=120s');
            assert.equal(kubectl('get', 'namespace', namespace).status, 1);
            assert.doesNotMatch(must('get', KINDS, '--all-namespaces'), new RegExp(`^${namespace} `, 'm'));
        });
});
