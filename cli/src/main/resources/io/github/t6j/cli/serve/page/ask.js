"use strict";
// Asking: an answer comes token by token, ends for some reason, and may be stopped, continued or replaced.

let running = null; // {conversation, message, controller} of the answer that is being generated

/** Generates an answer at the end of a conversation, or the rest of `begun`. Without any text it calls `restore`. */
async function ask(conversation, begun, restore) {
  clearProblem();
  hideUndo();
  let body;
  try {
    body = requestBody(conversation, begun);
  } catch (e) {
    restore();
    showProblem(e);
    return false;
  }
  const message = begun ?? {role: "assistant", content: "", reasoning: ""};
  const earlier = {end: message.end, detail: message.detail};
  const length = message.content.length + message.reasoning.length;
  if (!begun) {
    conversation.messages = [...conversation.messages, message];
  }
  running = {conversation, message, controller: new AbortController(), tokens: 0, first: 0, saved: 0};
  conversation.updated = Date.now();
  saveConversation(conversation);
  showConversation(conversation);
  showRunning();
  const failure = await receive(body).then(() => null, e => e);
  const nothing = failure && message.content.length + message.reasoning.length === length;
  showSpeed();
  running = null;
  showRunning();
  if (nothing) {
    Object.assign(message, earlier);
    restore();
    byId("state").textContent = "";
  } else if (failure) {
    message.end = failure.name === "AbortError" ? "stopped" : "broken";
    message.detail = failure.message;
  }
  if (conversations.has(conversation.id)) { // it was not deleted meanwhile
    conversation.messages.length ? saveConversation(conversation) : removeConversation(conversation);
  }
  nothing ? showConversation(conversation) : showEnd(conversation, message);
  if (failure && failure.name !== "AbortError") {
    showProblem(failure);
  }
  return !nothing;
}

/** Shows the end of an answer. Screen readers read the whole answer now, and not each token before. */
function showEnd(conversation, message) {
  if (conversation === current) {
    showText(conversation, message);
    showFoot(conversation, message, conversation.messages.length - 1);
    followEnd();
    showCache();
  }
  showList();
  showStorage();
  const end = views.get(message).querySelector(".end")?.textContent ?? "";
  announce(`${message.content} ${end}`);
}

async function receive(body) {
  const {conversation, message, controller} = running;
  message.end = "broken";
  message.detail = "the page was left."; // unless another reason follows
  announce("The model is answering.");
  let finish = null;
  let usage = null;
  for await (const part of streamAnswer(pathOf(conversation), byId("key").value, body, controller.signal)) {
    addPart(message, part);
    finish = part.finish ?? finish;
    usage = part.usage ?? usage;
  }
  if (!finish) {
    throw new ApiError("The connection to the server broke.");
  }
  setEnd(conversation, message, finish, usage, body);
}

function pathOf(conversation) {
  return conversation.mode === "text" ? "v1/completions" : "v1/chat/completions";
}

function addPart(message, {text, reasoning, tokens}) {
  const part = reasoning ? "reasoning" : "content";
  const added = reasoning || text;
  if (!added) {
    return;
  }
  addPieces(message, part, added, tokens);
  message[part] += added;
  running.tokens += Math.max(1, tokens.length);
  running.first ||= performance.now();
  showSoon();
}

function setEnd(conversation, message, finish, usage, body) {
  conversation.tokens = usage?.total_tokens ?? conversation.tokens;
  message.end = "stop";
  delete message.detail;
  if (finish === "length") {
    const most = body.max_tokens;
    const full = model && conversation.tokens >= model.context_length;
    message.end = usage?.completion_tokens === most ? "max_tokens" : full ? "context" : "server";
    message.detail = message.end === "max_tokens" ? String(most) : `${conversation.tokens} of ${model?.context_length}`;
  }
  byId("cached").textContent = usage?.prompt_tokens_details?.cached_tokens ?? "–";
}

