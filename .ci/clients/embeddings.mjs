// Embeddings by OpenAI's own client, which asks for base64 unless told otherwise.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({baseURL: process.argv[2] + '/v1', apiKey: 'none', maxRetries: 0});
const model = 't6-tiny';
const length = vector => Math.hypot(...vector);

const one = await client.embeddings.create({model, input: 'The whale'});
const vector = one.data[0].embedding;
assert.ok(Math.abs(length(vector) - 1) < 1e-5);
assert.equal(one.model, model);
assert.ok(one.usage.prompt_tokens > 0 && one.usage.prompt_tokens === one.usage.total_tokens);

const two = await client.embeddings.create({model, input: ['Call me', 'The whale'], encoding_format: 'float'});
assert.deepEqual(two.data.map(found => found.index), [0, 1]);
assert.equal(two.data[1].embedding.length, vector.length);
two.data[1].embedding.forEach((element, i) => assert.equal(Math.fround(element), vector[i]));

const cut = (await client.embeddings.create({model, input: 'The whale', dimensions: 16})).data[0].embedding;
assert.equal(cut.length, 16);
assert.ok(Math.abs(length(cut) - 1) < 1e-5);
assert.ok(Math.abs(cut[0] / cut[1] - vector[0] / vector[1]) < 1e-3 * Math.abs(vector[0] / vector[1]));

await assert.rejects(client.embeddings.create({model, input: ['The whale', '']}),
    error => error instanceof OpenAI.BadRequestError && error.param === 'input');
await assert.rejects(client.embeddings.create({model, input: 'The whale', dimensions: 100000}),
    error => error instanceof OpenAI.BadRequestError && error.param === 'dimensions');
console.log('embeddings.mjs: base64, floats, several, cut and refused');
