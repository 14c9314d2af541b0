"use strict";
// Inline Markdown: emphasis, code, links and addresses. Links lead only to the web or to mail.

const LONGEST_LABEL = 500;
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/** Returns the text of lines, and the offset of each character in the source. */
function spanOf(lines) {
  const offsets = [];
  for (const line of lines) {
    for (let i = 0; i <= line.text.length; i++) {
      offsets.push(line.from + i);
    }
  }
  return {text: lines.map(line => line.text).join("\n"), offsets};
}

function appendInline(parent, span, from, to, depth) {
  let plain = from;
  for (let i = from; i < to;) {
    const found = depth < DEEPEST ? inlineAt(span, i, to, depth) : null;
    if (!found) {
      i++;
      continue;
    }
    if (plain < i) {
      span.appendText(parent, span, plain, i);
    }
    found.append(parent);
    i = found.next;
    plain = i;
  }
  if (plain < to) {
    span.appendText(parent, span, plain, to);
  }
}

/** Returns the next character after the markup at i and a function that shows it; null if there is no markup. */
function inlineAt(span, i, to, depth) {
  switch (span.text[i]) {
    case "\n":
      return {next: i + 1, append: parent => parent.append(document.createElement("br"))};
    case "\\":
      return formulaAt(span, i, to) ?? escapeAt(span, i, to);
    case "$":
      return formulaAt(span, i, to);
    case "`":
      return codeAt(span, i, to);
    case "*":
    case "_":
    case "~":
      return emphasisAt(span, i, to, depth);
    case "!":
      return span.text[i + 1] === "[" ? linkAt(span, i + 1, to, depth) : null; // an image of a site is not loaded
    case "[":
      return linkAt(span, i, to, depth);
    case "<":
      return addressAt(span, i, to, /<((?:https?:\/\/|mailto:)[^\s<>]+)>/y, 1);
    case "h":
      return bareAddressAt(span, i, to);
    default:
      return null;
  }
}

function escapeAt(span, i, to) {
  if (i + 1 < to && /[()[\]]/.test(span.text[i + 1])) { // of a formula that is not complete
    return {next: i + 2, append: parent => span.appendText(parent, span, i, i + 2)};
  }
  if (i + 1 < to && PUNCTUATION.test(span.text[i + 1])) {
    return {next: i + 2, append: parent => span.appendText(parent, span, i + 1, i + 2)};
  }
  return span.text[i + 1] === "\n" && i + 1 < to ? inlineAt({text: span.text}, i + 1, to, 0) : null;
}

function runLength(text, i) {
  let end = i;
  while (text[end] === text[i]) {
    end++;
  }
  return end - i;
}

/** Remembers that a search found nothing before `to`, since later searches would not either. */
function once(span, key, to, search) {
  const missing = key + " " + to;
  if (span.missing.has(missing)) {
    return -1;
  }
  const found = search();
  if (found < 0) {
    span.missing.add(missing);
  }
  return found;
}

/** Returns the place of the backticks that close code, or -1. */
function codeEnd(span, i, to) {
  const length = runLength(span.text, i);
  return once(span, "`".repeat(length), to, () => {
    for (let end = span.text.indexOf("`", i + length); end >= 0 && end < to; end = span.text.indexOf("`", end)) {
      const found = runLength(span.text, end);
      if (found === length && end + found <= to) {
        return end;
      }
      end += found;
    }
    return -1;
  });
}

function codeAt(span, i, to) {
  const length = runLength(span.text, i);
  const end = codeEnd(span, i, to);
  if (end < 0) {
    return {next: Math.min(to, i + length), append: parent => span.appendText(parent, span, i, Math.min(to, i + length))};
  }
  const padded = end - i - length > 2 && span.text[i + length] === " " && span.text[end - 1] === " " ? 1 : 0;
  return {next: end + length, append: parent => {
    const code = document.createElement("code");
    span.appendText(code, span, i + length + padded, end - padded);
    parent.append(code);
  }};
}

