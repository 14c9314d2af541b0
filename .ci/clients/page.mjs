// Drives the page of the server at the address that is the first argument, of one with the key "secret" at the second, and
// of the bundled model at the third, in the browser that is the fourth: by keyboard and mouse, on a desktop and a phone, light
// and dark. axe-core must find nothing. Screenshots are left here.
import assert from 'node:assert/strict';
import axe from 'axe-core';
import {readFileSync} from 'node:fs';
import {chromium} from 'playwright-core';

const [, , url, closedUrl, talkUrl, executablePath] = process.argv;
const browser = await chromium.launch({executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : []});

const isNarrow = page => page.viewportSize().width < 1000;
const answers = page => page.locator('article.assistant .body');
const lastAnswer = page => answers(page).last().textContent();
const action = (page, name) => page.locator('article').last().getByRole('button', {name, exact: true});

const MARKDOWN = `## A table and code

Some **bold**, *italic*, ***both***, ~~old~~ and \`code\` with [a link](https://example.org/a_(b)) or https://example.org/x.

| name | value |
|:-----|------:|
| a \\| b | 1 |
| **c** | 2 |

1. first
   - nested
     1. deeper
2. second

> A quote
> with *two* lines

\`\`\`python
def f(x):
    return x  # ${'long '.repeat(40)}
\`\`\`

---

snake_case_name, 2 * 3 * 4, \\*plain\\*, <b>no HTML</b>`;

const FORMULAS = String.raw`Inline \(E = mc^2\) and $\frac{a}{b}$, but $5 and $6.

\[
\begin{pmatrix} a & b \\ c & d \end{pmatrix}
- x
\]

\begin{align}
x &= 1 \\
y &= 2
\end{align}

No link: \(\href{javascript:alert(1)}{x}\)

~~~java
static int x;
~~~

Not complete: \(\alpha and \[\beta`;

const HOSTILE = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '[a](javascript:alert(1))',
  '[a](JaVaScRiPt:alert(1))', '[a](data:text/html,x)', '[a](vbscript:x)', '![a](https://example.org/x.png)',
  '<javascript:alert(1)>', '[a](<javascript:alert(1)>)', '[a](\tjavascript:x)', '[a](//example.org)', '# <svg onload=alert(1)>',
  '```<img src=x>\n<iframe>\n', '| <img src=x> |\n|---|\n| <a href=x> |', '- <input>\n  > <form>', '`<b>`',
  '[![a](javascript:x)](javascript:y)', '[a](https://example.org "><img src=x>")', 'https://example.org/"><img src=x>'];

for (const colorScheme of ['light', 'dark']) {
  await Promise.all([1280, 390].map(width => passes({viewport: {width, height: 844}, colorScheme})));
}
await browser.close();
console.log('page.mjs: the page passes at 1280 and 390 pixels, light and dark, and axe-core finds nothing');

async function passes(options) {
  const page = await open(url, options);
  await page.waitForFunction(() => document.getElementById('about').textContent.includes('t6-tiny'));
  await lookAt(page, 'empty');
  await sendsByEnter(page);
  await showsAlternatives(page);
  await stopsAndContinues(page);
  await regenerates(page);
  await edits(page);
  await keepsConversations(page);
  await continuesText(page);
  await showsOtherAnswers(page);
  await keepsFailedMessages(page);
  await showsMarkdown(page);
  await showsFormulas(page);
  await marksFields(page);
  await looksAsAsked(page);
  await saysWhenStorageIsFull(page);
  assert.deepEqual(page.said, [], `${page.view}: what the page says on the console`);
  await page.context().close();
  await asksForTheKey(options);
  await talks(options);
}

async function open(address, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.view = `${options.viewport.width}-${options.colorScheme}`; // for messages and screenshots
  page.said = [];
  page.on('pageerror', error => page.said.push(error.message));
  page.on('console', message => ['error', 'warning'].includes(message.type()) && page.said.push(message.text()));
  await page.goto(address);
  return page;
}

/** The page is as wide as the window, accessible, and in a screenshot. */
async function lookAt(page, name) {
  const {width} = page.viewportSize();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${page.view}: width, ${name}`);
  await page.screenshot({path: `${page.view}-${name}.png`});
  if (!await page.evaluate(() => 'axe' in window)) {
    await page.evaluate(axe.source);
  }
  const {violations} = await page.evaluate(() => axe.run());
  const found = violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' ')}`);
  assert.deepEqual(found, [], `${page.view}: accessibility, ${name}`);
}

