package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;

/**
 * Prompt of a request.
 *
 * @param ids at least one id
 * @param copies number of its continuations; copy i has the options' seed + i
 */
record WantedPrompt(int[] ids, int copies, GenerationOptions options) {}
