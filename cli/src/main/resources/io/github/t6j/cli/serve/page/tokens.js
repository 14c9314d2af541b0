"use strict";
// Tokens of answers: their likelihood as a colour, and what might have come instead. They last until the page is left.

const MAX_COLOUR = 65; // percent of red behind a token of probability 0
const GAP = 4; // pixels between a word and its alternatives
const HIDING_DELAY = 300; // milliseconds to reach the alternatives with the pointer

let hiding; // timer that hides the alternatives

const pieces = new WeakMap(); // message -> {content, reasoning}: pieces of text in their order, with their tokens

function piecesOf(message) {
  if (!pieces.has(message)) {
    pieces.set(message, {content: [], reasoning: []});
  }
  return pieces.get(message);
}

function hasTokens(message) {
  return piecesOf(message).content.length > 0;
}

/** Remembers the tokens of a text that is about to be appended to a part of a message. */
function addPieces(message, part, text, tokens) {
  const known = piecesOf(message)[part];
  let from = message[part].length;
  const apart = tokens.length > 1 && tokens.map(token => token.text).join("") === text;
  for (const piece of apart ? tokens.map(token => [token.text, [token]]) : [[text, tokens]]) {
    const to = from + piece[0].length;
    if (from < to && piece[1].length) {
      known.push({from, to, tokens: piece[1]});
    }
    from = to;
  }
}

function pieceAt(known, offset) {
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    known[middle].to > offset ? high = middle : low = middle + 1;
  }
  return low < known.length && known[low].from <= offset ? known[low] : null;
}

/** Returns a function that shows text of a message's part with an element for each token. */
function tokenText(message, part) {
  const known = piecesOf(message)[part];
  return known.length === 0 ? appendPlainText : (parent, span, from, to) => {
    for (let i = from; i < to;) {
      const piece = pieceAt(known, span.offsets[i]);
      let end = i + 1;
      while (end < to && pieceAt(known, span.offsets[end]) === piece) {
        end++;
      }
      const text = span.text.slice(i, end);
      parent.append(piece ? tokenElement(piece, text) : text);
      i = end;
    }
  };
}

function tokenElement(piece, text) {
  const element = elementOf("span", "token");
  element.textContent = text;
  element.piece = piece;
  element.tabIndex = -1;
  const least = Math.exp(Math.min(...piece.tokens.map(token => token.log)));
  element.style.setProperty("--share", (MAX_COLOUR * (1 - Math.sqrt(least))).toFixed(0) + "%");
  return element;
}

function percent(log) {
  return (100 * Math.exp(log)).toFixed(1) + " %";
}

/** Returns the most likely tokens in the place of a token, with itself, as [text, log-probability]. */
function candidates(token) {
  return token.others.some(([text]) => text === token.text) ? token.others : [...token.others, [token.text, token.log]];
}

/** Shows the alternatives below a word, or above it near the end of the page. */
function showAlternatives(element) {
  clearTimeout(hiding);
  const piece = element.piece;
  byId("others").replaceChildren(...piece.tokens.map(token => {
    const list = document.createElement("ul");
    list.append(...candidates(token).map(([text, log]) => candidateElement(text, log, text === token.text)));
    return list;
  }));
  document.body.classList.add("shows-alternatives");
  const word = element.getClientRects()[0];
  const box = byId("alternatives");
  const below = word.bottom + GAP + box.offsetHeight <= innerHeight;
  box.style.top = Math.max(GAP, below ? word.bottom + GAP : word.top - GAP - box.offsetHeight) + "px";
  box.style.left = Math.max(GAP, Math.min(word.left, innerWidth - box.offsetWidth - GAP)) + "px";
}

function candidateElement(text, log, chosen) {
  const item = elementOf("li", chosen ? "chosen" : "");
  item.style.setProperty("--share", percent(log).replace(" ", ""));
  const word = document.createElement("code");
  word.textContent = JSON.stringify(text);
  const share = document.createElement("span");
  share.textContent = percent(log);
  item.append(word, share);
  return item;
}

function hideAlternatives() {
  clearTimeout(hiding);
  document.body.classList.remove("shows-alternatives");
}

function spokenAlternatives(piece) {
  return piece.tokens.map(token => `${token.text}, ${percent(token.log)}. Instead: ` + candidates(token)
      .filter(([text]) => text !== token.text).map(([text, log]) => `${text} ${percent(log)}`).join(", ")).join(". ");
}

/** Focuses on a token, and tells its alternatives. */
function focusToken(element) {
  element.focus();
  showAlternatives(element);
  announce(spokenAlternatives(element.piece));
}

/** Moves to the next or previous token of an answer, by arrow keys; Escape goes back to the button. */
function moveByKey(event) {
  const token = event.target.closest(".token");
  const steps = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
  if (!token || !(event.key in steps) && event.key !== "Escape") {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  const answer = token.closest("article");
  if (event.key === "Escape") {
    hideAlternatives();
    answer.querySelector(".alternatives")?.focus();
    return;
  }
  const all = [...answer.querySelectorAll(".body .token")];
  const next = all[all.indexOf(token) + steps[event.key]];
  if (next) {
    focusToken(next);
  }
}

function connectTokens(messages) {
  const show = event => {
    const token = event.target.closest(".token");
    if (token) {
      showAlternatives(token);
    }
    return token;
  };
  const hideSoon = () => {
    clearTimeout(hiding);
    hiding = setTimeout(hideAlternatives, HIDING_DELAY);
  };
  const hovers = () => matchMedia("(hover: hover)").matches;
  messages.addEventListener("mouseover", event => hovers() && (show(event) || hideSoon()));
  messages.addEventListener("mouseleave", () => hovers() && hideSoon());
  byId("alternatives").addEventListener("mouseenter", () => clearTimeout(hiding));
  byId("alternatives").addEventListener("mouseleave", hideSoon);
  messages.addEventListener("click", event => show(event) || hideAlternatives());
  messages.addEventListener("scroll", hideAlternatives);
  messages.addEventListener("keydown", moveByKey);
  byId("close-alternatives").onclick = hideAlternatives;
}
