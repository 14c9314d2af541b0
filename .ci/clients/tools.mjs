// OpenAI's own client with tools, JSON of a schema, and an alias, against the server at the address that is the first
// argument.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import {LengthFinishReasonError} from 'openai/error';
import {zodFunction, zodResponseFormat} from 'openai/helpers/zod';
import {z} from 'zod';

const client = new OpenAI({baseURL: process.argv[2] + '/v1', apiKey: 'none', maxRetries: 0});
const model = 'gpt-4o'; // an alias
const messages = [{role: 'user', content: 'How is the weather in Bern?'}];
const options = {model, messages, max_tokens: 300};
const parameters = z.object({city: z.string().max(20), days: z.number().int().min(1).max(7)});
const weather = zodFunction({name: 'weather', description: 'Weather of a city', parameters});
const now = {type: 'function', function: {name: 'now', description: 'The time'}};
const Thing = z.object({color: z.enum(['red', 'blue']), size: z.number().int(), tags: z.array(z.string().max(8)).max(3)});

for (let seed = 0; seed < 10; seed++) {
  const whole = await client.chat.completions.create({...options, seed, tools: [weather, now], tool_choice: 'required'});
  const [choice] = whole.choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.content, null);
  const [call] = choice.message.tool_calls;
  assert.ok(['weather', 'now'].includes(call.function.name));
  const input = JSON.parse(call.function.arguments);
  if (call.function.name === 'weather') {
    parameters.parse(input);
  } else {
    assert.deepEqual(input, {});
  }

  const stream = client.chat.completions.stream({...options, seed, tools: [weather, now], tool_choice: 'required'});
  const deltas = [];
  stream.on('tool_calls.function.arguments.delta', event => deltas.push(event.arguments_delta));
  const streamed = (await stream.finalChatCompletion()).choices[0];
  assert.equal(streamed.finish_reason, 'tool_calls');
  assert.match(streamed.message.tool_calls[0].id, /^[A-Za-z0-9]{9}$/); // ids are random
  assert.equal(streamed.message.tool_calls[0].function.name, call.function.name);
  assert.equal(streamed.message.tool_calls[0].function.arguments, call.function.arguments);
  assert.equal(deltas.join(''), call.function.arguments);
}

const named = await client.chat.completions.parse(
    {...options, seed: 1, tools: [weather], tool_choice: {type: 'function', function: {name: 'weather'}}});
const [call] = named.choices[0].message.tool_calls;
parameters.parse(call.function.parsed_arguments);
const results = [...messages, named.choices[0].message, {role: 'tool', tool_call_id: call.id, content: 'sunny'}];
const after = await client.chat.completions.create({...options, messages: results, seed: 1, max_tokens: 8, tools: [weather]});
assert.equal(after.usage.completion_tokens, 8);

let calls = 0;
const runner = client.chat.completions.runTools({...options, seed: 2,
  tool_choice: {type: 'function', function: {name: 'weather'}}, tools: [{type: 'function', function: {
    name: 'weather', description: 'Weather', parameters: weather.function.parameters, parse: JSON.parse,
    function: input => { parameters.parse(input); calls++; return 'rain'; }}}]});
await runner.done();
assert.equal(calls, 1);

for (let seed = 0; seed < 10; seed++) {
  const answer = await client.chat.completions.parse({...options, seed, response_format: zodResponseFormat(Thing, 'thing')});
  Thing.parse(answer.choices[0].message.parsed);
}
await assert.rejects(
    client.chat.completions.parse({...options, max_tokens: 4, response_format: zodResponseFormat(Thing, 'thing')}),
    error => error instanceof LengthFinishReasonError);
await assert.rejects(client.chat.completions.create({...options, response_format: {type: 'json_schema',
  json_schema: {name: 'a', schema: {type: 'array', uniqueItems: true}}}}),
    error => error instanceof OpenAI.BadRequestError && error.param === 'response_format.json_schema.schema');
await assert.rejects(client.chat.completions.create({...options, tool_choice: 'required'}),
    error => error instanceof OpenAI.BadRequestError && error.param === 'tool_choice');
console.log('tools.mjs: calls of tools, whole and streamed, JSON of a schema, and an alias');
