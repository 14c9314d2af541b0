"use strict";
// Conversations and settings in the browser's storage. Each conversation has an entry of its own, so that two tabs do not
// overwrite each other's. If the storage is full or disabled, everything stays in memory, and the page says so.

const CONVERSATION = "t6j.conversation.";
const FORMAT = "t6j-conversations";
const ROLES = ["user", "assistant"];

const conversations = new Map(); // by id
const unsaved = new Set(); // ids that the storage did not take

function newConversation(mode) {
  const now = Date.now();
  return {id: crypto.randomUUID?.() ?? `${now}-${Math.random()}`, title: "", mode, created: now, updated: now, tokens: 0,
    messages: []};
}

/** Returns the value of an entry; null if there is none, or no storage. */
function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Returns whether the storage took the value. */
function store(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

function loadConversations() {
  try {
    Object.keys(localStorage).filter(key => key.startsWith(CONVERSATION)).forEach(loadConversation);
  } catch {
    // the browser allows this page no storage: saving reports it
  }
}

function loadConversation(key) {
  try {
    const conversation = readConversation(stored(key), key);
    conversations.set(conversation.id, conversation);
  } catch {
    // an entry of another version stays where it is
  }
}

/** Saves a conversation that has messages. */
function saveConversation(conversation) {
  conversations.set(conversation.id, conversation);
  const saved = store(CONVERSATION + conversation.id, conversation);
  saved ? unsaved.delete(conversation.id) : unsaved.add(conversation.id);
}

function removeConversation(conversation) {
  conversations.delete(conversation.id);
  unsaved.delete(conversation.id);
  try {
    localStorage.removeItem(CONVERSATION + conversation.id);
  } catch {
    // no storage
  }
  [...unsaved].forEach(id => saveConversation(conversations.get(id))); // now there may be room
}

/** Returns the conversations, the last used ones first. */
function sortedConversations() {
  return [...conversations.values()].sort((a, b) => b.updated - a.updated);
}

function titleOf(conversation) {
  const first = conversation.messages.find(message => message.role === "user")?.content ?? "";
  return conversation.title || first.trim().replace(/\s+/g, " ").slice(0, 60) || "New conversation";
}

function exported(list) {
  return JSON.stringify({format: FORMAT, version: 1, conversations: list}, null, 2);
}

/** Adds the conversations of an exported file. Returns them; throws an error that says what is wrong. */
function importConversations(text) {
  let json;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new Error("The file is not JSON: " + e.message);
  }
  if (json?.format !== FORMAT || !Array.isArray(json.conversations)) {
    throw new Error(`format: expected "${FORMAT}" and conversations, found another file`);
  }
  const read = json.conversations.map((one, i) => readConversation(one, `conversations[${i}]`));
  const added = read.map(one => ({...one, id: freeId(one)}));
  added.forEach(saveConversation);
  return added;
}

/** Returns the conversation's id, or a new one if a conversation with other messages has it. */
function freeId(conversation) {
  const own = conversations.get(conversation.id);
  const same = !own || JSON.stringify(own.messages) === JSON.stringify(conversation.messages);
  return same ? conversation.id : newConversation().id;
}

function readConversation(json, place) {
  expect(json && typeof json === "object", place, "an object");
  expect(Array.isArray(json.messages), place + ".messages", "an array");
  const known = newConversation(json.mode === "text" ? "text" : "chat");
  return {
    ...known,
    id: typeof json.id === "string" ? json.id : known.id,
    title: typeof json.title === "string" ? json.title : "",
    created: Number.isFinite(json.created) ? json.created : known.created,
    updated: Number.isFinite(json.updated) ? json.updated : known.updated,
    tokens: Number.isFinite(json.tokens) ? json.tokens : 0,
    messages: json.messages.map((one, i) => readMessage(one, `${place}.messages[${i}]`))
  };
}

function readMessage(json, place) {
  expect(ROLES.includes(json?.role), place + ".role", '"user" or "assistant"');
  expect(typeof json.content === "string", place + ".content", "a text");
  const message = {role: json.role, content: json.content};
  for (const key of ["reasoning", "end", "detail"]) {
    if (typeof json[key] === "string") {
      message[key] = json[key];
    }
  }
  return message;
}

function expect(holds, place, expected) {
  if (!holds) {
    throw new Error(`${place}: expected ${expected}, found another value`);
  }
}
