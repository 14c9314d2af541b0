/**
 * The command {@code generate}: prompts of one line or of a file, sampling options, saved sessions, results in
 * order.
 */
package io.github.t6j.cli.generate;
