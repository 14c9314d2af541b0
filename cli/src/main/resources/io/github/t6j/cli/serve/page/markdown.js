"use strict";
// Shows Markdown as DOM nodes. Text of a model only ever becomes text nodes: nothing here parses HTML. Lines and inline
// text keep the offset of each character in the source, so that a caller can show from which token it comes.

const DEEPEST = 12; // most quotes, lists or emphases inside each other

/** Shows `source` in `container`. Elements of unchanged blocks stay, so that a growing text costs little. */
function renderMarkdown(container, source, appendText = appendPlainText) {
  const blocks = parseBlocks(linesOf(source), 0);
  blocks.forEach((block, i) => {
    const old = container.children[i];
    const key = block.from + " " + source.slice(block.from, block.to);
    if (old?.blockSource === key) {
      return;
    }
    const element = blockElement(block, appendText);
    element.blockSource = key;
    old ? old.replaceWith(element) : container.append(element);
  });
  while (container.children.length > blocks.length) {
    container.lastElementChild.remove();
  }
}

/** Shows `source` unchanged. */
function renderPlain(container, source, appendText = appendPlainText) {
  const whole = spanOf([{text: source, from: 0}]);
  container.replaceChildren();
  appendText(container, whole, 0, source.length);
}

function appendPlainText(parent, span, from, to) {
  parent.append(span.text.slice(from, to));
}

// Lines

function linesOf(source) {
  const lines = [];
  let from = 0;
  for (const text of source.split("\n")) {
    lines.push({text, from});
    from += text.length + 1;
  }
  return lines;
}

function cut(line, length) {
  return {text: line.text.slice(length), from: line.from + length};
}

function isBlank(line) {
  return line.text.trim() === "";
}

/** Returns the width of the white space before a text, in columns and in characters. */
function indentOf(text) {
  let columns = 0;
  let length = 0;
  for (; text[length] === " " || text[length] === "\t"; length++) {
    columns += text[length] === "\t" ? 4 : 1;
  }
  return {columns, length};
}

/** Returns a line without its first columns of white space, as far as it has them. */
function withoutIndent(line, columns) {
  let length = 0;
  for (let left = columns; left > 0 && (line.text[length] === " " || line.text[length] === "\t"); length++) {
    left -= line.text[length] === "\t" ? 4 : 1;
  }
  return cut(line, length);
}

function trimmed(line) {
  const start = cut(line, line.text.length - line.text.trimStart().length);
  return {text: start.text.trimEnd(), from: start.from};
}

// Blocks

function parseBlocks(lines, depth) {
  const blocks = [];
  for (let i = 0; i < lines.length;) {
    if (isBlank(lines[i])) {
      i++;
      continue;
    }
    const block = readBlock(lines, i, depth);
    const last = lines[block.next - 1];
    blocks.push({...block, from: lines[i].from, to: last.from + last.text.length});
    i = block.next;
  }
  return blocks;
}

function readBlock(lines, i, depth) {
  return readCode(lines, i) ?? readFormula(lines, i) ?? readHeading(lines, i) ?? readRule(lines, i) ?? readQuote(lines, i, depth)
      ?? readList(lines, i, depth) ?? readTable(lines, i) ?? readParagraph(lines, i, depth);
}

function readCode(lines, i) {
  const open = /^( {0,3})(`{3,}|~{3,})([^`]*)$/.exec(lines[i].text);
  if (!open) {
    return null;
  }
  const [, indent, fence, info] = open;
  const body = [];
  let next = i + 1;
  for (; next < lines.length; next++) {
    const text = lines[next].text.trim();
    if (text.startsWith(fence) && new Set(text).size === 1) {
      return {type: "code", language: info.trim().split(/\s/)[0], lines: body, next: next + 1};
    }
    body.push(withoutIndent(lines[next], indent.length));
  }
  return {type: "code", language: info.trim().split(/\s/)[0], lines: body, next}; // still being written
}