/** Shows the conversation, the list or the settings. */
async function show(page, name) {
  await page.evaluate(name => showView(name), name);
}

async function set(page, values) {
  await show(page, 'side');
  for (const [id, value] of Object.entries(values)) {
    await page.fill('#' + id, value);
  }
  await show(page, 'chat');
}

async function ended(page) {
  await page.waitForFunction(() => document.getElementById('send').textContent === 'Send');
}

async function send(page, text) {
  await page.fill('#input', text);
  await page.keyboard.press('Enter');
  await ended(page);
}

/** Sends, and presses Stop as soon as there are tokens: a click from here might come after the end. */
async function stopSoon(page) {
  await page.evaluate(() => {
    const observer = new MutationObserver(() => {
      if (document.querySelectorAll('article:last-child .token').length > 5) {
        observer.disconnect();
        document.getElementById('send').click();
      }
    });
    observer.observe(document.getElementById('messages'), {subtree: true, childList: true});
  });
  await page.click('#send');
  await ended(page);
}

/** Begins a chat; the small model has no chat template, so that a conversation begins in the other mode. */
async function beginChat(page) {
  await show(page, 'list');
  await page.click('#new');
  await show(page, 'side');
  await page.selectOption('#mode', 'chat');
  await show(page, 'chat');
}

async function sendsByEnter(page) {
  await beginChat(page);
  await set(page, {max_tokens: '400', seed: '3'}); // long enough for several pieces on a busy machine
  await page.focus('#input');
  await page.keyboard.type('The whale');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('and the sea');
  assert.equal(await page.inputValue('#input'), 'The whale\nand the sea', `${page.view}: Shift+Enter breaks the line`);
  await page.dispatchEvent('#input', 'keydown', {key: 'Enter', isComposing: true});
  assert.equal(await page.locator('article').count(), 0, `${page.view}: an input method's Enter does not send`);
  const streamed = page.evaluate(() => new Promise(done => {
    const counts = [];
    new MutationObserver(() => {
      counts.push(document.querySelectorAll('.token').length);
      running || done(counts);
    }).observe(document.getElementById('messages'), {subtree: true, childList: true});
  }));
  await page.keyboard.press('Enter');
  await ended(page);
  assert.equal(await page.locator('article.user .body').textContent(), 'The whale\nand the sea');
  assert.ok(new Set(await streamed).size > 2, `${page.view}: the answer appears in pieces`);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'input', `${page.view}: the cursor stays in the input`);
  assert.match(await page.textContent('.end'), /^Generation ended: max_tokens \(400\) reached/);
  assert.match(await page.textContent('#announcement'), /Generation ended: max_tokens/);
  assert.notEqual(await page.textContent('#own'), '0.0 KB');
}

async function showsAlternatives(page) {
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.token')).backgroundColor),
      'rgba(0, 0, 0, 0)', `${page.view}: no colours until they are asked for`);
  await action(page, 'Alternatives').click();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('.token')].indexOf(document.activeElement)), 1);
  assert.match(await page.textContent('#others'), /%/, `${page.view}: what might have come instead`);
  assert.match(await page.textContent('#announcement'), /Instead: /);
  await lookAt(page, 'alternatives');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Alternatives');
  assert.equal(await page.isVisible('#alternatives'), false);
  const token = page.locator('.token').nth(3);
  await token.scrollIntoViewIfNeeded();
  await page.waitForTimeout(100); // the event of scrolling hides alternatives
  await token[isNarrow(page) ? 'click' : 'hover']();
  assert.equal(await page.locator('#others li').count() >= 5, true);
  const [lines, box] = await page.evaluate(() => [document.querySelectorAll('.token')[3], document.getElementById('alternatives')]
    .map(one => [...one.getClientRects()].map(({left, right, top, bottom}) => ({left, right, top, bottom}))));
  // a word may begin on one line and end on the next
  assert.ok(lines.some(word => Math.min(Math.abs(box[0].top - word.bottom), Math.abs(word.top - box[0].bottom)) <= 8
      && box[0].left <= word.right && box[0].right >= word.left), `${page.view}: the alternatives are at the word`);
  await page.evaluate(() => hideAlternatives());
}