/** Shows the running answer before the next frame, once for all parts until then. */
function showSoon() {
  if (running.frame) {
    return;
  }
  const shown = running;
  shown.frame = requestAnimationFrame(() => {
    shown.frame = 0;
    if (running !== shown) {
      return;
    }
    if (shown.conversation === current) {
      showText(current, shown.message);
      followEnd();
    }
    showSpeed();
    saveSometimes();
  });
}

function saveSometimes() {
  if (performance.now() - running.saved > 1000 && conversations.has(running.conversation.id)) {
    running.saved = performance.now();
    saveConversation(running.conversation);
    showStorage();
  }
}

function showSpeed() {
  const {tokens, first} = running;
  const seconds = (performance.now() - first) / 1000;
  byId("state").textContent = tokens === 1 ? "1 token" : `${tokens} tokens`;
  if (tokens > 1 && seconds > 0.05) { // less is the time of a frame
    byId("speed").textContent = ((tokens - 1) / seconds).toFixed(1);
    byId("state").append(`, ${byId("speed").textContent} per second`);
  }
  showCache();
}

function isBusy() {
  if (running) {
    byId("state").textContent = "An answer is being generated. Press Stop to end it.";
  }
  return running !== null;
}

function send() {
  const input = byId("input");
  const text = input.value;
  if (isBusy()) {
    return;
  }
  const last = current.messages.at(-1);
  if (text.trim() === "") {
    if (current.mode === "text" && last?.role === "assistant") {
      continueAnswer(current, last);
    }
    return;
  }
  const conversation = current;
  const before = conversation.messages;
  const sent = [...before, {role: "user", content: appended(conversation, text)}];
  conversation.messages = sent;
  setInput("");
  follows = true;
  ask(conversation, null, () => {
    if (conversation === current) {
      conversation.messages = before;
      setInput(input.value ? text + "\n\n" + input.value : text);
    } else {
      conversation.messages = sent; // the input is another conversation's now
    }
  });
}

/** Returns a text to append: a text that goes on has a space between words. */
function appended(conversation, text) {
  const before = conversation.messages.at(-1)?.content ?? "";
  const joins = conversation.mode === "text" && isWord(text[0]) && before !== "" && !isSpace(before.at(-1));
  return joins ? " " + text : text;
}

function setInput(text) {
  byId("input").value = text;
  fitHeight(byId("input"));
}

/** Generates the answer at place i again, without the messages from there on. */
async function askAgain(conversation, i) {
  if (isBusy()) {
    return;
  }
  const before = conversation.messages;
  conversation.messages = before.slice(0, i);
  follows = true;
  const restore = () => conversation.messages = before;
  if (await ask(conversation, null, restore) && i < before.length) {
    offerUndo("The earlier answer was replaced.", () => putBack(conversation, restore));
  }
}

async function askEdited(conversation, i, text) {
  const before = conversation.messages;
  conversation.messages = [...before.slice(0, i), {role: "user", content: text}];
  follows = true;
  const restore = () => conversation.messages = before;
  if (await ask(conversation, null, restore)) {
    offerUndo("The message was changed, and the messages after it were removed.", () => putBack(conversation, restore));
  } else if (conversation === current) {
    editMessage(conversation, before[i], i, text);
  }
}

function replaceAnswer(conversation, i, text) {
  const before = conversation.messages;
  const changed = {role: "assistant", content: text, reasoning: before[i].reasoning ?? "", end: "edited"};
  conversation.messages = before.with(i, changed);
  saveConversation(conversation);
  showConversation(conversation);
  focusAction(changed, "Edit");
  offerUndo("The answer was changed.", () => putBack(conversation, () => conversation.messages = before));
}

function continueAnswer(conversation, message) {
  if (!isBusy()) {
    follows = true;
    message.reasoning ??= "";
    ask(conversation, message, () => {});
  }
}

function stop() {
  running?.controller.abort();
}