function readHeading(lines, i) {
  const mark = /^ {0,3}(#{1,6})[ \t]/.exec(lines[i].text);
  const title = mark && withoutHashes(trimmed(cut(lines[i], mark[0].length)));
  return title?.text ? {type: "heading", level: mark[1].length, lines: [title], next: i + 1} : null;
}

/** Returns a heading without the hashes that may close it. */
function withoutHashes(line) {
  let end = line.text.length;
  while (line.text[end - 1] === "#") {
    end--;
  }
  const closed = end === 0 || line.text[end - 1] === " ";
  return closed ? {text: line.text.slice(0, end).trimEnd(), from: line.from} : line;
}

function isRule(line) {
  return /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/.test(line.text);
}

function readRule(lines, i) {
  return isRule(lines[i]) ? {type: "rule", next: i + 1} : null;
}

function readQuote(lines, i, depth) {
  const body = [];
  let next = i;
  for (; next < lines.length && depth < DEEPEST; next++) {
    const mark = /^ {0,3}> ?/.exec(lines[next].text);
    if (!mark) {
      break;
    }
    body.push(cut(lines[next], mark[0].length));
  }
  return body.length ? {type: "quote", blocks: parseBlocks(body, depth + 1), next} : null;
}

/** Returns the marker of a list's item and the rest of its line, or null. */
function itemOf(line) {
  const {columns, length} = indentOf(line.text);
  const mark = /^(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)/.exec(line.text.slice(length));
  if (!mark || isRule(line)) {
    return null;
  }
  const rest = cut(line, length + mark[0].length);
  const space = indentOf(rest.text).columns;
  const taken = space > 4 ? 1 : Math.max(1, space);
  return {columns, width: mark[0].length + taken, ordered: mark[0].length > 1, number: parseInt(mark[0], 10),
    rest: withoutIndent(rest, taken)};
}

/** Models indent nested items by two columns or more, whatever the width of the marker. */
function isNested(columns, item) {
  return columns >= item.columns + 2;
}

function readList(lines, i, depth) {
  const first = itemOf(lines[i]);
  if (!first || depth >= DEEPEST) {
    return null;
  }
  const items = [];
  let loose = false;
  let next = i;
  while (next < lines.length) {
    const item = itemOf(lines[next]);
    if (!item || item.ordered !== first.ordered || isNested(item.columns, first)) {
      break;
    }
    loose ||= items.length > 0 && isBlank(lines[next - 1]);
    const body = readItem(lines, next, item);
    items.push(parseBlocks(body, depth + 1));
    next = skipBlank(lines, next + body.length);
  }
  loose ||= items.some(blocks => blocks.filter(block => block.type === "paragraph").length > 1);
  return {type: "list", ordered: first.ordered, start: first.number, items, loose, next};
}

/** Returns the lines of an item that begins at line i, without its marker. */
function readItem(lines, i, item) {
  const body = [item.rest];
  for (let next = i + 1; next < lines.length; next++) {
    const line = lines[next];
    const lazy = !isBlank(lines[next - 1]) && !itemOf(line) && !beginsBlock(lines, next);
    if (!isBlank(line) && !lazy && !isNested(indentOf(line.text).columns, item)) {
      break;
    }
    body.push(withoutIndent(line, item.columns + item.width));
  }
  while (body.length > 1 && isBlank(body.at(-1))) {
    body.pop();
  }
  return body;
}

function skipBlank(lines, i) {
  while (i < lines.length && isBlank(lines[i])) {
    i++;
  }
  return i;
}

function readTable(lines, i) {
  if (i + 1 >= lines.length || !lines[i].text.includes("|")) {
    return null;
  }
  const header = cellsOf(lines[i]);
  const marks = cellsOf(lines[i + 1]).map(cell => cell.text);
  if (marks.length !== header.length || !marks.every(mark => /^:?-+:?$/.test(mark))) {
    return null;
  }
  const rows = [];
  let next = i + 2;
  for (; next < lines.length && lines[next].text.includes("|"); next++) {
    rows.push(cellsOf(lines[next]).slice(0, header.length));
  }
  return {type: "table", header, rows, align: marks.map(alignmentOf), next};
}

function alignmentOf(mark) {
  if (mark.endsWith(":")) {
    return mark.startsWith(":") ? "center" : "end";
  }
  return "start";
}

function cellsOf(line) {
  const row = trimmed(line);
  const cells = [];
  let start = row.text.startsWith("|") ? 1 : 0;
  for (let i = start; i <= row.text.length; i++) {
    if (row.text[i] === "\\") {
      i++;
    } else if (row.text[i] === "|" || i === row.text.length && start < i) {
      cells.push(trimmed({text: row.text.slice(start, i), from: row.from + start}));
      start = i + 1;
    }
  }
  return cells;
}

function readParagraph(lines, i, depth) {
  let next = i + 1;
  while (next < lines.length && !isBlank(lines[next]) && !(depth < DEEPEST && beginsBlock(lines, next))) {
    next++;
  }
  return {type: "paragraph", lines: lines.slice(i, next).map(trimmed), next};
}

/** Returns whether a line ends the paragraph before it. A number does only if it may begin a list. */
function beginsBlock(lines, i) {
  const item = itemOf(lines[i]);
  return Boolean(item && (!item.ordered || item.number === 1) || readHeading(lines, i) || isRule(lines[i])
      || /^ {0,3}(?:>|```|~~~)/.test(lines[i].text) || readTable(lines, i) || readFormula(lines, i));
}

// Elements

function elementOf(name, className = "") {
  const element = document.createElement(name);
  element.className = className;
  return element;
}

function blockElement(block, appendText) {
  switch (block.type) {
    case "code":
      return codeElement(block, appendText);
    case "formula":
      return formulaElement(block);
    case "heading":
      return headingElement(block, appendText);
    case "rule":
      return document.createElement("hr");
    case "quote":
      return withBlocks(document.createElement("blockquote"), block.blocks, appendText);
    case "list":
      return listElement(block, appendText);
    case "table":
      return tableElement(block, appendText);
    default:
      return withInline(document.createElement("p"), block.lines, appendText);
  }
}

function withBlocks(parent, blocks, appendText) {
  parent.append(...blocks.map(block => blockElement(block, appendText)));
  return parent;
}

function withInline(parent, lines, appendText) {
  const span = spanOf(lines);
  appendInline(parent, {...span, appendText, missing: new Set()}, 0, span.text.length, 0);
  return parent;
}

/** All headings of an answer have one level for screen readers: models skip levels. */
function headingElement(block, appendText) {
  return withInline(elementOf("h4", "level" + block.level), block.lines, appendText);
}

function codeElement(block, appendText) {
  const box = elementOf("div", "code");
  const head = elementOf("div", "code-head");
  const language = document.createElement("span");
  language.textContent = block.language || "text";
  const copy = document.createElement("button");
  copy.type = "button";
  copy.textContent = "Copy";
  copy.setAttribute("aria-label", "Copy this code");
  copy.onclick = () => copyText(block.lines.map(line => line.text).join("\n"), copy);
  head.append(language, copy);
  const pre = scrollable(document.createElement("pre"), "Code");
  const code = document.createElement("code");
  const span = spanOf(block.lines);
  appendCode(code, span, block.language.toLowerCase(), appendText);
  pre.append(code);
  box.append(head, pre);
  return box;
}

/** Makes an element that may be wider than the page reachable by keyboard. */
function scrollable(element, name) {
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
  return element;
}

function listElement(block, appendText) {
  const list = document.createElement(block.ordered ? "ol" : "ul");
  if (block.ordered && block.start !== 1) {
    list.start = block.start;
  }
  for (const blocks of block.items) {
    const item = document.createElement("li");
    for (const one of blocks) {
      if (one.type === "paragraph" && !block.loose) {
        withInline(item, one.lines, appendText);
      } else {
        item.append(blockElement(one, appendText));
      }
    }
    list.append(item);
  }
  return list;
}

function tableElement(block, appendText) {
  const box = scrollable(elementOf("div", "table"), "Table");
  const table = document.createElement("table");
  table.createTHead().append(rowElement(block.header, "th", block, appendText));
  table.createTBody().append(...block.rows.map(row => rowElement(row, "td", block, appendText)));
  box.append(table);
  return box;
}

function rowElement(cells, name, block, appendText) {
  const row = document.createElement("tr");
  block.align.forEach((align, i) => {
    const cell = document.createElement(cells[i]?.text ? name : "td"); // a header without text names nothing
    cell.style.textAlign = align;
    row.append(cells[i] ? withInline(cell, [cells[i]], appendText) : cell);
  });
  return row;
}