async function stopsAndContinues(page) {
  await beginChat(page); // the context has no room for another long answer
  await set(page, {max_tokens: '400', seed: ''});
  await page.fill('#input', 'Call me');
  await stopSoon(page);
  const stopped = await lastAnswer(page);
  await page.waitForTimeout(200);
  assert.equal(await lastAnswer(page), stopped, `${page.view}: nothing comes after Stop`);
  assert.equal(await page.locator('article:last-child .end').textContent(), 'Stopped.');
  await set(page, {max_tokens: '5'});
  const request = page.waitForRequest('**/v1/chat/completions');
  await action(page, 'Continue').click();
  const body = (await request).postDataJSON();
  assert.equal(body.continue_final_message, true);
  assert.equal(body.messages.at(-1).role, 'assistant');
  await ended(page);
  const kept = stopped.trimEnd();
  assert.equal((await lastAnswer(page)).slice(0, kept.length), kept, `${page.view}: the answer goes on`);
  assert.ok((await lastAnswer(page)).length > kept.length);
}

async function regenerates(page) {
  const count = await answers(page).count();
  const before = await lastAnswer(page);
  await action(page, 'Regenerate').click();
  await ended(page);
  assert.equal(await answers(page).count(), count);
  assert.notEqual(await lastAnswer(page), before, `${page.view}: another answer`);
  await page.click('#undo button');
  assert.equal(await lastAnswer(page), before, `${page.view}: Undo brings back the earlier answer`);
}

async function edits(page) {
  const first = page.locator('article').first();
  await first.getByRole('button', {name: 'Edit'}).click();
  await page.fill('.edit textarea', 'A ship');
  await page.keyboard.press('Enter');
  await ended(page);
  assert.equal(await page.locator('article').count(), 2, `${page.view}: later messages are gone`);
  assert.equal(await page.locator('article.user .body').textContent(), 'A ship');
  await action(page, 'Edit').click();
  await page.fill('.edit textarea', '# Changed\n\n- by *hand*');
  await page.click('.edit button[type=submit]');
  assert.equal(await page.locator('.body h4').textContent(), 'Changed');
  assert.equal(await page.locator('.body li em').textContent(), 'hand');
}

/** Without a chat template the model continues the whole text; Enter without a text continues it, too. */
async function continuesText(page) {
  await show(page, 'list');
  await page.click('#new');
  await show(page, 'chat');
  await send(page, 'The whale');
  await send(page, 'ship');
  const text = (await page.locator('article .body').allTextContents()).join('');
  assert.match(text, /^The whale[^]+\sship/);
  const request = page.waitForRequest('**/v1/completions');
  await page.keyboard.press('Enter');
  assert.equal((await request).postDataJSON().prompt, text, `${page.view}: the prompt is the text so far`);
  await ended(page);
  assert.ok((await page.locator('article .body').allTextContents()).join('').startsWith(text));
}

function chunk(delta, tokens = [], finish = null) {
  const content = tokens.map(token => ({token, logprob: -1, top_logprobs: [{token, logprob: -1}]}));
  return `data: ${JSON.stringify({choices: [{index: 0, delta, logprobs: {content}, finish_reason: finish}]})}\n\n`;
}

