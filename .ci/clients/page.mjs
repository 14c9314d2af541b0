// Drives the page of the server at the address that is the first argument, in the browser that is the second: types,
// streams, stops, with mouse and keyboard, on a desktop and a phone, light and dark. Screenshots are left here.
import assert from 'node:assert/strict';
import {chromium} from 'playwright-core';

const [, , url, executablePath] = process.argv;
const browser = await chromium.launch({executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : []});

for (const width of [1280, 390]) {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({viewport: {width, height: 844}, colorScheme});
    page.setDefaultTimeout(60_000);
    const said = [];
    page.on('pageerror', error => said.push(error.message));
    page.on('console', message => ['error', 'warning'].includes(message.type()) && said.push(message.text()));
    await page.goto(url);
    await page.waitForFunction(() => document.getElementById('about').textContent.includes('t6-mini'));

    await types(page);
    await streamsAndStops(page);
    assert.deepEqual(said, [], 'what the page says on the console');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, 'its width');
    await page.screenshot({path: `${width}-${colorScheme}.png`, fullPage: true});
    await goesOnAfterAnError(page);
    await page.close();
  }
}
await browser.close();
console.log('page.mjs: types, streams and stops, at 1280 and 390 pixels, light and dark');

/** A text that goes on, with the keyboard only. */
async function types(page) {
  await page.fill('#max', '30');
  await page.fill('#seed', '3');
  await page.focus('#input');
  await page.keyboard.type('The whale');
  await page.keyboard.press('Control+Enter');
  await page.waitForFunction(() => document.querySelectorAll('.token').length > 20 && !document.getElementById('send').disabled);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'input', 'the cursor is back in the text');
  assert.notEqual(await page.textContent('#own'), '0.0 KB');
  for (let i = 0; i < 60 && !await page.evaluate(() => document.activeElement.className === 'token'); i++) {
    await page.keyboard.press('Shift+Tab');
  }
  assert.match(await page.textContent('#others'), /%/, 'what might have come instead');
}

async function streamsAndStops(page) {
  await page.click('#reset');
  await page.selectOption('#way', 'chat');
  await page.fill('#max', '500');
  await page.fill('#input', 'Call me');
  await page.click('#send');
  // clicked by the page itself: the small model may be done before a click from here arrives
  await page.waitForFunction(() => document.querySelectorAll('.turn:last-child .token').length > 5
      && (document.getElementById('stop').click(), true));
  await page.waitForFunction(() => !document.getElementById('send').disabled);
  const stopped = await page.locator('.token').count();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('.token').count(), stopped, 'nothing comes after it was stopped');
}

async function goesOnAfterAnError(page) {
  await page.click('#reset');
  await page.fill('#max', '5');
  await page.fill('#temperature', '9');
  await page.fill('#input', 'Too hot');
  await page.keyboard.press('Control+Enter');
  assert.match(await page.locator('.error').textContent(), /temperature: expected/);
  await page.fill('#temperature', '0.8');
  await page.fill('#input', 'Better');
  const request = page.waitForRequest('**/v1/chat/completions');
  await page.keyboard.press('Control+Enter');
  assert.deepEqual((await request).postDataJSON().messages, [{role: 'user', content: 'Better'}]);
  await page.waitForFunction(() => document.querySelectorAll('.turn:last-child .token').length > 0
      && !document.getElementById('send').disabled);
}
