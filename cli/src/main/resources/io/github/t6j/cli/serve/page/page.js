"use strict";
// The page: the open conversation, the list of all, asking, and what the server says.

let current = null; // the open conversation
let running = null; // {conversation, message, controller} of the answer that is being generated
let model = null; // description from /v1/models
let needsKey = false; // the server refused the key

// Asking

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
  if (tokens > 1 && seconds > 0) {
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
  conversation.messages = [...before, {role: "user", content: appended(conversation, text)}];
  setInput("");
  follows = true;
  ask(conversation, null, () => {
    conversation.messages = before;
    setInput(input.value ? text + "\n\n" + input.value : text);
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

// Undo

function offerUndo(text, action) {
  const undo = button("Undo", () => {
    hideUndo();
    action();
    byId("input").focus();
  });
  byId("undo").replaceChildren(text, undo);
  byId("undo").hidden = false;
}

function hideUndo() {
  byId("undo").hidden = true;
  byId("undo").replaceChildren();
}

function putBack(conversation, restore) {
  if (!isBusy()) {
    restore();
    saveConversation(conversation);
    showConversation(conversation);
  }
}

// Errors

function showProblem(error) {
  const text = document.createElement("p");
  text.textContent = error.message;
  byId("problem").replaceChildren(text, ...(error.requestId ? [requestIdElement(error.requestId)] : []));
  byId("problem").hidden = false;
  const field = fieldOf(error);
  if (field) {
    markField(field, error);
  }
}

function requestIdElement(id) {
  const text = elementOf("p", "quiet");
  const code = document.createElement("code");
  code.textContent = id;
  text.append("Request id: ", code);
  return text;
}

function clearProblem() {
  byId("problem").hidden = true;
  document.querySelectorAll("[aria-invalid]").forEach(unmarkField);
}

/** Says whether the browser keeps the conversations. */
function showStorage() {
  const lost = unsaved.size > 0;
  if (lost && byId("storage").hidden) {
    byId("storage").replaceChildren("The browser's storage is full or disabled. New messages last only until this tab is"
        + " closed: export them, or delete other conversations.", button("Export all", exportAll));
  }
  byId("storage").hidden = !lost;
}

// Conversations

function showConversation(conversation) {
  if (conversation === current) {
    showMessages(conversation);
    showTitle();
    showCache();
  }
  showList();
  showStorage();
}

function open(conversation) {
  current = conversation;
  byId("mode").value = conversation.mode;
  byId("input").placeholder = conversation.mode === "text" ? "Text to continue" : "Message";
  follows = true;
  hideAlternatives();
  showConversation(conversation);
}

function openNew() {
  const empty = current && current.messages.length === 0 && !current.title;
  open(empty ? current : newConversation(hasTemplate() ? "chat" : "text"));
}

function hasTemplate() {
  return !model || !model.chat_template.startsWith("none");
}

function showTitle() {
  const title = titleOf(current);
  byId("title").value = title;
  byId("export").hidden = byId("delete").hidden = current.messages.length === 0;
  document.title = current.messages.length ? title + " – t6j" : "t6j";
}

function showList() {
  byId("conversations").replaceChildren(...sortedConversations().map(conversation => {
    const item = document.createElement("li");
    const entry = button(titleOf(conversation), () => {
      open(conversation);
      showView("chat");
      byId("input").focus();
    });
    if (conversation === current) {
      entry.setAttribute("aria-current", "true");
    }
    item.append(entry);
    return item;
  }));
}

function rename() {
  current.title = byId("title").value.trim();
  saveConversation(current);
  showConversation(current);
}

function deleteConversation() {
  const conversation = current;
  if (running?.conversation === conversation) {
    stop();
  }
  const title = titleOf(conversation);
  removeConversation(conversation);
  current = null;
  const next = sortedConversations()[0];
  next ? open(next) : openNew();
  byId("input").focus();
  if (conversation.messages.length) {
    offerUndo(`“${title}” was deleted.`, () => {
      saveConversation(conversation);
      open(conversation);
    });
  }
}

function exportAll() {
  download("t6j-conversations.json", exported(sortedConversations()));
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function importFile() {
  const file = byId("import-file").files[0];
  byId("import-file").value = "";
  if (!file) {
    return;
  }
  clearProblem();
  try {
    const added = importConversations(await file.text());
    added.length ? open(sortedConversations().find(one => one.id === added[0].id)) : showList();
    byId("state").textContent = added.length === 1 ? "1 conversation imported." : `${added.length} conversations imported.`;
    showView("chat");
  } catch (e) {
    showView("chat");
    showProblem(e);
  }
}

/** Takes over what another tab saved. */
function takeOver(event) {
  if (!event.key?.startsWith(CONVERSATION)) {
    return;
  }
  const id = event.key.slice(CONVERSATION.length);
  if (running?.conversation.id === id || document.querySelector(".edit")) {
    return;
  }
  event.newValue === null ? conversations.delete(id) : loadConversation(event.key);
  if (current.id === id && conversations.has(id)) {
    current = conversations.get(id);
    showConversation(current);
  }
  showList();
}

// The server

/** Reads the model's description; while the model loads, once a second. */
async function connect() {
  try {
    model = (await getJson("v1/models", byId("key").value)).data[0];
  } catch (e) {
    needsKey = e.status === 401;
    byId("about").textContent = needsKey ? "The server needs an API key." : e.message;
    if (needsKey) {
      showProblem(e);
    } else {
      setTimeout(connect, e.status === 503 ? 1000 : 5000);
    }
    return;
  }
  if (needsKey) {
    needsKey = false;
    clearProblem();
    showView("chat");
    byId("input").focus();
  }
  byId("about").textContent = `${model.id} · ${model.attention} · context ${model.context_length}`;
  byId("own-name").textContent = model.attention;
  showMaxTokens(model.context_length);
  if (current.messages.length === 0 && !hasTemplate()) {
    current.mode = "text";
    open(current);
  }
  showCache();
  getJson("props", byId("key").value).then(props => showDefaults(props.default_generation_settings.params), () => {});
}

function size(bytes) {
  return bytes < 1e6 ? (bytes / 1e3).toFixed(1) + " KB" : (bytes / 1e6).toFixed(2) + " MB";
}

function showCache() {
  const own = running?.conversation === current ? running.tokens : 0;
  const tokens = current.tokens + own;
  const bytes = {own: tokens * (model?.cache_bytes_per_token ?? 0), mha: tokens * (model?.mha_cache_bytes_per_token ?? 0)};
  const most = Math.max(bytes.own, bytes.mha, 1);
  for (const [id, value] of Object.entries(bytes)) {
    byId(id).textContent = size(value);
    byId(id + "-bar").style.width = 100 * value / most + "%";
  }
  byId("count").textContent = model ? `${tokens} of ${model.context_length}` : tokens;
}

function showRunning() {
  byId("send").textContent = running ? "Stop" : "Send";
  byId("send").classList.toggle("main", !running);
  if (running) {
    byId("state").textContent = "The model reads the prompt …";
  }
}

// Start

function connectInput() {
  const input = byId("input");
  input.oninput = () => {
    fitHeight(input);
    unmarkField(input);
  };
  input.onkeydown = event => {
    if (isEnter(event)) {
      event.preventDefault();
      send();
    }
  };
  document.querySelector(".skip").onclick = () => showView("chat");
  byId("form").onsubmit = event => event.preventDefault();
  byId("send").onclick = event => {
    if (event.detail > 1) {
      return; // the second click of a double click must not stop what the first one began
    }
    running ? stop() : send();
  };
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && !event.isComposing) {
      document.body.classList.contains("shows-alternatives") && matchMedia(NARROW).matches ? hideAlternatives() : stop();
    }
  });
}

function connectList() {
  byId("new").onclick = () => {
    openNew();
    showView("chat");
    byId("input").focus();
  };
  byId("title").onchange = rename;
  byId("title").onkeydown = event => event.key === "Enter" && !event.isComposing && byId("input").focus();
  byId("rename").onclick = () => byId("title").select();
  byId("delete").onclick = deleteConversation;
  byId("export").onclick = () => download(titleOf(current).replace(/[^\p{L}\p{N}]+/gu, "-") + ".json", exported([current]));
  byId("export-all").onclick = exportAll;
  byId("import").onclick = () => byId("import-file").click();
  byId("import-file").onchange = importFile;
  byId("mode").onchange = () => {
    current.mode = byId("mode").value;
    if (current.messages.length) {
      saveConversation(current);
    }
    open(current);
  };
  byId("markdown").addEventListener("change", () => current.messages.forEach(message => showText(current, message)));
}

function start() {
  connectSettings(connect);
  connectTokens(byId("messages"));
  connectScrolling();
  connectInput();
  connectList();
  loadConversations();
  const last = sortedConversations()[0];
  last ? open(last) : openNew();
  connect();
  window.addEventListener("storage", takeOver);
  window.addEventListener("pagehide", () => running && saveConversation(running.conversation));
  window.addEventListener("beforeunload", event => unsaved.size > 0 && event.preventDefault());
  if (!isTouched()) {
    byId("input").focus();
  }
}

start();
