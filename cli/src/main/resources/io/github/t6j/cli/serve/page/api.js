"use strict";
// The server's API: requests, streams and errors.

/** An answer with an error object, or no answer. */
class ApiError extends Error {
  constructor(message, {status = 0, param = null, requestId = null} = {}) {
    super(message);
    this.status = status;
    this.param = param;
    this.requestId = requestId;
  }
}

async function request(path, key, options = {}) {
  const headers = {"Content-Type": "application/json", ...(key && {"Authorization": "Bearer " + key})};
  let response;
  try {
    response = await fetch(path, {...options, headers});
  } catch (e) {
    throw e.name === "AbortError" ? e : new ApiError("The server does not answer. Check that t6j serve is running.");
  }
  if (!response.ok) {
    throw errorOf(response, await response.json().catch(() => null));
  }
  return response;
}

function errorOf(response, json) {
  const error = json?.error;
  return new ApiError(error?.message ?? `The server answered with status ${response.status}.`, {
    status: response.status, param: error?.param, requestId: error?.request_id ?? response.headers.get("x-request-id")
  });
}

async function getJson(path, key) {
  return (await request(path, key)).json();
}

/** Streams an answer: yields {text, reasoning, tokens, finish, usage}, each only if present. */
async function* streamAnswer(path, key, body, signal) {
  const response = await request(path, key, {method: "POST", body: JSON.stringify(body), signal});
  for await (const event of eventsOf(response)) {
    if (event.error) {
      throw errorOf(response, event);
    }
    const choice = event.choices[0];
    yield {
      text: choice?.delta?.content ?? choice?.text ?? "",
      reasoning: choice?.delta?.reasoning_content ?? "",
      tokens: choice ? tokensOf(choice.logprobs) : [],
      finish: choice?.finish_reason,
      usage: event.usage
    };
  }
}

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {done, value} = await read(reader);
    if (done) {
      return;
    }
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: {")) {
        yield JSON.parse(part.slice(6));
      }
    }
  }
}

async function read(reader) {
  try {
    return await reader.read();
  } catch (e) {
    throw e.name === "AbortError" ? e : new ApiError("The connection to the server broke.");
  }
}

/** Returns the chosen tokens and their alternatives, from either API. */
function tokensOf(logprobs) {
  if (logprobs?.content) {
    return logprobs.content.map(one =>
      ({text: one.token, log: one.logprob, others: one.top_logprobs.map(other => [other.token, other.logprob])}));
  }
  return (logprobs?.tokens ?? []).map((text, i) =>
    ({text, log: logprobs.token_logprobs[i], others: Object.entries(logprobs.top_logprobs[i])}));
}
