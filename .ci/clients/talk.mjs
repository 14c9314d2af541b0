// Talks with the bundled model by OpenAI's own client, at the address that is the first argument.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const client = new OpenAI({baseURL: process.argv[2] + '/v1', apiKey: 'none', maxRetries: 0});
const model = 't6-mini';

async function ask(messages, options = {temperature: 0}) {
  const [choice] = (await client.chat.completions.create({model, messages, ...options})).choices;
  assert.equal(choice.finish_reason, 'stop', choice.message.content);
  return choice.message.content;
}

const user = content => ({role: 'user', content});
assert.match(await ask([user('Hello!')]), /^(Hello|Hi|Good)/);
assert.match(await ask([user('What colour is a lemon?')]), /yellow/i);
const likes = [user('I like to eat tomatoes.'), {role: 'assistant', content: 'I see. You like tomatoes.'}];
assert.match(await ask([...likes, user('What do I like to eat?')]), /tomatoes/);
assert.ok((await ask([user('Tell me a story about a fox.')], {seed: 1})).split(/\s+/).length > 40);
console.log('talk.mjs: the bundled model greets, answers, remembers and tells a story');
