/**
 * An HTTP server whose requests and answers are those of OpenAI's API. It may use {@code schedule}, which generates, and {@code chat},
 * which turns messages into prompts; it knows nothing of the command line.
 */
package io.github.t6j.cli.serve;
