"use strict";
// Copying.

/** Copies a text, and shows that on the button. */
async function copyText(text, button) {
  const label = button.textContent;
  button.textContent = await copied(text) ? "Copied" : "Not copied";
  setTimeout(() => button.textContent = label, 1500);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByCommand(text); // pages from http of another machine have no clipboard
  }
}

function copiedByCommand(text) {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}
