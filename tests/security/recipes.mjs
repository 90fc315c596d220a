// SPDX-License-Identifier: MIT
// recipes: the commands and files of docs/encryption.md, so that what is tested is what is written there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/platform.mjs';

const text = readFileSync(join(root, 'docs/encryption.md'), 'utf8');
const blocks = [...text.matchAll(/```\w+\n# (.*)\n([^]*?)```/g)].map(([, title, content]) => ({ title, content, used: false }));

if (blocks.length !== text.match(/^```\w+$/gm).length)
    throw new Error('a block of docs/encryption.md does not begin with a comment that says what it is');

// The block whose first line begins with this, without that line, with replacements made: each
// [what the page says, what it is here], which must be there.
export function recipe(title, replacements = []) {
    const block = blocks.find(each => each.title.startsWith(title));

    if (!block)
        throw new Error(`docs/encryption.md has no block "${title}"`);
    block.used = true;
    return replacements.reduce((content, [from, to]) => {
        if (!content.includes(from))
            throw new Error(`the block "${title}" of docs/encryption.md does not have "${from}"`);
        return content.replaceAll(from, to);
    }, block.content);
}

// The titles of the blocks that no test has asked for.
export const unused = () => blocks.filter(block => !block.used).map(block => block.title);