/** Answers that the small model does not give: with reasoning, with tokens of half a character, interrupted, refused. */
async function showsOtherAnswers(page) {
  await beginChat(page);
  let answer = {contentType: 'text/event-stream', body: chunk({reasoning_content: 'Let me *see*.'}, ['Let me *see*.'])
      + chunk({content: 'A **big'}, ['A', ' **', 'big']) + chunk({content: ' \u{1f40b}** '}, [' \ufffd', '\ufffd', '**', ' '])};
  await page.route('**/v1/chat/completions', route => route.fulfill(answer));
  await send(page, 'Think');
  assert.equal(await page.locator('.reasoning em').textContent(), 'see');
  assert.equal(await page.locator('.reasoning').getAttribute('open'), null, `${page.view}: reasoning is folded`);
  assert.equal(await page.locator('article strong').textContent(), 'big \u{1f40b}');
  assert.deepEqual(await page.locator('article.assistant .body .token').allTextContents(), ['A', ' ', 'big', ' \u{1f40b}']);
  assert.match(await page.textContent('.end'), /The connection to the server broke/);
  answer = {status: 429, json: {error: {message: 'busy', request_id: 'req-busy'}}};
  await action(page, 'Continue').click();
  await ended(page);
  assert.match(await page.textContent('#problem'), /^busy.*req-busy$/);
  assert.match(await page.textContent('.end'), /The connection to the server broke/, `${page.view}: the answer is as before`);
  answer = {contentType: 'text/event-stream', body: chunk({content: 'swims.'}, ['swims.'], 'stop')};
  const request = page.waitForRequest('**/v1/chat/completions');
  await action(page, 'Continue').click();
  assert.deepEqual((await request).postDataJSON().messages.at(-1),
      {role: 'assistant', content: 'A **big \u{1f40b}** ', reasoning_content: 'Let me *see*.'});
  await ended(page);
  assert.equal(await lastAnswer(page), 'A big \u{1f40b} swims.');
  assert.equal(await page.locator('.end').count(), 0);
  await page.unroute('**/v1/chat/completions');
  page.said.splice(0); // the browser's own line about status 429
}

/** A message that fails while another conversation is open stays in its own. */
async function keepsFailedMessages(page) {
  await beginChat(page);
  const asked = new Promise(resolve => page.route('**/v1/chat/completions', resolve));
  await page.fill('#input', 'Mine');
  await page.keyboard.press('Enter');
  const route = await asked;
  await show(page, 'list');
  await page.click('#new');
  await route.fulfill({status: 429, json: {error: {message: 'busy'}}});
  await ended(page);
  assert.equal(await page.inputValue('#input'), '', `${page.view}: the input is the other conversation's`);
  await show(page, 'list');
  await page.locator('#conversations button', {hasText: 'Mine'}).click();
  assert.deepEqual(await page.locator('article .body').allTextContents(), ['Mine'], `${page.view}: the message is kept`);
  await page.unroute('**/v1/chat/completions');
  await action(page, 'Answer').click();
  await ended(page);
  assert.equal(await answers(page).count(), 1);
  page.said.splice(0); // the browser's own line about status 429
}

async function keepsConversations(page) {
  const entries = page.locator('#conversations button');
  const earlier = ['A ship', 'The whale and the sea'];
  await beginChat(page);
  assert.equal(await page.locator('article').count(), 0);
  await send(page, 'Second');
  await page.fill('#title', 'My title');
  await page.keyboard.press('Enter');
  await page.reload();
  await page.waitForFunction(() => document.getElementById('about').textContent.includes('t6-tiny'));
  assert.deepEqual(await entries.allTextContents(), ['My title', ...earlier], `${page.view}: a reload keeps conversations`);
  assert.equal(await page.locator('article').count(), 2);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.fill('#title', 'Our title');
  await other.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('title').value === 'Our title');
  await other.fill('#title', 'My title');
  await other.keyboard.press('Enter');
  await other.close();
  await show(page, 'list');
  await lookAt(page, 'list');
  await show(page, 'chat');
  const download = page.waitForEvent('download');
  await page.click('#export');
  const file = await (await download).path();
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).conversations[0].title, 'My title');
  await page.click('#delete');
  assert.deepEqual(await entries.allTextContents(), earlier);
  await page.click('#undo button');
  assert.deepEqual(await entries.allTextContents(), ['My title', ...earlier], `${page.view}: Undo brings it back`);
  await page.click('#delete');
  await page.setInputFiles('#import-file', file);
  await page.waitForFunction(() => document.getElementById('title').value === 'My title');
  assert.equal(await page.locator('article').count(), 2, `${page.view}: the file has all messages`);
  await page.setInputFiles('#import-file', {name: 'a.json', mimeType: 'application/json', buffer: Buffer.from('[]')});
  await page.waitForSelector('#problem:not([hidden])');
  assert.match(await page.textContent('#problem'), /^format: expected/);
}

