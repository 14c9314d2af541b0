// The AI SDK with its provider for servers of OpenAI's API, against the server at the address that is the first argument.
import assert from 'node:assert/strict';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {generateObject, generateText, streamObject, streamText, tool} from 'ai';
import {z} from 'zod';

const provider = createOpenAICompatible({name: 't6j', baseURL: process.argv[2] + '/v1', supportsStructuredOutputs: true,
  includeUsage: true});
const model = provider('t6-tiny');
const schema = z.object({color: z.enum(['red', 'blue']), size: z.int(), note: z.string().max(12).optional()});
const inputSchema = z.object({city: z.string().max(20), unit: z.enum(['C', 'F'])});
const tools = {weather: tool({description: 'Weather of a city', inputSchema,
  execute: async ({city, unit}) => ({city, degrees: 21, unit})})};
const options = {model, prompt: 'Call me', maxOutputTokens: 300, maxRetries: 0};

for (let seed = 0; seed < 10; seed++) {
  const called = await generateText({...options, seed, tools, toolChoice: 'required'});
  assert.equal(called.finishReason, 'tool-calls');
  assert.equal(called.toolCalls.length, 1);
  inputSchema.parse(called.toolCalls[0].input);
  assert.equal(called.toolResults[0].output.city, called.toolCalls[0].input.city);

  const streamed = streamText({...options, seed, tools, toolChoice: {type: 'tool', toolName: 'weather'}});
  let input = '';
  const seen = [];
  for await (const part of streamed.fullStream) {
    assert.notEqual(part.type, 'error', String(part.error));
    input += part.type === 'tool-input-delta' ? part.delta : '';
    if (part.type === 'tool-call') {
      seen.push(part.input);
    }
  }
  assert.equal(seen.length, 1);
  assert.deepEqual(JSON.parse(input), seen[0]);
  assert.equal(await streamed.finishReason, 'tool-calls');
}

const first = await generateText({...options, seed: 1, tools, toolChoice: 'required'});
const next = await generateText({...options, prompt: undefined, seed: 1, tools, maxOutputTokens: 9,
  messages: [{role: 'user', content: 'Call me'}, ...first.response.messages]});
assert.equal(next.usage.outputTokens, 9);

const free = await generateText({...options, seed: 3, maxOutputTokens: 12});
let text = '';
const stream = streamText({...options, seed: 3, maxOutputTokens: 12});
for await (const part of stream.textStream) {
  text += part;
}
assert.equal(text, free.text);
assert.equal((await stream.usage).outputTokens, 12);

for (let seed = 0; seed < 10; seed++) {
  const {object, finishReason} = await generateObject({...options, seed, schema});
  schema.parse(object);
  assert.equal(finishReason, 'stop');
  const parts = streamObject({...options, seed, schema});
  let last;
  for await (const part of parts.partialObjectStream) {
    last = part;
  }
  assert.deepEqual(last, object);
  assert.deepEqual(await parts.object, object);
}
await assert.rejects(generateObject({...options, maxOutputTokens: 3, schema}), error => error.finishReason === 'length');
console.log('ai.mjs: texts, calls of tools and objects, whole and streamed');
