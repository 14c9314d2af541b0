// Opens the benchmark report that is the first argument in the browser that is the second: on a desktop, a tablet and a
// phone, light and dark, with its long tables open. axe-core must find nothing.
import assert from 'node:assert/strict';
import axe from 'axe-core';
import {chromium} from 'playwright-core';
import {pathToFileURL} from 'node:url';

const [, , file, executablePath] = process.argv;
const browser = await chromium.launch({executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : []});
for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 768, 390]) {
    const context = await browser.newContext({viewport: {width, height: 844}, colorScheme});
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    await page.evaluate(() => document.querySelectorAll('details').forEach(one => one.open = true));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${width}: width`);
    await page.screenshot({path: `report-${width}-${colorScheme}.png`, fullPage: true});
    await page.evaluate(axe.source);
    const {violations} = await page.evaluate(() => axe.run());
    assert.deepEqual(violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' ')}`), [],
      `${width}, ${colorScheme}: accessibility`);
    await context.close();
  }
}
await browser.close();
console.log('report.mjs: the benchmark report passes at 1280, 768 and 390 pixels, light and dark');
