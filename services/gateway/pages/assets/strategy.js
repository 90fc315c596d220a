// SPDX-License-Identifier: MIT
// Rules as they are typed: whether they can be understood, and the place of what is wrong.
// @ts-check

const PAUSE_MS = 400;

/** The element behind the rule that has a class, made when it is not there. @param {HTMLElement} rule @param {string} tag @param {string} name */
function beside(rule, tag, name) {
    const field = /** @type {HTMLElement} */ (rule.closest('.field'));
    const known = field.querySelector(`.${name}`);
    if (known)
        return known;
    const made = document.createElement(tag);
    made.className = name;
    if (name === 'problem')
        made.id = `${rule.id}-problem`;
    field.querySelector('.hint:last-child')?.before(made);
    return made;
}

/** Cuts a rule where a sentence such as "column 18: ..." says. @param {string} text @param {string} sentence */
function cut(text, sentence) {
    const column = Number(/^column (\d+):/.exec(sentence)?.[1] ?? 0);
    const letters = [...text];
    const rest = letters.slice(column - 1).join('');
    const here = /^\w+/.exec(rest)?.[0] ?? [...rest][0] ?? ' ';
    return column < 1 ? null : [letters.slice(0, column - 1).join(''), here, rest.slice(here.length)];
}

/** @param {HTMLTextAreaElement} rule @param {string} sentence nothing when all is well */
function say(rule, sentence) {
    const problem = beside(rule, 'span', 'problem');
    const place = beside(rule, 'p', 'rule-place');
    const parts = cut(rule.value, sentence);
    problem.textContent = sentence;
    problem.toggleAttribute('hidden', sentence === '');
    place.toggleAttribute('hidden', sentence === '' || !parts);
    rule.toggleAttribute('aria-invalid', sentence !== '');
    if (sentence) {
        rule.setAttribute('aria-invalid', 'true');
        rule.setAttribute('aria-describedby', problem.id);
    }
    if (!parts)
        return;
    const code = document.createElement('code');
    const mark = document.createElement('mark');
    mark.textContent = parts[1];
    code.append(parts[0], mark, parts[2]);
    place.replaceChildren(code);
}

/** @param {HTMLTextAreaElement} rule */
async function check(rule) {
    const text = rule.value;
    if (text.trim() === '')
        return say(rule, '');
    const reply = await fetch(`/api/v1/strategy-rules:check?${new URLSearchParams({ rule: text })}`);
    // What was typed since is checked by itself.
    if (rule.value !== text)
        return;
    if (reply.ok)
        return say(rule, '');
    const { errors = [] } = await reply.json();
    const found = errors.find((/** @type {any} */ one) => one.field === 'rule');
    if (found)
        say(rule, found.message);
}

for (const rule of document.querySelectorAll('textarea[data-rule]')) {
    let pending = 0;
    if (rule instanceof HTMLTextAreaElement)
        rule.addEventListener('input', () => {
            clearTimeout(pending);
            pending = window.setTimeout(() => check(rule).catch(() => undefined), PAUSE_MS);
        });
}
