"use strict";
// Formulas in LaTeX: \( … \), \[ … \], $ … $, $$ … $$ and environments. KaTeX makes their elements; it is told to follow no
// links and to load nothing.

const LONGEST_FORMULA = 10_000;
const ENVIRONMENT = /^\\begin\{((?:equation|align|alignat|gather|multline|CD)\*?)\}/;

/** Returns the next character after the formula at i and a function that shows it; null if there is none. */
function formulaAt(span, i, to) {
  const text = span.text;
  const open = ["\\(", "\\[", "$$", "$"].find(mark => text.startsWith(mark, i));
  if (!open) {
    return null;
  }
  const start = i + open.length;
  const close = {"\\(": "\\)", "\\[": "\\]"}[open] ?? open;
  const end = once(span, "formula" + open, to, () => formulaEnd(text, start, to, close));
  if (end < 0 || text.slice(start, end).trim() === "" || open === "$" && !mayBeInDollars(text, i, end)) {
    return null;
  }
  return {next: end + close.length, append: parent =>
    appendFormula(parent, text.slice(start, end), text.slice(i, end + close.length), open === "\\[" || open === "$$")};
}

function formulaEnd(text, start, to, close) {
  for (let i = start; i + close.length <= Math.min(to, start + LONGEST_FORMULA); i++) {
    if (text.startsWith(close, i)) {
      return i;
    }
    i += text[i] === "\\" ? 1 : 0;
  }
  return -1;
}

/** Two prices in a sentence are no formula: no space stands inside the dollars, and no digit after them. */
function mayBeInDollars(text, i, end) {
  return !isSpace(text[i + 1]) && !isSpace(text[end - 1]) && !/\d/.test(text[end + 1] ?? "")
      && !isWord(text[i - 1]) && !text.slice(i, end).includes("\n");
}

/** Shows a formula; its source if KaTeX does not know it. */
function appendFormula(parent, formula, source, display) {
  const element = elementOf("span", display ? "formula display" : "formula");
  try {
    katex.render(formula, element, {displayMode: display, throwOnError: true, trust: false, strict: "ignore",
      errorColor: "currentColor", maxSize: 50, maxExpand: 500});
  } catch {
    element.textContent = source;
  }
  if (display) {
    scrollable(element, "Formula");
  }
  parent.append(element);
}

/** Reads a formula in lines of its own, which may look like lists or headings. */
function readFormula(lines, i) {
  const first = lines[i].text.trim();
  const environment = ENVIRONMENT.exec(first);
  const open = environment ? environment[0] : ["\\[", "$$"].find(mark => first.startsWith(mark));
  if (!open) {
    return null;
  }
  const close = environment ? `\\end{${environment[1]}}` : {"\\[": "\\]", $$: "$$"}[open];
  for (let next = i; next < lines.length && next < i + 200; next++) {
    const end = lines[next].text.indexOf(close, next === i ? lines[i].text.indexOf(open) + open.length : 0);
    if (end >= 0) {
      const rest = lines[next].text.slice(end + close.length).trim();
      const source = lines.slice(i, next + 1).map(line => line.text).join("\n").trim();
      return /^[.,;:]?$/.test(rest) ? {type: "formula", source, rest, open, close, next: next + 1} : null;
    }
  }
  return null; // not a formula, or not complete
}

function formulaElement(block) {
  const source = block.source.slice(0, block.source.length - block.rest.length);
  const inside = ENVIRONMENT.test(source) ? source : source.slice(block.open.length, -block.close.length);
  const paragraph = document.createElement("p");
  appendFormula(paragraph, inside, source, true);
  paragraph.append(block.rest);
  return paragraph;
}
