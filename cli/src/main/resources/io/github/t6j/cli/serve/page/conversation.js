"use strict";
// Messages of the open conversation as elements.

const views = new WeakMap(); // message -> its element

function button(text, onclick, className = "") {
  const element = elementOf("button", className);
  element.type = "button";
  element.textContent = text;
  element.onclick = onclick;
  return element;
}

/** Shows all messages of a conversation. */
function showMessages(conversation) {
  const elements = conversation.messages.map((message, i) => messageElement(conversation, message, i));
  const box = byId("messages");
  const focused = box !== document.activeElement && box.contains(document.activeElement);
  const top = box.scrollTop;
  box.replaceChildren(...(elements.length ? elements : [emptyElement(conversation)]));
  box.classList.toggle("continued", conversation.mode === "text");
  box.scrollTop = follows ? box.scrollHeight : top;
  noteScroll();
  if (focused) {
    (isTouched() ? box : byId("input")).focus(); // the focused button was replaced
  }
}

/** Returns whether the page is used without a mouse: then a focus on the input would open a keyboard on the screen. */
function isTouched() {
  return !matchMedia("(hover: hover)").matches;
}

function emptyElement(conversation) {
  const text = elementOf("p", "empty");
  text.textContent = (hasTemplate() ? "" : "This model has no chat template. ") + (conversation.mode === "text"
    ? "Write the beginning of a text; the model continues it."
    : "Write a message; the model answers it.");
  return text;
}

function messageElement(conversation, message, i) {
  const element = elementOf("article", message.role);
  views.set(message, element);
  const author = document.createElement("h3");
  author.className = "hidden";
  author.textContent = message.role === "user" ? "You" : "Model";
  element.append(author);
  if (message.role === "assistant") {
    element.append(reasoningElement());
  }
  const body = elementOf("div", "body");
  body.dir = "auto";
  element.append(body, elementOf("div", "foot"));
  showText(conversation, message);
  showFoot(conversation, message, i);
  return element;
}

function reasoningElement() {
  const details = elementOf("details", "reasoning");
  details.append(document.createElement("summary"), document.createElement("div"));
  return details;
}

/** Shows the text of a message that may have grown. */
function showText(conversation, message) {
  const element = views.get(message);
  const body = element.querySelector(".body");
  if (message.role === "user") {
    body.textContent = message.content;
    return;
  }
  const markdown = byId("markdown").checked && conversation.mode === "chat";
  body.classList.toggle("plain", !markdown);
  (markdown ? renderMarkdown : renderPlain)(body, message.content, tokenText(message, "content"));
  showReasoning(element.querySelector(".reasoning"), message);
}

function showReasoning(details, message) {
  const text = message.reasoning ?? "";
  details.hidden = text === "";
  const growing = running?.message === message && message.content === "";
  details.firstChild.textContent = growing ? `Reasoning … ${text.length} characters` : "Reasoning";
  if (text) {
    renderMarkdown(details.lastChild, text, tokenText(message, "reasoning"));
  }
}

/** Shows why an answer ended, and the actions on a message. */
function showFoot(conversation, message, i) {
  const foot = views.get(message).querySelector(".foot");
  const last = i === conversation.messages.length - 1;
  foot.replaceChildren();
  if (running?.message === message) {
    const text = elementOf("p", "waiting");
    text.textContent = "…";
    foot.append(text);
    return;
  }
  if (message.role === "assistant") {
    foot.append(...endElements(message));
  }
  const actions = elementOf("div", "actions");
  actions.append(...actionsOf(conversation, message, i, last));
  foot.append(actions);
}

function actionsOf(conversation, message, i, last) {
  const copy = button("Copy", event => copyText(message.content, event.target));
  const edit = button("Edit", () => editMessage(conversation, message, i));
  if (message.role === "user") {
    const answer = button("Answer", () => askAgain(conversation, i + 1));
    return last ? [edit, copy, answer] : [edit, copy];
  }
  const alternatives = button("Alternatives", () => focusToken(views.get(message).querySelector(".body .token")),
      "alternatives");
  const regenerate = button("Regenerate", () => askAgain(conversation, i));
  const more = button("Continue", () => continueAnswer(conversation, message), "continue");
  return [...(last && isContinuable(conversation, message) ? [more] : []), ...(last ? [regenerate] : []), copy, edit,
    ...(hasTokens(message) ? [alternatives] : [])];
}

