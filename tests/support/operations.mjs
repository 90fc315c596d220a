// SPDX-License-Identifier: MIT
// operations: requests made from the OpenAPI document, for tests that go through all of it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

// All operations: what the document says of each, with `path`, `method` and the whole `document`.
export function operationsOf(document) {
    return Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods)
        .map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase(), document })));
}

export function resolve(operation, schema) {
    return schema.$ref ? operation.document.components.schemas[schema.$ref.split('/').pop()] : schema;
}

// Something that fits the schema, with only what must be there.
export function example(operation, schema) {
    const node = resolve(operation, schema);
    if (node.examples)
        return node.examples[0];
    if (node.enum)
        return node.enum[0];
    const type = Array.isArray(node.type) ? node.type[0] : node.type;
    if (type === 'object')
        return Object.fromEntries((node.required ?? []).map(name => [name, example(operation, node.properties[name])]));
    if (type === 'array')
        return [];
    if (type === 'boolean')
        return false;
    if (type === 'integer')
        return node.minimum ?? 1;
    if (node.pattern) // decimals are the only ones with a pattern and without an example
        return '1';
    if (node.format === 'uuid')
        return randomUUID();
    if (node.format === 'date-time')
        return '2014-01-06T16:00:00Z';
    if (node.format === 'date')
        return '2014-01-06';
    return 'x'.repeat(Math.max(node.minLength ?? 1, 1));
}

// The parts of a request of that operation: its path, and options for Platform.request. The values of
// `ids` are for the variables of the path, and `query` and `body` are put beside what must be there.
export function requestOf(operation, ids, { query = {}, body = {} } = {}) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, variable) => {
        assert.ok(variable in ids, `${operation.method} ${operation.path}: which {${variable}} should this test take?`);
        return encodeURIComponent(ids[variable]);
    });
    const parameters = (operation.parameters ?? []).filter(parameter => parameter.in === 'query' && parameter.required)
        .map(parameter => [parameter.name, example(operation, parameter.schema)]);
    const search = new URLSearchParams({ ...Object.fromEntries(parameters), ...query }).toString();
    const content = operation.requestBody?.content;
    const options = {};
    if (content?.['application/json'])
        options.body = { ...example(operation, content['application/json'].schema), ...body };
    else if (content)
        Object.assign(options, { raw: 'Date,Open,High,Low,Close,Volume\n', headers: { 'content-type': Object.keys(content)[0] } });
    return { path: search ? `${path}?${search}` : path, options };
}
