/**
 * HTTP server with OpenAI's API. It may use {@code schedule}, which generates, and {@code chat}, which turns messages
 * into prompts. It does not know the command line.
 */
package io.github.t6j.cli.serve;