function isContinuable(conversation, message) {
  const early = message.end && message.end !== "stop";
  return message.end !== "context" && (early || conversation.mode === "text");
}

function endElements(message) {
  const text = elementOf("p", "end");
  switch (message.end) {
    case "max_tokens":
      text.append("Generation ended: ", button("max_tokens", () => markEnd("max_tokens"), "link"),
          ` (${message.detail}) reached.`);
      break;
    case "context":
      text.append(`Generation ended: the context is full (${message.detail} tokens). Begin a new conversation, or edit an`
          + " earlier message.");
      break;
    case "server":
      text.append("Generation ended: the server's time limit (--timeout) passed, or the server is stopping.");
      break;
    case "stopped":
      text.append("Stopped.");
      break;
    case "broken":
      text.append("Generation ended: " + message.detail);
      break;
    default:
      return message.content || message.reasoning ? [] : [emptyAnswer(text)];
  }
  return [text];
}

function emptyAnswer(text) {
  text.append("The model ended its answer at once.");
  return text;
}

function markEnd(id) {
  showView("side");
  byId(id).focus();
}

/** Turns a message into a field. A changed message of the user is asked again, without the messages after it. */
function editMessage(conversation, message, i, text = message.content) {
  if (isBusy()) {
    return;
  }
  const asks = message.role === "user";
  const element = views.get(message);
  const form = elementOf("form", "edit");
  const area = document.createElement("textarea");
  area.setAttribute("aria-label", asks ? "Edit your message" : "Edit the answer");
  area.value = text;
  const save = button(asks ? "Send" : "Save", null, "main");
  save.type = "submit";
  const cancel = button("Cancel", () => endEdit(conversation, message, i));
  const row = elementOf("div", "actions");
  row.append(save, cancel);
  form.append(area, row);
  form.onsubmit = event => {
    event.preventDefault();
    finishEdit(conversation, message, i, area.value);
  };
  area.oninput = () => fitHeight(area);
  area.onkeydown = event => {
    if (event.key === "Escape") {
      event.stopPropagation();
      endEdit(conversation, message, i);
    } else if (isEnter(event) && (asks || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  };
  element.classList.add("edited");
  element.querySelector(".edit")?.remove();
  element.append(form);
  fitHeight(area);
  area.focus();
}

function endEdit(conversation, message, i) {
  const element = views.get(message);
  element.querySelector(".edit").remove();
  element.classList.remove("edited");
  focusAction(message, "Edit");
}

/** Focuses on a button below a message. */
function focusAction(message, text) {
  [...views.get(message).querySelectorAll(".actions button")].find(one => one.textContent === text)?.focus();
}

function finishEdit(conversation, message, i, text) {
  if (text.trim() === "" || isBusy()) {
    return;
  }
  if (message.role === "user") {
    askEdited(conversation, i, text);
  } else {
    replaceAnswer(conversation, i, text);
  }
}

/** Makes a text field as high as its text; style sheets limit it. */
function fitHeight(area) {
  area.style.height = "auto";
  area.style.height = area.scrollHeight + 2 + "px";
}

/** Returns whether a key means Enter, and not the end of a word in an input method. */
function isEnter(event) {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

// Scrolling: the end stays in view unless the reader has scrolled up.

let follows = true;

function toEnd() {
  byId("messages").scrollTop = byId("messages").scrollHeight;
}

function followEnd() {
  if (follows) {
    toEnd();
  }
}

function noteScroll() {
  const box = byId("messages");
  follows = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  byId("to-end").hidden = follows;
}

function connectScrolling() {
  byId("messages").addEventListener("scroll", noteScroll);
  new ResizeObserver(followEnd).observe(byId("messages"));
  byId("to-end").onclick = () => {
    toEnd();
    byId("input").focus();
  };
}
