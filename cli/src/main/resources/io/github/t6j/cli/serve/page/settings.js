"use strict";
// Settings: the fields of the API, and how the page looks.

const NARROW = "(max-width: 999px)";
const SETTINGS = "t6j.settings";
const KEY = "t6j.key";
const WHOLE_NUMBERS = ["max_tokens", "top_k", "seed"];
const NUMBERS = [...WHOLE_NUMBERS, "temperature", "top_p", "min_p", "repetition_penalty", "frequency_penalty",
  "presence_penalty"];
const KEPT = [...NUMBERS, "stop", "system", "theme", "colours", "markdown"];
const ALTERNATIVES = 5;

let defaults = {max_tokens: 128}; // values of empty fields that the server does not set, or sets otherwise

function byId(id) {
  return document.getElementById(id);
}

function announce(text) {
  byId("announcement").textContent = text;
}

/** Shows one part of a narrow page: chat, list or side. */
function showView(view) {
  document.body.dataset.view = view;
  byId("show-list").setAttribute("aria-expanded", view === "list");
  byId("show-side").setAttribute("aria-expanded", view === "side");
  byId("show-list").textContent = view === "list" ? "Back" : "Conversations";
  byId("show-side").textContent = view === "side" ? "Back" : "Settings";
}

function loadSettings() {
  const values = stored(SETTINGS) ?? {};
  for (const id of KEPT.filter(id => values[id] !== undefined)) {
    const field = byId(id);
    field.type === "checkbox" ? field.checked = values[id] : field.value = values[id];
  }
  byId("key").value = storedKey();
  showDisplay();
}

function storedKey() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function saveSettings() {
  const values = KEPT.map(id => [id, byId(id).type === "checkbox" ? byId(id).checked : byId(id).value]);
  store(SETTINGS, Object.fromEntries(values));
  showDisplay();
}

function saveKey() {
  try {
    sessionStorage.setItem(KEY, byId("key").value);
  } catch {
    // no storage: the field keeps it
  }
}

function showDisplay() {
  document.documentElement.dataset.theme = byId("theme").value;
  document.body.classList.toggle("coloured", byId("colours").checked);
}

/** Keeps answers short relative to the context, so that a conversation has several. */
function showMaxTokens(contextLength) {
  defaults.max_tokens = Math.max(1, Math.min(1024, Math.floor(contextLength / 4)));
  byId("max_tokens").placeholder = defaults.max_tokens;
}

/** Shows the values of empty fields. The command line has the same ones for models that prescribe none. */
function showDefaults(params) {
  const plain = params.temperature === 1 && params.top_k === 0 && params.top_p === 1;
  const own = plain ? {temperature: 0.8, top_k: 40, top_p: 0.95} : {};
  defaults = {...defaults, ...own};
  for (const [name, value] of Object.entries({...params, ...own})) {
    byId(name).placeholder = Number(value.toPrecision(6));
  }
}

function numberOf(name) {
  const text = byId(name).value.trim();
  const number = Number(text);
  const whole = WHOLE_NUMBERS.includes(name);
  if (!Number.isFinite(number) || whole && !Number.isSafeInteger(number)) {
    throw new ApiError(`${name}: expected a ${whole ? "whole " : ""}number, found "${text}"`, {param: name});
  }
  return text === "" ? defaults[name] : number;
}

function stopTexts() {
  const escapes = {n: "\n", t: "\t", "\\": "\\"};
  return byId("stop").value.split("\n").filter(line => line !== "")
      .map(line => line.replace(/\\([nt\\])/g, (_, char) => escapes[char]));
}

/** Returns the fields of a request that the settings determine. */
function settingFields() {
  const stop = stopTexts();
  const numbers = NUMBERS.map(name => [name, numberOf(name)]).filter(([, value]) => value !== undefined);
  return {...Object.fromEntries(numbers), ...(stop.length && {stop})};
}

/** Returns the body of a request for the next answer, or for the rest of the answer `begun`. */
function requestBody(conversation, begun) {
  const common = {...settingFields(), stream: true, stream_options: {include_usage: true}};
  if (conversation.mode === "text") {
    return {...common, prompt: conversation.messages.map(message => message.content).join(""), logprobs: ALTERNATIVES};
  }
  const system = byId("system").value.trim() ? [{role: "system", content: byId("system").value}] : [];
  const messages = conversation.messages.map(message => ({
    role: message.role, content: message.content,
    ...(message === begun && message.reasoning && {reasoning_content: message.reasoning})
  }));
  return {...common, messages: [...system, ...messages], ...(begun && {continue_final_message: true}), logprobs: true,
    top_logprobs: ALTERNATIVES};
}

/** Returns the id of the field that an error is about, or null. */
function fieldOf(error) {
  if (error.status === 401) {
    return "key";
  }
  if (error.param === "messages" || error.param === "prompt") {
    return "input";
  }
  return KEPT.includes(error.param) ? error.param : null;
}

/** Shows an error at its field, which gets the focus. */
function markField(id, error) {
  const field = byId(id);
  unmarkField(field);
  field.setAttribute("aria-invalid", "true");
  if (id !== "input") {
    const note = elementOf("div", "field-error");
    note.id = id + "-error";
    note.textContent = error.status === 401 ? "The server expects its API key here." : error.message;
    if (error.requestId) {
      note.append(requestIdElement(error.requestId));
    }
    field.after(note);
    field.setAttribute("aria-describedby", `${note.id} ${field.getAttribute("aria-describedby") ?? ""}`.trim());
    showView("side");
  }
  for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) {
    box.open = true;
  }
  field.focus();
}

function unmarkField(field) {
  const note = byId(field.id + "-error");
  if (field.getAttribute("aria-invalid") && note) {
    field.setAttribute("aria-describedby", field.getAttribute("aria-describedby").replace(note.id, "").trim());
    note.remove();
  }
  field.removeAttribute("aria-invalid");
}

function connectSettings(onKey) {
  loadSettings();
  byId("settings").onsubmit = event => event.preventDefault();
  byId("settings").oninput = event => unmarkField(event.target);
  byId("settings").addEventListener("change", saveSettings);
  byId("key").addEventListener("change", () => {
    saveKey();
    onKey();
  });
  byId("show-list").onclick = () => showView(document.body.dataset.view === "list" ? "chat" : "list");
  byId("show-side").onclick = () => showView(document.body.dataset.view === "side" ? "chat" : "side");
}