/** A hand-made answer of each kind; the small model writes none of them. */
async function showsFormulas(page) {
  const shown = await page.evaluate(source => {
    const box = document.createElement('div');
    renderMarkdown(box, source);
    document.querySelector('article.assistant .body').replaceChildren(box);
    return {formulas: [...box.querySelectorAll('.formula annotation')].map(one => one.textContent.trim()),
      displayed: box.querySelectorAll('.formula.display').length, links: box.querySelectorAll('a').length,
      text: box.querySelector('p').lastChild.textContent, open: box.lastChild.textContent,
      code: box.querySelector('pre').textContent, coloured: box.querySelector('.code-keyword').textContent};
  }, FORMULAS);
  assert.deepEqual(shown.formulas, ['E = mc^2', '\\frac{a}{b}', '\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n- x',
    '\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}', '\\href{javascript:alert(1)}{x}']);
  assert.deepEqual([shown.displayed, shown.links, shown.text], [2, 0, ', but $5 and $6.']);
  assert.equal(shown.open, 'Not complete: \\(\\alpha and \\[\\beta');
  assert.deepEqual([shown.code, shown.coloured], ['static int x;', 'static']);
  assert.ok(await page.evaluate(async () => (await document.fonts.load('16px KaTeX_Main')).length > 0), 'fonts are in the page');
  await lookAt(page, 'formulas');
}

async function showsMarkdown(page) {
  const shown = await page.evaluate(source => {
    current.mode = 'chat';
    current.messages = [{role: 'user', content: 'Show all'},
      {role: 'assistant', content: source, reasoning: 'First I *think*.', end: 'stop'}];
    showConversation(current);
    const body = document.querySelector('article.assistant .body');
    return {kinds: [...body.children].map(one => one.localName).join(' '), code: body.querySelector('pre').textContent,
      nested: body.querySelector('ol > li > ul > li > ol > li').textContent, label: body.querySelector('.code-head span').textContent,
      inline: [...body.querySelectorAll('p')].flatMap(p => [...p.querySelectorAll('*')]).map(one => one.localName).join(' '),
      links: [...body.querySelectorAll('a')].map(one => one.href + ' ' + one.rel), cells: body.querySelectorAll('td').length,
      last: body.lastChild.textContent, reasoning: document.querySelector('.reasoning em').textContent};
  }, MARKDOWN);
  assert.equal(shown.kinds, 'h4 p div ol blockquote div hr p');
  assert.equal(shown.inline, 'strong em em strong del code a a br em');
  assert.equal(shown.code, `def f(x):\n    return x  # ${'long '.repeat(40)}`);
  assert.deepEqual([shown.nested, shown.label, shown.cells, shown.reasoning], ['deeper', 'python', 4, 'think']);
  assert.deepEqual(shown.links, ['https://example.org/a_(b) noopener noreferrer', 'https://example.org/x noopener noreferrer']);
  assert.equal(shown.last, 'snake_case_name, 2 * 3 * 4, *plain*, <b>no HTML</b>');
  await page.locator('.reasoning summary').click();
  await page.locator('#messages').evaluate(box => box.scrollTop = 0);
  await lookAt(page, 'markdown');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.code-head button').click();
  await page.waitForFunction(() => document.querySelector('.code-head button').textContent === 'Copied');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown.code);

  const allowed = ['a', 'blockquote', 'br', 'button', 'code', 'div', 'em', 'h4', 'li', 'ol', 'p', 'pre', 'span', 'strong', 'table',
    'tbody', 'td', 'th', 'thead', 'tr', 'ul'];
  for (const source of HOSTILE) {
    const found = await page.evaluate(source => {
      const box = document.createElement('div');
      renderMarkdown(box, source);
      return [...box.querySelectorAll('*')].map(one => ({name: one.localName, href: one.getAttribute('href'),
        attributes: one.getAttributeNames().filter(name => name.startsWith('on') || name === 'src')}));
    }, source);
    for (const one of found) {
      assert.ok(allowed.includes(one.name) && one.attributes.length === 0, `${source}: ${JSON.stringify(one)}`);
      assert.ok(one.href === null || one.href.startsWith('https://example.org'), `${source}: ${one.href}`);
    }
  }
  await growsAsItIsWhole(page);
}