function isWord(char) {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}

function isSpace(char) {
  return char === undefined || /\s/.test(char);
}

function emphasisAt(span, i, to, depth) {
  const mark = span.text[i];
  const width = runLength(span.text, i);
  const opens = width <= 3 && (mark !== "~" || width === 2) && i + width < to && !isSpace(span.text[i + width])
      && (mark !== "_" || !isWord(span.text[i - 1]));
  const end = opens ? once(span, mark + width, to, () => emphasisEnd(span, i + width, to, mark, width)) : -1;
  if (end < 0) {
    const next = Math.min(to, i + width);
    return {next, append: parent => span.appendText(parent, span, i, next)};
  }
  return {next: end + width, append: parent => {
    appendInline(emphasisElement(parent, mark, width), span, i + width, end, depth + 1);
  }};
}

function emphasisElement(parent, mark, width) {
  const names = mark === "~" ? ["del"] : [[], ["em"], ["strong"], ["em", "strong"]][width];
  return names.reduce((outer, name) => outer.appendChild(document.createElement(name)), parent);
}

/** Returns the place of the marks that end emphasis, or -1. */
function emphasisEnd(span, from, to, mark, width) {
  for (let i = from; i < to;) {
    const char = span.text[i];
    if (char === "\\") {
      i += 2;
    } else if (char === "`") {
      const end = codeEnd(span, i, to);
      i = end < 0 ? i + runLength(span.text, i) : end + runLength(span.text, i);
    } else if (char === mark) {
      const length = Math.min(runLength(span.text, i), to - i);
      const closes = (length === width || length === 3) && i > from && !isSpace(span.text[i - 1])
          && (mark !== "_" || !isWord(span.text[i + length]));
      if (closes) {
        return i + length - width;
      }
      i += length;
    } else {
      i++;
    }
  }
  return -1;
}

/** Returns the place of the bracket that closes the one at i, or -1. */
function labelEnd(text, i, to) {
  let depth = 0;
  for (let end = i; end < Math.min(to, i + LONGEST_LABEL); end++) {
    if (text[end] === "\\") {
      end++;
    } else if (text[end] === "[") {
      depth++;
    } else if (text[end] === "]" && --depth === 0) {
      return end;
    }
  }
  return -1;
}

function linkAt(span, i, to, depth) {
  const end = labelEnd(span.text, i, to);
  const target = /\([ \n]?(<[^<>\n]*>|[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)(?:[ \n](?:"[^"\n]*"|'[^'\n]*'))?[ \n]?\)/y;
  target.lastIndex = end + 1;
  const found = end <= i + 1 ? null : target.exec(span.text);
  const address = found && target.lastIndex <= to ? safeAddress(found[1].replace(/^<|>$/g, "")) : null;
  return address && {next: target.lastIndex, append: parent => {
    appendInline(linkElement(parent, address), span, i + 1, end, depth + 1);
  }};
}

/** Returns an absolute address of the web or of mail, or null: other schemes could run scripts. */
function safeAddress(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
}

function linkElement(parent, address) {
  if (parent.closest("a")) {
    return parent.appendChild(document.createElement("span")); // a link has no link inside
  }
  const link = document.createElement("a");
  link.href = address;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  return parent.appendChild(link);
}

function addressAt(span, i, to, pattern, margin) {
  pattern.lastIndex = i;
  const found = pattern.exec(span.text);
  const address = found && pattern.lastIndex <= to ? safeAddress(found[1]) : null;
  return address && {next: i + found[1].length + 2 * margin, append: parent =>
    span.appendText(linkElement(parent, address), span, i + margin, i + margin + found[1].length)};
}

/** An address in the text, without the punctuation that follows it. */
function bareAddressAt(span, i, to) {
  if (isWord(span.text[i - 1])) {
    return null;
  }
  return addressAt(span, i, to, /(https?:\/\/[^\s<>"`|\]()]*[^\s<>"`|\]().,;:!?*_~'])/y, 0);
}
