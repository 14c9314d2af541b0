"use strict";
// The page: the open conversation, the list of all, and the server's messages.

let current = null; // the open conversation
let model = null; // description from /v1/models
let needsKey = false; // the server refused the key

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
      document.body.classList.contains("shows-alternatives") ? hideAlternatives() : stop();
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