/** A text that comes in pieces ends as the same elements as the whole text, and long texts without meaning take no time. */
async function growsAsItIsWhole(page) {
  const [grown, whole, slowest] = await page.evaluate(source => {
    const boxes = [document.createElement('div'), document.createElement('div')];
    for (let i = 0; i <= source.length; i++) {
      renderMarkdown(boxes[0], source.slice(0, i));
    }
    renderMarkdown(boxes[1], source);
    const times = ['[', '*', '_a', '`', '> ', '- ', '<', '|', '**a ', '[a](', '#', 'h', '~~a', '\\', '1. ', '``` '].map(part => {
      const start = performance.now();
      renderMarkdown(document.createElement('div'), part.repeat(20_000));
      return [performance.now() - start, part];
    });
    return [...boxes.map(box => box.innerHTML), times.sort((a, b) => b[0] - a[0])[0]];
  }, MARKDOWN);
  assert.equal(grown, whole, `${page.view}: a streamed answer`);
  assert.ok(slowest[0] < 2000, `${page.view}: "${slowest[1]}" repeated took ${slowest[0]} ms`);
}

async function marksFields(page) {
  await beginChat(page);
  await set(page, {temperature: '9', max_tokens: '5'});
  await page.fill('#input', 'Too hot');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#temperature[aria-invalid=true]');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'temperature', `${page.view}: an error leads to its field`);
  assert.match(await page.textContent('#temperature-error'), /^temperature: expected a number from/);
  assert.match(await page.textContent('#problem'), /Request id: req-/);
  await lookAt(page, 'error');
  page.said.splice(0); // the browser's own line about status 400
  await page.fill('#temperature', '');
  assert.equal(await page.getAttribute('#temperature', 'aria-invalid'), null);
  await set(page, {seed: '1.5'});
  assert.equal(await page.inputValue('#input'), 'Too hot', `${page.view}: the message is back`);
  await page.focus('#input');
  await page.keyboard.press('Enter');
  assert.match(await page.textContent('#seed-error'), /^seed: expected a whole number/);
  await set(page, {seed: ''});
  const request = page.waitForRequest('**/v1/chat/completions');
  await send(page, 'Better');
  assert.deepEqual((await request).postDataJSON().messages, [{role: 'user', content: 'Better'}]);
}

async function looksAsAsked(page) {
  await show(page, 'side');
  await page.check('#colours');
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector('.token')).backgroundColor), 'rgba(0, 0, 0, 0)');
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const colours = [];
  for (const theme of ['light', 'dark']) {
    await page.selectOption('#theme', theme);
    colours.push(await background());
  }
  assert.notEqual(colours[0], colours[1], `${page.view}: a switch between light and dark`);
  await page.selectOption('#theme', '');
  assert.equal(await background(), colours[page.view.endsWith('dark') ? 1 : 0], `${page.view}: the system's theme`);
  await lookAt(page, 'settings');
  await show(page, 'chat');
  await lookAt(page, 'colours');
}

async function saysWhenStorageIsFull(page) {
  await page.evaluate(() => Storage.prototype.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  await send(page, 'Kept in memory');
  assert.match(await page.textContent('#storage'), /storage is full or disabled/);
  assert.equal(await page.locator('article').count(), 4, `${page.view}: nothing is lost`);
  await lookAt(page, 'storage');
}

async function asksForTheKey(options) {
  const page = await open(closedUrl, options);
  await page.waitForSelector('#key[aria-invalid=true]');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'key', `${page.view}: a missing key opens its field`);
  await lookAt(page, 'key');
  await page.fill('#key', 'wrong');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#key[aria-invalid=true]');
  await page.fill('#key', 'secret');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('about').textContent.includes('t6-tiny'));
  assert.equal(await page.getAttribute('#key', 'aria-invalid'), null);
  await page.context().close();
}

/** A model with a chat template begins in the mode of a chat, and its answers end. */
async function talks(options) {
  const page = await open(talkUrl, options);
  await page.waitForFunction(() => document.getElementById('about').textContent.includes('t6-mini'));
  await set(page, {temperature: '0'});
  await send(page, 'What colour is a lemon?');
  assert.match(await lastAnswer(page), /yellow/i, `${page.view}: the answer of the bundled model`);
  await send(page, 'Tell me a story about a fox.');
  assert.ok((await lastAnswer(page)).split(/\s+/).length > 40, `${page.view}: a story`);
  await lookAt(page, 'talk');
  assert.deepEqual(page.said, [], `${page.view}: what the page says on the console`);
  await page.context().close();
}
