"use strict";
// Colours of code, by highlight.js. Only its tree is used: the text stays as it is, and nothing parses HTML.

const LONGEST_CODE = 20_000; // characters that are coloured

/** Shows code with an element for each part that highlight.js names. */
function appendCode(parent, span, language, appendText) {
  const tree = treeOf(span.text, language);
  if (!tree) {
    appendText(parent, span, 0, span.text.length);
    return;
  }
  let at = 0;
  const append = (element, children) => {
    for (const child of children) {
      if (typeof child === "string") {
        appendText(element, span, at, at + child.length);
        at += child.length;
      } else {
        const part = elementOf("span", child.scope && !child.scope.startsWith("language:")
          ? "code-" + child.scope.split(".")[0] : "");
        element.append(part);
        append(part, child.children);
      }
    }
  };
  append(parent, tree.children);
}

/** Returns the tree of a text, whose leaves are its characters; null for an unknown language. */
function treeOf(text, language) {
  if (!hljs.getLanguage(language) || text.length > LONGEST_CODE) {
    return null;
  }
  const tree = hljs.highlight(text, {language, ignoreIllegals: true})._emitter?.rootNode;
  const length = node => node.children.reduce((sum, child) => sum + (child.length ?? length(child)), 0);
  return tree && length(tree) === text.length ? tree : null;
}
