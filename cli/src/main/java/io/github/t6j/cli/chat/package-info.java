/**
 * The command {@code chat}: a conversation on the terminal. The conversation itself is in {@code
 * io.github.t6j.chat}.
 */
package io.github.t6j.cli.chat;
