// OpenAI's own client, against the server at the address that is the first argument.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({baseURL: process.argv[2] + '/v1', apiKey: 'none', maxRetries: 0});
const model = 't6-tiny';
const messages = [{role: 'user', content: 'Call me'}];
const options = {model, messages, max_tokens: 12, seed: 1};

assert.deepEqual((await client.models.list()).data.map(one => one.id), [model, 'gpt-4o']);
assert.equal((await client.models.retrieve(model)).owned_by, 't6j');

const whole = await client.chat.completions.create({...options, logprobs: true, top_logprobs: 2});
const text = whole.choices[0].message.content;
assert.equal(whole.usage.completion_tokens, 12);
assert.equal(whole.choices[0].logprobs.content.length, 12);
assert.equal(whole.choices[0].logprobs.content.map(one => one.token).join(''), text);

let streamed = '';
let usage;
for await (const part of await client.chat.completions.create(
    {...options, stream: true, stream_options: {include_usage: true}})) {
  streamed += part.choices[0]?.delta.content ?? '';
  usage = part.usage ?? usage;
}
assert.equal(streamed, text);
assert.equal(usage.completion_tokens, 12);

const helper = client.chat.completions.stream(options);
assert.equal(await helper.finalContent(), text);

const goesOn = await client.completions.create({model, prompt: 'Call me\n\n', max_tokens: 12, seed: 1});
assert.equal(goesOn.choices[0].text, text);

await assert.rejects(client.chat.completions.create({...options, model: 'gpt-4'}),
    error => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
await assert.rejects(client.chat.completions.create({...options, temperature: 9}),
    error => error instanceof OpenAI.BadRequestError && error.param === 'temperature');
console.log('openai.mjs: models, whole, streamed and refused');
